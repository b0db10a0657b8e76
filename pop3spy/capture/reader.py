"""From records to a tape: the octets of both sides, in the order in which they came."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TextIO

from pop3spy.capture.filler import FillerBudget, OverBudgetError, body_filler
from pop3spy.capture.header import Header, header_of
from pop3spy.capture.lines import Line, read_header, read_lines
from pop3spy.capture.record_kinds import check_extra, check_facts, is_time
from pop3spy.capture.text import NoOctetsError, octets_of, octets_of_text
from pop3spy.errors import CaptureError, Unreached
from pop3spy.protocol.facts import NO_FACTS, Facts
from pop3spy.protocol.frames import Side
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.unread_filler import unread_filler
from pop3spy.protocol.why import Trait, Why
from pop3spy.redaction.secret_facts import accepted
from pop3spy.session.body_facts import accepted_of_body
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import done_from
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Changed, Closed, Item, Knew, Missed, Over, Remarked, Spoke

_CLIENT: Final = Peer("client", 0)
_SERVER: Final = Peer("server", 0)
_UNREACHED: Final = {reason.value: reason for reason in Unreached}
_NOT_READ: Final = (Why.OUT_OF_STEP, Why.BEHIND_STLS, Why.BANNER, Why.UNASKED, Why.NO_STATUS)
"""What the decoder cannot find out again from octets that only stand for what was said."""
_NO_EXTRA: Final[dict[str, Any]] = {}
_LEAST: Final = 4
"""What a record has at least."""
_LARGEST: Final = 1 << 53
_SIDES: Final = {side.value: side for side in Side}
_MOST_OPEN: Final = 8192
"""Sessions that are open at once: each takes some 20 KiB of who reads them."""
_MOST_WAITING: Final = 256
"""Pieces of the server's that may wait for what its client said ahead."""
_BEGINNING: Final = 8
"""Records that a server's first ones are."""
_LARGE: Final = 1 << 16
"""Octets of a piece that nothing waits with."""


@dataclass(slots=True)
class _LastReply:
    """What the server of a session said last: the client may have said something before it."""

    pieces: deque[Spoke] = field(default_factory=deque)
    said: int = 0
    goes_on: bool = False  # the last line was no reply, so that is still to come
    begun: dict[Side, int] = field(default_factory=dict)  # octets of a line without its end

    def goes_with(self, piece: Spoke) -> bool:
        """Return whether *piece* may have been in the same read as what waits.

        What a server says first tells what it speaks, so the beginning waits in any case.  So does
        what is behind a line without a status: the client's lines wait for the reply as well.
        """
        if len(self.pieces) >= _MOST_WAITING or len(piece.chunk.data) >= _LARGE:
            return False
        same = bool(self.pieces) and self.pieces[-1].chunk.at == piece.chunk.at
        return same or self.goes_on or self.said < _BEGINNING

    def heard(self, pieces: list[Spoke]) -> None:
        """Note whether *pieces*, which are of one side, end a line."""
        last = pieces[-1].chunk
        if last.data.endswith(b"\n"):
            self.begun[last.side] = 0
        else:
            size = sum(len(piece.chunk.data) for piece in pieces)
            self.begun[last.side] = min(self.begun.get(last.side, 0) + size, LINE)

    def add(self, pieces: list[Spoke]) -> None:
        """Let *pieces*, which are one line or more, wait."""
        line = pieces[0].chunk.data
        if len(pieces) > 1:
            line = b"".join(piece.chunk.data for piece in pieces)
        self.goes_on = line.find(b"\n") == len(line) - 1 and status_of(line) is None
        self.pieces += pieces
        self.said += 1

    def release(self, until: float = math.inf) -> list[Spoke]:
        """Return what waits and had come by then, and let go of it."""
        released: list[Spoke] = []
        while self.pieces and self.pieces[0].chunk.at <= until:
            released.append(self.pieces.popleft())
        return released


