"""The report of one session of a recording, as a page of the inspector asks for it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.cli.report_reading import ReportOptions, read_report_silently
from pop3spy.config.file import STDOUT
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import count
from pop3spy.report.html import page
from pop3spy.session.model import Session

LARGEST: Final = 64 << 20
"""Octets of a recording that is read once more beside the traffic of others."""


@dataclass(frozen=True, slots=True)
class SessionReports:
    """Makes reports of the sessions of *file*, reading it again each time.

    Raise CaptureError, in one line, if it has more octets than *largest*, or cannot be read.
    """

    file: str
    rules: tuple[Path, ...] = ()
    threshold: tuple[tuple[str, float], ...] = ()
    port: Collection[int] = ()
    largest: int | None = LARGEST

    def __call__(self, session: Session) -> str:
        """Return the report of *session* as a page."""
        if self.largest is not None and (size := Path(self.file).stat().st_size) > self.largest:
            raise CaptureError(
                f"the recording has {count(size, 'octet')}; write the report beside it:"
                f" pop3spy report {self.file} --session {session.id} -o report.html"
            )
        options = ReportOptions(
            files=(self.file,),
            out=STDOUT,
            form="html",
            sessions=(session.id,),
            wanted=None,
            redact="secrets",
            bodies="mask",
            port=tuple(self.port),
            rules=self.rules,
            threshold=self.threshold,
        )
        return page(read_report_silently(options))
