"""Opening recordings for a person, who is told what has to be said of them."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import click

from pop3spy.capture.opening import OpenedRecording, opened_recording


@contextmanager
def open_recording(
    path: str,
    *,
    follow: bool = False,
    ports: Collection[int] = (),
    stdin: BinaryIO | None = None,
) -> Iterator[OpenedRecording]:
    """Give the recording at *path* as ``opened_recording`` does; tell its notes behind the block.

    Raise CaptureError if it cannot be read.
    """
    stream = stdin or sys.stdin.buffer
    with opened_recording(path, stdin=stream, follow=follow, ports=ports) as recording:
        yield recording
    for note in recording.notes:
        click.echo(f"pop3spy: {note}", err=True)
