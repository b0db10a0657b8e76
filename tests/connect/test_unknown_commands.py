"""Commands that nobody knows, typed by a person: shown, unless they may be a password."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from connect.by_hand import LOGIN, PASSWORD, to_office, to_responder
from net.responders import Scripted
from pop3spy.capture.reader import CaptureReader
from pop3spy.connect.console import Console
from pop3spy.console.input_mask import hidden_from
from pop3spy.console.view import View
from pop3spy.protocol.commands import Command
from pop3spy.session.playback import play_back
from pop3spy.session.responder import Answer

HIDDEN = "C: ████████"

BEFORE = {
    "at first": (),
    "logged in": LOGIN,
    "logged in by the console": (":login", "demo", "demo"),
    "behind a login that was refused, and CAPA": ("USER demo", "PASS nope!", "CAPA"),
}


class Echo(Scripted):
    """A server that repeats each command that it does not know."""

    def answer(self, command: Command) -> Answer:
        if command.verb in self.replies:
            return super().answer(command)
        return Answer(b" ".join([b"-ERR unknown", command.verb.encode("latin-1"), *command.args]))


@pytest.mark.parametrize("before", BEFORE)
async def test_a_command_and_its_reply_are_shown(before: str) -> None:
    shown = await to_office(*BEFORE[before], "XFOO barrel 7", "xfoo")
    assert shown.behind("C: XFOO barrel 7")[0] == "S: -ERR unknown command"
    assert "C: xfoo" in shown.rows
    echoing = await to_responder(lambda: Echo({}), "XFOO barrel 7")
    assert echoing.behind("C: XFOO barrel 7")[0] == "S: -ERR unknown XFOO barrel 7"


@pytest.mark.parametrize("before", BEFORE)
async def test_hide_unknown_hides_it_in_all_states(before: str) -> None:
    shown = await to_office(*BEFORE[before], "XFOO barrel 7", hide_unknown=True)
    assert HIDDEN in shown.rows
    assert "XFOO" not in shown.text
    echoing = await to_responder(lambda: Echo({}), "XFOO barrel", hide_unknown=True)
    assert echoing.behind(HIDDEN)[0] == "S: -ERR unknown ████████"


SURPLUS = ["CAPA x", "NOOP x", "STAT 1", "QUIT x y"]


@pytest.mark.parametrize("said", SURPLUS)
async def test_words_that_a_command_does_not_take_are_shown(said: str) -> None:
    shown = await to_office(said)
    assert f"C: {said}" in shown.rows
    assert "secret-in-command" not in shown.text
    hidden = await to_office(said, hide_unknown=True)
    assert f"C: {said.split(maxsplit=1)[0]} ████████" in hidden.rows


def judging(lines: tuple[str, ...], seen: list[int | None]) -> Callable[[Console], None]:
    """Return what notes from where on each of *lines* is hidden while it is typed."""

    def then(console: Console) -> None:
        seen.extend(hidden_from(line, console.state, judge=console.hidden_of) for line in lines)

    return then


async def test_they_can_be_seen_while_they_are_typed_unless_a_password_is_due() -> None:
    lines = ("CAPA x", "STAT 1", "USER demo x", "CAPA password=x")
    seen: list[int | None] = []
    await to_office("CAPA", then=judging(lines, seen))
    assert seen == [None, None, 10, 5]
    seen = []
    await to_office("USER demo", then=judging(lines, seen))
    assert seen == [5, 5, 10, 5]


DUE = {
    "behind USER, with a command before it": ("USER demo", "CAPA " + PASSWORD),
    "behind a PASS that was refused, with one": ("USER demo", "PASS nope!", "STAT " + PASSWORD),
    "known, behind one": ("USER demo", "PASS " + PASSWORD, ":reconnect", "STAT " + PASSWORD),
    "kept behind USER, with one": (":pipeline", "USER demo", "NOOP " + PASSWORD, ":go"),
    "behind USER": ("USER demo", PASSWORD),
    "behind USER, with a word before it": ("USER demo", "XFOO " + PASSWORD),
    "behind a PASS that was refused": ("USER demo", "PASS nope!", PASSWORD),
    "behind a login of the console's that was refused": (":login", "demo", "nope!", PASSWORD),
    "inside AUTH": ("AUTH PLAIN", PASSWORD, PASSWORD),
    "behind AUTH that was given up": ("AUTH PLAIN", "*", PASSWORD),
    "known": ("USER demo", "PASS " + PASSWORD, "CAPA", PASSWORD, "XFOO " + PASSWORD),
    "known, in the next session": ("USER demo", "PASS " + PASSWORD, ":reconnect", PASSWORD),
    "known to the console alone": (":apop", "demo", PASSWORD, "CAPA", PASSWORD),
    "kept behind USER": (":pipeline", "USER demo", PASSWORD, ":go"),
    "sent behind USER": ("USER demo", f":send {PASSWORD}\\r\\n"),
    "sent with USER": (f":send USER demo\\r\\n{PASSWORD}\\r\\n",),
    "split behind USER": ("USER demo", f":split 3 {PASSWORD}"),
    "as octets behind USER": ("USER demo", f":hex {PASSWORD.encode().hex()}0d0a"),
    "mistyped": ("PAS " + PASSWORD, "LOGIN demo " + PASSWORD, "PASS" + PASSWORD),
    "as IMAP has it": ("a1 LOGIN demo " + PASSWORD,),
}


@pytest.mark.parametrize("due", DUE)
async def test_a_password_that_was_due_or_is_known_is_not_shown(due: str) -> None:
    shown = await to_office(*DUE[due], "QUIT")
    assert PASSWORD not in shown.text
    assert not [line for line in shown.remembered if PASSWORD in line]
    assert shown.text.count("████████") >= 1
    echoing = await to_responder(lambda: Echo({"USER": Answer(b"+OK")}), *DUE[due])
    assert PASSWORD.upper() not in echoing.text.upper()


async def test_a_known_secret_is_hidden_from_its_beginning_on_while_it_is_typed() -> None:
    seen: list[object] = []

    def then(console: Console) -> None:
        seen.extend(console.hidden_of(line) for line in (b"tans", b"XFOO tanstaaf-H", b"XFOO"))

    await to_office("USER demo", f"PASS {PASSWORD}", "CAPA", then=then)
    assert seen == [((0, 4),), ((5, 15),), ()]


@pytest.mark.parametrize("prompt", [b"+OK give me your password", b"-ERR password required"])
async def test_it_is_not_shown_where_a_server_asks_in_its_own_way(prompt: bytes) -> None:
    shown = await to_responder(lambda: Echo({"XHELLO": Answer(prompt)}), "XHELLO", PASSWORD)
    assert shown.behind("C: XHELLO")[0] == f"S: {prompt.decode()}"
    assert PASSWORD.upper() not in shown.text.upper()


async def test_a_command_that_nobody_knows_is_remembered_if_it_was_taken() -> None:
    responder = lambda: Scripted({"XTAKEN": Answer(b"+OK")})  # noqa: E731
    lines = ("XTAKEN bar", "XREFUSED bar", PASSWORD, ":send XREFUSED\\r\\n", "NOOP")
    shown = await to_responder(responder, *lines)
    assert shown.remembered == ["XTAKEN bar", "NOOP"]


async def test_a_recording_shows_what_was_shown(tmp_path: Path) -> None:
    path = tmp_path / "session.yaml"
    lines = ("XFOO bar", "USER demo", "XFOO secret", "PASS demo", "EHLO x", "XBAR demo 2", "QUIT")
    shown = await to_office(f":record {path}", *lines)
    view = View()
    with io.StringIO(path.read_text("utf-8")) as stream:
        play_back(CaptureReader(stream, "session"), lambda _: view)
    again = [row.painted(colour=False) for row in view.take()]
    said = [row for row in shown.rows if row.startswith(("C:", "S:", "S|"))]
    assert [row for row in again if row.startswith(("C:", "S:", "S|"))] == said
    assert [row for row in said if row.startswith("C:")] == [
        *("C: XFOO bar", "C: USER demo", HIDDEN, "C: PASS ████████", "C: EHLO x"),
        *("C: XBAR ████████ 2", "C: QUIT"),
    ]
