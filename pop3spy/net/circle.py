"""Noticing that the server leads back here, as two proxies do that are each other's server.

Nothing in POP3 names those that a connection has passed, and nothing is put into what is said.
But in a circle each client that comes is a call that this proxy has made: while it calls nobody,
nobody comes, and after a call they all come back at once, and nobody says anything.  So where very
many came in a row, the next ones wait, and are then called for together, after longer and longer
pauses.  Clients that come of their own accord come in the pauses too, or not after a call.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from pop3spy.errors import ConnectError
from pop3spy.session.model import Peer

_SOON: Final = 0.5
"""Seconds within which a call comes back."""

_FIRST: Final = 100
"""So many in a row are called without a question."""

_MOST: Final = 800
"""So many are it where clients of that host have proved several times to be no circle."""

_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds in which nobody may come, behind those in which calls come back.

Each is twice as long as the one before, which fits nobody who comes regularly.
"""

_STRANGERS: Final = 0.1
"""So many may come in a pause for each that came back: a circle has new clients as well."""

_STEP: Final = 0.05
"""Seconds between two looks; no client waits longer once somebody has said something."""

_REMEMBERED: Final = 1024
"""Hosts and their servers whose clients are remembered."""

Silent = Callable[[], bool]
"""Tells whether a session lasts in which nobody has said anything."""

Later = Callable[[float, Callable[[], None]], object]
"""Does something in so many seconds."""


class Batch:
    """Clients whose server is called at the same moment."""

    def __init__(self) -> None:
        self._decided = asyncio.Event()
        self._refused = False

    def decide(self, *, refused: bool = False) -> None:
        """Let the server be called for all of them, or for none."""
        self._refused = refused
        self._decided.set()

    async def called(self) -> None:
        """Wait until the server may be called; raise ConnectError if it leads back here."""
        await self._decided.wait()
        if self._refused:
            raise ConnectError(
                "the server leads back to this proxy: whenever it is called, connections come"
                " here at once, and none come while it is not; name another server"
            )


class Trial:
    """Calls behind longer and longer pauses, which tell whether clients are those of a circle.

    ``waiting`` are the clients that came since the last call.
    """

    def __init__(self, now: float) -> None:
        self.waiting = Batch()
        self._called_at = now
        self._calls = 0
        self._came_back = 0
        self._strangers = 0

    def came(self, now: float) -> bool:
        """Take in a client; return whether this may still be a circle."""
        if now - self._called_at <= _SOON:
            self._came_back += 1
        else:
            self._strangers += 1
        return self._strangers <= self._came_back * _STRANGERS

    def returned(self, now: float) -> bool:
        """Return whether somebody came after the last call, or there is still time for it."""
        return self._came_back > 0 or now - self._called_at <= _SOON

    def is_over(self, now: float) -> bool:
        """Return whether the last call came back as well, so that it is a circle."""
        return self._calls == len(_PAUSES) and now - self._called_at > _SOON

    def call_when_due(self, now: float) -> None:
        """Call the server for those who wait, if the pause is over."""
        pauses = _PAUSES[self._calls :]  # none once the last call is made
        if pauses and now - self._called_at >= _SOON + pauses[0]:
            self.waiting.decide()
            self.waiting = Batch()
            self._called_at = now
            self._calls += 1
            self._came_back = self._strangers = 0


class ClientRow:
    """Clients of one host and server that came one soon after the other, and all are silent."""

    def __init__(self, now: Callable[[], float], later: Later) -> None:
        self._now = now
        self._later = later
        self._at_once = Batch()
        self._at_once.decide()
        self._begin_anew(_FIRST)

    def _begin_anew(self, most: int) -> None:
        self._most = most
        self._members: list[Silent] = []
        self._latest = 0.0
        self._trial: Trial | None = None

    def came(self, silent: Silent) -> Batch:
        """Take in a client, whose session tells with *silent* whether anybody has spoken in it."""
        trial = self._trial
        if trial is None:
            return self._came_in_row(silent)
        batch = trial.waiting
        self._members.append(silent)
        if not trial.came(self._now()):
            self._give_up(trial, min(2 * self._most, _MOST))
        return batch

    def _came_in_row(self, silent: Silent) -> Batch:
        at = self._now()
        if self._members and not self._members[-1]():
            self._begin_anew(_FIRST)
        elif at - self._latest > _SOON:
            self._begin_anew(self._most)
        self._members.append(silent)
        self._latest = at
        if len(self._members) <= self._most:
            return self._at_once
        if not self._all_are_silent():
            self._begin_anew(_FIRST)
            return self._at_once
        self._trial = trial = Trial(at)
        trial.came(at)
        self._later(_STEP, partial(self._look, trial))
        return trial.waiting

    def _look(self, trial: Trial) -> None:
        """Do what is due in *trial*, and look again, until it is decided."""
        if self._trial is not trial:
            return
        at = self._now()
        if not self._all_are_silent():
            self._give_up(trial, _FIRST)
        elif not trial.returned(at):
            self._give_up(trial, min(2 * self._most, _MOST))
        elif trial.is_over(at):
            trial.waiting.decide(refused=True)
            self._begin_anew(_FIRST)
        else:
            trial.call_when_due(at)
            self._later(_STEP, partial(self._look, trial))

    def _give_up(self, trial: Trial, most: int) -> None:
        """Let all clients of *trial* go on: they are no circle, and the next trial is later."""
        trial.waiting.decide()
        self._begin_anew(most)

    def _all_are_silent(self) -> bool:
        return all(silent() for silent in self._members)


class Circle:
    """Finds the clients that came because this proxy called their server.

    *now* is the time in seconds; *later* does something in so many.
    """

    def __init__(self, now: Callable[[], float], later: Later | None = None) -> None:
        self._now = now
        self._later = later or _on_the_loop
        self._rows: dict[tuple[str, Peer], ClientRow] = {}

    def came(self, host: str, server: Peer, silent: Silent) -> Batch:
        """Take in a client from *host* that is for *server*; *silent* is of its session.

        Await ``called`` of the batch before the server is called.
        """
        row = self._rows.pop((host, server), None) or ClientRow(self._now, self._later)
        self._rows[host, server] = row
        if len(self._rows) > _REMEMBERED:
            del self._rows[next(iter(self._rows))]
        return row.came(silent)


def _on_the_loop(seconds: float, work: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, work)
