"""Whatever somebody sends as an act or a check is done or refused, and never fails."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pop3spy.gate.acts import Gate
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.console import LiveConsole
from pop3spy.logs.stats import Statistics
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.spool import Nowhere
from pop3spy.web.acts import ACTS, Acts
from pop3spy.web.checks import CHECKS, check
from pop3spy.web.kept_sessions import KeptSessions

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    ["verb = RETR", "cut after=1K when (", "-ERR \\x", "PASS tanstaaf", ":quit", "off", "\ud800"]
)
GIVEN = st.fixed_dictionaries(
    {"act": st.sampled_from(list(ACTS)) | VALUES},
    optional={
        "id": TEXTS | VALUES,
        "text": TEXTS | VALUES,
        "held": st.integers(-1, 3) | VALUES,
        "session": st.integers(-1, 3) | VALUES,
        "fault": st.integers(-1, 3) | VALUES,
        "confirm": st.booleans() | VALUES,
        "other": VALUES,
    },
)


class NoLinks:
    """A proxy without sessions."""

    def link(self, number: int) -> None:
        del number

    def regate(self) -> None:
        pass


def acts() -> Acts:
    clock, holds = Clock(), Holds(Clock())
    console = LiveConsole(
        *(NoLinks(), holds, Faults(Gate([holds])), clock, Nowhere(), Statistics()),
        lambda: lambda _: None,
    )
    console.subscribe_silently_to(Bus(lambda *_: None), KeptSessions())
    seconds = iter(range(10**9))
    return Acts(console, lambda: None, lambda: float(next(seconds)))


@given(st.lists(GIVEN, max_size=6))
def test_an_act_is_done_or_refused(told: list[dict[str, Any]]) -> None:
    doing = acts()

    async def all_of_them() -> None:
        for each in told:
            outcome = await doing.do(each)
            assert outcome.status in {200, 409, 422}
            assert json.dumps(dict(outcome.answer))
            assert "that failed" not in str(outcome.answer.get("error"))

    asyncio.run(all_of_them())


@given(st.sampled_from(list(CHECKS)), TEXTS)
def test_a_check_says_yes_or_what_is_wrong(kind: str, text: str) -> None:
    told = check(kind, text)
    assert told["ok"] is (told["error"] is None)
