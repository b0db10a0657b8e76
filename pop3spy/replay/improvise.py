"""Answers that were not recorded, made of what was.

Rules: 1. nothing is said that the recording does not bear out; where it is silent there is no
answer, and the command is refused; 2. no text repeats what the client said.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final

from pop3spy.protocol.commands import Command
from pop3spy.protocol.replies import number_of, unique_id_of
from pop3spy.replay.recorded_maildrop import RecordedMaildrop, message_of, number_in
from pop3spy.replay.script import Step
from pop3spy.session.responder import Answer

NO_SUCH: Final = Answer(b"-ERR no such message")
NOT_RECORDED: Final = Answer(b"-ERR this was not recorded")

Improvised = Answer | None
"""None where the recording says too little."""


def without(step: Step, gone: AbstractSet[int], maildrop: RecordedMaildrop) -> Improvised:
    """Return a recorded reply to STAT, LIST or UIDL as it is when messages are *gone* as well."""
    if not gone or step.reply is None or not step.outcome.ok or not step.reply.complete:
        return None
    if step.command.verb == "STAT":
        return _stat(step, gone, maildrop)
    lines = step.reply.body.splitlines(keepends=True)
    numbers = [entry[0] if (entry := unique_id_of(line)) else None for line in lines]
    if None in numbers:
        return None
    left = [line for line, number in zip(lines, numbers, strict=True) if number not in gone]
    text = b"+OK %d message%s" % (len(left), b"" if len(left) == 1 else b"s")
    return Answer(text, [b"".join(left)])


def _stat(step: Step, gone: AbstractSet[int], maildrop: RecordedMaildrop) -> Improvised:
    words = [number_in(step.outcome.words, place) for place in (0, 1)]
    sizes = [number_of(maildrop.sizes.get(number, "?").encode()) for number in gone]
    match words:
        case [int(count), int(octets)] if None not in sizes:
            freed = sum(size for size in sizes if size is not None)
            return Answer(b"+OK %d %d" % (count - len(gone), octets - freed))
    return None


def improvise(command: Command, marked: AbstractSet[int], maildrop: RecordedMaildrop) -> Answer:
    """Return an answer to a command that was not recorded."""
    number = message_of(command)
    if number is not None and number in marked:
        return NO_SUCH
    make = _MAKERS.get(command.verb)
    made = make(command, number, marked, maildrop) if make else None
    return made or NOT_RECORDED


def _stat_of_all(
    _: Command, __: int | None, marked: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    if (left := maildrop.left(marked)) is None:
        return None
    return Answer(b"+OK %d %d" % (len(left), sum(left.values())))


def _one(entries: dict[int, str], number: int | None) -> Improvised:
    if number is None or not entries:
        return None
    if number not in entries:
        return NO_SUCH
    return Answer(b"+OK %d %s" % (number, entries[number].encode()))


def _list(
    command: Command, number: int | None, marked: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    if command.args:
        return _one(maildrop.sizes, number)
    if (left := maildrop.left(marked)) is None:
        return None
    lines = [b"%d %d\r\n" % entry for entry in left.items()]
    return Answer(b"+OK", [b"".join(lines)])


def _uidl(
    command: Command, number: int | None, marked: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    if command.args:
        return _one(maildrop.unique_ids, number)
    if (left := maildrop.ids_left(marked)) is None:
        return None
    lines = [b"%d %s\r\n" % (number, unique_id.encode()) for number, unique_id in left.items()]
    return Answer(b"+OK", [b"".join(lines)])


def _top(
    command: Command, number: int | None, _: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    """Cut the top off a recorded message (RFC 1939, section 7)."""
    lines = number_of(command.args[1]) if len(command.args) > 1 else None
    step = maildrop.texts.get(number or 0)
    if step is None or step.reply is None or lines is None:
        return None
    head, blank, rest = step.reply.body.partition(b"\r\n\r\n")
    found = rest.split(b"\n", min(lines, len(rest)))
    shown = rest if len(found) <= lines else b"".join(line + b"\n" for line in found[:lines])
    return Answer(b"+OK", [head + blank + shown])


def _dele(
    _: Command, number: int | None, __: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    there = maildrop.sizes.keys() | maildrop.unique_ids.keys()
    if number is None:
        return None
    return Answer(b"+OK marked as deleted") if number in there else NO_SUCH


def _ok(*_: object) -> Improvised:
    return Answer(b"+OK")


def _bye(*_: object) -> Improvised:
    return Answer(b"+OK good bye", close=True)


def _capa(
    _: Command, __: int | None, ___: AbstractSet[int], maildrop: RecordedMaildrop
) -> Improvised:
    """Say what the recording shows that the server can do."""
    lines = [b"USER\r\n"]
    if maildrop.unique_ids:
        lines.append(b"UIDL\r\n")
    if maildrop.texts:
        lines.append(b"TOP\r\n")
    return Answer(b"+OK", lines)


_MAKERS: Final[
    dict[str, Callable[[Command, int | None, AbstractSet[int], RecordedMaildrop], Improvised]]
] = {
    "STAT": _stat_of_all,
    "LIST": _list,
    "UIDL": _uidl,
    "TOP": _top,
    "DELE": _dele,
    "USER": _ok,
    "NOOP": _ok,
    "RSET": _ok,
    "QUIT": _bye,
    "CAPA": _capa,
}
