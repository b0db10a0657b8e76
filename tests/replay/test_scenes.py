"""The recorded sessions of one user are one maildrop, for clients that connect more than once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.errors import CaptureError
from pop3spy.protocol.states import State
from pop3spy.replay import user_sessions
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.replay.user_sessions import read_user_sessions
from pop3spy.session.how import How
from pop3spy.session.tape import Began, Item
from replay.asking import Client, talk
from replay.tapes import CLIENT, LOGGED_IN, tape

LIST = "C: LIST\nS: +OK\nS| 1 10\nS| 2 20\nS| ."
UIDL = "C: UIDL\nS: +OK\nS| 1 a\nS| 2 b\nS| ."
ONE = "C: RETR 1\nS: +OK 10 octets\nS| one\nS| ."
TWO = "C: RETR 2\nS: +OK 20 octets\nS| two\nS| ."
QUIT = "C: QUIT\nS: +OK bye"


def recorded(text: str, number: int = 1) -> list[Item]:
    """Return a session that its client ended, with QUIT or without."""
    return tape(text, How.QUIT if "C: QUIT" in text else How.CLIENT_CLOSED, session=number)


def scripts(*texts: str) -> tuple[Script, ...]:
    """Return the sessions of bob, who did this behind each login."""
    logged_in = (f"{cleandoc(LOGGED_IN)}\n{text}" for text in texts)
    tapes = (recorded(text, number) for number, text in enumerate(logged_in, 1))
    return read_user_sessions(chain.from_iterable(tapes)).scripts


def said(*parts: str) -> str:
    return "\n".join(parts)


def visit(stand_in: StandIn, *parts: str) -> None:
    """Log in, expect all of this, and be gone."""
    client = Client(stand_in).login()
    talk(client, "\n".join(parts).replace("S|", "S:"))
    client.responder.end()


@pytest.mark.parametrize("strict", [False, True])
def test_a_client_that_lists_in_one_connection_and_retrieves_in_another_gets_its_mail(
    *, strict: bool
) -> None:
    stand_in = StandIn(*scripts(said(LIST, QUIT), said(ONE, TWO, QUIT)), strict=strict)
    for _ in range(2):
        visit(stand_in, LIST)
        visit(stand_in, ONE, TWO)
    visit(stand_in, TWO, LIST, ONE)


GROWN = "C: UIDL\nS: +OK\nS| 1 a\nS| 2 b\nS| 3 c\nS| ."
THREE = "C: RETR 3\nS: +OK\nS| three\nS| ."
SHRUNK = "C: UIDL\nS: +OK\nS| 1 b\nS| ."


def test_new_mail_comes_when_it_came() -> None:
    """The messages that were retrieved before are there still, though not asked for again."""
    stand_in = StandIn(*scripts(said(UIDL, ONE, TWO, QUIT), said(GROWN, THREE, QUIT)))
    visit(stand_in, UIDL, ONE, "C: RETR 3\nS: -ERR this was not recorded")
    for _ in range(2):
        visit(stand_in, GROWN, THREE, TWO, ONE)


DELE = "C: DELE 1\nS: +OK"
WAYS = {
    "by their unique-ids": (said(UIDL, ONE, TWO, DELE, QUIT), SHRUNK),
    "by their content": (said(ONE, TWO, DELE, QUIT), said(TWO.replace("RETR 2", "RETR 1"))),
    "by their place": (said(LIST, ONE, TWO, DELE, QUIT), "C: LIST\nS: +OK\nS| 1 20\nS| ."),
}
LEFT = "C: RETR 1\nS: +OK 20 octets\nS| two\nS| ."


@pytest.mark.parametrize("way", WAYS)
def test_what_is_deleted_with_quit_is_gone_at_the_next_login(way: str) -> None:
    """The others have other numbers then, and are found again."""
    before, after = WAYS[way]
    stand_in = StandIn(*scripts(before, said(after, QUIT)))
    visit(stand_in, ONE, TWO, "C: QUIT\nS: +OK bye\nS!")
    visit(stand_in, DELE)
    visit(stand_in, ONE, DELE, "C: QUIT\nS: +OK bye\nS!")
    for _ in range(2):
        visit(stand_in, after, LEFT)


def test_one_is_not_taken_for_another_at_its_place() -> None:
    """A stranger deleted the first message, and nobody has seen what stands there now."""
    other = "C: LIST\nS: +OK\nS| 1 20\nS| 2 30\nS| ."
    stand_in = StandIn(*scripts(said(LIST, ONE, QUIT), said(other, QUIT)))
    visit(stand_in, LIST, ONE, "C: QUIT\nS: +OK bye\nS!")
    visit(stand_in, other, "C: RETR 1\nS: -ERR this was not recorded")


def test_what_one_session_listed_is_known_in_the_others() -> None:
    sizes = "C: LIST\nS: +OK\nS| 1 10\nS| 2 20\nS| 3 30\nS| ."
    stand_in = StandIn(*scripts(said(UIDL, QUIT), said(sizes, QUIT), said(GROWN, QUIT)))
    visit(stand_in, UIDL, "C: LIST 2\nS: +OK 2 20", "C: QUIT\nS: +OK bye\nS!")
    visit(stand_in, sizes, GROWN)


def test_copies_are_told_apart_by_their_order() -> None:
    copies = "C: UIDL\nS: +OK\nS| 1 a\nS| 2 a\nS| ."
    more = "C: UIDL\nS: +OK\nS| 1 a\nS| 2 a\nS| 3 b\nS| ."
    stand_in = StandIn(*scripts(said(copies, ONE, TWO, QUIT), said(more, QUIT)))
    visit(stand_in, copies, "C: QUIT\nS: +OK bye\nS!")
    visit(stand_in, more, TWO, ONE)


def test_what_was_only_marked_is_not_gone() -> None:
    marked = said(ONE, DELE, "C: RETR 1\nS: -ERR it is marked")
    stand_in = StandIn(*scripts(marked, said(ONE, TWO, QUIT)))
    visit(stand_in, ONE, TWO, DELE, "C: RETR 1\nS: -ERR it is marked")
    visit(stand_in, ONE)


def test_mechanisms_of_every_session_are_offered() -> None:
    capable = "S: +OK\nC: CAPA\nS: +OK\nS| SASL PLAIN GSSAPI\nS| .\n"
    first = f"{capable}C: USER bob\nS: +OK\nC: PASS x\nS: +OK\n{QUIT}"
    second = f"S: +OK\nC: AUTH GSSAPI eA==\nS: +OK\n{QUIT}"
    tapes = [tape(text, session=number) for number, text in ((1, first), (2, second))]
    read = [read_user_sessions(iter(each)).scripts[0] for each in tapes]
    assert b"GSSAPI" not in Client(StandIn(read[0])).send(b"CAPA")
    assert b"GSSAPI" in Client(StandIn(*read)).send(b"CAPA")


# -- whatever happened ---------------------------------------------------------------------------


@dataclass
class Office:
    """A server of which sessions are made up; a message is a word, and its unique-id another."""

    messages: list[int]
    newest: int
    wire: list[str] = field(default_factory=list)

    def listing(self, verb: str, marked: set[int]) -> Iterator[str]:
        yield f"C: {verb}"
        yield "S: +OK"
        for number, message in enumerate(self.messages, 1):
            if number not in marked:
                told = f"id-{message}" if verb == "UIDL" else 10 + message
                yield f"S| {number} {told}"
        yield "S| ."

    def session(self, asked: list[str], new: int) -> str:
        """Return the conversation, let new mail come behind it, and delete what it deleted."""
        lines: list[str] = []
        marked: set[int] = set()
        for verb in asked:
            word, _, argument = verb.partition(" ")
            number = int(argument or 0)
            if word in ("LIST", "UIDL"):
                lines += self.listing(word, marked)
            elif word == "QUIT":
                lines += ["C: QUIT", "S: +OK"]
                kept = enumerate(self.messages, 1)
                self.messages = [each for place, each in kept if place not in marked]
                break
            elif 0 < number <= len(self.messages) and number not in marked:
                lines += [f"C: {verb}", "S: +OK"]
                if word == "RETR":
                    lines += [f"S| text {self.messages[number - 1]}", "S| ."]
                else:
                    marked.add(number)
        for _ in range(new):
            self.newest += 1
            self.messages.append(self.newest)
        return "\n".join(lines)


asking = st.lists(
    st.sampled_from(["LIST", "UIDL", "QUIT"])
    | st.builds("{} {}".format, st.sampled_from(["RETR", "DELE", "RETR"]), st.integers(1, 4)),
    max_size=7,
)


@given(
    st.integers(0, 3),
    st.lists(st.tuples(asking, st.integers(0, 2)), min_size=1, max_size=5),
    st.booleans(),
)
def test_clients_that_do_the_same_again_get_the_same(
    first: int,
    sessions: list[tuple[list[str], int]],
    strict: bool,  # noqa: FBT001 - drawn
) -> None:
    office = Office(list(range(1, first + 1)), first)
    read = scripts(*(office.session(*each) for each in sessions))
    stand_in = StandIn(*read, strict=strict)
    for script in read:
        client = Client(stand_in)
        for step in script.steps:
            assert step.reply
            assert client.send(step.line) == step.reply.raw
        client.responder.end()


@given(st.integers(0, 3), st.lists(st.tuples(asking, st.integers(0, 2)), min_size=1, max_size=5))
def test_no_client_gets_another_message_than_it_sees_listed(
    first: int, sessions: list[tuple[list[str], int]]
) -> None:
    """Where ids tell which message is which, a number has the text that belongs to its id."""
    office = Office(list(range(1, first + 1)), first)
    texts = (office.session(["UIDL", *asked], new) for asked, new in sessions)
    stand_in = StandIn(*scripts(*texts))
    for _ in range(len(sessions) + 1):
        client = Client(stand_in).login()
        lines = client.send(b"UIDL").splitlines()[1:-1]
        for number, unique_id in (line.split() for line in lines):
            got = client.send(b"RETR " + number)
            assert got.startswith(b"-ERR") or got.split()[2] == unique_id.removeprefix(b"id-")
        client.send(b"QUIT")


# -- which sessions they are ---------------------------------------------------------------------

ALICE = cleandoc(LOGGED_IN).replace("bob", "alice")
NOBODY = "S: +OK\nC: CAPA\nS: -ERR"
REFUSED = "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR"
BOB = f"{cleandoc(LOGGED_IN)}\n{LIST}"


@pytest.mark.parametrize(
    ("sessions", "played"),
    [
        ([BOB, ALICE, BOB], [1, 3]),
        ([ALICE, BOB, BOB, ALICE], [1, 4]),
        ([NOBODY, REFUSED, BOB, NOBODY, BOB], [3, 5]),
        ([NOBODY, NOBODY], [1]),
        (["S: +OK", REFUSED, NOBODY], [2]),
        ([REFUSED, "S: +OK"], [1]),
        ([BOB.replace("bob", "user-1"), BOB.replace("bob", "user-2")], [1]),
        (["S: +OK\nC: AUTH GSSAPI\nS: +OK", BOB, BOB], [1]),
    ],
)
@pytest.mark.parametrize("interleaved", [False, True])
def test_they_are_those_of_who_logged_in_first(
    sessions: list[str], played: list[int], *, interleaved: bool
) -> None:
    tapes = [tape(text, session=number) for number, text in enumerate(sessions, 1)]
    items: list[Item] = list(chain(*tapes))
    if interleaved and len(set(map(len, sessions))) == 1:
        items = list(chain(*zip(*tapes, strict=True)))
    read = read_user_sessions(iter(items))
    assert [script.session for script in read.scripts] == played
    assert read.asked == sum("C:" in each for each in sessions)


def test_another_server_has_another_maildrop() -> None:
    other = [Began(2, 0.0, CLIENT, CLIENT), *tape(BOB, session=2)[1:]]
    read = read_user_sessions(chain(tape(BOB), other))
    assert [script.session for script in read.scripts] == [1]


def test_what_is_wrong_harms_no_session_before_it() -> None:
    def broken(*texts: str) -> Iterator[Item]:
        for number, text in enumerate(texts, 1):
            yield from tape(text, session=number)
        yield from tape(BOB, session=9)[:-1]
        raise CaptureError("line 7: nonsense")

    read = read_user_sessions(broken(BOB, BOB))
    assert ([each.session for each in read.scripts], read.trouble) == ([1, 2], "line 7: nonsense")
    with pytest.raises(CaptureError, match="nonsense"):
        read_user_sessions(broken())


def test_sessions_beyond_what_is_kept_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_sessions, "MOST", 400)
    long = f"{cleandoc(LOGGED_IN)}\nC: RETR 1\nS: +OK\nS| {'x' * 200}\nS| ."
    tapes = [tape(text, session=number) for number, text in enumerate([BOB, long, long, BOB], 1)]
    read = read_user_sessions(chain(*tapes))
    assert ([each.session for each in read.scripts], read.left_out) == ([1, 2], 2)
    with pytest.raises(CaptureError, match="session 1 holds more than"):
        read_user_sessions(iter(tape(long.replace("x", "xx"))))


def test_a_server_that_counts_more_than_there_can_be_costs_no_time() -> None:
    many = "C: STAT\nS: +OK 99999999999 5"
    stand_in = StandIn(*scripts(said(many, QUIT), said(many, ONE, QUIT), said(LIST, QUIT)))
    visit(stand_in, many, ONE, "C: UIDL\nS: -ERR this was not recorded")


def test_a_state_is_no_other_because_there_are_several() -> None:
    """Each session of a scene begins before its login."""
    (first, second) = scripts(said(LIST, QUIT), said(ONE, QUIT))
    assert {step.state for step in (*first.steps[:2], *second.steps[:2])} == {State.AUTHORIZATION}
    assert Client(StandIn(first, second)).send(b"RETR 1").startswith(b"-ERR")


def test_a_server_that_hung_up_in_one_session_does_so_again() -> None:
    """Each client has a session of its own in turn, and what went well in another as well."""
    broken = tape(f"{cleandoc(LOGGED_IN)}\nC: RETR 2\nS: +OK\nS| half", How.SERVER_CLOSED)
    whole = recorded(said(BOB, TWO, QUIT), 2)
    stand_in = StandIn(*read_user_sessions(chain(broken, whole)).scripts)
    for _ in range(2):
        client = Client(stand_in).login()
        assert client.send(b"RETR 2") == b"+OK\r\nhalf\r\n"
        assert client.closed
        client.responder.end()
        visit(stand_in, LIST, TWO)