class CaptureReader:
    """Reads one capture; iterate over it for its tape.

    Whatever is wrong raises CaptureError with file and line.  A torn last record only ends the
    tape, and so does an end without a ``close``: ``notes`` then says so.
    """

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        fields, self._line = read_header(stream, name)
        self.header: Header = header_of(fields, name)
        self.notes: list[str] = []
        self._at = 0.0
        self._session = 0
        self._missed: str | None = None  # why records are missing above
        self._spoken_at = 0.0  # when the record before ended, which a short one has no time for
        self._open: dict[int, _LastReply] = {}
        self._facts: dict[tuple[int, Side], Facts] = {}  # of what is recorded next
        self._budget = FillerBudget()

    def __iter__(self) -> Iterator[Item]:
        """Yield what happened."""
        for line in read_lines(self._stream, self._name, self._line):
            where = f"{self._name}:{line.number}"
            self._budget.earn()
            try:
                yield from self._short(line) if line.short else self._record(line, where)
            except NoOctetsError:
                raise CaptureError(f"{where}: this is nothing that a side can have said") from None
            except OverBudgetError as error:
                raise CaptureError(f"{where}: {error}") from None
        for session, waiting in self._open.items():
            yield from waiting.release()
            self.notes.append(f"the capture ends before session {session} does")
            yield Over(session, self._at, Ending(How.CUT, "the capture ends here"))

    # -- records --------------------------------------------------------------------------------

    def _record(self, line: Line, where: str) -> Iterable[Item]:
        if line.values[2:3] == ["torn"]:
            self.notes.append(f"{where}: {line.values[3]}")
            return ()
        at, session, code, data, extra = _checked(line.values, where)
        if session != self._session or at > self._spoken_at:
            self._spoken_at = at
        self._session, self._at = session, max(self._at, at)
        if (side := _SIDES.get(code)) is not None:
            return self._spoken(session, side, at, data, extra)
        return self._told(session, at, code, data)

    def _told(self, session: int, at: float, code: str, data: Any) -> Iterator[Item]:
        """Yield what a record tells that is not what a side said."""
        if code == "open":
            yield from self._began(session, at, data)
        elif code == "gap" and session == 0:  # of whichever sessions
            self._missed = data.get("why", "")
            for each in list(self._open):
                yield from self._happened(each, at, code, data)
        elif code == "note" and session == 0:
            text = data.get("text")  # whatever a person could type
            if isinstance(text, str) and text:
                yield Remarked(at, text)
        elif session in self._open:
            yield from self._happened(session, at, code, data)

    def _began(self, session: int, at: float, facts: Any) -> Iterator[Item]:
        if session in self._open:
            return
        if len(self._open) >= _MOST_OPEN:
            raise OverBudgetError(f"more than {_MOST_OPEN:,} sessions are open at once")
        self._open[session] = _LastReply()
        peers = _peer(facts.get("client")), _peer(facts.get("server"))
        yield Began(session, at, *peers, typed=facts.get("typed") is True)

    def _happened(self, session: int, at: float, code: str, facts: Any) -> Iterator[Item]:
        match code:
            case "omitted" | "opaque":
                yield from self._counted(session, at, facts, code)
            case "facts":
                self._facts[session, Side(facts["side"])] = _accepted(facts)
            case "note":
                yield from self._open[session].release()
                yield Knew(session, at, dict(facts))
            case "gate":
                yield from self._open[session].release()
                yield _changed(session, at, facts)
            case "gap" | "blind":
                yield from self._open[session].release()
                yield Missed(session, at, facts.get("why", ""))
            case "fin" | "rst":
                side = Side(facts["side"])
                # What the server says later may have begun before, as with a line of the client.
                yield from self._open[session].release(at if side is Side.CLIENT else math.inf)
                yield Closed(session, at, side, code == "rst", facts.get("close_notify"))
            case "close":
                yield from self._open.pop(session).release()
                self._facts = {
                    place: it for place, it in self._facts.items() if place[0] != session
                }
                how, why = How.named(facts["how"]), facts.get("why", "")
                unreached = _UNREACHED.get(facts.get("unreached"))
                yield Over(session, at, Ending(how, why, unreached=unreached))

    def _spoken(
        self, session: int, side: Side, at: float, data: Any, extra: dict[str, Any]
    ) -> list[Item]:
        items: list[Item] = []
        if session not in self._open:
            items += self._began(session, at, {})
            if self._missed is not None:  # its beginning is not there
                items.append(Missed(session, at, self._missed))
        octets, masks = octets_of(data)
        known = self._known(session, side)
        if octets:
            whole = Spoke(session, Chunk(side, octets, at), masks, facts=known)
            pieces = list(_pieces(whole, extra["cuts"])) if extra.get("cuts") else [whole]
            self._spoken_at = max(self._spoken_at, pieces[-1].chunk.at)
            items += self._say(pieces)
        return items

    def _counted(self, session: int, at: float, facts: Any, code: str) -> Iterator[Item]:
        """Yield filler for what was only counted."""
        side = Side(facts["side"])
        why = Why.coded(str(facts["why"])) if code == "opaque" else None
        unread: Why | None = why if why in _NOT_READ else None
        if unread and side is Side.CLIENT:  # it was found out behind all that stands above
            yield from self._open[session].release()
        filler = self._filler(facts, why)
        if why is Why.TOO_LONG:
            begun = self._open[session].begun.get(side)
            if begun:  # with a mask, its beginning is shorter than it was
                filler = chain([b"x" * (LINE - begun)], filler)
            else:  # a recording of an earlier version has each piece of a line as its end
                unread = why
        known = self._known(session, side)
        for data in filter(None, filler):
            masks = ((0, len(data)),)
            yield from self._say([Spoke(session, Chunk(side, data, at), masks, unread, known)])
            known = NO_FACTS

    def _filler(self, facts: Any, why: Why | None) -> Iterator[bytes]:
        octets = facts["octets"]
        if why is not None:
            self._budget.spend(octets or 0, cheap=Trait.ENCRYPTED in why.traits)
            return unread_filler(why, octets, ends_line=facts.get("ends_line", True))
        lines, stuffed = facts["lines"], facts["stuffed"]
        if lines + stuffed > octets or stuffed > lines + 1:
            raise OverBudgetError(
                f"{lines:,} lines and {stuffed:,} stuffed dots cannot be in {octets:,} octets"
            )
        self._budget.spend(octets)
        return body_filler(octets, lines, stuffed)

    def _short(self, line: Line) -> Iterator[Item]:
        side, text, block = line.values
        session = self._session = self._session or 1
        if session not in self._open:
            yield from self._began(session, self._spoken_at, {})
        data, masks = octets_of_text(text.replace("\n", "\r\n") if block else f"{text}\r\n")
        chunk, known = Chunk(Side(side), data, self._spoken_at), self._known(session, Side(side))
        yield from self._say([Spoke(session, chunk, masks, facts=known)])

    def _known(self, session: int, side: Side) -> Facts:
        """Return what was recorded of what *side* says next."""
        return self._facts.pop((session, side), NO_FACTS) if self._facts else NO_FACTS

    # -- order ----------------------------------------------------------------------------------

    def _say(self, pieces: list[Spoke]) -> list[Spoke]:
        """Return octets in the order in which they came, as far as nothing may come before.

        What the client said ahead, while AUTH or STLS were not answered, was read behind all that
        came with the answer, and so it is recorded, as is a line that began before and ended
        behind; their times tell it.
        """
        session, side = pieces[0].session, pieces[0].chunk.side
        waiting = self._open[session]
        waiting.heard(pieces)
        if side is Side.CLIENT:
            said = []
            for piece in pieces:
                said += waiting.release(piece.chunk.at)
                said.append(piece)
            return said
        released = [] if waiting.goes_with(pieces[0]) else waiting.release()
        waiting.add(pieces)
        return released


