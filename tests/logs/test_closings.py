"""A close of one side has its line, unless the end of the session follows at once and says it."""

from collections.abc import Callable
from io import StringIO

import pytest

from logs.dialogue import CLIENT, SERVER, Play, Stage
from pop3spy.logs import Transcript
from pop3spy.logs.words import ended
from pop3spy.protocol.frames import Side
from pop3spy.session.how import Closing, Ending, How

S, C = Side.SERVER, Side.CLIENT
TALK = "S: +OK ready\nC: CAPA\nS: -ERR"
AT_ONCE, LATER = 0.02, 0.2


def closed(play: Play, side: Side, wait: float, *, reset: bool = False) -> None:
    play.at += wait
    play.reading.side_closed(Closing(side, play.at, reset=reset))


def over(play: Play, wait: float, how: How) -> None:
    play.at += wait
    play.reading.end(play.at, Ending(how))


def rows(stage: Stage) -> list[str]:
    """Return the rows behind what was said, without times and sessions."""
    return [row[15:] for row in stage.rows[4:]]


SERVER_LINE = "── the server closed its side"


def test_a_half_close_is_told_when_something_is_said_behind_it() -> None:
    stage = Stage()
    play = stage.session().play(TALK)
    closed(play, S, AT_ONCE)
    assert rows(stage) == []
    play.play("C(0.001): QUIT")
    assert rows(stage) == [SERVER_LINE, "AUTHORIZATION  C: QUIT"]


def test_a_server_that_hung_up_long_before_its_client_did_so_then() -> None:
    stage = Stage()
    play = stage.session().play("S: +OK ready")
    closed(play, S, 300.0)
    closed(play, C, 600.0)
    over(play, 0.001, How.SERVER_CLOSED)
    line, end = stage.rows[2:]
    assert line == " 300.001  s1   ── the server closed its side"
    head, _, _ = end.partition(": ")
    assert head == " 900.002  s1   └─ closed by the server after 5 min 0 s; over after 15 min 0 s"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (How.SERVER_CLOSED, "closed by the server after 24 ms"),
        (How.TIMEOUT, "timed out after 64 ms"),
    ],
)
def test_an_end_that_follows_at_once_says_it_all(how: How, told: str) -> None:
    stage = Stage()
    play = stage.session().play(TALK)
    closed(play, S, AT_ONCE)
    closed(play, C, AT_ONCE)
    over(play, AT_ONCE, how)
    (row,) = rows(stage)
    assert row.startswith(f"└─ {told}:")


@pytest.mark.parametrize(
    ("side", "how", "lines"),
    [
        pytest.param(C, How.CLIENT_RESET, 0, id="the end is that reset"),
        pytest.param(C, How.SERVER_CLOSED, 1, id="the end is another's close"),
        pytest.param(C, How.TIMEOUT, 1, id="the end is ours"),
    ],
)
def test_a_reset_is_told_unless_the_end_does(side: Side, how: How, lines: int) -> None:
    stage = Stage()
    play = stage.session().play(TALK)
    if how is How.SERVER_CLOSED:
        closed(play, S, AT_ONCE)
    closed(play, side, AT_ONCE, reset=True)
    over(play, AT_ONCE, how)
    assert rows(stage)[:-1] == ["── the client reset the connection"] * lines


def test_behind_quit_nobody_cares_how_a_client_hangs_up() -> None:
    stage = Stage()
    play = stage.session().play("S: +OK\nC: QUIT\nS: +OK bye")
    closed(play, S, AT_ONCE)
    closed(play, C, AT_ONCE, reset=True)
    over(play, AT_ONCE, How.SERVER_CLOSED)
    (row,) = rows(stage)
    assert row.startswith("└─ ended by QUIT after 24 ms:")


def test_sessions_are_told_apart_and_time_tells_as_well() -> None:
    stage = Stage()
    one, two = stage.session(1), stage.session(2)
    closed(one, C, 1.0)
    two.at = 1.0
    two.play("S(0.05): +OK")
    assert len(stage.rows) == 3
    two.play("C(0.05): NOOP")
    assert stage.rows[3] == "   1.000  s1   ── the client closed its side"


