"""What of a command line may be shown: what its row of the command table says, and no more."""

import re

from pop3spy.protocol import replies, sasl
from pop3spy.protocol.commands import Command, CommandSpec, Turn
from pop3spy.protocol.states import BEFORE_LOGIN, State

_WORD = re.compile(rb"[ \t]*[^ \t]*")
_BEHIND_CR = re.compile(rb"\r[ \t]*((?:PASS|RPOP|APOP|AUTH)[ \t].*)", re.IGNORECASE | re.DOTALL)
"""A login behind a CR without its LF: some servers take that for the end of a line."""


def beyond_the_table(
    command: Command, spec: CommandSpec, line: bytes, state: State, *, hide_names: bool
) -> list[tuple[int, int]]:
    """Return the spans of *line* that its row of the command table does not allow to be shown."""
    if b"\r" in line and (login := _BEHIND_CR.search(line)):
        return [login.span(1)]
    before_login = state in BEFORE_LOGIN
    shown = spec.shows
    if hide_names and spec.identity:
        shown = 0
    elif not (spec.secret or before_login):
        return []
    elif spec.secret and len(command.args) < spec.required:
        shown = 0  # APOP with a digest alone
    if spec.turn is Turn.SASL and command.args:
        shown = shown if names_mechanism(command) else 0
    if before_login and State.AUTHORIZATION not in spec.states and not spec.secret:
        numbers = [replies.number_of(word) is not None for word in command.args[:shown]]
        shown = shown if all(numbers) else 0
    hidden = [match.span(1) for match in spec.hides.finditer(line)] if spec.hides else []
    if (command.args or spec.secret) and (start := behind(line, spec, shown)) < len(line):
        hidden.append((start, len(line)))
    return hidden


def names_mechanism(command: Command) -> bool:
    """Return whether an AUTH names a mechanism that is known: then the name is no secret."""
    return bool(command.args) and command.args[0].decode("latin-1").upper() in sasl.MECHANISMS


def behind(line: bytes, spec: CommandSpec, arguments: int) -> int:
    """Return where in *line* whatever stands behind so many arguments begins.

    Without any it begins one blank behind the verb: further ones belong to a password (RFC 1939,
    section 7).
    """
    at = 0
    for _ in range(len(spec.name.split()) + arguments):
        word = _WORD.match(line, at)
        at = word.end() if word else at
    if arguments and not line[at:].strip(b" \t"):
        return len(line)
    return at + 1
