"""What is a difference between two times, and what is not."""

import hashlib
import json
from dataclasses import asdict
from inspect import cleandoc
from itertools import chain, zip_longest

import pytest

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import Side
from pop3spy.replay.assemble import read_script
from pop3spy.replay.compare import compare, compare_sessions
from pop3spy.replay.difference import Difference
from pop3spy.replay.recording import Numbered, all_outcomes_of, outcomes_of
from pop3spy.session.deeds import in_words
from pop3spy.session.tape import Changed
from replay.tapes import LOGGED_IN, outcomes, tape

Told = list[tuple[str, str, str | int | None, str | int | None]]


def told(differences: list[Difference]) -> Told:
    return [(each.command, each.what, each.expected, each.got) for each in differences]


def between(before: str, now: str) -> Told:
    """Return how two conversations behind login differ."""
    one, two = (cleandoc(LOGGED_IN) + "\n" + cleandoc(text) for text in (before, now))
    return told(compare(outcomes(one), outcomes(two)))


MESSAGE = "C: RETR 1\nS: +OK 9 octets\nS| a: b\nS|\nS| ..c\nS| ."

SAME = [
    pytest.param("C: NOOP\nS: +OK", "C: NOOP\nS: +OK still here, at noon", id="texts"),
    pytest.param("C: STAT\nS: +OK 1 10", "C: stat\nS: +OK 1 10 octets", id="words behind numbers"),
    pytest.param("C: XYZZY\nS: -ERR no", "C: PLUGH\nS: -ERR what?", id="unknown commands"),
    pytest.param(MESSAGE, MESSAGE.replace("9 octets", "here it is"), id="a status text"),
    pytest.param(
        "C: CAPA\nS: +OK\nS| TOP\nS| SASL PLAIN LOGIN\nS| IMPLEMENTATION one\nS| .",
        "C: CAPA\nS: +OK\nS| IMPLEMENTATION two\nS| SASL LOGIN PLAIN\nS| top\nS| .",
        id="the order of capabilities, and a banner among them",
    ),
    pytest.param(
        "C: LIST\nS: +OK 1 message\nS| 1 10\nS| .",
        "C: LIST\nS: +OK\nS| 1 10 octets\nS| .",
        id="words behind a listed size",
    ),
    pytest.param("C: NOOP\nS: +OK", "C: NOOP\nS: debug\nS: +OK", id="a line before the reply"),
    pytest.param("C: NOOP\nS: ok\nC: NOOP", "C: NOOP\nS: fine\nC: NOOP", id="what odd lines say"),
    pytest.param(
        "C: RETR 1\nS: +OK\nS| -ERR one",
        "C: RETR 1\nS: +OK\nS| -ERR two",
        id="the text of an error inside a body",
    ),
    pytest.param(
        "C: RETR 1\nS: +OK\nS| a\nS| .",
        "C: RETR 1\nS: +OK\nS< a\nS< \\r\\n.\nS< \\r\\n",
        id="how it was cut",
    ),
]


@pytest.mark.parametrize(("before", "now"), SAME)
def test_these_are_no_differences(before: str, now: str) -> None:
    assert between(before, now) == []


