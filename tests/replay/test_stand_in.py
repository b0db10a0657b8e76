"""A stand-in answers as the recorded server did, and truthfully where the client does otherwise."""

import hashlib

import pytest

from dialogue import said
from pop3spy.protocol.frames import Side
from pop3spy.replay.pace import AS_RECORDED, AT_ONCE, Pace
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.how import How
from pop3spy.session.responder import Pause
from replay.asking import Client, talk
from replay.tapes import behind_login, script

THREE = """
    C: STAT
    S: +OK 3 60
    C: LIST
    S: +OK 3 messages:
    S| 1 10
    S| 2 20
    S| 3 30
    S| .
    C: UIDL
    S: +OK
    S| 1 id-1
    S| 2 id-2
    S| 3 id-3
    S| .
    C: RETR 1
    S: +OK 10 octets
    S| a: b
    S|
    S| ..
    S| c
    S| .
    C: RETR 2
    S: -ERR [SYS/TEMP] try again
    C: DELE 1
    S: +OK Marked to be deleted.
    C: DELE 1
    S: -ERR Message is deleted.
    C: LIST
    S: +OK 2 messages:
    S| 2 20
    S| 3 30
    S| .
    C: QUIT
    S: +OK Logging out.
"""


def client(text: str = THREE, how: How = How.QUIT, *, strict: bool = False) -> Client:
    return Client(StandIn(behind_login(text, how), strict=strict)).login()


def test_a_session_is_played_again_as_it_was() -> None:
    read = behind_login(THREE)
    again = Client(StandIn(read))
    assert read.greeting is not None
    assert again.greeting == read.greeting.raw
    for step in read.steps:
        assert step.reply is not None
        assert again.send(step.line) == step.reply.raw
    assert again.closed


@pytest.mark.parametrize("strict", [False, True])
def test_a_message_can_be_retrieved_twice_however_that_is_written(*, strict: bool) -> None:
    asking = client(strict=strict)
    once = asking.send(b"RETR 1")
    assert once == b"+OK 10 octets\r\na: b\r\n\r\n..\r\nc\r\n.\r\n"
    assert asking.send(b"retr  1") == once
    assert asking.send(b"RETR 001") == once


def test_a_server_that_took_one_way_to_write_a_number_for_another_does_so_again() -> None:
    asking = client("C: RETR 1\nS: +OK\nS| a\nS| .\nC: RETR 01\nS: -ERR no zeros")
    assert asking.send(b"RETR 1").startswith(b"+OK")
    assert asking.send(b"RETR 01") == b"-ERR no zeros\r\n"


def test_clients_do_not_see_what_others_did() -> None:
    stand_in = StandIn(behind_login(THREE))
    one, two = Client(stand_in).login(), Client(stand_in).login()
    one.send(b"DELE 1")
    assert one.send(b"RETR 1").startswith(b"-ERR")
    assert two.send(b"RETR 1").startswith(b"+OK")


