"""What a stand-in offers of what was recorded: no TLS, and no mechanism that it cannot play."""

from collections.abc import Callable
from dataclasses import replace

from pop3spy.protocol.commands import Command, line_of
from pop3spy.replay.script import RecordedReply, ReplyPiece, Step

Plays = Callable[[str], bool]
"""Says whether a mechanism, in upper case, can be played."""


def as_offered(step: Step, plays: Plays) -> RecordedReply | None:
    """Return the recorded reply to *step*; of a listing, only what can be had is left.

    A reply of which nothing is to be left out is the recorded one, octet by octet.
    """
    reply = step.reply
    edit = _EDITS.get(_listing(step.command))
    if reply is None or edit is None or not (step.outcome.ok and reply.complete):
        return reply
    lines = reply.body.splitlines(keepends=True)
    left = [edited for line in lines if (edited := edit(line, plays))]
    if left == lines:
        return reply
    raw = reply.raw
    before, behind = raw[: len(raw) - len(_tail(reply))], _tail(reply)
    said = before[: len(before) - len(reply.body)] + b"".join(left) + behind
    return replace(reply, pieces=(ReplyPiece(said, reply.pieces[0].wait),))


def _tail(reply: RecordedReply) -> bytes:
    """Return the lone dot with its end."""
    return reply.raw[reply.before + len(reply.line) + len(reply.body) :]


def _listing(command: Command) -> str:
    return "" if command.args else command.verb


def _capability(line: bytes, plays: Plays) -> bytes:
    words = line.split()
    match words[0].upper() if words else b"":
        case b"STLS":
            return b""
        case b"SASL":
            left = [word for word in words[1:] if plays(word.upper().decode("latin-1"))]
            if left == words[1:]:
                return line
            return b" ".join((words[0], *left)) + line[len(line_of(line)) :] if left else b""
    return line


def _mechanism(line: bytes, plays: Plays) -> bytes:
    return line if plays(line_of(line).strip().upper().decode("latin-1")) else b""


_EDITS: dict[str, Callable[[bytes, Plays], bytes]] = {"CAPA": _capability, "AUTH": _mechanism}
