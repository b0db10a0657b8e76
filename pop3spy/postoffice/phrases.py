"""How the post office words its replies, in the forms of RFC 1939."""

from collections.abc import Iterable

from pop3spy.postoffice.maildrop import OpenMaildrop
from pop3spy.postoffice.wire import stuffed
from pop3spy.protocol.commands import CommandSpec
from pop3spy.protocol.states import State
from pop3spy.session.responder import Answer

_LINES_A_PIECE = 2000


def line(text: str) -> Answer:
    """Return a positive reply of one line."""
    return Answer(f"+OK {text}".encode())


def listing(text: str, lines: Iterable[object]) -> Answer:
    """Return a positive reply that lists *lines*."""
    listed = [f"{each}\r\n" for each in lines]
    starts = range(0, len(listed), _LINES_A_PIECE)
    body = ["".join(listed[at : at + _LINES_A_PIECE]).encode() for at in starts]
    return Answer(f"+OK {text}".encode(), list(stuffed(body)))


def summary(drop: OpenMaildrop) -> str:
    """Say what is there and not marked as deleted: ``2 messages (320 octets)``."""
    sizes = [message.octets for _, message in drop.unmarked]
    return f"{count(len(sizes), 'message')} ({count(sum(sizes), 'octet')})"


def count(number: int, thing: str) -> str:
    """Say how many: ``1 message``, ``2 messages``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def out_of_place(spec: CommandSpec, state: State) -> str:
    """Say why a command cannot be used in *state*."""
    if state is State.TRANSACTION:
        return f"{spec.name} is for before login, and you are logged in"
    if spec.states == {State.USER_GIVEN}:
        return f"{spec.name} must follow USER"
    if state is State.USER_GIVEN and State.AUTHORIZATION in spec.states:
        return f"{spec.name} cannot come between USER and PASS"
    if state.phase is State.AUTHORIZATION:
        return f"{spec.name} needs a login first"
    return f"{spec.name} cannot be used any more"