CASES = [
    pytest.param(
        """
        C: DELE 2
        S: +OK marked as deleted
        C: STAT
        S: +OK 2 40
        C: LIST
        S: +OK 2 messages
        S: 1 10
        S: 3 30
        S: .
        C: UIDL
        S: +OK 2 messages
        S: 1 id-1
        S: 3 id-3
        S: .
        C: RETR 2
        S: -ERR no such message
        C: LIST 2
        S: -ERR no such message
        C: DELE 2
        S: -ERR no such message
        """,
        id="a message is gone though it was not deleted in the recording",
    ),
    pytest.param(
        """
        C: LIST 1
        S: +OK 1 10
        C: DELE 1
        S: +OK Marked to be deleted.
        C: RETR 1
        S: -ERR no such message
        C: LIST
        S: +OK 2 messages:
        S: 2 20
        S: 3 30
        S: .
        C: DELE 1
        S: -ERR Message is deleted.
        C: RSET
        S: +OK
        C: LIST
        S: +OK 3 messages:
        S: 1 10
        S: 2 20
        S: 3 30
        S: .
        C: DELE 1
        S: +OK Marked to be deleted.
        """,
        id="what was recorded behind a deletion is said behind it only",
    ),
    pytest.param(
        """
        C: DELE 1
        S: +OK Marked to be deleted.
        C: DELE 3
        S: +OK marked as deleted
        C: LIST
        S: +OK 1 message
        S: 2 20
        S: .
        C: STAT
        S: +OK 1 20
        """,
        id="the listing that is nearest is the one that is cut",
    ),
    pytest.param(
        """
        C: UIDL 2
        S: +OK 2 id-2
        C: LIST 3
        S: +OK 3 30
        C: LIST 9
        S: -ERR no such message
        C: LIST x
        S: -ERR this was not recorded
        """,
        id="one entry comes from the listing",
    ),
    pytest.param(
        """
        C: TOP 1 0
        S: +OK
        S: a: b
        S:
        S: .
        C: TOP 1 1
        S: +OK
        S: a: b
        S:
        S: ..
        S: .
        C: TOP 1 99999999999999999999
        S: +OK
        S: a: b
        S:
        S: ..
        S: c
        S: .
        C: TOP 1
        S: -ERR this was not recorded
        C: TOP 3 0
        S: -ERR this was not recorded
        """,
        id="the top comes from the message",
    ),
    pytest.param(
        """
        C: RETR 3
        S: -ERR this was not recorded
        C: RETR 2
        S: -ERR [SYS/TEMP] try again
        """,
        id="another message is never given in place of one that was not retrieved",
    ),
    pytest.param(
        """
        C: NOOP
        S: +OK
        C: CAPA
        S: +OK
        S: USER
        S: UIDL
        S: TOP
        S: .
        C: LAST
        S: -ERR this was not recorded
        C: XYZZY
        S: -ERR this was not recorded
        C: STLS
        S: -ERR TLS is not played back
        C: XTND XMIT
        S: -ERR this was not recorded
        C:
        S: -ERR this was not recorded
        C: QUIT
        S: +OK Logging out.
        S!
        """.replace("C:\n", "C: \n"),
        id="other commands",
    ),
]


@pytest.mark.parametrize("conversation", CASES)
def test_a_stand_in_keeps_state(conversation: str) -> None:
    talk(client(), conversation)


def test_a_strict_stand_in_refuses_what_was_not_recorded() -> None:
    talk(
        client(strict=True),
        """
        C: NOOP
        S: -ERR this was not recorded
        C: LIST 1
        S: -ERR this was not recorded
        C: TOP 1 0
        S: -ERR this was not recorded
        C: STAT
        S: +OK 3 60
        C: DELE 1
        S: +OK Marked to be deleted.
        C: STAT
        S: +OK 2 50
        """,
    )


def test_what_is_only_known_by_retrieval_is_counted() -> None:
    talk(
        client("C: STAT\nS: +OK 1 9\nC: RETR 1\nS: +OK\nS| a: b\nS|\nS| .\nC: QUIT\nS: +OK"),
        """
        C: LIST
        S: +OK
        S: 1 8
        S: .
        C: UIDL
        S: -ERR this was not recorded
        """,
    )


def test_a_listing_that_makes_no_sense_is_said_as_it_was() -> None:
    odd = "C: LIST\nS: +OK\nS| 1 10\nS| what?\nS| .\nC: RETR 1\nS: +OK\nS| .\nC: QUIT\nS: +OK"
    asking = client(odd)
    asking.send(b"DELE 1")
    assert asking.send(b"LIST") == b"+OK\r\n1 10\r\nwhat?\r\n.\r\n"


def test_nothing_of_the_maildrop_is_told_before_login() -> None:
    asking = Client(StandIn(behind_login(THREE)))
    for line in (b"RETR 1", b"LIST", b"STAT", b"DELE 1", b"NOOP"):
        assert asking.send(line) == b"-ERR this command is not allowed now\r\n"
    assert asking.login().send(b"RETR 1").startswith(b"+OK")
    assert asking.send(b"USER bob").startswith(b"-ERR")


