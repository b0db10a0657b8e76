"""A client may believe that its DELE worked, and the server never hears of it.

In place of ``DELE 3`` the server is asked ``LIST 3``: so it says itself whether there is such a
message, and how large it is.  A refusal counts for nothing if it has shown the message before.
What the client asks later fits with that (RFC 1939, section 5).
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pop3spy.gate.acts import Acts, Beginning, End, Moment, Respond, Send, octets_in
from pop3spy.gate.content import LineEdits, through
from pop3spy.protocol import replies
from pop3spy.protocol.commands import Command, Turn, parse_command
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    CommandLine,
    Frame,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)
from pop3spy.protocol.why import Trait, Why
from pop3spy.session.deeds import Deed
from pop3spy.session.maildrop import SeenMaildrop

BY: Final = "dry run"

_DELETES = re.compile(rb"(?:\A|\r)[^A-Za-z\r]*DELE", re.IGNORECASE)
_MAY_DELETE = re.compile(rb"(?:\A|\r)[^A-Za-z\r]*D?E?L?\Z", re.IGNORECASE)
"""The beginning of an overlong line that may go on as one."""
_DELETES_IN_SASL = re.compile(rb"(?:\A|\r)[^A-Za-z\r]*DELE[ \t]", re.IGNORECASE)
"""What no answer inside AUTH looks like, which is base64."""
_OF_A_MESSAGE: Final = frozenset({"RETR", "TOP", "LIST", "UIDL"})


@dataclass(slots=True)
class _Marks:
    """What one client believes: ``asked`` as far as it has spoken, ``told`` as far as it knows.

    ``told`` are the messages that are marked; ``pending`` are the exchanges in which a message is
    being marked.  What the server has, and how large that is, ``Session.maildrop`` knows.
    """

    asked: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    pending: dict[int, int] = field(default_factory=dict)
    resets: set[int] = field(default_factory=set)
    listing: LineEdits | None = None
    swallowed: int = 0  # the exchange whose body, or whose overlong line, goes no further


class DryRun:
    """A keeper that keeps DELE from the server, for every session.

    It looks at what the keepers before it, a person too, have decided to send, so it has to be the
    last.  What it cannot read may be a DELE: a client that begins TLS is refused, and one that does
    so unasked, or falls out of step, is disconnected.  So may what is read as a message, if the
    server has not granted XTND XMIT after all, and what stands behind a lone CR.
    """

    sides = frozenset(Side)
    by = BY

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts*, or what a server would do that does delete."""
        marks = moment.memory.get(self)
        if marks is None:
            marks = moment.memory[self] = _Marks()
        if moment.frame.side is Side.CLIENT:
            return self._asked(moment, moment.frame, acts, marks)
        if not moment.frame.number:
            return acts
        return self._answered(moment, moment.frame, acts, marks)

    def give_back(self, side: Side, memory: dict[object, Any]) -> bytes:
        """Return what is kept back of a listing that broke off."""
        marks = memory.get(self) if side is Side.SERVER else None
        return marks.listing.end() if marks and marks.listing else b""

    def withholds(self, beginning: Beginning) -> bool:
        """Return whether a server could read a DELE in what a client has left."""
        lines = beginning.data.split(b"\n") if beginning.side is Side.CLIENT else ()
        return any(_DELETES.search(line) for line in lines)

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return that it could, but for the greeting: it learns from every line that it judges."""
        return beginning.side is Side.CLIENT or beginning.exchange is not None

    # -- the client -----------------------------------------------------------------------------

    def _asked(self, moment: Moment, frame: Frame, acts: Acts, marks: _Marks) -> Acts:
        match frame:
            case CommandLine():
                sent = octets_in(acts)
                if _DELETES.search(sent) or (frame.truncated and _MAY_DELETE.search(sent)):
                    return self._dele(moment, sent, marks)
                return self._other(moment, parse_command(sent), acts, marks)
            case SaslLine() if _may_delete_in_sasl(frame, octets_in(acts)):
                moment.note(BY, Deed.DRY_CLOSED)
                return (End.CLOSE,)
            case Opaque(why=why) if Trait.UNSEEN in why.traits:
                moment.note(BY, Deed.DRY_CLOSED)
                return (End.CLOSE,)
            case Opaque(why=Why.TOO_LONG) if frame.number == marks.swallowed:
                return ()
        return acts

    def _dele(self, moment: Moment, sent: bytes, marks: _Marks) -> Acts:
        command = parse_command(sent)
        number = _number(command) if command.verb == "DELE" else None
        marks.swallowed = moment.frame.number  # the rest of an overlong line
        if number is None or moment.frame.truncated:
            moment.note(BY, Deed.DRY_REFUSED)
            return (Respond(b"-ERR DELE takes the number of a message\r\n"),)
        if number in marks.asked:
            moment.note(BY, Deed.DRY_REFUSED_AGAIN)
            return (_gone(number),)
        marks.asked.add(number)
        marks.pending[moment.frame.number] = number
        moment.note(BY, Deed.DRY_ASKED)
        return (Send(b"LIST %d\r\n" % number),)

    def _other(self, moment: Moment, command: Command, acts: Acts, marks: _Marks) -> Acts:
        if command.verb == "STLS":
            moment.note(BY, Deed.DRY_REFUSED_STLS)
            return (Respond(b"-ERR no TLS in a dry run\r\n"),)
        if command.turn is Turn.DATA:
            moment.note(BY, Deed.DRY_REFUSED_XMIT)
            return (Respond(b"-ERR no XTND XMIT in a dry run\r\n"),)
        if command.verb == "RSET":
            marks.asked.clear()
            marks.resets.add(moment.frame.number)
        elif command.verb in _OF_A_MESSAGE and (number := _number(command)) in marks.asked:
            moment.note(BY, Deed.DRY_ANSWERED)
            return (_gone(number),)
        return acts

    # -- the server -----------------------------------------------------------------------------

    def _answered(self, moment: Moment, frame: Frame, acts: Acts, marks: _Marks) -> Acts:
        match frame:
            case StatusLine():
                marks.listing = None
                if (number := marks.pending.pop(frame.number, None)) is not None:
                    return self._marked(moment, frame, number, acts, marks)
                if frame.number in marks.resets:
                    self._reset(frame, marks)
                elif marks.told and frame.ok:
                    return self._told(moment, frame, acts, marks)
            case BodyPart() | BodyEnd() if frame.number == marks.swallowed:
                moment.by = BY
                return ()  # a server that lists everything where one message was asked for
            case BodyPart() if marks.listing:
                moment.by = BY
                return list(through(marks.listing, acts))
            case BodyEnd() if marks.listing and (rest := marks.listing.end()):
                return (Send(rest), *acts)
        return acts

    def _marked(
        self, moment: Moment, frame: StatusLine, number: int, acts: Acts, marks: _Marks
    ) -> Acts:
        marks.swallowed = frame.number
        if not (frame.ok or _has(moment.session.maildrop, number)):
            marks.asked.discard(number)
            return acts
        marks.told.add(number)
        moment.note(BY, Deed.DRY_DELETED)
        return (Send(b"+OK message %d deleted\r\n" % number),)

    def _reset(self, frame: StatusLine, marks: _Marks) -> None:
        marks.resets.discard(frame.number)
        if frame.ok:
            marks.told.clear()
        else:
            marks.asked |= marks.told

    def _told(self, moment: Moment, frame: StatusLine, acts: Acts, marks: _Marks) -> Acts:
        command = moment.exchange.command if moment.exchange else None
        if command is None or command.verb not in ("STAT", "LIST", "UIDL") or command.args:
            return acts
        moment.note(BY, Deed.DRY_LEFT_OUT)
        if command.verb != "STAT":
            told = marks.told
            marks.listing = LineEdits(lambda line: None if _first(line) in told else line)
            return (Send(b"+OK\r\n"),)
        if (found := replies.pair_of(frame.text)) is None:
            return acts
        sizes = map(moment.session.maildrop.size_of, marks.told)
        count, octets = found[0] - len(marks.told), found[1] - sum(size or 0 for size in sizes)
        return (Send(b"+OK %d %d\r\n" % (max(0, count), max(0, octets))),)


def _may_delete_in_sasl(frame: SaslLine, sent: bytes) -> bool:
    """Return whether a server that takes AUTH for ended would take this answer for a DELE."""
    may = frame.truncated and _MAY_DELETE.search(sent)
    return bool(may or _DELETES_IN_SASL.search(sent))


def _has(maildrop: SeenMaildrop, number: int) -> bool:
    """Return whether the server has such a message, should it refuse to list that one."""
    counted = maildrop.stats[-1].count if maildrop.stats else 0
    return 0 < number <= counted or maildrop.has_shown(number)


def _gone(number: int | None) -> Respond:
    return Respond(b"-ERR message %d is deleted\r\n" % (number or 0))


def _number(command: Command) -> int | None:
    """Return the message that *command* is about; TOP has another argument behind it."""
    if not command.args or (command.verb != "TOP" and len(command.args) > 1):
        return None
    return replies.number_of(command.args[0])


def _first(line: bytes) -> int | None:
    return replies.number_of(line.split(b" ", 1)[0])
