"""Opening recordings for a person, who is told what has to be said of them."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from pop3spy.capture.opening import OpenedRecording, Through, as_it_is, opened_recording

_LAST: Final = datetime.max.replace(tzinfo=UTC)


@contextmanager
def open_recording(
    path: str,
    *,
    follow: bool = False,
    ports: Collection[int] = (),
    through: Through = as_it_is,
) -> Iterator[OpenedRecording]:
    """Give the recording at *path* as ``opened_recording`` does; tell its notes behind the block.

    Raise CaptureError if it cannot be read.
    """
    stdin = sys.stdin.buffer
    opened = opened_recording(path, stdin=stdin, follow=follow, ports=ports, through=through)
    with opened as recording:
        yield recording
    for note in recording.notes:
        click.echo(f"pop3spy: {note}", err=True)


def began_at(path: str, ports: Collection[int] = ()) -> datetime:
    """Return when a recording began; what can be opened only once, such as a pipe, comes last."""
    if path == "-" or not Path(path).is_file():
        return _LAST
    with open_recording(path, ports=ports) as recording:
        return recording.started
