"""``pop3spy scrub``: a copy of a recording that is safer to share."""

from pathlib import Path

import click

from pop3spy import __version__
from pop3spy.capture.files import CaptureFile
from pop3spy.capture.header import BODIES, REDACTIONS, Header
from pop3spy.capture.recorder import Recorder
from pop3spy.cli.environment import ExitStatus
from pop3spy.cli.options import Verb, with_setting
from pop3spy.cli.tapes import open_recording
from pop3spy.session.playback import play_back


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy scrub a.yaml -o b.yaml                    messages lose content\n"
    "  pop3spy scrub a.yaml -o b.yaml --redact strict    names and addresses too\n"
    "  pop3spy scrub a.yaml -o b.yaml --bodies drop      messages become sizes",
)
@click.argument("file")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The new file to write.",
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

    Standard input is -.  The copy shows, replays and decodes to the same shape.
    """
    with open_recording(file, ports=port) as recording:
        kept = max(bodies, recording.bodies, key=BODIES.index)  # what is gone stays gone
        redaction = max(redact, recording.redaction, key=REDACTIONS.index)
        header = Header(recording.started, f"pop3spy {__version__}", redaction, kept)
        copy = CaptureFile(out, header)
        try:
            recorder = Recorder(bodies, lambda _, text: copy.write(text))
            play_back(recording.items, recorder, strict=redact == "strict")
        except BaseException:  # a part must not pass for the whole
            out.unlink()
            raise
        finally:
            copy.close()
    return ExitStatus.DONE
