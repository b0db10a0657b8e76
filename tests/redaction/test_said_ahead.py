"""What a client has said ahead is hidden in the replies that come before it can be read."""

import base64
import time

import pytest

from security.sinks import heard

SECRET = b"Zq7#vKx2!Wm"


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


@pytest.mark.parametrize("turn", [b"AUTH LOGIN", b"STLS", b"AUTH CRAM-MD5"])
@pytest.mark.parametrize(
    "ahead",
    [
        b"PASS " + SECRET,
        b"PSAS " + SECRET,
        b"XCLIENT ADDR=192.0.2.1 FORWARD=" + SECRET,
        b"AUTH PLAIN " + b64(b"\0carol\0" + SECRET),
        b"AUTH XOAUTH2 " + b64(b"user=carol\1auth=Bearer " + SECRET + b"\1\1"),
        b"AUTH GSSAPI " + b64(SECRET),
        b64(b"\0carol\0" + SECRET),
    ],
    ids=lambda ahead: ahead.split()[0].decode() if b" " in ahead else "base64",
)
@pytest.mark.parametrize("ended", [True, False], ids=["a line", "without an end"])
def test_a_secret_said_ahead_is_nowhere(turn: bytes, ahead: bytes, *, ended: bool) -> None:
    last = b"C: " if ended else b"C< "
    told = heard(b"C: " + turn, last + ahead, b"S: what is " + SECRET, b"S: -ERR no " + b64(SECRET))
    assert told.holding(SECRET) == []


def test_a_secret_said_ahead_by_who_is_logged_in_is_nowhere() -> None:
    told = heard(
        *(b"C: USER carol", b"S: +OK", b"C: PASS other-one", b"S: +OK", b"C: AUTH LOGIN"),
        *(b"C: PASS " + SECRET, b"S: what is " + SECRET, b"S: -ERR no " + SECRET),
    )
    assert told.holding(SECRET) == []


@pytest.mark.parametrize("ended", [True, False], ids=["a line", "without an end"])
def test_of_more_secrets_ahead_than_can_be_remembered_none_is_anywhere(*, ended: bool) -> None:
    words = [b"w0rd%03d" % number for number in range(80)]
    last = b"C: " if ended else b"C< "
    told = heard(b"C: AUTH LOGIN", last + b" ".join(words), b"S: what is " + words[-1])
    assert told.holding(*words) == []


def test_what_is_no_secret_behind_login_stays_readable() -> None:
    told = heard(
        *(b"C: USER carol", b"S: +OK", b"C: PASS " + SECRET, b"S: +OK"),
        *(b"C: STAT", b"C< LIST 1234", b"S: +OK 1234 5678"),
    )
    assert "+OK 1234 5678" in told.texts()["transcript"]


def test_the_reading_goes_on_when_less_waits_than_before() -> None:
    told = heard(
        *(b"C: AUTH LOGIN", b"C: AUTH PLAIN", b"S: -ERR not so", b"C< O", b"S: + what"),
        *(b"S: +OK", b"S: which was read"),
    )
    assert "which was read" in told.texts()["transcript"]


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(b"PASS abcdefgh", b"odd"), (b"dGVzdHRlc3Q=", b"+ dGVzdHRlc3Q=")],
    ids=["odd lines", "challenges"],
)
def test_many_lines_of_the_server_do_not_read_again_what_waits(ahead: bytes, said: bytes) -> None:
    """One client and its server would else hold up all the others."""
    assert elapsed(ahead, [said] * 90) < 3 * elapsed(ahead, []) + 0.5


def elapsed(ahead: bytes, said: list[bytes]) -> float:
    began = time.process_time()
    heard(b"C: AUTH PLAIN", *[b"C: " + ahead] * 3800, *[b"S: " + line for line in said])
    return time.process_time() - began


def test_lines_that_come_and_go_do_not_let_the_rest_be_read_again() -> None:
    """Some of what waits has been read, and more has come, at each line of the server."""
    assert trickling(90) < 5 * trickling(0) + 3


def trickling(times: int) -> float:
    ahead = [b"C: AUTH PLAIN sesame%d" % (number % 9) for number in range(2700 + times)]
    turns = [line for more in ahead[2700:] for line in (b"S: -ERR not so", more)]
    began = time.process_time()
    heard(b"C: AUTH PLAIN", *ahead[:2700], *turns)
    return time.process_time() - began
