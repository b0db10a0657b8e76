"""``pop3spy scrub``: a copy of a recording that is safer to share."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from pop3spy import __version__
from pop3spy.capture.capture_file import CaptureFile
from pop3spy.capture.header import BODIES, Header
from pop3spy.capture.recorder import Recorder
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, ValueType, with_redaction, with_setting
from pop3spy.cli.verb import Verb
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import PATH
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.text import count
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Reader, Subscriber
from pop3spy.session.events import Answered, Event, Heard
from pop3spy.session.model import Exchange, Session
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
    type=ValueType(PATH, "--out"),
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
@with_redaction
@with_setting("port")
def scrub(file: str, out: Path, bodies: str, redact: str, port: tuple[int, ...]) -> int:
    """Copy the recording FILE without what others need not see.

    For FILE, - is standard input.  The copy shows, replays and decodes to the same shape.
    """
    summary = Summary()
    with open_recording(file, ports=port) as recording:
        kept = max(bodies, recording.bodies, key=BODIES.index)  # what is gone stays gone
        strict = "strict" in {redact, recording.redaction}  # and so do names
        names = Pseudonyms(kept=recording.redaction == "strict") if strict else None
        redaction = "strict" if strict else "secrets"
        header = Header(recording.started, f"pop3spy {__version__}", redaction, kept)
        play = partial(play_back, recording.items, names=names, memory=recording.memory())
        if out == STDOUT:
            _to_stdout(header.lines().encode())
            play(*_readers(_to_stdout, bodies, summary))
            sys.stdout.buffer.flush()
        else:
            copy = CaptureFile(out, header)
            write = partial(_to_file, copy)
            try:
                play(*_readers(write, bodies, summary))
            except BaseException:  # a part must not pass for the whole
                out.unlink()
                raise
            finally:
                copy.close()
    for line in summary.lines(names, kept):
        click.echo(f"pop3spy: {line}", err=True)
    return ExitStatus.DONE


def _readers(
    write: Callable[[bytes], None], bodies: str, summary: "Summary"
) -> tuple[Subscriber, Subscriber]:
    return partial(Recorder, bodies=bodies, write=write), summary.of_session


class Summary:
    """Counts what a copy has in place of what others need not see."""

    def __init__(self) -> None:
        self._masks = 0
        self._messages = 0

    def of_session(self, _: Session) -> Reader:
        """Return what counts the masks and the messages of a session."""

        def read(event: Event) -> None:
            if isinstance(event, Heard):
                self._masks += len(event.frame.masks)
            elif isinstance(event, Answered):
                self._messages += event.exchange.body is not None and _is_message(event.exchange)

        return read

    def lines(self, names: Pseudonyms | None, bodies: str) -> Iterator[str]:
        """Yield what was replaced, then what may be left."""
        replaced = [count(self._masks, "mask"), *_numbered(names)]
        yield f"in the copy stand {', '.join(replaced)}"
        if bodies == "keep" and self._messages:
            yield (
                f"left as they were: {count(self._messages, 'message')}, with subjects and"
                " addresses (--bodies mask or drop)"
            )
        elif bodies == "mask" and self._messages:
            yield (
                f"left of {count(self._messages, 'message')}: the lengths of words and lines"
                " (--bodies drop)"
            )
        if names is None:
            yield "left as they were: names of users, addresses, unique-ids (--redact strict)"
        else:
            yield "may be left: names in the server's own words that have no dot or @ in them"


def _numbered(names: Pseudonyms | None) -> Iterator[str]:
    for kind, number in names.counts().items() if names else ():
        if number:
            yield count(number, f"{kind.name.lower().replace('id', 'unique-id')}")


def _is_message(exchange: Exchange) -> bool:
    return exchange.command.shape is Shape.MESSAGE


def _to_file(copy: CaptureFile, record: bytes) -> None:
    copy.write([record])


def _to_stdout(octets: bytes) -> None:
    sys.stdout.buffer.write(octets)