DIFFERENT = [
    pytest.param(
        "C: STAT\nS: +OK 1 10",
        "C: STAT\nS: -ERR [SYS/TEMP] gone",
        [("STAT", "status", "+OK", "-ERR"), ("STAT", "response code", None, "SYS/TEMP")],
        id="status",
    ),
    pytest.param(
        "C: RETR 9\nS: -ERR no",
        "C: RETR 9\nS: -ERR [SYS/PERM] no",
        [("RETR 9", "response code", None, "SYS/PERM")],
        id="response code",
    ),
    pytest.param(
        "C: STAT\nS: +OK 1 10",
        "C: STAT\nS: +OK 2 30",
        [("STAT", "messages", 1, 2), ("STAT", "size", 10, 30)],
        id="STAT",
    ),
    pytest.param(
        "C: STAT\nS: +OK 1 10",
        "C: STAT\nS: +OK",
        [("STAT", "messages", 1, None), ("STAT", "size", 10, None)],
        id="STAT without numbers",
    ),
    pytest.param(
        "C: LIST 1\nS: +OK 1 10\nC: UIDL 1\nS: +OK 1 0010",
        "C: LIST 1\nS: +OK 1 11\nC: UIDL 1\nS: +OK 1 10",
        [("LIST 1", "size", 10, 11), ("UIDL 1", "unique-id", "0010", "10")],
        id="one entry",
    ),
    pytest.param(
        "C: LIST\nS: +OK\nS| 1 10\nS| 2 20\nS| .",
        "C: LIST\nS: +OK\nS| 1 11\nS| 3 30\nS| .",
        [
            ("LIST", "size of 1", 10, 11),
            ("LIST", "size of 2", 20, None),
            ("LIST", "size of 3", None, 30),
        ],
        id="LIST",
    ),
    pytest.param(
        "C: UIDL\nS: +OK\nS| 1 a\nS| 2 b\nS| .",
        "C: UIDL\nS: +OK\nS| 1 a\nS| 2 c\nS| .",
        [("UIDL", "unique-id of 2", "b", "c")],
        id="UIDL",
    ),
    pytest.param(
        "C: CAPA\nS: +OK\nS| TOP\nS| SASL PLAIN\nS| UIDL\nS| .",
        "C: CAPA\nS: +OK\nS| TOP\nS| SASL LOGIN PLAIN\nS| STLS\nS| .",
        [
            ("CAPA", "SASL", "PLAIN", "LOGIN PLAIN"),
            ("CAPA", "UIDL", "listed", None),
            ("CAPA", "STLS", None, "listed"),
        ],
        id="CAPA",
    ),
    pytest.param(
        MESSAGE,
        MESSAGE.replace("..c", "..cc\nS| d"),
        [("RETR 1", "size", 12, 16), ("RETR 1", "lines", 3, 4)],
        id="size of a message",
    ),
    pytest.param(
        MESSAGE,
        MESSAGE.removesuffix("S| ."),
        [("RETR 1", "reply", "whole", "cut off")],
        id="a reply that broke off",
    ),
    pytest.param(
        "C: STAT\nS: +OK 1 10",
        "C: STAT",
        [("STAT", "status", "+OK", "no reply")],
        id="a reply that did not come",
    ),
    pytest.param(
        "C: HELP\nS: +OK help yourself",
        "C: HELP\nS: +OK\nS: try QUIT\nS: .",
        [("HELP", "shape", "one line", "several lines")],
        id="shape",
    ),
    pytest.param(
        "C: STAT\nS: +OK 1 10\nC: NOOP\nS: +OK",
        "C: STAT\nS: OK 1 10\nC: NOOP\nS: +OK",
        [("STAT", "status", "+OK", "no status line")],
        id="a reply without a status",
    ),
    pytest.param(
        "C: NOOP\nS: ok\nC: STAT\nS: +OK 1 10",
        "C: STAT\nS: +OK 1 10\nC: NOOP",
        [("NOOP", "status", "no status line", "no reply")],
        id="a reply without a status, and none at all",
    ),
    pytest.param(
        "C: LIST 2\nS: +OK 2 20",
        "C: LIST 2\nS: +OK 2 messages\nS| 1 10\nS| 2 20\nS| .",
        [("LIST 2", "shape", "one line", "several lines")],
        id="a listing where one line is due",
    ),
    pytest.param(
        "C: LIST 2\nS: +OK 2 messages\nS| 1 10\nS| 2 20\nS| .",
        "C: LIST 2\nS: +OK all\nS| 1 10\nS| 2 21\nS| .",
        [("LIST 2", "size of 2", 20, 21)],
        id="listings where one line is due",
    ),
    pytest.param(
        MESSAGE.removesuffix("S| ."),
        MESSAGE.removesuffix("S| .") + "S| -ERR [SYS/TEMP] disk",
        [("RETR 1", "error inside", None, "-ERR")],
        id="an error inside a body",
    ),
    pytest.param(
        "C: NOOP\nS: +OK\nC: RETR 1\nS: -ERR no",
        "C: RETR 2\nS: -ERR no\nC: NOOP\nS: +OK\nC: NOOP\nS: +OK",
        [
            ("RETR 1", "exchange", "asked", "not asked"),
            ("RETR 2", "exchange", "not asked", "asked"),
            ("NOOP", "exchange", "not asked", "asked"),
        ],
        id="commands that only one of them said",
    ),
]


