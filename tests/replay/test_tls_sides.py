"""A CAPA before STLS and a CAPA inside TLS are different exchanges, wherever they are compared."""

from inspect import cleandoc

import pytest

from pop3spy.replay.assemble import read_script
from pop3spy.replay.compare import compare
from pop3spy.replay.outcome import TlsSide
from pop3spy.replay.play_options import PlayOptions
from pop3spy.replay.recording import outcomes_of
from pop3spy.replay.stand_in import StandIn
from replay.asking import Client, talk
from replay.tapes import outcomes, script, tape
from replay.test_compare import Told, told
from replay.test_player import Stage

OUTSIDE = """
    S: +OK ready
    C: CAPA
    S: +OK
    S| STLS
    S| SASL
    S| .
    C: USER bob
    S: -ERR [AUTH] not in clear
    C: STLS
    S: +OK begin
"""
STLS = "S: +OK ready\nC: STLS\nS: +OK begin"
INSIDE = """
    C: CAPA
    S: +OK
    S| SASL PLAIN
    S| .
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
    C: STAT
    S: +OK 1 10
    C: QUIT
    S: +OK
"""
IN_CLEAR = INSIDE.replace("S| SASL PLAIN", "S| STLS\n    S| SASL PLAIN")
GREETING, TLS, OPAQUE = "S: +OK ready", "TLS", "C< \\x16\\x03\\x01"


def session(*parts: str) -> str:
    return "\n".join(map(cleandoc, parts))


WAYS = {
    "STLS": session(OUTSIDE, TLS, INSIDE),
    "STLS at once": session(STLS, TLS, INSIDE),
    "TLS from the first": session(TLS, GREETING, INSIDE),
    "in clear": session(GREETING, IN_CLEAR),
    "TLS up to a proxy": session("TLS client", GREETING, IN_CLEAR),
    "STLS that nobody reads": session(OUTSIDE, OPAQUE),
    "STLS refused": session(OUTSIDE.replace("+OK begin", "-ERR no"), IN_CLEAR),
}
READ = [way for way in WAYS if way not in ("STLS that nobody reads", "STLS refused")]


def between(before: str, now: str) -> Told:
    return told(compare(outcomes(WAYS[before]), outcomes(WAYS[now])))


@pytest.mark.parametrize("now", READ)
@pytest.mark.parametrize("before", READ)
def test_the_same_session_is_the_same_however_tls_began(before: str, now: str) -> None:
    assert [each for each in between(before, now) if each[1] != "exchange"] == []
    both_said_stls = {before, now} == {"STLS", "STLS at once"}  # one of them asked more before it
    assert bool(between(before, now)) is both_said_stls


@pytest.mark.parametrize("way", WAYS)
def test_no_session_differs_from_itself(way: str) -> None:
    assert between(way, way) == []
    assert outcomes_of(iter(tape(WAYS[way]))) == script(WAYS[way]).outcomes


def test_what_differs_on_one_side_is_told_of_that_side() -> None:
    before = outcomes(WAYS["STLS"])
    outside = outcomes(session(OUTSIDE.replace("S| SASL", "S| SASL LOGIN"), TLS, INSIDE))
    inside = outcomes(session(OUTSIDE, TLS, INSIDE.replace("SASL PLAIN", "STLS")))
    assert [(each.exchange, each.what) for each in compare(before, outside)] == [(1, "SASL")]
    assert [(each.exchange, each.what) for each in compare(before, inside)] == [
        (4, "SASL"),
        (4, "STLS"),
    ]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("STLS", [("CAPA", "inside TLS", "not read", "5 exchanges")]),
        ("TLS from the first", [("USER bob", "status", "-ERR", "+OK")]),
        ("in clear", [("USER bob", "status", "-ERR", "+OK")]),
    ],
)
def test_what_nobody_read_was_not_left_unasked(now: str, found: Told) -> None:
    told_of = between("STLS that nobody reads", now)
    assert [each for each in told_of if each in found] == found
    assert {each[1] for each in told_of} <= {"inside TLS", "status", "response code", "SASL"}
    back = between(now, "STLS that nobody reads")
    assert [(*each[:2], *reversed(each[2:])) for each in back if each[1] == "inside TLS"] == [
        each for each in told_of if each[1] == "inside TLS"
    ]


def test_stls_that_was_refused_is_a_difference() -> None:
    assert ("STLS", "status", "+OK", "-ERR") in between("STLS", "STLS refused")
    assert ("STLS", "exchange", "asked", "not asked") in between("STLS refused", "in clear")


def test_each_exchange_knows_its_side() -> None:
    sides = [each.side for each in outcomes(WAYS["STLS"])]
    assert sides == [TlsSide.CLEAR, *[TlsSide.BEFORE] * 3, *[TlsSide.INSIDE] * 5]
    assert {each.side for each in outcomes(WAYS["in clear"])} == {TlsSide.CLEAR}
    assert {each.side for each in outcomes(WAYS["TLS from the first"])[1:]} == {TlsSide.INSIDE}


LIVE = """
    C: CAPA
    S: +OK
    S: {capability}
    S: SASL PLAIN
    S: .
    C: USER bob
    S: +OK
    C: PASS correct horse
    S: +OK
    C: STAT
    S: +OK 1 10
    C: QUIT
    S: +OK
"""
WHY = "it was said before TLS, which is there from the first now"
LEFT_OUT = [
    ("CAPA", WHY),
    ("USER bob", WHY),
    ("STLS", "TLS begins as the address says, not as recorded"),
]


@pytest.mark.parametrize("way", READ)
def test_inside_tls_a_client_says_what_it_said_there(way: str) -> None:
    stage = Stage(script(WAYS[way]), options=PlayOptions(tls=True))
    stage.server(b"+OK live\r\n")
    stage.play(LIVE.replace("    S: {capability}\n", ""))
    assert (stage.found, stage.player.done) == ([], True)
    asked = LEFT_OUT if way == "STLS" else LEFT_OUT[2:] if way == "STLS at once" else []
    assert stage.left_out == asked


@pytest.mark.parametrize(
    "way", ["STLS at once", "TLS from the first", "in clear", "TLS up to a proxy"]
)
def test_in_clear_stls_may_still_be_offered(way: str) -> None:
    stage = Stage(script(WAYS[way]))
    stage.server(b"+OK live\r\n")
    stage.play(LIVE.format(capability="STLS"))
    assert (stage.found, stage.player.done) == ([], True)


def test_a_stand_in_answers_as_behind_stls() -> None:
    """It has no TLS of its own, so nobody comes to where the recorded client was before."""
    asking = Client(StandIn(read_script(iter(tape(WAYS["STLS"])))))
    talk(
        asking,
        """
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: .
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: .
        C: USER bob
        S: +OK
        C: PASS x
        S: +OK
        C: STAT
        S: +OK 1 10
        """,
    )
