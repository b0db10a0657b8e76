"""Lines that go on in other words, and secrets that do not."""

import pytest

from gate.talking import TALK, C, S, Talk, keeper
from pop3spy.gate.acts import Wait
from pop3spy.gate.faulttext import read_rewrite

LINES = [
    ("client s/^STAT$/NOOP/", b"STAT\r\n", b"NOOP\r\n", S),
    (r"client s/^(RETR) (\d+)$/TOP \2 0/", b"RETR 1\r\n", b"TOP 1 0\r\n", S),
    ("client s/stat/xx/", b"STAT\r\n", b"xx\r\n", S),
    (r"server s/(\d+) (\d+)$/\2 \1\\/ when verb = STAT", b"+OK 2 320\r\n", b"+OK 320 2\\\r\n", C),
    ("server s/ready/é/", b"+OK ready\r\n", b"+OK \xe9\r\n", C),
]


@pytest.mark.parametrize(("text", "old", "new", "hears"), LINES, ids=[text for text, *_ in LINES])
def test_a_line_goes_on_in_other_words(text: str, old: bytes, new: bytes, hears: object) -> None:
    untouched = Talk([]).say(TALK).heard
    heard = Talk([read_rewrite(text)]).say(TALK).heard
    for side, before in untouched.items():
        assert heard[side] == (before.replace(old, new, 1) if side is hears else before)


def test_what_is_hidden_is_never_rewritten() -> None:
    heard = Talk([read_rewrite("client s/hunter2/other/"), read_rewrite("client s/PASS/NOOP/")])
    assert b"PASS hunter2\r\n" in heard.say(TALK).heard[S]


def test_bodies_are_not_rewritten() -> None:
    talk = Talk(
        [read_rewrite("server s/last/first/"), read_rewrite("server s/one/two/ when verb = LIST")]
    )
    assert talk.say(TALK).heard == Talk([]).say(TALK).heard


def test_a_reply_of_another_shape_is_told() -> None:
    talk = Talk([read_rewrite(r"client s/^LIST$/LIST 1/")]).say(TALK[:9])
    talk.say([(C, b"LIST\r\n"), (S, b"+OK 1 120\r\n"), (C, b"NOOP\r\n"), (S, b"+OK\r\n")])
    assert ("rewrite", "changed the command, whose reply has another shape") in talk.notes
    assert talk.heard[C].endswith(b"+OK 1 120\r\n+OK\r\n")


def test_a_rewritten_line_waits_as_long_as_it_would_have() -> None:
    delay = keeper("delay side=client when verb = STAT")
    talk = Talk([delay, read_rewrite("client s/STAT/NOOP/")]).say(TALK)
    assert Wait(1.0) in talk.acts
    assert b"STAT" not in talk.heard[S]
