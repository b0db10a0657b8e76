import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import octets_of
from pop3spy.protocol.commands import (
    COMMANDS,
    CommandSpec,
    Shape,
    Turn,
    line_of,
    parse_command,
)
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import Effect, State

BEFORE = {State.AUTHORIZATION, State.USER_GIVEN}
AFTER = {State.TRANSACTION}


@pytest.mark.parametrize(
    ("raw", "verb", "args"),
    [
        pytest.param(b"RETR 2\r\n", "RETR", (b"2",), id="a command"),
        pytest.param(b"retr 2\r\n", "RETR", (b"2",), id="lower case"),
        pytest.param(b"RETR 2\n", "RETR", (b"2",), id="bare LF"),
        pytest.param(b"RETR 2\r\r\n", "RETR", (b"2",), id="CR CR LF"),
        pytest.param(b"RETR 2", "RETR", (b"2",), id="no line end"),
        pytest.param(b"TOP  1 \t 0\r\n", "TOP", (b"1", b"0"), id="runs of blanks and tabs"),
        pytest.param(b"RETR\t2\r\n", "RETR", (b"2",), id="tab behind the verb"),
        pytest.param(b"QUIT   \r\n", "QUIT", (), id="trailing blanks"),
        pytest.param(b" STAT\r\n", "", (b"STAT",), id="leading blank: the verb is empty"),
        pytest.param(b"\r\n", "", (), id="empty line"),
        pytest.param(b"XSENDER 1\r\n", "XSENDER", (b"1",), id="verb of seven letters"),
        pytest.param(b"UTF8\r\n", "UTF8", (), id="verb with a digit"),
        pytest.param(b"*env 3\r\n", "*ENV", (b"3",), id="verb with an asterisk"),
        pytest.param(b"PASSsecret\r\n", "PASSSECRET", (), id="no blank behind the verb"),
        pytest.param(b"RE\rTR 2\r\n", "RE\rTR", (b"2",), id="a bare CR is data"),
        pytest.param(b"NO\0OP\r\n", "NO\0OP", (), id="NUL"),
        pytest.param(b"\xe9t\xe9 1\r\n", "\xe9t\xe9", (b"1",), id="8-bit verb stays as sent"),
        pytest.param(b"xtnd xlst From\r\n", "XTND XLST", (b"From",), id="verb of two words"),
        pytest.param(b"XTND  XMIT\r\n", "XTND XMIT", (), id="two words, two blanks"),
        pytest.param(b"XTND FOO 1\r\n", "XTND", (b"FOO", b"1"), id="unknown extension"),
        pytest.param(b"XTND\r\n", "XTND", (), id="no extension"),
    ],
)
def test_a_line_is_read_as_verb_and_arguments(
    raw: bytes, verb: str, args: tuple[bytes, ...]
) -> None:
    command = parse_command(raw)

    assert (command.verb, command.args) == (verb, args)
    assert command.spec is COMMANDS.get(verb)


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        pytest.param(b"PASS two  words \r\n", b"two  words ", id="blanks inside and behind"),
        pytest.param(b"PASS  x\r\n", b" x", id="a blank in front"),
        pytest.param(b"PASS a\tb\r\n", b"a\tb", id="a tab inside"),
        pytest.param(b"pass\tx\n", b"x", id="a tab instead of the blank"),
        pytest.param(b"USER bob smith\r\n", b"bob smith", id="a user name with a blank"),
        pytest.param(b"PASS \r\n", b"", id="nothing"),
        pytest.param(b"PASS\r\n", b"", id="not even a blank"),
        pytest.param(b"XTND XLST From 1\r\n", b"XLST From 1", id="behind the first word"),
    ],
)
def test_what_stands_behind_the_verb_is_kept_as_sent(raw: bytes, rest: bytes) -> None:
    assert parse_command(raw).rest == rest


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        *((verb, Shape.LINE) for verb in ("USER bob", "PASS x", "APOP bob 0", "RPOP bob", "STAT")),
        *((verb, Shape.LINE) for verb in ("DELE 1", "NOOP", "RSET", "QUIT", "LAST", "STLS")),
        *((verb, Shape.LINE) for verb in ("UTF8", "XCLIENT ADDR=::1", "XOIP ::1", "XSENDER 1")),
        ("LIST", Shape.LISTING),
        ("LIST 1", Shape.LINE),
        ("LIST ", Shape.LISTING),
        ("UIDL", Shape.LISTING),
        ("UIDL 1", Shape.LINE),
        ("RETR 1", Shape.MESSAGE),
        ("RETR", Shape.MESSAGE),
        ("TOP 1 0", Shape.MESSAGE),
        ("CAPA", Shape.LISTING),
        ("LANG", Shape.LISTING),
        ("LANG de", Shape.LINE),
        ("AUTH PLAIN", Shape.LINE),
        ("AUTH", Shape.LISTING),
        ("AUTH ", Shape.LISTING),
        ("AUTH \t ", Shape.LISTING),
        ("XTND BBOARDS", Shape.LISTING),
        ("XTND BBOARDS news", Shape.LISTING),
        ("XTND ARCHIVE news", Shape.LISTING),
        ("XTND X-BBOARDS news", Shape.LISTING),
        ("XTND XLST From", Shape.LISTING),
        ("XTND XLST From 2", Shape.LINE),
        ("XTND XMIT", Shape.LINE),
        ("*ENV 1", Shape.LISTING),
        ("HELP", Shape.UNKNOWN),
        ("MSG 1", Shape.UNKNOWN),
        ("MBOX a", Shape.UNKNOWN),
        ("XTND FOO", Shape.UNKNOWN),
        ("EHLO example.org", Shape.UNKNOWN),
        ("", Shape.UNKNOWN),
    ],
)
def test_the_shape_of_a_reply_depends_on_the_command_and_its_arguments(
    line: str, shape: Shape
) -> None:
    assert parse_command(line.encode()).shape is shape


