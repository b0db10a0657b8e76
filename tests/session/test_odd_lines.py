"""Whatever stands between the replies, each status line is paired with the command it answers.

Conversations are made by somebody who knows the truth: what is read must be that.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from cases.conversation import Step, byte_by_byte, expected, shown, steps, turns
from cases.reading import live, recorded
from dialogue import octets

ODD = st.sampled_from(
    r"""
+ERR no
-OK
OK
OK 2 300
 +OK
+OK2 300
-ERR5 no
ERR
+
-
+ go on
1 100
..
* OK
502 what is that
STAT
Subject: tea
<html>
DEBUG stat: 2
Notice: Undefined index in pop.php on line 7
\xef\xbb\xbf+OK""".splitlines()
)
"""Lines without a status, of which the first is empty."""
BODY = st.sampled_from(["", "Subject: tea", "five", "..5", "..", "+OK", "-ERR no", "OK", "1 100"])
COMMANDS = st.sampled_from(
    ["NOOP", "STAT", "LIST", "LIST 2", "UIDL", "UIDL 2", "RETR 1", "TOP 1 0", "DELE 1", "RSET"]
)
POSITIVE = {"STAT": "+OK 2 300", "LIST 2": "+OK 2 200", "UIDL 2": "+OK 2 q18"}
"""What is behind +OK where that is not for the server to choose."""
HAS_BODY = {"LIST", "UIDL", "RETR 1", "TOP 1 0"}
PROVES_A_LOGIN = {"STAT", "LIST", "UIDL", "RETR", "TOP", "DELE"}


@dataclass
class Asked:
    """A command, the odd lines that come in front of its reply, and the lines of that."""

    command: str
    odd: list[str]
    reply: list[str]
    number: int = 0

    @property
    def verb(self) -> str:
        return self.command.split(" ")[0]


@dataclass
class Truth:
    """Writes down who says what, and what it is."""

    state: str = "GREETING"
    lines: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    outstanding: deque[Asked] = field(default_factory=deque)
    number: int = 0
    farewell: bool = False

    def greet(self, banner: list[str], *, greeting: bool) -> None:
        for line in banner:
            self._write("0 banner", f"S: {line}")
        if greeting:
            self._write("0", "S: +OK ready")
            self._move("AUTHORIZATION")
        else:  # the client will take what it has for the greeting
            self._move("AUTHORIZATION inferred")

    def ask(self, asked: Asked) -> None:
        self.number = asked.number = self.number + 1
        self._write(f"{self.number} {'pipelined' * bool(self.outstanding)}", f"C: {asked.command}")
        self.outstanding.append(asked)

    def odd(self, line: str) -> None:
        note = f"{self.outstanding[0].number} no_status" if self.outstanding else "0 unasked"
        self._write(note, f"S: {line}")

    def reply(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Say the reply that is due; *meanwhile* somebody may speak between its lines."""
        asked = self.outstanding[0]
        status, *body = asked.reply
        self._write(f"{asked.number}", f"S: {status}")
        self._move(self._after(asked, ok=status.startswith("+OK")))
        for line in body:
            meanwhile()
            self._write(f"{asked.number} {'end' if line == '.' else 'body'}", f"S: {line}")
        self.outstanding.popleft()
        self.farewell = asked.verb == "QUIT"

    def settle(self) -> None:
        """Know that the odd line that came last is all the reply that there is."""
        self._without_reply(self.outstanding.popleft())

    def close(self) -> str:
        for asked in self.outstanding:
            self._without_reply(asked)
        ends = "C closes", "S closes", *self.facts, "= quit" if self.farewell else "= client_closed"
        return "\n".join((*self.lines, *ends))

    def _without_reply(self, asked: Asked) -> None:
        fact = (
            f"taken as answered by {octets(asked.odd[-1]).decode('latin-1')!r}"
            if asked.odd
            else "unanswered"
        )
        self.facts.append(f"= {asked.number} {asked.verb}: {fact}")
        self.farewell = asked.verb == "QUIT" and bool(asked.odd)

    def _write(self, note: str, said: str) -> None:
        self.lines.append(f"{note.strip()}  {said}")

    def _move(self, after: str) -> None:
        state = after.removesuffix(" inferred")
        if state != self.state:
            note, said = self.lines[-1].split("  ", 1)
            self.lines[-1] = f"{note} {after}  {said}"
            self.state = state

    def _after(self, asked: Asked, *, ok: bool) -> str:
        """Return the state that a reply leads to."""
        match asked.verb:
            case "USER" if self.state != "TRANSACTION":
                return "USER_GIVEN" if ok else "AUTHORIZATION"
            case "PASS":
                return "TRANSACTION" if ok else "AUTHORIZATION"
            case "QUIT" if self.state == "TRANSACTION":
                return "UPDATE"
            case verb if verb in PROVES_A_LOGIN and ok and self.state != "TRANSACTION":
                return "TRANSACTION inferred"
        return self.state


