"""Makes of a recording the events that its sessions had when they took place."""

from collections.abc import Callable, Iterable

from pop3spy.protocol.frames import Frame, Side
from pop3spy.protocol.states import State
from pop3spy.session.events import Told
from pop3spy.session.glimpse import glimpse_from
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import answer_to, in_place_of
from pop3spy.session.tape import Began, Changed, Item, Knew, Missed, Over, Spoke
from pop3spy.session.tls import tls_from


def play_back(
    items: Iterable[Item], publish: Callable[[Told], None], *, strict: bool = False
) -> None:
    """Read *items* and publish what happened; a session without an end is left without one.

    *strict* hides user names and addresses.
    """
    playing: dict[int, _Playing] = {}
    for item in items:
        if isinstance(item, Began):
            peers = item.client, item.server
            reading = Reading(item.session, *peers, item.at, publish, strict=strict)
            playing[item.session] = _Playing(reading)
        elif session := playing.get(item.session):
            session.take(item)
            if isinstance(item, Over):
                del playing[item.session]


class _Playing:
    """One session of the recording."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._last: dict[Side, Frame] = {}

    def take(self, item: Item) -> None:
        """Let *item* happen."""
        reading = self._reading
        match item:
            case Spoke(chunk=chunk, masks=masks):
                for frame in () if reading.session.blind else reading.feed(chunk, masks):
                    self._last[frame.side] = frame
            case Knew(at=at, facts={"user": str(user)}):
                reading.know(user, at)
            case Knew(at=at, facts={"state": State.TRANSACTION.value}):
                reading.know_login(at)
            case Changed():
                self._change(item)
            case Knew(at=at, facts={"tls": dict(facts)}):
                reading.secured(tls_from(facts), at)
            case Knew(at=at, facts={"passing": dict(facts)}):
                reading.glimpsed(glimpse_from(facts), at)
            case Missed(at=at, why=why):
                reading.blind(at, why)
            case Over(at=at, ending=ending):
                reading.end(at, ending)

    def _change(self, item: Changed) -> None:
        reading, frame = self._reading, self._last.get(item.side)
        if reading.session.blind:
            return
        if item.injected and item.sent:
            reading.inject(*item.sent, at=item.at, by=item.by)
        elif frame is not None:
            reading.intervene(
                frame,
                item.at,
                item.by,
                item.did,
                sent=in_place_of(frame, *item.sent) if item.sent else None,
                answer=answer_to(frame, *item.answer) if item.answer else None,
            )
