"""What is told of a hidden command line: its words, its octets, why it is hidden, and no more."""

import pytest

from pop3spy.protocol.frames import CommandLine
from redaction.facts_told import b64, fact, facts, plain, shown

BEFORE = "S: +OK ready\n"
IN = "S: +OK ready\nC: USER bob\nS: +OK\nC: PASS sesame123\nS: +OK\n"
LONG = "x" * 41


def of(line: str, name: str) -> list[object]:
    return fact(name, f"{BEFORE}{line}\nS: -ERR")


def test_an_ordinary_password_is_told_of_so() -> None:
    assert facts(f"{BEFORE}C: USER bob\nS: +OK\nC: PASS sesame123\nS: +OK") == [
        {"words": 1, "carries_secret": True, "same_secret": "new"}
    ]


def test_what_needs_no_facts_has_none() -> None:
    talk = "C: CAPA\nS: +OK\nS: TOP\nS: .\nC: USER bob\nS: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR"
    assert facts(f"{BEFORE}{talk}\nC: QUIT\nS: +OK bye") == [{"sasl_word": "*"}]
    assert facts(f"{IN}C: STAT\nS: +OK 1 2\nC: LIST 1\nS: +OK 1 2") == facts(IN)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("PASS", 0),
        ("PASS ", 0),
        ("PASS a", 1),
        ("PASS a b c d", 1),
        ("APOP", 0),
        ("APOP bob", 1),
        ("APOP bob x y", 3),
        ("APOP bob x y z", 3),
        ("USER bob x", 2),
        ("AUTH PLAIN a b", 3),
        ("FOO", 1),
        ("FOO a", 2),
        ("FOO a b c", 3),
        ("HELP x", 1),
    ],
)
def test_the_words_of_a_hidden_line_are_counted_up_to_three(line: str, words: int) -> None:
    assert of(f"C: {line}", "words") == [words]


def test_a_line_of_more_than_255_octets_is_told() -> None:
    assert of(f"C: PASS {'x' * 248}", "over_255") == []
    for line in (f"PASS {'x' * 249}", f"AUTH PLAIN {'x' * 300}", f"USER {'x' * 300}"):
        assert of(f"C: {line}", "over_255") == [True], line


def test_an_argument_of_more_than_40_octets_is_told() -> None:
    for line in (f"PASS {LONG}", f"APOP {LONG} x", f"FOO a {LONG}", f"USER {LONG}"):
        assert of(f"C: {line}", "argument_over_40") == [True], line
    assert of(f"C: PASS {LONG[1:]}", "argument_over_40") == []
    assert of(f"C: AUTH PLAIN {LONG}", "argument_over_40") == []


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER", "GSSAPI"])
def test_how_long_a_line_is_is_told_where_a_token_makes_it_long(mechanism: str) -> None:
    line = f"AUTH {mechanism} {b64('y' * 300)}"
    assert of(f"C: {line}", "octets") == [len(line) + 2]
    assert of(f"C: AUTH {mechanism} {b64('y' * 30)}", "octets") == []


def test_how_long_a_password_is_is_not_told() -> None:
    assert of(f"C: AUTH PLAIN {plain('bob', 'y' * 300)}", "octets") == []


@pytest.mark.parametrize(
    ("octets", "eight_bit", "utf8"),
    [("abc", [], []), ("\\xc3\\xa9", [True], [True]), ("\\xe9", [True], [False])],
)
def test_octets_beyond_ascii_are_told_and_whether_they_are_utf_8(
    octets: str, eight_bit: list[bool], utf8: list[bool]
) -> None:
    for line in (f"PASS {octets}", f"APOP bob {octets}", f"FOO {octets}"):
        assert of(f"C: {line}", "eight_bit") == eight_bit
        assert of(f"C: {line}", "valid_utf8") == utf8


def test_of_a_name_that_is_shown_only_what_is_odd_is_told() -> None:
    assert of("C: USER b\\xe9", "eight_bit") == [True]
    assert facts(f"{BEFORE}C: USER b\\xe9\nS: -ERR", strict=True) == [
        {"eight_bit": True, "valid_utf8": False}
    ]


