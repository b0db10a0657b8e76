"""Every format that a recording can be exported to: those of other programs, and our own."""

from typing import BinaryIO, Final

from pop3spy import __version__
from pop3spy.capture.byhand import ByHand
from pop3spy.capture.header import Header
from pop3spy.export import EXPORTERS, Exporter, ExportSource, Format, StreamFormat


def _by_hand(stream: BinaryIO, source: ExportSource) -> Exporter:
    program = f"pop3spy {__version__}"
    return ByHand(stream, Header(source.started, program, source.redaction, source.bodies))


FORMATS: Final[dict[str, Format]] = {
    **EXPORTERS,
    "yaml": StreamFormat(
        "a capture in the short form, to edit by hand and play again",
        "yaml",
        _by_hand,
        filterable=False,
    ),
}
"""The formats by their names; ``docs/export.md`` has an example of each."""
