"""Bodies that nobody expected, and replies whose shape nobody knows."""

import pytest

from dialogue import behind


@pytest.mark.parametrize("command", ["UIDL 1", "LIST 1"])
def test_an_entry_may_come_as_a_listing(command: str) -> None:
    """Old Mailpit answers UIDL 1 as if it were UIDL."""
    assert behind(command, "S: +OK\nS: 1 a\nS: .\nC: NOOP\nS: +OK") == [
        "S 1 +OK (body?)",
        r"S 1 | 1 a\r\n",
        "S 1 . (end)",
        "C 2 NOOP",
        "S 2 +OK",
    ]


def test_an_entry_may_come_as_a_listing_although_more_was_asked() -> None:
    assert behind("UIDL 1\nC| UIDL 2", "S: +OK\nS: 1 a\nS: .\nS: +OK 2 b") == [
        "C 2 UIDL 2 (pipelined)",
        "S 1 +OK (body?)",
        r"S 1 | 1 a\r\n",
        "S 1 . (end)",
        "S 2 +OK 2 b",
    ]


def test_a_listing_for_an_entry_may_lack_its_end() -> None:
    assert behind("UIDL 1\nC| NOOP", "S: +OK\nS: 1 a\nS: +OK") == [
        "C 2 NOOP (pipelined)",
        "S 1 +OK (body?)",
        r"S 1 | 1 a\r\n",
        "S 2 +OK",
    ]


def test_an_entry_without_its_number_is_one_line() -> None:
    """Twisted answers UIDL 1 with the id alone."""
    assert behind("UIDL 1", "S: +OK abc\nC: UIDL 2\nS: +OK def") == [
        "S 1 +OK abc (body?)",
        "C 2 UIDL 2",
        "S 2 +OK def (body?)",
    ]


def test_an_entry_with_its_number_is_one_line_for_certain() -> None:
    assert behind("UIDL 1", "S: +OK 1   abc") == ["S 1 +OK 1   abc"]


def test_a_message_that_is_no_number_makes_no_listing() -> None:
    assert behind("LIST all", "S: +OK") == ["S 1 +OK"]


@pytest.mark.parametrize("command", ["FOO", "HELP", "MSG 1", "XTND FOO", "GET / HTTP/1.1"])
def test_the_reply_to_a_command_nobody_knows_may_have_a_body(command: str) -> None:
    assert behind(command, "S: +OK\nS: try\nS: .\nC: NOOP\nS: +OK") == [
        "S 1 +OK (body?)",
        r"S 1 | try\r\n",
        "S 1 . (end)",
        "C 2 NOOP",
        "S 2 +OK",
    ]


def test_or_it_may_have_none() -> None:
    assert behind("FOO", "S: +OK\nC: NOOP\nS: +OK") == [
        "S 1 +OK (body?)",
        "C 2 NOOP",
        "S 2 +OK",
    ]


def test_or_a_parting_line_may_follow() -> None:
    assert behind("FOO", "S: +OK\nS: -ERR idle") == [
        "S 1 +OK (body?)",
        "S - -ERR idle (line that answers no command)",
    ]


def test_a_body_that_nobody_expected_goes_on_although_the_client_does_not_wait() -> None:
    """A command in the middle of such a body once stopped the decoder."""
    assert behind("FOO", "S: +OK\nS: one\nC: NOOP\nS: two\nS: .\nS: +OK") == [
        "S 1 +OK (body?)",
        r"S 1 | one\r\n",
        "C 2 NOOP",
        r"S 1 | two\r\n",
        "S 1 . (end)",
        "S 2 +OK",
    ]


def test_a_body_that_nobody_expected_ends_at_the_next_reply() -> None:
    assert behind("FOO", "S: +OK\nS: one\nC: NOOP\nS: +OK\nC: NOOP\nS: +OK") == [
        "S 1 +OK (body?)",
        r"S 1 | one\r\n",
        "C 2 NOOP",
        "S 2 +OK",
        "C 3 NOOP",
        "S 3 +OK",
    ]