def test_a_nul_is_told() -> None:
    assert of("C: PASS a\\x00b", "nul") == [True]
    assert of("C: PASS ab", "nul") == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("FOO bar", ["unknown verb"]),
        ("hunter2", ["unknown verb"]),
        ("USER bob x", ["surplus words"]),
        ("CAPA x", ["surplus words"]),
        ("AUTH PLAIN a b", ["surplus words"]),
        ("PASS a b", []),
        ("RETR x", []),
        ("XCLIENT ADDR=192.0.2.1 FORWARD=x TTL=5", []),
    ],
)
def test_why_a_line_is_hidden_is_told(line: str, reason: list[str]) -> None:
    assert of(f"C: {line}", "masked_reason") == reason


@pytest.mark.parametrize(
    ("size", "length"),
    [(8, "up to 8"), (9, "up to 40"), (40, "up to 40"), (41, "up to 255"), (256, "more")],
)
def test_how_long_an_unknown_line_is_is_told_roughly(size: int, length: str) -> None:
    assert of(f"C: FOO {'x' * (size - 4)}", "masked_length") == [length]


def test_how_long_a_line_of_one_word_is_is_not_told() -> None:
    assert of("C: hunter2", "masked_length") == []


@pytest.mark.parametrize(
    ("line", "protocol"),
    [
        ("EHLO client.example", "SMTP"),
        ("GET / HTTP/1.1", "HTTP"),
        ("a1 LOGIN bob x", "IMAP"),
        ("HELO bob x", "POP2"),
        ("*1", "Redis"),
        ("SSH-2.0-OpenSSH_9.2p1", "SSH"),
    ],
)
def test_another_protocol_is_told_in_the_first_line_alone(line: str, protocol: str) -> None:
    assert of(f"C: {line}", "protocol") == [protocol]
    assert fact("protocol", f"{BEFORE}C: NOOP\nS: -ERR\nC: {line}\nS: -ERR") == []


@pytest.mark.parametrize(
    ("digest", "form"),
    [
        ("bob c4c9334bac560ecc979e58001b3e22fb", "ok"),
        ("bob C4C9334BAC560ECC979E58001B3E22FB", "upper case"),
        ("bob c4c9334bac560ecc979e58001b3e22f", "wrong length"),
        ("bob xMkzS6xWDsyXnlgAGz4i+w==", "not hex"),
        ("c4c9334bac560ecc979e58001b3e22fb bob", "swapped"),
        ("c4c9334bac560ecc979e58001b3e22fb abba", "swapped"),
        ("bob", "missing"),
        ("bob smith c4c9334bac560ecc979e58001b3e22fb", "ok"),
    ],
)
def test_what_form_the_digest_of_apop_has_is_told(digest: str, form: str) -> None:
    assert of(f"C: APOP {digest}", "apop_digest") == [form]
    assert of("C: APOP", "apop_digest") == ["missing"]


@pytest.mark.parametrize(
    ("rest", "verb"),
    [("QUIT", ["QUIT"]), ("retr 1", ["RETR"]), ("QUI", ["a command"]), ("\\r", [])],
)
def test_what_a_client_left_without_an_end_is_told(rest: str, verb: list[str]) -> None:
    assert fact("unread_verb", f"{IN}C< {rest}\nC!") == verb


def test_inside_auth_nothing_is_told_of_a_line_left_open() -> None:
    assert fact("unread_verb", f"{BEFORE}C: AUTH PLAIN\nS: + \nC< QUIT\nC!") == []


def test_of_a_line_that_was_cut_only_what_is_certain_is_told() -> None:
    long = "x" * 17000
    told = facts(f"{BEFORE}C: USER bob\nS: +OK\nC: PASS {long}\nS: -ERR")[0]
    assert told == {
        "over_255": True,
        "argument_over_40": True,
        "carries_secret": True,
    }


@pytest.mark.parametrize("line", ["PASS hunter2", "pass hunter2", "PASS  hunter2 ", "RPOP hunter2"])
def test_facts_stand_on_the_frame_that_is_shown(line: str) -> None:
    frame = shown(f"{BEFORE}C: {line}\nS: -ERR")[1]
    assert isinstance(frame, CommandLine)
    assert frame.masks
    assert frame.facts["carries_secret"] is True
