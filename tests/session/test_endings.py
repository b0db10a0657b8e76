"""How a session ended is decided in one place, whatever it was read from."""

from inspect import cleandoc

import pytest

from pop3spy.protocol.frames import Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.events import Ended, Told
from pop3spy.session.how import Ending, How
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Closed, Item, Over
from replay.tapes import LOGGED_IN, tape

GREETED = "S: +OK ready"
CLOSES = [How.CLIENT_CLOSED, How.SERVER_CLOSED]


def ending(text: str, given: Ending, *closings: Item, strict: bool = False) -> Ending:
    """Return how a session is told to have ended whose tape ends with *closings*, as *given*."""
    items = tape(text)[:-1]
    told: list[Told] = []
    play_back(
        [*items, *closings, Over(1, 99.0, given)],
        lambda _: told.append,
        names=Pseudonyms() if strict else None,
    )
    (ended,) = [event for event in told if isinstance(event, Ended)]
    assert ended.ending is not None
    assert ended.session.ending == ended.ending
    return ended.ending


@pytest.mark.parametrize("how", CLOSES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{GREETED}\nC: QUIT\nS: +OK bye", id="before login"),
        pytest.param(f"{cleandoc(LOGGED_IN)}\nC: QUIT\nS: +OK bye", id="logged in"),
        pytest.param(f"{cleandoc(LOGGED_IN)}\nC: QUIT\nS: -ERR not all deleted", id="in part"),
    ],
)
def test_whoever_closes_behind_an_answered_quit_ends_by_quit(text: str, how: How) -> None:
    assert ending(text, Ending(how)) == Ending(How.QUIT)
    assert ending(text, Ending(how), strict=True) == Ending(How.QUIT)


@pytest.mark.parametrize("how", CLOSES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("S: -ERR busy", id="refused at the greeting"),
        pytest.param(f"{GREETED}\nC: QUIT", id="QUIT that was not answered"),
        pytest.param(f"{GREETED}\nC: QUIT\nS: -ERR no", id="QUIT that was refused"),
        pytest.param(cleandoc(LOGGED_IN), id="no QUIT"),
        pytest.param(
            f"{cleandoc(LOGGED_IN)}\nC: QUIT\nS: +OK\nC: NOOP\nS: +OK", id="no end behind QUIT"
        ),
    ],
)
def test_without_an_answered_quit_it_is_told_who_closed(text: str, how: How) -> None:
    assert ending(text, Ending(how)) == Ending(how)


@pytest.mark.parametrize("how", [how for how in How if how not in CLOSES])
def test_every_other_end_is_told_as_it_was(how: How) -> None:
    assert ending(f"{GREETED}\nC: QUIT\nS: +OK bye", Ending(how, "a reason")) == Ending(
        how, "a reason"
    )


def test_a_close_with_a_reason_keeps_it() -> None:
    given = Ending(How.SERVER_CLOSED, "message 1 has gone")
    assert ending(f"{GREETED}\nC: QUIT\nS: +OK bye", given) == given


def fin(side: Side, at: float) -> Item:
    return Closed(1, at, side, reset=False)


def rst(side: Side, at: float) -> Item:
    return Closed(1, at, side, reset=True)


C, S = Side
QUIT = f"{GREETED}\nC: QUIT\nS: +OK bye"


@pytest.mark.parametrize(
    ("text", "given", "closings", "how", "at"),
    [
        pytest.param(
            GREETED, How.SERVER_CLOSED, [fin(S, 3), fin(C, 9)], How.SERVER_CLOSED, 3, id="server"
        ),
        pytest.param(
            GREETED, How.SERVER_CLOSED, [fin(C, 3), fin(S, 9)], How.CLIENT_CLOSED, 3, id="client"
        ),
        pytest.param(
            GREETED, How.SERVER_CLOSED, [rst(C, 3), fin(S, 9)], How.CLIENT_RESET, 3, id="reset"
        ),
        pytest.param(
            GREETED, How.CLIENT_RESET, [fin(C, 3), rst(C, 9)], How.CLIENT_RESET, 3, id="broke off"
        ),
        pytest.param(QUIT, How.CLIENT_CLOSED, [fin(S, 3)], How.QUIT, 3, id="QUIT"),
        pytest.param(QUIT, How.QUIT, [fin(C, 3), fin(S, 9)], How.QUIT, 3, id="recorded QUIT"),
        pytest.param(GREETED, How.TIMEOUT, [fin(S, 3)], How.TIMEOUT, None, id="timed out"),
        pytest.param(GREETED, How.GATE, [rst(C, 3)], How.GATE, None, id="by the gate"),
        pytest.param(GREETED, How.CUT, [fin(C, 3)], How.CUT, None, id="cut"),
        pytest.param(GREETED, How.CLIENT_CLOSED, [], How.CLIENT_CLOSED, None, id="unknown"),
    ],
)
def test_who_closed_first_decides_and_that_is_its_time(
    text: str, given: How, closings: list[Item], how: How, at: float | None
) -> None:
    for strict in (False, True):
        told = ending(text, Ending(given), *closings, strict=strict)
        assert (told.how, told.at) == (how, at)
