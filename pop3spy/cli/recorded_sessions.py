"""The sessions of a recording that a verb is about, and what has to be said of them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import click

from pop3spy.capture.opening import OpenedRecording
from pop3spy.cli.open_recording import open_recording
from pop3spy.config.verbs import PlaySettings
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import count
from pop3spy.replay.assemble import read_script
from pop3spy.replay.recording import (
    NothingAskedError,
    Numbered,
    all_outcomes_of,
    asking,
    outcomes_of,
)
from pop3spy.replay.script import Script
from pop3spy.replay.tls_sides import is_unread_inside
from pop3spy.replay.user_sessions import UserSessions, read_user_sessions
from pop3spy.session.tape import Item, Tape


def outcomes_in(
    file: str, session: int | None, *, ports: Collection[int]
) -> tuple[Sequence[Numbered], bool]:
    """Return the sessions of *file* that are compared, and whether all of them was read.

    What was not read is told.  Raise CaptureError if there are none.
    """
    with _read(file, ports) as recording:
        tape, contents = recording.items, recording.bodies_kept
        if session is None:
            found = all_outcomes_of(tape, contents=contents)
        else:
            found = [(session, outcomes_of(tape, session, contents=contents))]
    unread = [number for number, outcomes in found if is_unread_inside(outcomes)]
    if unread:
        _tell(recording, f"{_nobody_read(unread)}, so it is not compared")
    return found, not unread


def script_in(file: str, settings: PlaySettings) -> Script:
    """Return what is to be played; where nobody said which session, tell that there are others."""
    with _read(file, settings.port) as recording:
        asked: set[int] = set()
        tape = asking(recording.items, asked)
        script = read_script(tape, settings.session, contents=recording.bodies_kept)
        if settings.session is None:
            _tell_of_others(script.session, tape, asked, recording)
    _tell_of_tls(recording, [script])
    return script


def maildrop_in(file: str, settings: PlaySettings) -> tuple[Script, ...]:
    """Return the sessions whose server is to be played; tell which of several they are."""
    if settings.session is not None:
        return (script_in(file, settings),)
    with _read(file, settings.port) as recording:
        read = read_user_sessions(recording.items, contents=recording.bodies_kept)
    if read.trouble:
        click.echo(f"pop3spy: {read.trouble}", err=True)
    if read.asked > 1:
        _tell(recording, _which(read))
    _tell_of_tls(recording, read.scripts)
    return read.scripts


def sessions_of(
    recording: OpenedRecording, sessions: Collection[int], there: dict[int, None]
) -> Iterator[Item]:
    """Yield what is of *sessions*, or everything; all that there are are put down in *there*."""
    for item in recording.items:
        if item.session:  # what a person noted is of none
            there[item.session] = None
        if not sessions or item.session in sessions:
            yield item


@contextmanager
def _read(file: str, ports: Collection[int]) -> Iterator[OpenedRecording]:
    """Give the recording in *file*; raise CaptureError with its name if it has no command."""
    with open_recording(file, ports=ports) as recording:
        try:
            yield recording
        except NothingAskedError as error:
            raise CaptureError(f"{recording.name}: {error}") from None


def _tell(recording: OpenedRecording, what: str) -> None:
    click.echo(f"pop3spy: {recording.name}: {what}", err=True)


def _which(read: UserSessions) -> str:
    """Return which sessions are played, of several."""
    first, played = read.scripts[0].session, len(read.scripts)
    if played == 1 and not read.left_out:
        return _one_of(first, read.asked)
    left_out = f"; {read.left_out} more would be too much" if read.left_out else ""
    return (
        f"{count(played, 'session')} of one user, from session {first} on, are played as one"
        f" maildrop, {played} of {read.asked}{left_out}; --session N plays one alone"
    )


def _one_of(played: int, asked: int) -> str:
    return f"session {played} is played, one of {asked}; --session N takes another"


def _tell_of_others(played: int, rest: Tape, asked: set[int], recording: OpenedRecording) -> None:
    """Count the sessions to the end of the recording; what is wrong there harms no play."""
    try:
        for _ in rest:
            pass
    except CaptureError as error:
        click.echo(f"pop3spy: {error}", err=True)
    if len(asked) > 1:
        _tell(recording, _one_of(played, len(asked)))


def _tell_of_tls(recording: OpenedRecording, scripts: Sequence[Script]) -> None:
    unread = [each.session for each in scripts if is_unread_inside(each.outcomes)]
    if unread:
        _tell(recording, f"{_nobody_read(unread)}, so it is not played")


def _nobody_read(sessions: Sequence[int]) -> str:
    """Return what to tell of sessions that go on inside TLS."""
    if len(sessions) == 1:
        return f"nobody read what session {sessions[0]} said inside TLS"
    return f"nobody read what {len(sessions)} sessions said inside TLS"
