"""What a worker is ordered to do, a line of JSON each, by the process that started it.

Rules: 1. an order, but for ``stop``, has one row in the table below; 2. one about what is over by
now does nothing.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.gate.faultset import Faults
from pop3spy.gate.faulttext import read_fault
from pop3spy.gate.holds import Holds
from pop3spy.net.proxy import Proxy
from pop3spy.session.bus import NoteReader
from pop3spy.session.events import Noted
from pop3spy.session.how import Ending, How
from pop3spy.workers.pipes import LineReader

_PARENT_GONE: Final = 1


@dataclass(frozen=True, slots=True)
class Steered:
    """What of a worker orders are about.

    *recorded* takes what a person notes; *measure* tells its numbers to whoever gives orders.
    """

    relay: Proxy
    holds: Holds
    faults: Faults
    recorded: NoteReader
    measure: Callable[[int], None] = lambda _: None


async def obey(steered: Steered, orders: int, stop: asyncio.Event) -> None:
    """Do what is ordered on the pipe *orders* from now on; the order to stop sets *stop*.

    Where nobody is left to give any, the process ends at once: nobody hears what it tells.
    """

    def take(lines: str) -> None:
        for line in lines.split("\n")[:-1]:
            name, *words = json.loads(line)
            if name == "stop":
                stop.set()
            else:
                carry_out(steered, name, *words)

    def ended() -> None:
        os._exit(_PARENT_GONE)

    reader = LineReader(take, ended)
    await asyncio.get_running_loop().connect_read_pipe(lambda: reader, os.fdopen(orders, "rb", 0))


def carry_out(steered: Steered, name: str, *words: Any) -> None:
    """Carry out the order that is called *name*."""
    _ORDERS[name](steered, *words)


def _noted(steered: Steered, at: float, text: str) -> None:
    steered.recorded(Noted("noted", at, {"text": text}))


def _kill(steered: Steered, number: int) -> None:
    if link := steered.relay.link(number):
        link.abort(Ending(How.GATE, "by hand"))


def _inject(steered: Steered, number: int, line: str, by: str) -> None:
    if link := steered.relay.link(number):
        link.inject(line.encode("latin-1"), by)


def _hold(steered: Steered, wanted: str) -> None:
    steered.holds.hold(compile_filter(wanted, Progress.ASKED))
    steered.relay.regate()


def _release_all(steered: Steered) -> None:
    steered.holds.release_all()
    steered.relay.regate()


def _release(steered: Steered, ticket: int) -> None:
    with suppress(KeyError):
        steered.holds.release(ticket)


def _edit(steered: Steered, ticket: int, line: str) -> None:
    with suppress(KeyError):
        steered.holds.edit(ticket, line.encode("latin-1"))


def _drop(steered: Steered, ticket: int) -> None:
    with suppress(KeyError):
        steered.holds.drop(ticket)


def _answer(steered: Steered, ticket: int, line: str) -> None:
    with suppress(KeyError):
        steered.holds.answer(ticket, line.encode("latin-1"))


def _set_fault(steered: Steered, text: str, seed: int) -> None:
    steered.faults.add(replace(read_fault(text), seed=seed))
    steered.relay.regate()


def _take_fault(steered: Steered, number: int) -> None:
    with suppress(KeyError):
        steered.faults.remove(number)
    steered.relay.regate()


def _measure(steered: Steered, times: int) -> None:
    steered.measure(times)


_ORDERS: Final[dict[str, Callable[..., Any]]] = {
    "noted": _noted,
    "kill": _kill,
    "inject": _inject,
    "hold": _hold,
    "release all": _release_all,
    "release": _release,
    "edit": _edit,
    "drop": _drop,
    "answer": _answer,
    "set fault": _set_fault,
    "take fault": _take_fault,
    "measure": _measure,
}
