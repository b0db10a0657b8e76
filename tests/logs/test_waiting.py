"""A long silence of a server is told to a person at a terminal while it lasts, and to no file."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs.dialogue import LOGGED_IN, Play, Stage, chunks
from pop3spy.capture.files import Captures, Keeping
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import compile_filter
from pop3spy.logs import WaitLines
from pop3spy.session.bus import Subscriber, all_of
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Heard, Intervened
from pop3spy.session.how import How
from pop3spy.session.waiting import FIRST, GROWTH, OwedReplies

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Terminal:
    """A stage with a terminal, on which silence is told; the test moves the clock."""

    def __init__(self, filtered: str = "", width: int = 80) -> None:
        self.stage = Stage()
        self.out = io.StringIO()
        self.at = 0.0
        self.waits = OwedReplies()
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self.clock = Clock(STARTED, lambda: round(self.at * 1e9))
        lines = WaitLines(self.out, self.clock, self.waits, self._later, width=lambda: width)
        both: Subscriber = all_of(self.waits, lines)
        self.stage.bus.subscribe(
            ExchangeFilter(compile_filter(filtered), both) if filtered else both
        )

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append((self.at + seconds, call))

    def session(self, dialogue: str = "", number: int = 1) -> Play:
        play = self.stage.session(number, self.at)
        if dialogue:
            play.play(dialogue)
        return play

    def passes(self, play: Play, seconds: float) -> list[str]:
        """Let time pass; return what was told meanwhile, without times and states."""
        before, end = len(self.out.getvalue()), play.at + seconds
        self.at = play.at
        while self._timers and min(self._timers)[0] <= end:
            timer = min(self._timers, key=lambda each: each[0])
            self._timers.remove(timer)
            self.at = timer[0]
            timer[1]()
        self.at = play.at = end
        rows = self.out.getvalue()[before:].splitlines()
        return [row.partition(" … ")[2] for row in rows]

    @property
    def looks(self) -> bool:
        return bool(self._timers)


BODY = "S: +OK 120 octets\n   Subject: hi\n"
WAITS = [
    ("", "waiting 10 s for the greeting"),
    ("S: +OK\nC: CAPA", "waiting 10 s for the reply to CAPA"),
    (
        "S: +OK\nC: USER bob\nS: +OK\nC: PASS sesame123",
        "waiting 10 s for the reply to PASS ████████",
    ),
    (LOGGED_IN + "C: LIST\nS: +OK\n   1 2\n", "waiting 10 s for the rest of LIST"),
    (LOGGED_IN + "C: RETR 1\n" + BODY, "waiting 10 s for the rest of RETR 1"),
    (LOGGED_IN + "C: STAT\nC: LIST\nS: +OK 1 2", "waiting 10 s for the reply to LIST"),
    (
        "S: +OK\nC: AUTH PLAIN\nS: +\nC: AGJvYgBzZXNhbWUxMjM=",
        "waiting 10 s for the reply to AUTH PLAIN",
    ),
    (LOGGED_IN + "C: XTND XMIT\nS: +OK\nC: a\n   .", "waiting 10 s for the reply to XTND XMIT"),
    ("S: +OK\nC: CAPA\nS: -ERR\nC: XFOO\nS: +OK\nC: NOOP", "waiting 10 s for the reply to NOOP"),
    ("S: +OK\nC: CAPA\nS: debug", "waiting 10 s for the reply to CAPA"),
    (LOGGED_IN + "C: XFOO " + "b" * 60, "waiting 10 s for the reply to ████████"),
    (LOGGED_IN + "C: RETR " + "1" * 60, f"waiting 10 s for the reply to RETR {'1' * 34}…"),
]


@pytest.mark.parametrize(("said", "told"), WAITS)
def test_a_silence_is_told_when_it_has_lasted_for_ten_seconds(said: str, told: str) -> None:
    terminal = Terminal(width=200)
    play = terminal.session(said)
    assert terminal.passes(play, 9.5) == []
    assert terminal.passes(play, 1.5) == [told]


NO_WAITS = [
    "S: +OK",
    LOGGED_IN,
    LOGGED_IN + "C: RETR 1\nS: +OK\n   a\n   .",
    "S: +OK\nC: CAPA\nS: -ERR",
    "S: +OK\nC: XFOO\nS: +OK fine",
    "S: +OK\nC: AUTH PLAIN\nS: +",
    LOGGED_IN + "C: XTND XMIT\nS: +OK\nC: a\n",
    "S: +OK\nC: STLS\nS: +OK\nC: \\x16\\x03\\x01\\c",
    "C: \\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x03\\c",
]


@pytest.mark.parametrize("said", NO_WAITS)
def test_where_the_server_owes_nothing_nothing_is_told(said: str) -> None:
    terminal = Terminal()
    play = terminal.session(said)
    assert terminal.passes(play, 3600) == []


def test_it_is_told_again_at_growing_distances() -> None:
    terminal = Terminal()
    play = terminal.session("S: +OK\nC: CAPA")
    assert [row.removesuffix(" for the reply to CAPA") for row in terminal.passes(play, 3000)] == [
        "waiting 10 s",
        "waiting 30 s",
        "waiting 1 min 30 s",
        "waiting 4 min 30 s",
        "waiting 13 min 30 s",
        "waiting 40 min 30 s",
    ]


def test_each_octet_ends_a_silence_and_the_next_begins_anew() -> None:
    terminal = Terminal()
    play = terminal.session(LOGGED_IN + "C: RETR 1\n" + BODY)
    assert len(terminal.passes(play, 35)) == 2
    play.play("S: more")
    assert terminal.passes(play, 9) == []
    play.play("S: and more")
    assert terminal.passes(play, 11) == ["waiting 10 s for the rest of RETR 1"]
    play.play("S: .")
    assert terminal.passes(play, 100) == []


def test_what_a_person_holds_waits_for_no_server() -> None:
    """The live console tells that it is held; ``:hold`` tells since when."""
    terminal = Terminal()
    told: list[Heard] = []
    terminal.stage.bus.subscribe(
        lambda _: lambda event: told.append(event) if isinstance(event, Heard) else None
    )
    play = terminal.session(LOGGED_IN + "C: DELE 1")
    heard, bus = told[-1], terminal.stage.bus

    def did(deed: Deed) -> None:
        done = Done(deed, ticket=1, waited=40.0)
        bus.publish(
            Intervened(heard.session, play.at, heard.frame, "hold", done, exchange=heard.exchange)
        )

    did(Deed.HELD)
    assert terminal.passes(play, 40) == []
    did(Deed.RELEASED)
    assert terminal.passes(play, 11) == ["waiting 10 s for the reply to DELE 1"]


def test_only_exchanges_that_are_shown_are_told() -> None:
    for filtered, rows in (("verb = RETR", 0), ("verb = STAT", 1), ("err", 0)):
        terminal = Terminal(filtered)
        play = terminal.session(LOGGED_IN + "C: STAT")
        assert len(terminal.passes(play, 20)) == rows


def test_many_sessions_that_wait_at_once_are_a_few_lines() -> None:
    terminal = Terminal(width=200)
    plays = [terminal.session("S: +OK\nC: CAPA", number) for number in range(1, 101)]
    assert terminal.passes(plays[0], 11.5) == [
        "waiting 10 s for the reply to CAPA",
        "waiting 10 s for the reply to CAPA",
        "waiting 10 s for the reply to CAPA; 97 more sessions wait too",
    ]


def test_when_no_session_is_open_nobody_looks_and_with_the_next_somebody_does() -> None:
    terminal = Terminal()
    play = terminal.session("S: +OK\nC: CAPA")
    assert terminal.looks
    play.end(How.SERVER_CLOSED)
    assert terminal.passes(play, 60) == []
    assert not terminal.looks
    second = terminal.session("", 2)
    assert terminal.passes(second, 11) == ["waiting 10 s for the greeting"]


@pytest.mark.parametrize("width", [40, 80, 140])
def test_it_fits_every_terminal_and_is_never_cut(width: int) -> None:
    terminal = Terminal(width=width)
    play = terminal.session("S: +OK\nC: APOP carol 0123456789 and more")
    terminal.passes(play, 11)
    rows = terminal.out.getvalue().splitlines()
    assert max(map(len, rows)) <= width
    told = " ".join(row.split("… ")[-1].strip() for row in rows)
    assert told == "waiting 10 s for the reply to APOP carol ████████"


def test_a_recording_of_a_silence_holds_nothing_of_it(tmp_path: Path) -> None:
    recorded: list[object] = []
    for terminal in (Terminal(), None):
        stage = terminal.stage if terminal else Stage()
        path = tmp_path / f"{len(recorded)}.yaml"
        captures = Captures(str(path), Keeping("x"), Clock(STARTED))
        stage.bus.subscribe(captures)
        play = stage.session().play("S: +OK\nC: CAPA")
        if terminal:
            assert len(terminal.passes(play, 100)) == 3
        else:
            play.at += 100
        play.play("S: -ERR")
        play.end()
        captures.close()
        recorded.append((path.read_text(), stage.rows, stage.objects))
    assert recorded[0] == recorded[1]


def _dialogues() -> Iterator[str]:
    yield from (said for said, _ in WAITS)
    yield from NO_WAITS


@given(st.sampled_from(list(_dialogues())), st.floats(0, 4000), st.integers(0, 30))
def test_what_is_told_lasted_as_long_as_it_says(said: str, seconds: float, cut: int) -> None:
    """However the dialogue goes: no more lines than the distances allow, and none too early."""
    terminal = Terminal(width=400)
    play = terminal.session()
    for side, before, data in list(chunks(said))[: cut or None] if said else []:
        play.say(side, data, before)
    rows = terminal.passes(play, seconds)
    most, distance = 0, FIRST
    while distance <= seconds:
        most, distance = most + 1, distance * GROWTH
    assert len(rows) <= most
    wait = terminal.waits.of(play.reading.session)
    assert bool(rows) <= (wait is not None)
    if wait is not None:
        assert wait.lasted(terminal.at) <= seconds + 1.0