def _checked(values: list[Any], where: str) -> tuple[float, int, str, Any, dict[str, Any]]:
    """Return a record's time, session, kind, what it says, and what may stand behind that."""
    if len(values) < _LEAST:
        raise CaptureError(f"{where}: a record has a time, a session, a kind, and what it says")
    at, session, code, data, *rest = values
    if not is_time(at) or type(session) is not int or abs(session) >= _LARGEST:
        raise CaptureError(f"{where}: a record begins with a time and a session's number")
    if not isinstance(code, str):
        raise CaptureError(f"{where}: what kind of record it is stands third, as text")
    if code not in _SIDES:
        check_facts(code, data, where)
    elif rest:
        check_extra(rest[0], where)
    return at, session, code, data, rest[0] if rest else _NO_EXTRA


def _pieces(whole: Spoke, cuts: Any) -> Iterator[Spoke]:
    """Cut what was said where a later read began; never inside a mask."""
    data, at, start = whole.chunk.data, whole.chunk.at, 0
    for offset, later in [*cuts, (len(data), at)]:
        end = min(max(int(offset), start), len(data))
        end = next((stop for begin, stop in whole.masks if begin < end < stop), end)
        if end > start:
            masks = tuple((a - start, b - start) for a, b in whole.masks if start <= a < end)
            chunk = Chunk(whole.chunk.side, data[start:end], at)
            yield Spoke(whole.session, chunk, masks, facts=NO_FACTS if start else whole.facts)
            start = end
        at = float(later)


def _accepted(told: dict[str, Any]) -> Facts:
    facts = {**accepted(told), **accepted_of_body(told)}
    return facts or NO_FACTS


def _changed(session: int, at: float, facts: Any) -> Changed:
    sent, answer = facts.get("sent"), facts.get("answer")
    return Changed(
        session,
        at,
        Side(facts["side"]),
        facts.get("by", ""),
        done_from(facts),
        None if sent is None else octets_of(sent),
        None if answer is None else octets_of(answer),
        injected=facts.get("injected") is True,
    )


def _peer(value: Any) -> Peer:
    """Read ``host:port``; what is none is a host."""
    host, colon, port = str(value or "").rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) < 6:  # noqa: PLR2004 - 65535
        return Peer(host.strip("[]"), int(port))
    return Peer(str(value), 0) if value else Peer("", 0)