@pytest.mark.parametrize(("before", "now", "expected"), DIFFERENT)
def test_these_are_differences(before: str, now: str, expected: Told) -> None:
    assert between(before, now) == expected


def test_the_content_of_a_message_is_a_difference() -> None:
    (found,) = between(MESSAGE, MESSAGE.replace("..c", "..d"))
    digests = [
        hashlib.sha256(b"a: b\r\n\r\n" + line).hexdigest() for line in (b".c\r\n", b".d\r\n")
    ]
    assert found == ("RETR 1", "content", *digests)


def test_a_masked_body_has_no_content_to_compare() -> None:
    one = tape(f"{cleandoc(LOGGED_IN)}\n{MESSAGE}")
    two = tape(f"{cleandoc(LOGGED_IN)}\n{MESSAGE.replace('..c', '..x')}")
    masked = outcomes_of(iter(two), contents=False)
    assert compare(outcomes_of(iter(one)), masked) == []
    assert len(compare(outcomes_of(iter(one)), outcomes_of(iter(two)))) == 1


def test_what_a_person_said_to_the_server_is_no_exchange_of_the_client() -> None:
    items = tape(f"{cleandoc(LOGGED_IN)}\nS: +OK 1 5\nC: QUIT\nS: +OK")
    at = 0.05  # behind the login, and before the reply that nobody else asked for
    said = Changed(1, at, Side.CLIENT, "person", in_words("sent"), (b"STAT\r\n", ()), injected=True)
    items.insert(6, said)
    plain = outcomes(f"{cleandoc(LOGGED_IN)}\nC: QUIT\nS: +OK")
    assert compare(plain, outcomes_of(iter(items))) == []
    assert [step.line for step in read_script(iter(items)).steps][2:] == [b"QUIT\r\n"]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param("S: +OK one", "S: +OK two, at noon", [], id="banners"),
        pytest.param("S: +OK <1.2@a>", "S: +OK <3.4@b>", [], id="timestamps"),
        pytest.param(
            "S: +OK <1.2@a>",
            "S: +OK",
            [("greeting", "APOP", "offered", "not offered")],
            id="whether there is a timestamp",
        ),
        pytest.param(
            "S: +OK", "S: -ERR busy", [("greeting", "status", "+OK", "-ERR")], id="status"
        ),
        pytest.param(
            "S: +OK", "S: hello", [("greeting", "status", "+OK", "no status line")], id="no status"
        ),
    ],
)
def test_greetings(before: str, now: str, expected: Told) -> None:
    one, two = (outcomes(f"{text}\nC: QUIT\nS: +OK") for text in (before, now))
    assert told(compare(one, two))[: len(expected) or None] == expected


def test_a_login_is_compared_whoever_it_is() -> None:
    one = outcomes("S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK")
    two = outcomes("S: +OK\nC: USER alice\nS: +OK\nC: PASS y\nS: -ERR [AUTH] no")
    assert [(each.what, each.got) for each in compare(one, two)] == [
        ("status", "-ERR"),
        ("response code", "AUTH"),
    ]


def test_challenges_are_counted() -> None:
    one = outcomes("S: +OK\nC: AUTH PLAIN\nS: + \nC: eA==\nS: +OK")
    two = outcomes("S: +OK\nC: AUTH PLAIN eA==\nS: +OK")
    assert told(compare(one, two)) == [
        (one[1].shown, "challenges", 1, 0),
    ]


