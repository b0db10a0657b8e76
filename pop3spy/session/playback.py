"""Makes of a recording the events that its sessions had when they took place."""

from collections.abc import Callable, Iterable

from pop3spy.protocol.states import State
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Told
from pop3spy.session.reading import Reading
from pop3spy.session.tape import Began, Item, Knew, Missed, Over, Spoke


def play_back(
    items: Iterable[Item], publish: Callable[[Told], None], *, strict: bool = False
) -> None:
    """Read *items* and publish what happened; a session without an end is left without one.

    *strict* hides user names and addresses.
    """
    readings: dict[int, Reading] = {}
    for item in items:
        if isinstance(item, Began):
            peers = item.client, item.server
            readings[item.session] = Reading(item.session, *peers, item.at, publish, strict=strict)
            continue
        reading = readings.get(item.session)
        if reading is None:
            continue
        match item:
            case Spoke(chunk=chunk, masks=masks):
                _read(reading, chunk, masks)
            case Knew(at=at, facts={"user": str(user)}):
                reading.know(user, at)
            case Knew(at=at, facts={"state": State.TRANSACTION.value}):
                reading.know_login(at)
            case Missed(at=at, why=why):
                reading.blind(at, why)
            case Over(at=at, ending=ending):
                reading.end(at, ending)
                del readings[item.session]


def _read(reading: Reading, chunk: Chunk, masks: tuple[tuple[int, int], ...]) -> None:
    if not reading.session.blind:
        for _ in reading.feed(chunk, masks):
            pass
