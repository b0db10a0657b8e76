"""Differences as people read them."""

import json
from dataclasses import asdict
from inspect import cleandoc

from pop3spy.replay.compare import Compared
from pop3spy.replay.difference import Difference
from pop3spy.replay.play_options import LeftOut, Played
from pop3spy.replay.report import table, tables, told


def text(script: str) -> str:
    return cleandoc(script) + "\n"


def test_differences_are_a_table() -> None:
    found = [
        Difference(3, "CAPA", "STLS", "listed", None),
        Difference(3, "CAPA", "SASL", "PLAIN", "LOGIN PLAIN"),
        Difference(12, "RETR 2", "size", 612, 1618),
        Difference(12, "RETR 2", "content", "0123456789abcdef", "fedcba9876543210"),
    ]
    assert table(found, 14) == text("""
        exchange     what      recorded               now
        ──────────────────────────────────────────────────────────────────
         3  CAPA     STLS      listed                 nothing
                     SASL      PLAIN                  LOGIN PLAIN
        12  RETR 2   size      612 octets             1,618 octets
                     content   sha256 0123456789ab…   sha256 fedcba987654…

        4 differences in 2 of 14 exchanges
    """)


def test_the_two_may_have_names() -> None:
    assert table([Difference(1, "STAT", "messages", 1, 2)], 1, ("old", "new")) == text("""
        exchange   what       old   new
        ───────────────────────────────
        1  STAT    messages   1     2

        1 difference in 1 of 1 exchange
    """)


def test_a_long_value_does_not_push_the_others_away() -> None:
    lines = table([Difference(1, "UIDL", "unique-id of 1", "x" * 70, "y")], 1).splitlines()
    assert lines[0].index("now") < 90
    assert lines[2].endswith(f"{'x' * 70}   y")


def test_no_difference_is_one_line() -> None:
    assert table([], 7) == "no differences in 7 exchanges\n"


STAT = [Difference(1, "STAT", "messages", 1, 2)]


def test_each_session_that_differs_has_a_table() -> None:
    alone = [Difference(0, "greeting", "session", None, "recorded")]
    compared = [
        Compared(1, 1, 4, []),
        Compared(2, 2, 4, STAT),
        Compared(3, 7, 4, STAT),
        Compared(None, 8, 5, alone),
    ]
    assert tables(compared, ("old", "new")) == text("""
        session 2

        exchange   what       old   new
        ───────────────────────────────
        1  STAT    messages   1     2

        1 difference in 1 of 4 exchanges

        session 3, and 7 beside it

        exchange   what       old   new
        ───────────────────────────────
        1  STAT    messages   1     2

        1 difference in 1 of 4 exchanges

        session 8

        exchange      what      old       new
        ──────────────────────────────────────────
        0  greeting   session   nothing   recorded

        1 difference in 1 of 5 exchanges

        3 differences in 3 of 4 sessions
    """)


def test_one_session_is_told_as_ever() -> None:
    names = ("old", "new")
    assert tables([Compared(1, 1, 4, STAT)], names) == table(STAT, 4, names)
    assert tables([Compared(1, 1, 4, [])], names) == table([], 4, names)


def test_no_difference_in_any_session_is_one_line() -> None:
    same = [Compared(number, number, 7, []) for number in (1, 2)]
    assert tables(same, ("old", "new")) == "no differences in 14 exchanges of 2 sessions\n"


def test_what_was_left_out_is_told() -> None:
    played = Played(7, (), (LeftOut(5, "DELE 1", "it would delete a message"),))
    assert told(played) == text("""
        no differences in 7 exchanges
        left out: 5  DELE 1: it would delete a message
    """)
    assert json.loads(json.dumps(asdict(played))) == {
        "exchanges": 7,
        "differences": [],
        "left_out": [{"exchange": 5, "command": "DELE 1", "why": "it would delete a message"}],
    }


def test_differences_of_the_same_kind_are_folded() -> None:
    found = [Difference(6, "UIDL", f"unique-id of {number}", "a", "b") for number in range(1, 43)]
    lines = table([*found, Difference(7, "NOOP", "status", "+OK", "-ERR")], 8).splitlines()
    assert [line.strip() for line in lines[2:8]] == [
        "6  UIDL    unique-id of 1   a          b",
        "unique-id of 2   a          b",
        "unique-id of 3   a          b",
        "unique-id of 4   a          b",
        "and 38 more",
        "7  NOOP    status           +OK        -ERR",
    ]
    assert lines[-1] == "43 differences in 2 of 8 exchanges"


def test_five_of_a_kind_are_shown() -> None:
    found = [Difference(6, "UIDL", f"unique-id of {number}", "a", "b") for number in range(1, 6)]
    assert "more" not in table(found, 8)
