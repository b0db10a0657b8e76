"""``pop3spy scrub``: a copy of a recording that is safer to share."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from pop3spy import __version__
from pop3spy.capture.capture_file import CaptureFile
from pop3spy.capture.header import BODIES, REDACTIONS, Header
from pop3spy.capture.recorder import Recorder
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.open_recording import OpenedRecording, open_recording
from pop3spy.cli.options import FILE_NAME, Verb, with_setting
from pop3spy.config.file import STDOUT
from pop3spy.session.playback import play_back


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy scrub a.yaml -o b.yaml                    messages lose content\n"
    "  pop3spy scrub a.yaml -o b.yaml --redact strict    names and addresses too\n"
    "  pop3spy scrub a.yaml -o b.yaml --bodies drop      messages become sizes\n"
    "  pop3spy scrub a.yaml -o - | gzip > b.yaml.gz      through a pipe",
)
@click.argument("file", type=FILE_NAME)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The new file to write; - is stdout.",
)
@click.option(
    "--bodies",
    type=click.Choice(list(BODIES)),
    default="mask",
    metavar="|".join(BODIES),
    help="What stays of messages: all, their shape, or their sizes.  [default: mask]",
)
@click.option(
    "--redact",
    type=click.Choice(list(REDACTIONS)),
    default="secrets",
    metavar="|".join(REDACTIONS),
    help="Hide secrets, or user names and addresses too.  [default: secrets]",
)
@with_setting("port")
def scrub(file: str, out: Path, bodies: str, redact: str, port: tuple[int, ...]) -> int:
    """Copy the recording FILE without what others need not see.

    For FILE, - is standard input.  The copy shows, replays and decodes to the same shape.
    """
    with open_recording(file, ports=port) as recording:
        kept = max(bodies, recording.bodies, key=BODIES.index)  # what is gone stays gone
        redaction = max(redact, recording.redaction, key=REDACTIONS.index)
        header = Header(recording.started, f"pop3spy {__version__}", redaction, kept)
        if out == STDOUT:
            _to_stdout(header.lines().encode())
            _copy(recording, _to_stdout, bodies, redact)
            sys.stdout.buffer.flush()
            return ExitStatus.DONE
        copy = CaptureFile(out, header)
        try:
            _copy(recording, lambda record: copy.write([record]), bodies, redact)
        except BaseException:  # a part must not pass for the whole
            out.unlink()
            raise
        finally:
            copy.close()
    return ExitStatus.DONE


def _copy(
    recording: OpenedRecording, write: Callable[[bytes], None], bodies: str, redact: str
) -> None:
    """Let *write* take the records of *recording*, less what others need not see."""
    recorder = partial(Recorder, bodies=bodies, write=write)
    play_back(recording.items, recorder, strict=redact == "strict")


def _to_stdout(octets: bytes) -> None:
    sys.stdout.buffer.write(octets)
