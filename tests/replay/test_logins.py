"""Who may log in to a stand-in, and how."""

import base64
import hashlib
import hmac

import pytest

from pop3spy.replay.pace import AT_ONCE
from pop3spy.replay.scram import HASHES, Scram
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.how import How
from pop3spy.session.responder import Pause
from replay.asking import Client
from replay.tapes import LOGGED_IN, script

TIMESTAMP = b"<1.2@mail.example>"
USERS = {b"alice": b"wonder land", b"bob": b"builder"}

FAILED_FIRST = """
    S: +OK ready <1.2@mail.example>
    C: USER bob
    S: +OK
    C: PASS wrong
    S: -ERR [AUTH] not so
    C: USER bob
    S: +OK go on
    C: PASS right
    S: +OK welcome
    C: STAT
    S: +OK 0 0
    C: QUIT
    S: +OK
"""


def b64(text: bytes) -> bytes:
    return base64.b64encode(text)


def client(text: str = FAILED_FIRST, users: dict[bytes, bytes] | None = None) -> Client:
    return Client(StandIn(script(text), users=users, pace=AT_ONCE))


def logged_in(asking: Client) -> bool:
    return asking.send(b"STAT").startswith(b"+OK")


def test_a_failed_login_fails_again_and_the_next_one_does_not() -> None:
    asking = client()
    replies = [asking.send(line) for line in (b"USER eve", b"PASS 1", b"USER eve", b"PASS 2")]
    assert replies == [b"+OK\r\n", b"-ERR [AUTH] not so\r\n", b"+OK go on\r\n", b"+OK welcome\r\n"]
    assert logged_in(asking)


PLAIN = b"\0alice\0wonder land"


def cram(name: bytes, password: bytes, challenge: bytes) -> bytes:
    return name + b" " + hmac.digest(password, challenge, "md5").hex().encode()


def apop(password: bytes) -> bytes:
    return hashlib.md5(TIMESTAMP + password, usedforsecurity=False).hexdigest().encode()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"USER alice", b"PASS wonder land"], id="USER"),
        pytest.param([b"APOP alice " + apop(b"wonder land")], id="APOP"),
        pytest.param([b"AUTH PLAIN " + b64(PLAIN)], id="PLAIN at once"),
        pytest.param([b"AUTH PLAIN", b64(PLAIN)], id="PLAIN"),
        pytest.param([b"AUTH LOGIN", b64(b"alice"), b64(b"wonder land")], id="LOGIN"),
        pytest.param([b"AUTH LOGIN " + b64(b"alice"), b64(b"wonder land")], id="LOGIN at once"),
    ],
)
def test_users_log_in_with_their_password(lines: list[bytes]) -> None:
    right = client(users=USERS)
    replies = [right.send(line) for line in lines]
    assert replies[-1].startswith(b"+OK")
    assert logged_in(right)
    wrong = client(users={b"alice": b"hatter"})
    assert [wrong.send(line) for line in lines][-1].startswith(b"-ERR")
    assert not logged_in(wrong)


def test_users_log_in_with_a_challenge() -> None:
    for users, ok in ((USERS, True), ({b"alice": b"hatter"}, False)):
        asking = client(users=users)
        challenge = base64.b64decode(asking.send(b"AUTH CRAM-MD5")[2:])
        asking.send(b64(cram(b"alice", b"wonder land", challenge)))
        assert logged_in(asking) is ok


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"USER eve", b"PASS "], id="nobody with no password"),
        pytest.param([b"AUTH PLAIN " + b64(b"\0eve\0")], id="PLAIN"),
        pytest.param([b"AUTH PLAIN", b"no base64!"], id="no base64"),
        pytest.param([b"AUTH PLAIN", b64(b"alice")], id="no message"),
        pytest.param([b"AUTH XOAUTH2 " + b64(b"user=alice\1auth=Bearer x\1\1")], id="a token"),
        pytest.param([b"APOP alice"], id="no digest"),
        pytest.param([b"APOP eve " + apop(b"")], id="APOP"),
    ],
)
def test_others_do_not_log_in(lines: list[bytes]) -> None:
    asking = client(users=USERS)
    assert [asking.send(line) for line in lines][-1].startswith(b"-ERR")
    assert not logged_in(asking)


def test_the_reply_to_users_is_the_recorded_one() -> None:
    asking = client(users=USERS)
    asking.send(b"USER bob")
    assert asking.send(b"PASS builder") == b"+OK welcome\r\n"
    asking = client(users=USERS)
    asking.send(b"USER bob")
    assert asking.send(b"PASS wrecker") == b"-ERR [AUTH] not so\r\n"


def test_without_a_timestamp_no_digest_is_right() -> None:
    asking = client(LOGGED_IN, users=USERS)
    digest = hashlib.md5(b"wonder land", usedforsecurity=False).hexdigest().encode()
    assert asking.send(b"APOP alice " + digest).startswith(b"-ERR")


