"""Saying no: every -ERR of the post office is raised as one exception."""

import errno
from collections.abc import Iterator

from pop3spy.errors import MaildropError
from pop3spy.postoffice.maildrop import InUseError, StoredMessage
from pop3spy.postoffice.phrases import Phrase
from pop3spy.protocol.commands import CommandSpec
from pop3spy.protocol.states import Effect, State

_FOR_AN_OPERATOR = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}
)


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """A command that is answered -ERR: the phrase that says why, and what its text may name."""

    def __init__(self, phrase: Phrase, **facts: object) -> None:
        super().__init__(phrase.key)
        self.phrase = phrase
        self.facts = facts


def unavailable(spec: CommandSpec, state: State, *, secured: bool) -> Refused:
    """Return the refusal of a command that does not exist, or not any more, in *state*.

    The post office is *secured* inside TLS, where STLS cannot begin again.
    """
    if state.phase is not State.AUTHORIZATION:
        return Refused(Phrase.NOT_AVAILABLE, command=spec.name)
    again = secured and spec.effect is Effect.TLS
    return Refused(Phrase.TLS_ACTIVE if again else Phrase.NOT_AVAILABLE_EARLY, command=spec.name)


def out_of_place(spec: CommandSpec, state: State) -> Refused:
    """Return why a command cannot be used in *state*."""
    return Refused(_why_out_of_place(spec, state), command=spec.name)


def _why_out_of_place(spec: CommandSpec, state: State) -> Phrase:
    if state is State.TRANSACTION:
        return Phrase.LOGGED_IN
    if spec.states == {State.USER_GIVEN}:
        return Phrase.USER_FIRST
    if state is State.USER_GIVEN and State.AUTHORIZATION in spec.states:
        return Phrase.BEFORE_PASS
    return Phrase.LOGIN_FIRST if state.phase is State.AUTHORIZATION else Phrase.OVER


def refusal_of(error: OSError | MaildropError, phrase: Phrase) -> Refused:
    """Return the refusal for a maildrop that fails; *phrase* says what cannot be done.

    What passes by itself is [SYS/TEMP], what somebody must mend is [SYS/PERM] (RFC 3206,
    section 4).  The name of the file is not told to the client.
    """
    if isinstance(error, InUseError):
        return Refused(Phrase.IN_USE, why=str(error))
    cause = error if isinstance(error, OSError) else error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    return Refused(phrase, code="SYS/PERM" if number in _FOR_AN_OPERATOR else "SYS/TEMP")


def open_text(number: int, message: StoredMessage) -> Iterator[bytes]:
    """Return the text of *message*, in pieces; raise Refused if it cannot be opened."""
    try:
        return message.open()
    except (OSError, MaildropError) as error:
        raise Refused(Phrase.UNREADABLE, number=number) from error
