"""Makes of a recording the events that its sessions had when they took place."""

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.typed import without_login
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus, NoteReader, Reader, Subscriber
from pop3spy.session.events import Heard, Noted, Told
from pop3spy.session.glimpse import glimpse_from
from pop3spy.session.how import Closing
from pop3spy.session.model import Session
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import answer_to, in_place_of
from pop3spy.session.tape import Began, Changed, Closed, Item, Knew, Missed, Over, Remarked, Spoke
from pop3spy.session.tls import tls_from

_KEEPER: Final = re.compile(r"[a-z]{1,20}(-[a-z]{1,20})*")
"""What keepers of the gate are called; a recording may say anything."""


class Judge(Protocol):
    """A subscriber that judges sessions, and has to know the time before something happens."""

    def __call__(self, session: Session) -> Reader | None:
        """Return what judges *session*."""

    def pass_time(self, session: int, now: float) -> None:
        """Let it be *now* in the session of that number."""


def play_back(
    items: Iterable[Item],
    *subscribers: Subscriber,
    names: Pseudonyms | None = None,
    note: NoteReader | None = None,
    memory: SecretMemory | None = None,
    judge: Callable[[Callable[[Told], None]], Judge] | None = None,
) -> None:
    """Read *items* and let *subscribers* have what happened.

    *note* is told what a person noted meanwhile.  What one of them raises ends it.  A session
    without an end is left without one; *names* gives what stands for names that nobody may learn,
    and *memory* says when times count from.  *judge* makes of what publishes an event a subscriber
    that comes before all others.
    """
    bus = Bus(_fail)
    judging = None if judge is None else judge(bus.publish)
    if judging is not None:
        bus.subscribe(judging)
    for subscriber in subscribers:
        bus.subscribe(subscriber)
    if note is not None:
        bus.subscribe_to_notes(note)
    playing: dict[int, _Playing] = {}
    memory = memory or SecretMemory()
    for item in items:
        if isinstance(item, Began):
            playing[item.session] = _Playing(_reading(item, bus.publish, names, memory), names)
        elif isinstance(item, Remarked):
            bus.publish(Noted("noted", item.at, {"text": without_login(item.text)}))
        elif session := playing.get(item.session):
            # What was missed may have come at any time before it was given up.
            if judging is not None and not isinstance(item, Missed):
                judging.pass_time(item.session, item.at)
            session.take(item)
            if isinstance(item, Over):
                del playing[item.session]


def _reading(
    began: Began, publish: Callable[[Told], None], names: Pseudonyms | None, memory: SecretMemory
) -> Reading:
    return Reading(
        *(began.session, began.client, began.server, began.at, publish),
        names=names,
        typist=Typist(recorded=True) if began.typed else None,
        memory=memory,
    )


def _fail(_: object, error: Exception) -> None:
    raise error


class _Playing:
    """One session of the recording; with *names* it hides words that only it can know."""

    def __init__(self, reading: Reading, names: Pseudonyms | None) -> None:
        self._reading = reading
        self._hides = names is not None
        self._last: dict[Side, Heard] = {}

    def take(self, item: Item) -> None:
        """Let *item* happen."""
        reading = self._reading
        match item:
            case Spoke():  # as nearly all are
                self._spoken(item)
            case Knew():
                self._know(item)
            case Changed():
                self._change(item)
            case Missed(at=at, why=why):
                reading.blind(at, why)
            case Closed(at=at, side=side, reset=reset, close_notify=notified):
                reading.side_closed(Closing(side, at, reset, notified))
            case Over(at=at, ending=ending):
                reading.end(at, ending)

    def _know(self, item: Knew) -> None:
        reading, at = self._reading, item.at
        match item.facts:
            case {"user": str(user)}:
                reading.know(user, at)
            case {"state": State.TRANSACTION.value}:
                reading.know_login(at)
            case {"tls": dict(facts)}:
                reading.secured(tls_from(facts), at)
            case {"passing": dict(facts)}:
                reading.glimpsed(glimpse_from(facts), at)
            case {"clogged": bool(both)}:
                reading.clogged(at, both=both)

    def _spoken(self, item: Spoke) -> None:
        reading, chunk = self._reading, item.chunk
        if reading.session.blind:
            return
        if item.unread is not None:
            self._last[chunk.side] = reading.skip(chunk, item.masks, item.unread, item.facts)
            return
        if not item.masks and not item.facts and (read := reading.at_once(chunk)) is not None:
            self._last[chunk.side] = read[1]
            return
        reading.append(chunk, item.masks, item.facts)
        while (read := reading.read()) is not None:
            frame, heard = read
            self._last[frame.side] = heard

    def _change(self, item: Changed) -> None:
        reading, heard = self._reading, self._last.get(item.side)
        if reading.session.blind:
            return
        by, did = item.by, item.did
        if self._hides:
            by, did = by if _KEEPER.fullmatch(by) else MASK, did.hidden()
        if item.injected and item.sent:
            reading.inject(*item.sent, at=item.at, by=by)
        elif heard is not None:
            reading.intervene(
                heard,
                item.at,
                by,
                did,
                sent=in_place_of(heard.frame, *item.sent) if item.sent else None,
                answer=answer_to(heard.frame, *item.answer) if item.answer else None,
            )