@st.composite
def commands(draw: st.DrawFn) -> list[Asked]:
    """Return what a client asks from its login on, each with a reply in due form."""
    asked = [Asked("USER kim", [], ["+OK"]), Asked("PASS tanstaaf", [], ["+OK in"])]
    for command in draw(st.lists(COMMANDS, max_size=8)):
        if draw(st.integers(0, 3)) == 0:
            reply = ["-ERR no"]
        elif command in HAS_BODY:
            reply = ["+OK", *draw(st.lists(BODY, max_size=3)), "."]
        else:
            reply = [POSITIVE.get(command, "+OK")]
        asked.append(Asked(command, [], reply))
    if draw(st.booleans()):
        asked.append(Asked("QUIT", [], ["+OK bye"]))
    for each in asked:
        each.odd = draw(st.lists(ODD, max_size=3))
    return asked


def greeted(draw: st.DrawFn) -> Truth:
    truth, banner = Truth(), draw(st.lists(ODD, max_size=3))
    truth.greet(banner, greeting=not banner or draw(st.booleans()))
    return truth


def lockstep(draw: st.DrawFn, truth: Truth, asked: list[Asked]) -> None:
    """Let a client wait for each reply; it takes an odd line for one where nothing else comes."""
    for each in asked:
        truth.ask(each)
        for line in each.odd:
            truth.odd(line)
        if each.odd and draw(st.integers(0, 2)) == 0:
            truth.settle()
            continue
        truth.reply()
        for line in draw(st.lists(ODD, max_size=1)):
            truth.odd(line)


def pipelined(draw: st.DrawFn, truth: Truth, asked: list[Asked]) -> None:
    """Let a client speak whenever it likes, but two commands at once before any reply."""
    to_ask = deque(asked)

    def ask_more() -> None:
        while to_ask and (not truth.outstanding or draw(st.integers(0, 2)) == 0):
            truth.ask(to_ask.popleft())

    for each in (to_ask.popleft(), to_ask.popleft()):
        truth.ask(each)
    while truth.outstanding:
        for line in truth.outstanding[0].odd:
            truth.odd(line)
            ask_more()
        truth.reply(ask_more)
        ask_more()


@st.composite
def patient(draw: st.DrawFn) -> str:
    truth = greeted(draw)
    lockstep(draw, truth, draw(commands()))
    return truth.close()


@st.composite
def hasty(draw: st.DrawFn) -> str:
    """Return the talk of a client that may wait at first, and then speaks ahead."""
    truth, asked = greeted(draw), draw(commands())
    at = draw(st.integers(0, len(asked) - 2))
    lockstep(draw, truth, asked[:at])
    pipelined(draw, truth, asked[at:])
    return truth.close()


@st.composite
def given_up(draw: st.DrawFn) -> str:
    """Return the talk of a client whose last command gets no status line, and maybe nothing."""
    truth, (*asked, last) = greeted(draw), draw(commands())
    if draw(st.booleans()) and len(asked) > 1:
        pipelined(draw, truth, asked)
    else:
        lockstep(draw, truth, asked)
    truth.ask(last)
    for line in last.odd:
        truth.odd(line)
    return truth.close()


Cut = Callable[[Iterable[Step]], Iterable[Step]]
a_talk = patient() | hasty() | given_up()
a_cut: st.SearchStrategy[Cut] = st.sampled_from([list, byte_by_byte, turns])


@given(a_talk, a_cut)
def test_every_status_line_answers_its_command(talk: str, cut: Cut) -> None:
    assert shown(talk, live(cut(steps(talk)))) == expected(talk)


@given(a_talk, a_cut)
def test_so_it_does_in_a_recording(talk: str, cut: Cut) -> None:
    assert shown(talk, recorded(cut(steps(talk)))) == expected(talk)