CAPA_TWICE = """
    S: +OK
    C: CAPA
    S: +OK before
    S| STLS
    S| .
    C: USER bob
    S: +OK
    C: PASS x
    S: +OK
    C: CAPA
    S: +OK behind
    S| TOP
    S| .
    C: QUIT
    S: +OK
"""


def test_an_answer_is_that_of_the_state_it_is_asked_in() -> None:
    asking = Client(StandIn(script(CAPA_TWICE)))
    assert asking.send(b"CAPA").startswith(b"+OK before")
    assert asking.send(b"CAPA").startswith(b"+OK before")
    asking.login()
    assert asking.send(b"CAPA").startswith(b"+OK behind")


def test_an_answer_of_the_other_state_does_if_there_is_no_better() -> None:
    asking = Client(StandIn(script("S: +OK\nC: CAPA\nS: +OK\nS| UIDL\nS| .\nC: QUIT\nS: +OK")))
    assert asking.login().send(b"CAPA") == b"+OK\r\nUIDL\r\n.\r\n"


def test_answers_that_changed_change_again() -> None:
    asking = client("C: STAT\nS: +OK 1 1\nC: NOOP\nS: +OK\nC: STAT\nS: -ERR gone\nC: QUIT\nS: +OK")
    replies = [asking.send(b"STAT") for _ in range(3)]
    assert replies == [b"+OK 1 1\r\n", b"-ERR gone\r\n", b"-ERR gone\r\n"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("C: RETR 1\nS: +OK\nS| half", b"RETR 1", b"+OK\r\nhalf\r\n", id="in a body"),
        pytest.param("C: STAT", b"STAT", b"", id="before a reply"),
        pytest.param("C: STAT\nS: -ERR bye", b"STAT", b"-ERR bye\r\n", id="behind a reply"),
    ],
)
def test_a_server_that_hung_up_does_so_again(text: str, line: bytes, said: bytes) -> None:
    asking = client(text, How.SERVER_CLOSED)
    assert asking.send(line) == said
    assert asking.closed