AUTH = {
    "PLAIN": "C: AUTH PLAIN\nS: + \nC: AGJvYgB4eHh4\nS: +OK by PLAIN",
    "PLAIN at once": "C: AUTH PLAIN AGJvYgB4eHh4\nS: +OK by PLAIN",
    "CRAM-MD5": "C: AUTH CRAM-MD5\nS: + PDFAYj4=\nC: Ym9iIDEyMzQ=\nS: +OK by CRAM-MD5",
    "SCRAM": "C: AUTH SCRAM-SHA-1 biws\nS: + cj1h\nC: Yz1i\nS: + dj1j\nC: \nS: +OK by SCRAM",
}


def auth(name: str) -> Script:
    return script(f"S: +OK\n{AUTH[name]}\nC: STAT\nS: +OK 0 0\nC: QUIT\nS: +OK")


@pytest.mark.parametrize(
    ("name", "lines", "replies"),
    [
        ("PLAIN", [b"AUTH PLAIN", b"eA=="], [b"+ \r\n", b"+OK by PLAIN\r\n"]),
        ("PLAIN", [b"auth plain eA=="], [b"+OK by PLAIN\r\n"]),
        ("PLAIN at once", [b"AUTH PLAIN eA=="], [b"+OK by PLAIN\r\n"]),
        ("PLAIN at once", [b"AUTH PLAIN", b"eA=="], [b"+ \r\n", b"+OK by PLAIN\r\n"]),
        ("CRAM-MD5", [b"AUTH CRAM-MD5", b"eA=="], [b"+ PDFAYj4=\r\n", b"+OK by CRAM-MD5\r\n"]),
        ("PLAIN", [b"AUTH PLAIN", b"*"], [b"+ \r\n", b"-ERR authentication cancelled\r\n"]),
        (
            "PLAIN",
            [b"AUTH LOGIN", b"eA==", b"eA=="],
            [b"+ VXNlcm5hbWU6\r\n", b"+ UGFzc3dvcmQ6\r\n", b"+OK logged in\r\n"],
        ),
        ("PLAIN", [b"AUTH GSSAPI"], [b"-ERR this was not recorded\r\n"]),
    ],
)
def test_any_answer_will_do(name: str, lines: list[bytes], replies: list[bytes]) -> None:
    asking = Client(StandIn(auth(name)))
    assert [asking.send(line) for line in lines] == replies
    assert logged_in(asking) is replies[-1].startswith(b"+OK")


def test_a_mechanism_whose_challenges_are_hidden_is_refused() -> None:
    asking = Client(StandIn(auth("SCRAM")))
    assert asking.send(b"AUTH SCRAM-SHA-1 biws") == b"-ERR this mechanism is not played back\r\n"


@pytest.mark.parametrize("mechanism", HASHES)
@pytest.mark.parametrize("at_once", [False, True])
def test_scram_is_real(mechanism: str, *, at_once: bool) -> None:
    for password, ok in (("wonder land", True), ("hatter", False)):
        asking = Client(StandIn(auth("SCRAM"), users=USERS))
        scram = Scram(mechanism, "alice", password)
        line = b"AUTH " + mechanism.encode()
        if at_once:
            reply = asking.send(line + b" " + b64(scram.first()))
        else:
            assert asking.send(line) == b"+ \r\n"
            reply = asking.send(b64(scram.first()))
        reply = asking.send(b64(scram.final(base64.b64decode(reply[2:]))))
        if ok:
            scram.verify(base64.b64decode(reply[2:]))
            reply = asking.send(b"")
            assert reply == (
                b"+OK by SCRAM\r\n" if mechanism == "SCRAM-SHA-1" else b"+OK logged in\r\n"
            )
        else:
            assert reply.startswith(b"-ERR [AUTH]")
        assert logged_in(asking) is ok


def test_the_reply_to_scram_is_another_in_another_session() -> None:
    said = {
        Client(StandIn(auth("SCRAM"), users=USERS)).send(
            b"AUTH SCRAM-SHA-1 " + b64(b"n,,n=alice,r=abc")
        )
        for _ in range(2)
    }
    assert len(said) == 2


def test_a_strict_stand_in_takes_anybody_who_logs_in_as_was_recorded() -> None:
    asking = Client(StandIn(script(LOGGED_IN), strict=True))
    assert asking.send(b"AUTH PLAIN " + b64(PLAIN)) == b"-ERR this was not recorded\r\n"
    assert asking.send(b"USER eve") == b"+OK\r\n"
    assert asking.send(b"PASS anything") == b"+OK logged in\r\n"


def test_a_server_that_hangs_up_on_a_failed_login_does_so_again() -> None:
    read = script("S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR no", How.SERVER_CLOSED)
    asking = Client(StandIn(read))
    asking.send(b"USER bob")
    assert asking.send(b"PASS y") == b"-ERR no\r\n"
    assert asking.closed


def test_no_password_is_kept() -> None:
    stand_in = StandIn(script(FAILED_FIRST), users=USERS)
    assert b"builder" not in repr(stand_in.session()).encode()


@pytest.mark.parametrize("users", [None, USERS])
def test_a_replayed_login_that_fails_costs_nothing(users: dict[bytes, bytes] | None) -> None:
    """The post office makes such a client wait, and closes in the end; a recording says when."""
    asking = client(users=users)
    for _ in range(20):
        asking.send(b"USER alice")
        asking.send(b"PASS wrong")
        assert not [piece for piece in asking.pieces if isinstance(piece, Pause)]
        assert not asking.closed
