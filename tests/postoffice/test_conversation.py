"""What the post office answers, command by command."""

import base64
import hashlib

import pytest

from pop3spy.postoffice import Account, PostOffice
from pop3spy.protocol.commands import COMMANDS, parse_command
from pop3spy.protocol.replies import timestamp_of
from postoffice.speaking import FIRST, SECOND, TIMESTAMP, Client, office, talk

LOGIN = "C: USER demo\nS: +OK now the password\nC: PASS demo\nS: +OK maildrop has {}\n"
TWO = LOGIN.format("2 messages (153 octets)")


def plain(message: bytes) -> str:
    return base64.b64encode(message).decode()


SESSION = f"""
{TWO}
C: STAT
S: +OK 2 153
C: LIST
S: +OK 2 messages (153 octets)
S: 1 35
S: 2 118
S: .
C: LIST 2
S: +OK 2 118
C: UIDL
S: +OK unique-ids follow
S: 1 id-1
S: 2 id-2
S: .
C: UIDL 2
S: +OK 2 id-2
C: NOOP
S: +OK
C: RETR 1
S: +OK 35 octets
S: Subject: one
S:
S: ..
S: I sing of arms
S: .
C: TOP 1 0
S: +OK top of message follows
S: Subject: one
S:
S: .
C: TOP 1 1
S: +OK top of message follows
S: Subject: one
S:
S: ..
S: .
C: QUIT
S: +OK good bye (2 messages left)
"""

DELETIONS = f"""
{TWO}
C: DELE 1
S: +OK message 1 deleted
C: DELE 1
S: -ERR message 1 already deleted
C: RETR 1
S: -ERR message 1 already deleted
C: TOP 1 0
S: -ERR message 1 already deleted
C: LIST 1
S: -ERR message 1 already deleted
C: UIDL 1
S: -ERR message 1 already deleted
C: STAT
S: +OK 1 118
C: LIST
S: +OK 1 message (118 octets)
S: 2 118
S: .
C: UIDL
S: +OK unique-ids follow
S: 2 id-2
S: .
C: RSET
S: +OK maildrop has 2 messages (153 octets)
C: LIST 1
S: +OK 1 35
C: DELE 1
S: +OK message 1 deleted
C: DELE 2
S: +OK message 2 deleted
C: LIST
S: +OK 0 messages (0 octets)
S: .
C: STAT
S: +OK 0 0
C: QUIT
S: +OK good bye (maildrop empty)
"""

CAPABILITIES = """
S: +OK capabilities follow
S: TOP
S: USER
S: SASL PLAIN
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: UIDL
S: IMPLEMENTATION pop3spy
S: .
"""

AUTH = f"""
C: AUTH
S: +OK mechanisms follow
S: PLAIN
S: .
C: AUTH CRAM-MD5
S: -ERR that mechanism is not available, only PLAIN is
C: AUTH PLAIN
S: +
C: *
S: -ERR authentication cancelled
C: AUTH PLAIN
S: +
C: QUIT?
S: -ERR response is not base64
C: AUTH PLAIN
S: +
C:
S: -ERR response is not a PLAIN message
C: AUTH PLAIN =
S: -ERR response is not a PLAIN message
C: AUTH PLAIN *
S: -ERR response is not base64
C: AUTH PLAIN {plain(b"demo")} again
S: -ERR too many arguments: AUTH [mechanism [initial-response]]
C: AUTH PLAIN {plain(bytes(1) + b"demo" + bytes(1) + b"wrong")}
S: -ERR [AUTH] user name and password do not match
C: AUTH PLAIN {plain(b"root" + bytes(1) + b"demo" + bytes(1) + b"demo")}
S: -ERR [AUTH] nobody may act for somebody else here
C: auth plain
S: +
C: {plain(b"demo" + bytes(1) + b"demo" + bytes(1) + b"demo")}
S: +OK maildrop has 2 messages (153 octets)
C: AUTH PLAIN
S: -ERR AUTH is for before login, and you are logged in
"""

