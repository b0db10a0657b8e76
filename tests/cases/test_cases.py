"""Conversations as they were seen in the wild, each read in every way in which one can be read."""

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import RST, SYN
from cases import (
    bodies,
    closings,
    foreign,
    greetings,
    later_sessions,
    listings,
    logins,
    status_lines,
    stray_lines,
)
from cases.conversation import byte_by_byte, expected, is_in_clear, shown, steps, turns, untimed
from cases.reading import captured, exported, live, of_packets, recorded, through_a_proxy

THEMES = (
    *(greetings, status_lines, stray_lines, listings, bodies),
    *(closings, logins, later_sessions, foreign),
)
CASES = {name: text for theme in THEMES for name, text in theme.CASES.items()}
READ_LATE = "a client speaks ahead behind AUTH, and a log line comes first"
EXPORTED = {name: text for name, text in CASES.items() if is_in_clear(text) and name != READ_LATE}
"""Those that packets can be made of: not of what was only counted, and in the order of reading."""

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize("cut", [list, byte_by_byte, turns], ids=["lines", "octets", "turns"])
def test_a_conversation_is_read_however_it_is_cut(case: str, cut: type) -> None:
    assert shown(case, live(cut(steps(case)))) == expected(case)


@every_case
async def test_a_conversation_is_read_through_a_proxy(case: str) -> None:
    case = untimed(case)
    assert shown(case, await through_a_proxy(steps(case))) == expected(case)


@every_case
def test_a_recording_of_it_tells_the_same(case: str) -> None:
    assert shown(case, recorded(steps(case))) == expected(case)


@every_case
def test_its_packets_tell_the_same(case: str) -> None:
    assert shown(case, captured(steps(case))) == expected(case)


@pytest.mark.parametrize("case", EXPORTED.values(), ids=EXPORTED)
def test_packets_that_are_made_of_it_tell_the_same(case: str) -> None:
    assert shown(case, exported(steps(case))) == expected(case)


CUT_OFF = """
    0 AUTHORIZATION  S: +OK ready
    1                C: USER kim
    1 USER_GIVEN     S: +OK
    2                C: PASS tanstaaf
    2 TRANSACTION    S: +OK
                     S closes at 300.2
    3                C: NOOP
                     S resets at 900.21
    = 3 NOOP: unanswered
    = server_closed at 300.2
"""


def test_a_reset_long_behind_the_close_does_not_move_that() -> None:
    assert shown(CUT_OFF, captured(steps(CUT_OFF))) == expected(CUT_OFF)


@pytest.mark.parametrize(
    ("attempts", "told"),
    [
        ([(SYN, 0), (SYN, 1), (SYN, 3)], "= unreachable: the server never answered"),
        ([(SYN, 0), (RST, 0.05)], "= unreachable: the server refused the connection"),
        ([(SYN, 0), (SYN, 1), (RST, 1.1)], "= unreachable: the server refused the connection"),
    ],
)
def test_a_connection_that_is_not_taken_is_told_once(
    attempts: list[tuple[int, float]], told: str
) -> None:
    talk = Talk()
    for flag, _ in attempts:
        from_server = flag == RST
        talk.segment(int(from_server), int(from_server), b"", flag)
    seen = of_packets(zip(talk.packets, (at for _, at in attempts), strict=True))
    assert list(seen.facts(timed=False)) == [told]


def test_no_two_cases_have_one_name() -> None:
    assert len(CASES) == sum(len(theme.CASES) for theme in THEMES)
