from itertools import pairwise

import pytest

from dialogue import frames
from pop3spy.protocol.frames import Challenge, CommandLine, Side, StatusLine
from pop3spy.protocol.states import (
    BEFORE_LOGIN,
    Effect,
    State,
    after_challenge,
    after_reply,
)


def path(script: str) -> str:
    """Return the states that *script* leads through, in lower case and without repetition."""
    states, effects = [State.GREETING], {}
    for frame in frames(script):
        match frame:
            case CommandLine():
                effects[frame.number] = frame.command.effect
            case Challenge():
                states.append(after_challenge(states[-1]))
            case StatusLine(number=0):
                states.append(State.AUTHORIZATION)
            case StatusLine(side=Side.SERVER):
                effect = effects[frame.number]
                states.append(after_reply(states[-1], effect, ok=frame.ok, final=frame.final))
    names = [state.name.lower() for state in states]
    return " ".join(b for a, b in pairwise(["", *names]) if a != b)


HELLO = "S: +OK\n"
LOGIN = HELLO + "C: USER bob\nS: +OK\nC: PASS x\nS: +OK\n"
ENTER = "greeting authorization user_given transaction"


@pytest.mark.parametrize(
    ("script", "states"),
    [
        pytest.param(HELLO, "greeting authorization", id="the greeting"),
        pytest.param("S: -ERR busy", "greeting authorization", id="refused at connect"),
        pytest.param(LOGIN, ENTER, id="USER and PASS"),
        pytest.param(
            HELLO + "C: USER bob\nC| PASS x\nS: +OK\nS| +OK", ENTER, id="the same, pipelined"
        ),
        pytest.param(HELLO + "C: USER bob\nS: -ERR\n", "greeting authorization", id="USER refused"),
        pytest.param(
            HELLO + "C: USER bob\nS: +OK\nC: PASS x\nS: -ERR",
            "greeting authorization user_given authorization",
            id="PASS refused",
        ),
        pytest.param(
            HELLO + "C: USER bob\nS: +OK\nC: USER x\nS: -ERR",
            "greeting authorization user_given authorization",
            id="a second USER refused",
        ),
        pytest.param(
            HELLO
            + "C: USER bob\nS: +OK\nC: CAPA\nS: +OK\nS: .\nC: NOOP\nS: +OK\nC: PASS x\nS: +OK",
            ENTER,
            id="CAPA and NOOP between USER and PASS",
        ),
        pytest.param(
            HELLO + "C: USER bob\nS: -ERR\nC: PASS x\nS: +OK",
            "greeting authorization transaction",
            id="PASS taken although USER was refused",
        ),
        pytest.param(
            HELLO + "C: APOP bob 0\nS: +OK", "greeting authorization transaction", id="APOP"
        ),
        pytest.param(
            HELLO + "C: AUTH LOGIN\nS: + \nC: a\nS: + \nC: b\nS: +OK",
            "greeting authorization sasl transaction",
            id="AUTH",
        ),
        pytest.param(
            HELLO + "C: AUTH LOGIN\nS: + \nC: *\nS: -ERR",
            "greeting authorization sasl authorization",
            id="AUTH cancelled",
        ),
        pytest.param(
            HELLO + "C: AUTH\nS: +OK\nS: PLAIN\nS: .",
            "greeting authorization",
            id="a bare AUTH answered with a list logs nobody in",
        ),
        pytest.param(HELLO + "C: STLS\nS: +OK", "greeting authorization tls", id="STLS granted"),
        pytest.param(HELLO + "C: STLS\nS: -ERR", "greeting authorization", id="STLS refused"),
        pytest.param(
            LOGIN + "C: NOOP\nS: +OK\nC: FOO\nS: -ERR\nC: PASS x\nS: -ERR", ENTER, id="no change"
        ),
        pytest.param(LOGIN + "C: QUIT\nS: +OK", f"{ENTER} update", id="QUIT"),
        pytest.param(
            LOGIN + "C: QUIT\nS: -ERR", f"{ENTER} update", id="QUIT when not all was removed"
        ),
        pytest.param(
            LOGIN + "C: QUIT x\nS: -ERR\nC: NOOP\nS: +OK",
            f"{ENTER} update transaction",
            id="QUIT refused by a server that goes on",
        ),
        pytest.param(
            LOGIN + "C: QUIT x\nS: -ERR\nC: QUIT\nS: +OK", f"{ENTER} update", id="QUIT again"
        ),
        pytest.param(HELLO + "C: QUIT\nS: +OK", "greeting authorization", id="QUIT before login"),
        pytest.param(
            HELLO + "C: QUIT x\nS: -ERR", "greeting authorization", id="QUIT refused before login"
        ),
        pytest.param(
            LOGIN + "C: XTND XMIT\nS: +OK\nC: a\nC: .\nS: +OK",
            f"{ENTER} xmit transaction",
            id="XTND XMIT",
        ),
        pytest.param(LOGIN + "C: XTND XMIT\nS: -ERR", ENTER, id="XTND XMIT refused"),
        pytest.param(LOGIN + "C: AUTH PLAIN\nS: + \nC: x\nS: -ERR", ENTER, id="AUTH after login"),
        pytest.param(
            HELLO + "C: PASS x\nS: welcome\nC: STAT\nS: +OK 0 0",
            "greeting authorization transaction",
            id="a login whose reply was no status line, proved by STAT",
        ),
        pytest.param(
            HELLO + "C: STAT\nS: -ERR no",
            "greeting authorization",
            id="a refused STAT proves nothing",
        ),
        pytest.param(HELLO + "C: NOOP\nS: +OK", "greeting authorization", id="NOOP proves nothing"),
    ],
)
def test_replies_lead_from_state_to_state(script: str, states: str) -> None:
    assert path(script) == states


def test_a_command_moves_nothing_before_its_reply() -> None:
    assert path(HELLO + "C: USER bob\nC: PASS x\nC: QUIT") == "greeting authorization"


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        (State.USER_GIVEN, State.AUTHORIZATION),
        (State.SASL, State.AUTHORIZATION),
        (State.XMIT, State.TRANSACTION),
        (State.UPDATE, State.UPDATE),
        (State.TLS, State.TLS),
    ],
)
def test_a_finer_state_is_part_of_one_of_the_standard(state: State, phase: State) -> None:
    assert state.phase is phase


def test_only_a_login_makes_lines_less_secret() -> None:
    assert set(State) - BEFORE_LOGIN == {
        State.TRANSACTION,
        State.XMIT,
        State.UPDATE,
    }


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("ok", [True, False])
def test_every_state_has_a_next_one(state: State, effect: Effect, *, ok: bool) -> None:
    assert after_reply(state, effect, ok=ok) in State
    assert after_challenge(state) in State