STATES = f"""
C: STAT
S: -ERR STAT needs a login first
C: PASS demo
S: -ERR PASS must follow USER
C: USER demo
S: +OK now the password
C: APOP demo 0123456789abcdef0123456789abcdef
S: -ERR APOP cannot come between USER and PASS
C: PASS demo
S: -ERR PASS must follow USER
C: USER nobody
S: +OK now the password
C: PASS demo
S: -ERR [AUTH] user name and password do not match
C: USER demo
S: +OK now the password
C: PASS wrong
S: -ERR [AUTH] user name and password do not match
C: PASS demo
S: -ERR PASS must follow USER
C: USER
S: -ERR too few arguments: USER name
C: USER demo demo
S: -ERR too many arguments: USER name
C: USER nobody
S: +OK now the password
C: RETR 1
S: -ERR RETR needs a login first
{TWO}
C: USER demo
S: -ERR USER is for before login, and you are logged in
C: PASS demo
S: -ERR PASS is for before login, and you are logged in
C: QUIT
S: +OK good bye (2 messages left)
"""

ARGUMENTS = f"""
{TWO}
C: RETR 3
S: -ERR no such message, only 2 messages in maildrop
C: RETR 0
S: -ERR no such message, only 2 messages in maildrop
C: RETR 99999999999999999999
S: -ERR no such message, only 2 messages in maildrop
C: RETR -1
S: -ERR a message number must be digits
C: RETR one
S: -ERR a message number must be digits
C: RETR 999999999999999999999
S: -ERR a message number must be digits
C: RETR
S: -ERR too few arguments: RETR message
C: RETR 1 2
S: -ERR too many arguments: RETR message
C: LIST 1 2
S: -ERR too many arguments: LIST [message]
C: TOP 1
S: -ERR too few arguments: TOP message lines
C: TOP 1 -1
S: -ERR the number of lines must be digits
C: STAT 1
S: -ERR too many arguments: STAT
C: QUIT now
S: -ERR too many arguments: QUIT
C: noop
S: +OK
"""

