"""What a page or a program may do: the console's own commands, so whoever looks sees the same.

Rules: 1. an act is a line of the console, refused by the parser that refuses it there; 2. an act
with an id that was done before is not done again, and is answered as before; 3. what a secret is
in place of is never repeated.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pop3spy.console.input_mask import Hides
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.live.console import LiveConsole

REMEMBERED: Final = 1000
"""Ids of acts that are remembered with what came of them."""
RATE: Final = 20
"""Acts that may be done in a second."""
LONGEST: Final = 20_000
"""Characters of what is typed: a line of the wire has at most 16 KiB."""
MOST: Final = 10**9
"""More than any number of a session is."""
LONGEST_ID: Final = 64
"""Characters of an id; a UUID has 36."""


@dataclass(frozen=True, slots=True)
class Act:
    """One row: the command of the console, what has to be given, and how that makes its line."""

    command: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    rest: str = ""

    @property
    def answers(self) -> bool:
        """Whether its text is the answer to what the command asks."""
        return "text" in self.needs and "{text}" not in self.rest


# fmt: off
ACTS: Final = {
    "hold": Act("hold", ("text",), rest="{text}"),
    "release": Act("hold", rest="off"),
    "go": Act("go", may=("held",), rest="{held}"),
    "edit": Act("edit", ("held", "text"), ("confirm",), "{held}"),
    "answer": Act("answer", ("held", "text"), rest="{held} {text}"),
    "drop": Act("drop", ("held",), rest="{held}"),
    "send": Act("send", ("session", "text"), rest="{session} {text}"),
    "kill": Act("kill", ("session",), rest="{session}"),
    "fault": Act("fault", ("text",), rest="{text}"),
    "fault off": Act("fault", may=("fault",), rest="off {fault}"),
    "note": Act("note", ("text",), rest="{text}"),
    "quit": Act("quit"),
}
"""Every act by its name."""
# fmt: on

_KINDS: Final = {
    "text": (str, "a text"),
    "held": (int, "a whole number"),
    "session": (int, "a whole number"),
    "fault": (int, "a whole number"),
    "confirm": (bool, "true or false"),
}


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """What came of an act: a status of HTTP, and what to answer."""

    status: int
    answer: Mapping[str, Any]


class Acts:
    """Does acts by *console*; *stop* is called when the proxy is to be stopped.

    *now* tells the time in seconds.
    """

    def __init__(
        self, console: LiveConsole, stop: Callable[[], None], now: Callable[[], float]
    ) -> None:
        self._console = console
        self._stop = stop
        self._now = now
        self._done: OrderedDict[str, ActOutcome] = OrderedDict()
        self._times: deque[float] = deque(maxlen=RATE)
        self._one_at_a_time = asyncio.Lock()

    async def do(self, given: Mapping[str, Any]) -> ActOutcome:
        """Do what is *given*: an ``act``, its ``id`` if it may come twice, and what it takes."""
        number = given.get("id", "")
        if not isinstance(number, str) or len(number) > LONGEST_ID:
            return _wrong(f"an id is a text of at most {LONGEST_ID} characters")
        async with self._one_at_a_time:
            if number in self._done:
                return self._done[number]
            if not self._in_time():
                return ActOutcome(429, {"error": f"more than {RATE} acts a second; try again"})
            outcome = await self._do(given)
            if number:
                self._done[number] = outcome
                while len(self._done) > REMEMBERED:
                    self._done.popitem(last=False)
            return outcome

    def _in_time(self) -> bool:
        now = self._now()
        if len(self._times) == RATE and now - self._times[0] < 1:
            return False
        self._times.append(now)
        return True

    async def _do(self, given: Mapping[str, Any]) -> ActOutcome:
        name = given.get("act")
        act = ACTS.get(name) if isinstance(name, str) else None
        if act is None:
            return _wrong(f"there is no such act; there are {', '.join(ACTS)}")
        if wrong := _wrong_in(given, act):
            return _wrong(wrong)
        if over := self._over(given, act):
            return ActOutcome(409, {"error": over})
        text = given.get("text", "")
        line = f":{act.command} {act.rest.format_map(_Given(given))}"
        person = _Person(text if act.answers else None, sure=given.get("confirm", False))
        told: list[str] = []
        console = self._console.used_by(person, lambda row: _tell(told, row), "inspector")
        refused = await console.attempt(line.strip())
        if console.leaving:
            self._stop()
        if refused is None:
            return ActOutcome(200, {"done": True, "told": told[1:]})  # behind the line itself
        if person.unsure:
            return ActOutcome(422, {"error": refused.why, "confirm": True, "told": told[1:]})
        column = None if refused.column is None else refused.column + _indented(text)
        return ActOutcome(422, {"error": refused.why, "column": column})

    def _over(self, given: Mapping[str, Any], act: Act) -> str:
        """Return why it is too late for *act*, if it is."""
        taken = (*act.needs, *act.may)
        if "held" in taken and "held" in given and given["held"] not in self._console.holds.tickets:
            return "nothing is held by that number; somebody has decided about it, or it is over"
        if "session" in taken and self._console.proxy.link(given["session"]) is None:
            return f"session {given['session']} is over, or never was"
        if "fault" in taken and "fault" in given and given["fault"] not in self._console.faults.set:
            return "no such fault is set; somebody has taken it away"
        return ""


class _Given(dict[str, Any]):
    """What was given; what was not is nothing."""

    def __missing__(self, _: str) -> str:
        return ""


class _Person:
    """Whoever acts: asked for a line, the *text* that came along; asked again, whether *sure*.

    Without a text nothing may be asked: it has to come with the act.
    """

    def __init__(self, text: str | None, *, sure: bool) -> None:
        self._asked = False
        self._text = text
        self._sure = sure
        self.unsure = False

    async def answer(
        self, question: str, *, hidden: bool = False, begun: str = "", hides: Hides | None = None
    ) -> str:
        """Return the answer; raise RefusalError without one."""
        del question, hidden, begun, hides
        if self._text is None:
            raise RefusalError("nothing can be asked here; write all of it at once")
        if not self._asked:
            self._asked = True
            return self._text
        self.unsure = not self._sure
        return "y" if self._sure else ""


def _wrong_in(given: Mapping[str, Any], act: Act) -> str:
    """Return what is wrong with what is *given* for *act*; nothing if all is well."""
    allowed = {"id", "act", *act.needs, *act.may}
    if unknown := sorted(given.keys() - allowed):
        return f"there is no {unknown[0]} for this act" if unknown[0] in _KINDS else "unknown field"
    for name in (*act.needs, *act.may):
        if name not in given:
            if name in act.needs:
                return f"{name} is missing"
            continue
        kind, what = _KINDS[name]
        value = given[name]
        if type(value) is not kind or (isinstance(value, int) and not 0 <= value < MOST):
            return f"{name} is {what}"
    text = given.get("text", "x")
    if not text.strip():
        return "text is empty"
    if len(text) > LONGEST or any(char in text for char in "\r\n\0"):
        return f"text is one line of at most {LONGEST:,} characters"
    return ""


def _wrong(why: str) -> ActOutcome:
    return ActOutcome(422, {"error": why, "column": None})


def _tell(told: list[str], row: Row) -> None:
    told.append(row.text)


def _indented(text: str) -> int:
    return len(text) - len(text.lstrip())


assert all(LIVE_COMMANDS.find(act.command) for act in ACTS.values())
