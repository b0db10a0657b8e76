"""Whatever comes from either side, the logs stay whole, safe and silent about secrets."""

import base64
import json
import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs.dialogue import STEP, Stage
from pop3spy.logs.fields import EVENTS
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How

CLIENT_WORDS = (
    *(b"USER bob\r\n", b"PASS Sesame#9\r\n", b"APOP bob 0123456789abcdef\r\n", b"CAPA\r\n"),
    *(b"AUTH PLAIN\r\n", b"AUTH LOGIN\r\n", b"AUTH\r\n", b"STLS\r\n", b"LIST\r\n", b"UIDL 1\r\n"),
    *(b"RETR 1\r\n", b"TOP 1 0\r\n", b"QUIT\r\n", b"XTND XMIT\r\n", b"HELP\r\n", b"what\r\n"),
    *(b"\x16\x03\x01\x00\x05abcde", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", b".\r\n", b"*\r\n"),
)
SERVER_WORDS = (
    *(b"+OK\r\n", b"-ERR [IN-USE] no\r\n", b"+ \r\n", b"+OK 1 2\r\n", b".\r\n", b"1 2\r\n"),
    *(b"Subject: =?utf-8?b?a?= x\r\n", b"From: \x1b[2J\r\n", b"\r\n", b"..x\r\n", b"huh\r\n"),
    *(b"\xff\xfb\x01", b"\x16\x03\x01\x00\x05abcde", b"+OK", b"\n.\n", b"x" * 20_000),
)
NASTY = st.sampled_from(
    [b"\0", b"\x1b[2J", b"\r", b"\n", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\x9b", b"\x7f", b"\\"]
)
SAYINGS = st.one_of(
    st.tuples(st.just(Side.CLIENT), st.sampled_from(CLIENT_WORDS) | NASTY | st.binary(max_size=9)),
    st.tuples(st.just(Side.SERVER), st.sampled_from(SERVER_WORDS) | NASTY | st.binary(max_size=9)),
)
SGR = re.compile(r"\x1b\[[0-9;]*m")
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
SECRET = b"Zq7#vKx2!Wm"


def perform(stage: Stage, sayings: list[tuple[Side, bytes]]) -> None:
    play = stage.session()
    play.say(Side.SERVER, b"+OK\r\n")
    for side, data in sayings:
        if data:
            play.say(side, data)
    play.end(How.CLIENT_CLOSED)


@given(
    sayings=st.lists(SAYINGS, max_size=40),
    colour=st.booleans(),
    width=st.none() | st.integers(20, 120),
)
def test_nothing_that_is_said_breaks_a_log(
    *, sayings: list[tuple[Side, bytes]], colour: bool, width: int | None
) -> None:
    stage = Stage(colour=colour, width=width)
    perform(stage, sayings)
    text = stage.text.getvalue()
    plain = SGR.sub("", text) if colour else text
    assert not {unicodedata.category(char) for char in plain.replace("\n", "")} & UNSAFE
    for row in plain.split("\n")[:-1]:
        head = r" *\d+\.\d{3}  s1   \S|s1 "
        assert re.match(head if width is None else rf"{head}|      ", row)  # it goes on below
    lines = stage.json.getvalue()
    assert lines.isascii()
    assert lines.count("\n") == len(lines.splitlines())
    for line in lines.splitlines():
        found = json.loads(line)
        assert line == json.dumps(found)
        assert list(found) == list(EVENTS[found["event"]].fields)
        assert not {unicodedata.category(char) for char in repr(found)} & UNSAFE


@given(st.lists(SAYINGS, max_size=20), st.data())
def test_cutting_what_is_said_changes_times_only(
    sayings: list[tuple[Side, bytes]], data: st.DataObject
) -> None:
    """Timing aside, rows and objects are those of the uncut dialogue."""
    cut: list[tuple[Side, bytes]] = []
    for side, octets in sayings:
        places = data.draw(st.lists(st.integers(0, len(octets)), max_size=3).map(sorted))
        cut += [(side, octets[a:b]) for a, b in pairwise([0, *places, len(octets)])]
    whole, pieces = Stage(), Stage()
    perform(whole, sayings)
    perform(pieces, cut)
    assert timeless(whole) == timeless(pieces)


def timeless(stage: Stage) -> tuple[list[str], list[object]]:
    clock = re.compile(r"^ *[\d.]+ |\s+(?:[\d.]+ m?s)$| after [\d.]+ m?s")
    rows = [clock.sub("", row) for row in stage.rows]
    for found in stage.objects:
        for name in ("time", "latency", "duration"):
            found.pop(name, None)
    objects: list[object] = [
        {
            name: value
            for name, value in found.items()
            if name not in {"time", "latency", "duration"}
        }
        for found in stage.objects
    ]
    return rows, objects


def forms(secret: bytes) -> list[str]:
    found = [secret, secret.hex().encode(), base64.b64encode(secret), secret.upper()]
    return [form.decode().lower() for form in found]


PLAIN = base64.b64encode(b"\0bob\0" + SECRET)


@pytest.mark.parametrize(
    "sayings",
    [
        pytest.param([b"USER bob\r\n", b"+OK\r\n", b"PASS %s\r\n"], id="PASS"),
        pytest.param([b"USER bob\r\n", b"+OK\r\n", b"pass %s\r\n"], id="lower case"),
        pytest.param([b"PAS %s\r\n"], id="mistyped"),
        pytest.param([b"%s\r\n"], id="bare"),
        pytest.param([b"APOP bob %s\r\n"], id="APOP"),
        pytest.param([b"AUTH PLAIN " + PLAIN + b"\r\n"], id="initial response"),
        pytest.param([b"AUTH PLAIN\r\n", b"+ \r\n", PLAIN + b"\r\n"], id="after a challenge"),
        pytest.param([b"AUTH %s\r\n"], id="as mechanism"),
        pytest.param([b"USER bob\r\nPASS %s\r\n", b"+OK\r\n"], id="pipelined"),
        pytest.param([b"STLS\r\nPASS %s\r\n", b"+OK\r\n"], id="behind STLS"),
        pytest.param([b"PASS %s"], id="cut off"),
    ],
)
def test_a_secret_is_in_no_log(sayings: list[bytes]) -> None:
    """It is cut at every octet, the server echoes what it could read, and the client vanishes."""
    filled = [saying.replace(b"%s", SECRET) for saying in sayings]
    echoes = b"-ERR wrong %s\r\n" % SECRET + b"-ERR %s\r\n" % SECRET.upper()
    replies = b"" if b"STLS" in sayings[0] or not sayings[0].endswith(b"\n") else echoes
    for size in (1, 2, 3, 1000):
        stage = Stage()
        play = stage.session()
        play.say(Side.SERVER, b"+OK\r\n")
        for saying in [*filled, replies]:
            side = Side.SERVER if saying[:1] in (b"+", b"-") else Side.CLIENT
            for start in range(0, len(saying), size):
                play.say(side, saying[start : start + size])
        play.end(How.CLIENT_RESET)
        logs = (stage.text.getvalue() + stage.json.getvalue()).lower()
        assert [form for form in forms(SECRET) if form in logs] == []


@pytest.mark.parametrize("nasty", ["\r", "\n", "\u2028", "\0", "\x1b]8;;x\x07", "\u202e", "\x85"])
def test_one_event_is_one_line(nasty: str) -> None:
    stage = Stage()
    play = stage.session()
    play.say(Side.SERVER, b"+OK\r\n")
    play.say(Side.CLIENT, b"USER bo%sb\r\n" % nasty.replace("\n", "").encode())
    play.say(Side.SERVER, b"-ERR no %sb\r\n" % nasty.replace("\n", "").encode())
    assert len(stage.text.getvalue().splitlines()) == 4
    assert len(stage.json.getvalue().splitlines()) == 2


def test_a_flood_of_frames_costs_a_row_each_and_no_more() -> None:
    stage = Stage()
    play = stage.session()
    play.say(Side.SERVER, b"+OK\r\n")
    play.say(Side.CLIENT, b"NOOP\r\n" * 5000, STEP)
    play.end(How.CLIENT_CLOSED)
    assert len(stage.rows) < 5020


@given(st.binary(max_size=300).map(lambda junk: junk.replace(b"\n", b"")))
def test_a_listing_of_anything_is_lines(junk: bytes) -> None:
    stage = Stage()
    play = stage.session().play("S: +OK\nC: CAPA\nS: +OK")
    before = len(stage.rows)
    play.say(Side.SERVER, b"x" + junk + b"\r\n.\r\n")
    assert len(stage.rows) == before + 2