REFUSED = """
C: HELLO there
S: -ERR unknown command
C:
S: -ERR unknown command
C: STLS
S: -ERR STLS is not available here
C: UTF8
S: -ERR UTF8 is not available here
C: LANG
S: -ERR LANG is not available here
C: XTND XMIT
S: -ERR XTND XMIT is not available here
C: LAST
S: -ERR LAST is not available here
C: QUIT
S: +OK good bye
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(SESSION, id="a session"),
        pytest.param(DELETIONS, id="marking and unmarking"),
        pytest.param("C: CAPA" + CAPABILITIES + TWO + "C: CAPA" + CAPABILITIES, id="capabilities"),
        pytest.param(AUTH, id="AUTH"),
        pytest.param(STATES, id="commands out of place"),
        pytest.param(ARGUMENTS, id="wrong arguments"),
        pytest.param(REFUSED, id="what there is not"),
    ],
)
def test_a_conversation_goes_as_written(script: str) -> None:
    talk(office(FIRST, SECOND), "\n".join(filter(None, script.splitlines())))


def test_an_empty_maildrop_is_counted_and_listed() -> None:
    talk(
        office(),
        LOGIN.format("0 messages (0 octets)")
        + "C: LIST\nS: +OK 0 messages (0 octets)\nS: .\n"
        + "C: UIDL\nS: +OK unique-ids follow\nS: .\n"
        + "C: RETR 1\nS: -ERR no such message, only 0 messages in maildrop\n",
    )


def test_apop_takes_the_digest_of_the_greetings_timestamp() -> None:
    client = Client(office(FIRST).session())
    assert timestamp_of(client.greeting) == TIMESTAMP
    digest = hashlib.md5(TIMESTAMP + b"demo").hexdigest().encode()

    assert client.send(b"APOP demo " + digest.upper()).startswith(b"-ERR [AUTH]")
    assert client.send(b"APOP nobody " + digest).startswith(b"-ERR [AUTH]")
    assert client.send(b"APOP demo " + digest) == b"+OK maildrop has 1 message (35 octets)\r\n"


def test_every_greeting_has_a_timestamp_of_its_own() -> None:
    """A clock that stands still must not repeat one."""
    post_office = office()
    post_office._clock = lambda: 5
    greetings = [Client(post_office.session()).greeting for _ in range(3)]
    assert greetings == [
        b"+OK pop3spy post office ready <7.%d@post.example>\r\n" % n for n in (5, 6, 7)
    ]


@pytest.mark.parametrize(
    ("password", "line", "admitted"),
    [
        pytest.param("two words", b"PASS two words", True, id="a blank inside"),
        pytest.param("two  words", b"PASS two  words", True, id="two blanks inside"),
        pytest.param(" edges ", b"PASS  edges ", True, id="blanks around"),
        pytest.param("grün", "PASS grün".encode(), True, id="8 bit"),
        pytest.param("grün", "PASS grün".encode("latin-1"), False, id="8 bit in Latin-1"),
        pytest.param("Secret", b"pass Secret", True, id="verb in lower case"),
        pytest.param("Secret", b"PASS secret", False, id="another case"),
        pytest.param("two words", b"PASS twowords", False, id="without the blank"),
        pytest.param("x", b"PASS", False, id="none"),
        pytest.param("  ", b"PASS   ", True, id="nothing but blanks"),
        pytest.param("  ", b"PASS  ", False, id="a blank less"),
        pytest.param("x", b"PASS ", False, id="nothing behind the blank"),
    ],
)
def test_a_password_is_the_rest_of_the_line(password: str, line: bytes, admitted: bool) -> None:  # noqa: FBT001
    client = Client(office(accounts=(Account("bob", password),)).session())
    client.send(b"USER bob")
    assert client.send(line).startswith(b"+OK") is admitted


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_fails_or_logs_in_by_itself(name: str) -> None:
    """Every verb, in each state, with up to three arguments."""
    for steps in ((), (b"USER demo",), (b"USER demo", b"PASS demo")):
        for words in range(4):
            client = Client(office(FIRST, SECOND).session())
            for step in steps:
                client.send(step)
            line = b" ".join([name.encode(), *[b"1"] * words])
            reply = client.responder.answer(parse_command(line)).line
            assert reply.startswith((b"+OK", b"-ERR"))
            if len(steps) < 2:
                assert client.send(b"STAT").startswith(b"-ERR")


def test_texts_never_repeat_what_the_client_said() -> None:
    client = Client(office(FIRST).session())
    for line in (
        b"hunter2",
        b"PASS hunter2",
        b"USER a hunter2",
        b"AUTH hunter2",
        b"APOP x hunter2",
    ):
        assert b"hunter2" not in client.send(line).lower()
    client.login()
    for line in (b"RETR hunter2", b"TOP 1 hunter2", b"PASS hunter2", b"hunter2 x"):
        assert b"hunter2" not in client.send(line).lower()


def test_a_pipelined_group_is_answered_in_order() -> None:
    client = Client(office(FIRST, SECOND).session()).login()
    replies = [client.send(line) for line in (b"DELE 1", b"DELE 1", b"STAT", b"RSET", b"QUIT")]
    assert [reply[:4] for reply in replies] == [b"+OK ", b"-ERR", b"+OK ", b"+OK ", b"+OK "]


def test_after_quit_nothing_is_done() -> None:
    client = Client(office(FIRST).session()).login()
    client.quit()
    assert client.responder.answer(parse_command(b"STAT")).line.startswith(b"-ERR")
    assert client.responder.answer_sasl(b"AGRlbW8AZGVtbw==").line.startswith(b"-ERR")


def test_a_host_name_that_no_timestamp_can_hold_is_mended() -> None:
    post_office = PostOffice((), {}, hostname="böse <host>@x", pid=1, clock=lambda: 2)
    assert timestamp_of(Client(post_office.session()).greeting) == b"<1.2@b-se--host--x>"
