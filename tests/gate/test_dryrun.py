"""A dry run: what the client hears of its DELE, and what the server hears."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.talking import C, S, Said, Talk, octet_by_octet
from pop3spy.gate.acts import End
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faulttext import read_rewrite
from pop3spy.protocol.line_buffer import LINE

START: list[Said] = [
    (S, b"+OK ready\r\n"),
    (C, b"USER bob\r\nPASS secret\r\n"),
    (S, b"+OK\r\n+OK\r\n"),
]
SIZES = {1: 120, 2: 200, 3: 80}


class Server:
    """Answers as a server with three messages does that hears no DELE."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk.say(START)
        self._known = len(talk.heard[S])
        self._told = len(talk.heard[C])

    def ask(self, *lines: bytes) -> bytes:
        """Let the client say *lines* at once; return all that it hears."""
        self.talk.say([(C, b"".join(line + b"\r\n" for line in lines))])
        while (new := self.talk.heard[S][self._known :]) and not self.talk.ended:
            self._known += len(new)
            for line in new.splitlines():
                self.talk.say(octet_by_octet([(S, self._answer(*line.split()))]))
        heard = self.talk.heard[C][self._told :]
        self._told += len(heard)
        return heard

    def _answer(self, verb: bytes, number: bytes = b"", *_: bytes) -> bytes:
        assert b"DELE" not in verb.upper()
        wanted = int(number) if number.isdigit() else 0
        if number and wanted not in SIZES:
            return b"-ERR no such message\r\n"
        match verb, wanted:
            case b"STAT", _:
                return b"+OK %d %d\r\n" % (len(SIZES), sum(SIZES.values()))
            case b"LIST", 0:
                return (
                    b"+OK 3 messages\r\n"
                    + b"".join(b"%d %d\r\n" % x for x in SIZES.items())
                    + b".\r\n"
                )
            case b"LIST", _:
                return b"+OK %d %d\r\n" % (wanted, SIZES[wanted])
            case b"UIDL", 0:
                return b"+OK\r\n" + b"".join(b"%d uid-%d\r\n" % (x, x) for x in SIZES) + b".\r\n"
            case b"UIDL", _:
                return b"+OK %d uid-%d\r\n" % (wanted, wanted)
            case ((b"RETR" | b"TOP"), _):
                return b"+OK\r\nmail\r\n.\r\n"
        return b"+OK\r\n"


@pytest.fixture
def server() -> Server:
    return Server(Talk([DryRun()]))


def test_a_whole_session(server: Server) -> None:
    for line, heard in [
        (b"DELE 2", b"+OK message 2 deleted\r\n"),
        (b"dele 2", b"-ERR message 2 is deleted\r\n"),
        (b"DELE 9", b"-ERR no such message\r\n"),
        (b"DELE 9", b"-ERR no such message\r\n"),
        (b"RETR 2", b"-ERR message 2 is deleted\r\n"),
        (b"TOP 2 0", b"-ERR message 2 is deleted\r\n"),
        (b"LIST 2", b"-ERR message 2 is deleted\r\n"),
        (b"UIDL 2", b"-ERR message 2 is deleted\r\n"),
        (b"RETR 1", b"+OK\r\nmail\r\n.\r\n"),
        (b"LIST 3", b"+OK 3 80\r\n"),
        (b"STAT", b"+OK 2 200\r\n"),
        (b"LIST", b"+OK\r\n1 120\r\n3 80\r\n.\r\n"),
        (b"UIDL", b"+OK\r\n1 uid-1\r\n3 uid-3\r\n.\r\n"),
        (b"DELE 1", b"+OK message 1 deleted\r\n"),
        (b"STAT", b"+OK 1 80\r\n"),
        (b"RSET", b"+OK\r\n"),
        (b"STAT", b"+OK 3 400\r\n"),
        (b"LIST 2", b"+OK 2 200\r\n"),
        (b"DELE 2", b"+OK message 2 deleted\r\n"),
        (b"QUIT", b"+OK\r\n"),
    ]:
        assert server.ask(line) == heard, line
    assert b"DELE" not in server.talk.heard[S]


def test_a_pipelined_session_hears_the_same(server: Server) -> None:
    lines = [b"STAT", b"DELE 2", b"STAT", b"RSET", b"LIST 2", b"DELE 1", b"LIST"]
    assert server.ask(*lines) == (
        b"+OK 3 400\r\n+OK message 2 deleted\r\n+OK 2 200\r\n+OK\r\n+OK 2 200\r\n"
        b"+OK message 1 deleted\r\n+OK\r\n2 200\r\n3 80\r\n.\r\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        b"DELE",
        b"DELE x",
        b"DELE 1 2",
        b" DELE 1",
        b"\0dele 1",
        b"DELETE 1",
        b"DELE -1",
        b"DELE\t",
        b"NOOP\rDELE 1",
    ],
)
def test_what_a_lenient_server_might_take_for_a_dele_is_refused(
    line: bytes, server: Server
) -> None:
    assert server.ask(line).startswith(b"-ERR ")
    assert b"DELE" not in server.talk.heard[S].upper()


@pytest.mark.parametrize("begun", [0, 1, 3, 4, 6])
def test_an_overlong_dele_goes_nowhere_wherever_it_stands(begun: int, server: Server) -> None:
    line = b" " * (LINE - begun) + b"DELE 1" + b" " * 4000
    assert server.ask(line).startswith(b"-ERR ")
    assert server.ask(b"DELE 1" + line).startswith(b"-ERR ")
    assert server.talk.heard[S] == b"USER bob\r\nPASS secret\r\n"