def test_exchanges_keep_their_numbers_and_states() -> None:
    one = outcomes(f"{cleandoc(LOGGED_IN)}\nC: CAPA\nS: +OK\nS| TOP\nS| .")
    two = outcomes(f"S: +OK\nC: CAPA\nS: +OK\nS| .\n{cleandoc(LOGGED_IN)[13:]}")
    found = compare(one, two)
    assert [(each.exchange, each.what, each.expected) for each in found] == [
        (3, "exchange", "asked"),
        (1, "exchange", "not asked"),
    ]


def test_a_difference_is_an_object() -> None:
    (difference,) = compare(
        outcomes("S: +OK\nC: STAT\nS: +OK 1 5"), outcomes("S: +OK\nC: STAT\nS: +OK 1 6")
    )
    assert json.loads(json.dumps(asdict(difference))) == {
        "exchange": 1,
        "command": "STAT",
        "what": "size",
        "expected": 5,
        "got": 6,
    }


# -- several sessions ---------------------------------------------------------------------------

ASKED = {
    "a probe": "S: +OK ready",
    "STAT": "S: +OK ready\nC: STAT\nS: +OK 1 10",
    "another STAT": "S: +OK ready\nC: STAT\nS: +OK 2 20",
    "no reply": "S: +OK ready\nC: STAT",
}


def recorded(*names: str, first: int = 1, interleaved: bool = False) -> list[Numbered]:
    """Return the sessions of a recording in which this was asked; the last one has no end."""
    tapes = [tape(ASKED[name], session=number) for number, name in enumerate(names, first)]
    tapes[-1].pop()
    if interleaved:
        rounds = zip_longest(*tapes)
        return all_outcomes_of(item for each in rounds for item in each if item is not None)
    return all_outcomes_of(chain(*tapes))


@pytest.mark.parametrize("interleaved", [False, True], ids=["one by one", "interleaved"])
def test_every_session_in_which_something_was_asked_is_read(*, interleaved: bool) -> None:
    found = recorded("STAT", "a probe", "another STAT", "no reply", interleaved=interleaved)
    assert found == [
        (number, outcomes(ASKED[name]))
        for number, name in ((1, "STAT"), (3, "another STAT"), (4, "no reply"))
    ]


def test_a_number_that_comes_again_is_another_session() -> None:
    found = all_outcomes_of(chain(tape(ASKED["STAT"]), tape(ASKED["another STAT"])))
    assert found == [(1, outcomes(ASKED["STAT"])), (1, outcomes(ASKED["another STAT"]))]


def test_a_recording_in_which_nobody_asks_is_told() -> None:
    with pytest.raises(CaptureError, match="no client asks anything"):
        recorded("a probe", "a probe")


def test_sessions_are_compared_in_order_whatever_their_numbers() -> None:
    one = recorded("STAT", "STAT", "another STAT")
    other = recorded("STAT", "a probe", "another STAT", "another STAT", first=5)
    found = compare_sessions(one, other)
    assert [(each.expected, each.got, each.session) for each in found] == [
        (1, 5, 1),
        (2, 7, 2),
        (3, 8, 3),
    ]
    assert [each.exchanges for each in found] == [2, 2, 2]
    assert [told(each.differences) for each in found] == [
        [],
        [("STAT", "messages", 1, 2), ("STAT", "size", 10, 20)],
        [],
    ]


def test_a_session_that_only_one_of_them_has_is_a_difference() -> None:
    one, two = recorded("STAT"), recorded("STAT", "another STAT")
    missing, extra = compare_sessions(two, one)[1], compare_sessions(one, two)[1]
    assert (missing.session, extra.session) == (2, 2)
    assert told(missing.differences) == [("greeting", "session", "recorded", None)]
    assert told(extra.differences) == [("greeting", "session", None, "recorded")]


def test_no_secret_is_in_an_outcome() -> None:
    assert "sesame123" not in repr(outcomes(LOGGED_IN))