ODD = {
    "a banner": "S: Welcome\nS: +OK\nC: QUIT\nS: +OK",
    "a banner in the same read": "S: Welcome\nS| +OK\nC: QUIT\nS: +OK",
    "a banner for a greeting": "S: POP3\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: QUIT\nS: +OK",
    "a greeting that sends nobody away": "S: -ERR busy\nC: CAPA\nS: +OK\nS| UIDL\nS| .",
    "lines before replies": """
        S: +OK
        C: USER bob
        S: debug
        S| +OK
        C: PASS x
        S: debug
        S: +ERR
        S: +OK in
        C: LIST
        S: ?
        S| +OK
        S| 1 10
        S| .
        C: RETR 1
        S:
        S: +OK
        S| a: b
        S| .
        C: QUIT
        S: ERR
        S: +OK
    """,
    "lines in place of replies": """
        S: +OK
        C: USER bob
        S: OK
        C: PASS x
        S: OK
        C: STAT
        S: +OK 1 10
        C: DELE 1
        S: deleted
        C: STAT
        S: +OK 0 0
        C: XYZZY
        S: what?
        C: RSET
        S: ok
        C: STAT
        S: +OK 1 10
        C: QUIT
        S: bye
    """,
    "lines inside AUTH": """
        S: +OK
        C: AUTH LOGIN
        S: debug
        S: + VXNlcm5hbWU6
        C: Ym9i
        S: debug
        S: + UGFzc3dvcmQ6
        C: eA==
        S: debug
        S| +OK
        C: STAT
        S: +OK 0 0
    """,
    "a line in place of AUTH's reply": "S: +OK\nC: AUTH PLAIN\nS: what?\nC: USER bob\nS: +OK",
    "lines between pipelined replies": """
        S: +OK
        C: USER bob
        C| PASS x
        C| STAT
        S: one
        S: +OK
        S| two
        S: +OK
        S: three
        S: +OK 1 1
    """,
    "listings where one line is due": """
        S: +OK
        C: PASS x
        S: +OK
        C: LIST 2
        S: +OK 2 messages
        S| 1 10
        S| 2 20
        S| .
        C: UIDL 1
        S: +OK all
        S| 1 a
        S| 2 b
        S| .
    """,
    "a body without an end": "S: +OK\nC: HELP\nS: +OK\nS: try QUIT\nC: QUIT\nS: +OK",
    "an error inside a body": "S: +OK\nC: PASS x\nS: +OK\nC: RETR 1\nS: +OK\nS| a: b\nS: -ERR no",
    "a message that the client sends": """
        S: +OK
        C: PASS x
        S: +OK
        C: XTND XMIT
        S: debug
        S: +OK go on
        C: hello
        C| .
        S: debug
        S: +OK
    """,
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_a_server_said_oddly_is_said_again_to_the_octet(text: str, *, strict: bool) -> None:
    chunks = [(side, data or b"") for side, data in said(text)]
    asking = Client(StandIn(script(text, How.SERVER_CLOSED), strict=strict))
    octets = asking.greeting
    for side, data in chunks:
        for line in data.splitlines() if side is Side.CLIENT else ():
            octets += asking.send(line)
    assert octets == b"".join(data for side, data in chunks if side is Side.SERVER)
    assert asking.closed


def test_only_what_proves_a_login_makes_one_of_a_line_without_a_status() -> None:
    refused = "S: +OK\nC: PASS x\nS: no!\nC: STAT\nS: -ERR log in first\nC: PASS y\nS: +OK"
    asking = Client(StandIn(script(f"{refused}\nC: LIST 1\nS: +OK 1 10")))
    assert asking.send(b"PASS x") == b"no!\r\n"
    assert asking.send(b"LIST 1") == b"-ERR this command is not allowed now\r\n"


def test_the_timestamp_of_a_greeting_is_not_that_of_a_banner() -> None:
    text = "S: by <me@here>\nS: +OK <1.2@x>\nC: APOP bob 0\nS: -ERR no\nC: QUIT\nS: +OK"
    read = script(text)
    digest = hashlib.md5(b"<1.2@x>tanstaaf", usedforsecurity=False).hexdigest().encode()
    asking = Client(StandIn(read, users={b"bob": b"tanstaaf"}))
    assert asking.send(b"APOP bob " + digest).startswith(b"+OK")


def test_what_a_server_added_unasked_is_said_again() -> None:
    text = "S: +OK\nC: XYZZY\nS: -ERR unknown\nS: -ERR too many bad commands"
    asking = Client(StandIn(script(text, How.SERVER_CLOSED)))
    assert asking.send(b"FOO") == b"-ERR unknown\r\n-ERR too many bad commands\r\n"
    assert asking.closed


def test_a_refused_connection_is_refused() -> None:
    asking = Client(StandIn(script("S: -ERR [SYS/TEMP] busy\nC: QUIT", How.SERVER_CLOSED)))
    assert (asking.greeting, asking.closed) == (b"-ERR [SYS/TEMP] busy\r\n", True)


def test_a_recording_that_began_late_has_a_greeting_of_ours() -> None:
    late = script("C: LIST 1\nS: +OK 1 10\nC: QUIT\nS: +OK")
    assert Client(StandIn(late)).greeting.startswith(b"+OK")


def test_a_message_is_taken_as_it_was() -> None:
    asking = client("C: XTND XMIT\nS: +OK send\nC: hello\nC| .\nS: +OK sent\nC: QUIT\nS: +OK")
    assert asking.send(b"XTND XMIT") == b"+OK send\r\n"
    assert [asking.send(line) for line in (b"RETR 1", b"*", b"..")] == [b"", b"", b""]
    assert asking.send(b".") == b"+OK sent\r\n"
    assert asking.send(b"QUIT") == b"+OK\r\n"


SLOW = """
    C: RETR 1
    S(4): +OK
    S(2)< a\\r
    S(2)< \\n.\\r\\n
    C: QUIT
    S: +OK
"""


@pytest.mark.parametrize(
    ("pace", "cuts", "pieces"),
    [
        pytest.param(AT_ONCE, False, [b"+OK\r\na\r\n.\r\n"], id="at once"),
        pytest.param(
            AT_ONCE,
            True,
            [b"+OK\r\n", Pause(0.001), b"a\r", Pause(0.001), b"\n.\r\n"],
            id="at once and as it was cut",
        ),
        pytest.param(
            AS_RECORDED,
            False,
            [Pause(4), b"+OK\r\n", Pause(2), b"a\r", Pause(2), b"\n.\r\n"],
            id="as recorded",
        ),
        pytest.param(
            Pace(10),
            False,
            [Pause(0.4), b"+OK\r\n", Pause(0.2), b"a\r", Pause(0.2), b"\n.\r\n"],
            id="ten times as fast",
        ),
    ],
)
def test_a_reply_comes_as_fast_and_in_such_pieces_as_is_wanted(
    pace: Pace, pieces: list[bytes | Pause], *, cuts: bool
) -> None:
    asking = Client(StandIn(behind_login(SLOW), pace=pace, cuts=cuts)).login()
    asking.send(b"RETR 1")
    rounded = [Pause(round(p.seconds, 6)) if isinstance(p, Pause) else p for p in asking.pieces]
    assert rounded == pieces


OFFERS = """
    S: +OK ready <1.2@mail.example>
    C: CAPA
    S: +OK
    S| TOP
    S| STLS
    S| SASL {}
    S| UIDL
    S| .
    C: AUTH
    S: +OK
    S| {}
    S| .
    C: AUTH CRAM-MD5
    S: + PDFAYj4=
    C: Ym9iIDEyMzQ=
    S: +OK
    C: AUTH NTLM eA==
    S: + eA==
    C: eA==
    S: -ERR
    C: AUTH MSN eA==
    S: + eA==
    C: eA==
    S: +OK
"""
ALL = ("PLAIN", "GSSAPI", "cram-md5", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "XOAUTH2", "NTLM", "MSN")


@pytest.mark.parametrize(
    ("users", "strict", "offered"),
    [
        (None, False, ("PLAIN", "cram-md5", "XOAUTH2", "MSN")),
        (None, True, ("cram-md5", "MSN")),
        ({b"bob": b"x"}, False, ("PLAIN", "cram-md5", "SCRAM-SHA-1")),
        ({b"bob": b"x"}, True, ("cram-md5",)),
    ],
)
def test_only_mechanisms_are_offered_that_can_be_played(
    users: dict[bytes, bytes] | None, offered: tuple[str, ...], *, strict: bool
) -> None:
    read = script(OFFERS.format(" ".join(ALL), "\n    S| ".join(ALL)))
    asking = Client(StandIn(read, users=users, strict=strict))
    sasl = " ".join(("SASL", *offered))
    assert asking.send(b"CAPA").decode() == f"+OK\r\nTOP\r\n{sasl}\r\nUIDL\r\n.\r\n"
    mechanisms = "".join(f"{name}\r\n" for name in offered)
    assert asking.send(b"AUTH").decode() == f"+OK\r\n{mechanisms}.\r\n"
    for name in ALL:
        taken = asking.send(f"AUTH {name}".encode()).startswith(b"+ ")
        assert taken is (name in offered), name
        if taken:
            assert asking.send(b"*").startswith(b"-ERR")


def test_where_nothing_can_be_played_no_mechanism_is_offered() -> None:
    read = script("S: +OK\nC: CAPA\nS: +OK\nS| TOP\nS| SASL GSSAPI\nS| .")
    assert Client(StandIn(read)).send(b"CAPA") == b"+OK\r\nTOP\r\n.\r\n"


@pytest.mark.parametrize("name", [r"\xe4", r"\xff", r"\xb5", r"PLAIN\xff"])
def test_a_mechanism_of_odd_octets_is_not_offered(name: str) -> None:
    read = script(
        rf"""
        S: +OK
        C: CAPA
        S: +OK
        S| SASL PLAIN {name}
        S| .
        C: AUTH
        S: +OK
        S| PLAIN
        S| {name}
        S| .
        """
    )
    asking = Client(StandIn(read))
    assert asking.send(b"CAPA") == b"+OK\r\nSASL PLAIN\r\n.\r\n"
    assert asking.send(b"AUTH") == b"+OK\r\nPLAIN\r\n.\r\n"