def test_where_time_passes_a_line_comes_although_nothing_happens() -> None:
    waiting: list[tuple[float, Callable[[], None]]] = []
    stage, out = Stage(), StringIO()
    stage.bus.subscribe(Transcript(out, wait=lambda *call: waiting.append(call)))
    play = stage.session().play(TALK)
    closed(play, S, AT_ONCE)
    ((seconds, call),) = waiting
    assert seconds == 0.1
    call()
    assert out.getvalue().endswith("   0.024  s1   ── the server closed its side\n")
    over(play, LATER, How.SERVER_CLOSED)
    assert out.getvalue().count(SERVER_LINE) == 1


def test_a_line_that_is_told_or_not_needed_any_more_does_not_come_again() -> None:
    waiting: list[tuple[float, Callable[[], None]]] = []
    stage, out = Stage(), StringIO()
    stage.bus.subscribe(Transcript(out, wait=lambda *call: waiting.append(call)))
    play = stage.session().play(TALK)
    closed(play, S, AT_ONCE)
    over(play, AT_ONCE, How.SERVER_CLOSED)
    ((_, call),) = waiting
    call()
    assert SERVER_LINE not in out.getvalue()


def test_one_timer_serves_all_sessions_and_gives_each_its_time() -> None:
    waiting: list[Callable[[], None]] = []
    stage, out = Stage(), StringIO()
    stage.bus.subscribe(Transcript(out, wait=lambda _, call: waiting.append(call)))
    one, two = stage.session(1).play(TALK), stage.session(2).play(TALK)
    closed(one, S, AT_ONCE)
    waiting.pop()()
    assert waiting == []
    closed(two, S, AT_ONCE)
    closed(two, C, AT_ONCE)
    closed(one, C, AT_ONCE)
    assert len(waiting) == 1
    waiting.pop()()
    assert out.getvalue().count("closed its side") == 2
    waiting.pop()()
    assert out.getvalue().count("closed its side") == 4
    assert waiting == []


@pytest.mark.parametrize("width", [40, 80, 140])
def test_it_fits_every_terminal(width: int) -> None:
    stage = Stage(width=width)
    play = stage.session().play(TALK)
    closed(play, S, LATER)
    play.play("C: NOOP")
    (row,) = [row for row in stage.rows if "──" in row]
    assert row.endswith(SERVER_LINE)
    assert len(row) <= width


def test_an_ending_tells_when_the_first_side_closed_and_when_it_was_over() -> None:
    session = Stage().session().reading.session
    assert (session.client, session.server) == (CLIENT, SERVER)
    for at, told in (
        (None, "closed by the server after 10.00 s"),
        (9.95, "closed by the server after 9.95 s"),
        (2.0, "closed by the server after 2.00 s; over after 10.00 s"),
    ):
        assert ended(session, 10.0, Ending(How.SERVER_CLOSED, "", at)) == told


def test_the_json_log_tells_each_close_at_its_time_and_the_first_at_the_end() -> None:
    stage = Stage()
    play = stage.session().play("S: +OK ready")
    closed(play, S, 300.0)
    closed(play, C, 600.0, reset=True)
    over(play, 0.001, How.SERVER_CLOSED)
    told = stage.events("side_closed")
    assert [(each["time"], each["side"], each["reset"]) for each in told] == [
        ("2026-11-23T10:05:00.001200Z", "server", False),
        ("2026-11-23T10:15:00.001200Z", "client", True),
    ]
    (end,) = stage.events("session_ended")
    assert (end["how"], end["closed"], end["duration"]) == ("server_closed", 300.0012, 900.0022)


def test_the_json_log_knows_no_first_close_of_other_ends() -> None:
    stage = Stage()
    play = stage.session().play("S: +OK ready")
    over(play, 1.0, How.TIMEOUT)
    assert stage.events("session_ended")[0]["closed"] is None