@pytest.mark.parametrize("piece", [b"\r", b"1\r", b" ", b"D", b"\rDEL"])
@pytest.mark.parametrize("end", [b"", b"\r\n"], ids=["overlong", "whole"])
def test_no_line_of_a_client_takes_long_to_judge(piece: bytes, end: bytes) -> None:
    """Every other session would wait for it."""
    line = piece * ((LINE - 2) // len(piece)) + (end or piece * 2)
    began = time.process_time()
    Talk([DryRun()]).say([(S, b"+OK\r\n"), (C, line)])
    assert time.process_time() - began < 0.5


def test_a_rewrite_into_dele_goes_nowhere_either() -> None:
    server = Server(Talk([read_rewrite("client s/NOOP/DELE 1/"), DryRun()]))
    assert server.ask(b"NOOP") == b"+OK message 1 deleted\r\n"


def test_tls_in_which_a_dele_could_hide_is_refused() -> None:
    talk = Talk([DryRun()]).say([(S, b"+OK ready\r\n"), (C, b"STLS\r\n")])
    assert talk.heard[C] == b"+OK ready\r\n-ERR no TLS in a dry run\r\n"
    unasked = Talk([DryRun()]).say([(S, b"+OK ready\r\n"), (C, b"\x16\x03\x01\x00\x05hello")])
    assert (unasked.ended, unasked.heard[S]) == (End.CLOSE, b"")


def test_a_message_of_which_a_dele_could_seem_a_line_is_refused() -> None:
    greeted = [(S, b"+OK ready\r\n+OK out of turn\r\n")]
    talk = Talk([DryRun()]).say([(C, b"XTND XMIT\r\nDELE 1\r\n"), *greeted])
    assert b"DELE" not in talk.heard[S]
    assert b"-ERR no XTND XMIT in a dry run\r\n" in talk.heard[C]


def test_a_session_without_a_dele_is_not_touched() -> None:
    plain, dry = Server(Talk([])), Server(Talk([DryRun()]))
    for line in (b"STAT", b"LIST", b"UIDL", b"RETR 1", b"RSET", b"QUIT"):
        assert plain.ask(line) == dry.ask(line)
    assert not dry.talk.acts


@pytest.mark.parametrize(
    ("asked", "replied", "heard"),
    [
        (b"STAT\r\n", b"+OK 3 400\r\n", b"+OK message 2 deleted\r\n"),
        (b"RETR 2\r\n", b"+OK\r\nmail\r\n.\r\n", b"+OK message 2 deleted\r\n"),
        (b"LIST\r\n", b"+OK\r\n2 200\r\n.\r\n", b"+OK message 2 deleted\r\n"),
        (b"LIST\r\n", b"+OK\r\n3 200\r\n.\r\n", b"-ERR this is not for you\r\n"),
        (b"STAT\r\n", b"+OK 1 40\r\n", b"-ERR this is not for you\r\n"),
        (b"NOOP\r\n", b"+OK\r\n", b"-ERR this is not for you\r\n"),
    ],
)
def test_a_server_that_lists_no_single_message_is_believed_by_what_it_said_before(
    asked: bytes, replied: bytes, heard: bytes
) -> None:
    talk = Talk([DryRun()]).say([*START, (C, asked), (S, replied), (C, b"DELE 2\r\n")])
    before = len(talk.heard[C])
    talk.say([(S, b"-ERR this is not for you\r\n")])
    assert talk.heard[C][before:] == heard


def test_the_size_of_a_message_is_known_from_any_listing() -> None:
    talk = Talk([DryRun()]).say([*START, (C, b"LIST\r\n"), (S, b"+OK\r\n1 120\r\n2 200\r\n.\r\n")])
    talk.say([(C, b"DELE 2\r\n"), (S, b"-ERR not one by one\r\n"), (C, b"STAT\r\n")])
    before = len(talk.heard[C])
    talk.say([(S, b"+OK 2 320\r\n")])
    assert talk.heard[C][before:] == b"+OK 1 120\r\n"


def test_a_server_that_lists_everything_where_one_was_asked_for_is_swallowed() -> None:
    talk = Talk([DryRun()]).say([*START, (C, b"DELE 2\r\n")])
    before = len(talk.heard[C])
    talk.say(octet_by_octet([(S, b"+OK here\r\n1 120\r\n2 200\r\n.\r\n")]))
    talk.say([(C, b"NOOP\r\n"), (S, b"+OK\r\n")])
    assert talk.heard[C][before:] == b"+OK message 2 deleted\r\n+OK\r\n"


commands = st.sampled_from(
    [b"DELE %d" % n for n in range(5)] + [b"RETR 1", b"LIST", b"LIST 2", b"STAT", b"RSET", b"UIDL"]
)


@given(st.lists(commands, max_size=12))
def test_what_a_client_hears_does_not_depend_on_pipelining(lines: list[bytes]) -> None:
    """But for the words of a refusal; that answers keep their place is the guard's business."""
    one, other = Server(Talk([DryRun()])), Server(Talk([DryRun()]))
    in_turn, at_once = b"".join(map(one.ask, lines)), other.ask(*lines)
    assert sorted(shortened(in_turn)) == sorted(shortened(at_once))
    assert b"DELE" not in one.talk.heard[S] + other.talk.heard[S]


def shortened(replies: bytes) -> list[bytes]:
    return [line[:4] if line.startswith(b"-ERR") else line for line in replies.splitlines()]
