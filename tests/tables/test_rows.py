"""Rows say what the schema says, and what happened."""

import errno
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cases.conversation import steps
from cases.reading import live
from cases.test_cases import CASES
from logs.dialogue import LOGGED_IN, Play, raise_it
from pop3spy.findings import Findings, own_rules
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.tables.columns import LARGEST, TABLES
from pop3spy.tables.json_schema import json_schema
from pop3spy.tables.row_lines import RowLog, gap, gap_line, table_of
from tables.rows import FAR, Rows

VALID = Draft202012Validator(json_schema())


def check(lines: list[str]) -> list[dict[str, Any]]:
    """Return the rows in *lines*; each is what the schema says, in its order."""
    rows = [json.loads(line) for line in lines]
    for row in rows:
        assert list(row) == ["table", *(column.name for column in TABLES[row["table"]].columns)]
        assert [*VALID.iter_errors(row)] == []
    return rows


def test_each_exchange_has_a_row_and_so_has_the_session_and_what_was_found() -> None:
    rows = Rows().play(LOGGED_IN + "C: STAT\nS: +OK 2 320\nC: QUIT\nS: +OK bye", client=FAR)

    told = check(rows.lines)
    assert [row["verb"] for row in rows.of("exchanges")] == ["USER", "PASS", "STAT", "QUIT"]
    (session,) = rows.of("sessions")
    (found,) = rows.of("findings")
    assert (session["user"], session["login"], session["how"]) == ("bob", "PASS", "quit")
    assert (session["messages"], session["maildrop_octets"]) == (2, 320)
    assert (session["findings"], session["worst"]) == (1, found["severity"])
    assert (found["id"], found["exchange"], found["user"]) == ("cleartext-password", 2, "bob")
    assert {row["run"] for row in told} == {rows.clock.run}
    assert {row["client_address"] for row in told} == {"192.0.2.17"}


@pytest.mark.parametrize("end", [How.QUIT, How.CLIENT_RESET, How.UNREACHABLE])
def test_a_session_in_which_nothing_is_said_is_a_row(end: How) -> None:
    rows = Rows().play("S: +OK", end=end)
    assert [row["how"] for row in check(rows.lines)] == [end.value]


def test_a_session_whose_end_nobody_saw_is_cut() -> None:
    rows = Rows().play(LOGGED_IN, end=None)
    assert rows.of("sessions") == []
    rows.log.close()
    assert [row["how"] for row in rows.of("sessions")] == ["cut"]
    rows.log.close()
    assert len(rows.of("sessions")) == 1


def test_a_number_that_no_column_holds_is_null() -> None:
    rows = Rows().play(LOGGED_IN + f"C: STAT\nS: +OK 2 {LARGEST}\nC: STAT\nS: +OK 2 {LARGEST + 1}")
    assert check(rows.lines)[-1]["maildrop_octets"] is None


def test_a_port_that_nobody_knows_is_null() -> None:
    rows = Rows().play("S: +OK", client=Peer("mail.example.org", 0))
    assert rows.of("sessions")[0]["client_port"] is None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_seen_in_the_wild_keeps_to_the_schema(case: str) -> None:
    rows = Rows()
    live(steps(case), rows.log)
    check(rows.lines)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([side.value for side in Side]), st.binary(min_size=1, max_size=60)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_said_keeps_to_the_schema(said: list[tuple[str, bytes]]) -> None:
    rows = Rows()
    rows.play("\n".join(f"{side}: {_escaped(octets)}" for side, octets in said))
    check(rows.lines)


def _escaped(octets: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in octets)


def test_a_gap_is_a_row() -> None:
    clock = Clock()
    lines = [gap_line(clock, 7), gap(clock, "another", "killed", None)]
    told = [(row["run"], row["why"], row["rows"]) for row in check([line[:-1] for line in lines])]
    assert told == [(clock.run, "rate", 7), ("another", "killed", None)]


def test_two_runs_that_begin_at_once_are_told_apart() -> None:
    started = Clock().started
    assert Clock().run != Clock().run
    assert Clock(started).run == Clock(started).run


class Failing(io.StringIO):
    """A stream that takes what it is given, and raises what became of something before."""

    def write(self, text: str, /) -> int:
        super().write(text)
        raise OSError(errno.ENOSPC, "full")


def test_a_failure_of_another_row_keeps_no_row_back() -> None:
    stream = Failing()
    log = RowLog(stream, Clock())
    bus = Bus(lambda *_: None)
    bus.subscribe(Findings(bus.publish, own_rules(), raise_it))
    bus.subscribe(log)
    play = Play(Reading(1, FAR, FAR, 0.0, bus.publish), 0.0)
    play.play(LOGGED_IN)
    play.end(How.CLIENT_CLOSED)
    tables = [table_of(line) for line in stream.getvalue().splitlines()]
    assert tables == ["exchanges", "exchanges", "findings", "sessions"]