@pytest.mark.parametrize(
    ("line", "turn", "effect"),
    [
        pytest.param("AUTH PLAIN", Turn.SASL, Effect.LOGIN, id="AUTH with a mechanism"),
        pytest.param("AUTH", None, Effect.NONE, id="a bare AUTH only lists"),
        pytest.param("auth  ", None, Effect.NONE, id="AUTH and blanks only lists"),
        pytest.param("STLS", Turn.TLS, Effect.TLS, id="STLS"),
        pytest.param("STLS now", Turn.TLS, Effect.TLS, id="STLS with an argument"),
        pytest.param("XTND XMIT", Turn.DATA, Effect.XMIT, id="XTND XMIT"),
        pytest.param("XTND XLST From", None, Effect.NONE, id="XTND XLST"),
        pytest.param("USER bob", None, Effect.NAME, id="USER"),
        pytest.param("PASS", None, Effect.LOGIN, id="PASS"),
        pytest.param("APOP bob 0", None, Effect.LOGIN, id="APOP"),
        pytest.param("RPOP bob", None, Effect.LOGIN, id="RPOP"),
        pytest.param("QUIT now", None, Effect.QUIT, id="QUIT"),
        pytest.param("*", None, Effect.NONE, id="an asterisk outside AUTH is a verb"),
        pytest.param("FOO", None, Effect.NONE, id="an unknown verb"),
    ],
)
def test_some_commands_change_what_follows(line: str, turn: Turn | None, effect: Effect) -> None:
    command = parse_command(line.encode())

    assert (command.turn, command.effect) == (turn, effect)


@pytest.mark.parametrize(
    ("names", "states"),
    [
        pytest.param("USER", BEFORE, id="before login"),
        pytest.param("APOP AUTH STLS UTF8 XCLIENT XOIP", {State.AUTHORIZATION}, id="first"),
        pytest.param("PASS RPOP", {State.USER_GIVEN}, id="right behind USER"),
        pytest.param("STAT LIST RETR DELE NOOP RSET TOP UIDL LAST", AFTER, id="after login"),
        pytest.param("XTND XSENDER *ENV MSG MBOX", AFTER, id="vendors', after login"),
        pytest.param("CAPA LANG QUIT", BEFORE | AFTER, id="always"),
    ],
)
def test_each_command_knows_its_states(names: str, states: set[State]) -> None:
    assert {name: COMMANDS[name].states for name in names.split()} == dict.fromkeys(
        names.split(), frozenset(states)
    )


@pytest.mark.parametrize("spec", COMMANDS.values(), ids=lambda spec: spec.name)
def test_each_row_of_the_table_agrees_with_itself(spec: CommandSpec) -> None:
    optional = re.findall(r"\[[^\[\]]*(?:\[[^\]]*\])?[^\]]*\]", spec.syntax)
    needed = re.sub(r"\[.*\]", "", spec.syntax).split()

    assert spec.required == len(needed)
    assert bool(optional) or spec.shape is not Shape.BARE_LISTING
    assert spec.usage == f"{spec.name} {spec.syntax}".strip()
    assert spec.summary
    assert spec.reference
    assert parse_command(spec.usage.encode()).spec is spec


def test_a_command_without_its_arguments_is_bare() -> None:
    assert parse_command(b"XTND XLST From").bare
    assert not parse_command(b"XTND XLST From 1").bare
    assert parse_command(b"FOO").bare
    assert not parse_command(b"FOO 1").bare


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        pytest.param(b"a\r\n", b"a", id="CRLF"),
        pytest.param(b"a\n", b"a", id="LF"),
        pytest.param(b"a\r\r\n", b"a", id="CR CR LF"),
        pytest.param(b"a\r", b"a\r", id="a CR alone ends no line"),
        pytest.param(b"a\rb\r\n", b"a\rb", id="a CR inside is data"),
        pytest.param(b"a", b"a", id="no end"),
        pytest.param(b"\n", b"", id="only an end"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_a_line_loses_its_line_end(raw: bytes, line: bytes) -> None:
    assert line_of(raw) == line


@given(octets_of(Side.CLIENT) | st.binary())
def test_any_octets_are_a_command(raw: bytes) -> None:
    command = parse_command(raw)

    assert command.shape in Shape
    assert command.effect in Effect
    assert b" " not in b"".join(command.args)
    assert line_of(raw).endswith(command.rest)
