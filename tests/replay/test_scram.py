"""SCRAM as a client: the vectors of the standards, and servers that are impostors."""

import base64

import pytest

from pop3spy.replay.scram import Scram, ScramError, prepared

# RFC 7677, section 3
NONCE = "rOprNGfwEbeRWgbNEkqO"
FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
CHALLENGE = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
FINAL = (
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SIGNATURE = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def user(nonce: str = NONCE) -> Scram:
    return Scram("SCRAM-SHA-256", "user", "pencil", nonce)


def test_the_vector_of_rfc_7677_comes_out() -> None:
    scram = user()
    assert scram.first().decode() == FIRST
    assert scram.final(CHALLENGE).decode() == FINAL
    assert not scram.proven
    scram.verify(SIGNATURE)
    assert scram.proven


def test_the_vector_of_rfc_5802_comes_out() -> None:
    scram = Scram("SCRAM-SHA-1", "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL")
    said = scram.final(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
    assert said.endswith(b"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
    scram.verify(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")


def test_two_logins_have_two_nonces() -> None:
    assert Scram("SCRAM-SHA-256", "user", "x").first() != user("").first()


IMPOSTORS = [
    pytest.param(b"r=other,s=QSXC,i=4096", "nonce", id="a nonce of its own"),
    pytest.param(b"r=" + NONCE.encode() + b",s=QSXC,i=4096", "nonce", id="our nonce alone"),
    pytest.param(CHALLENGE.replace(b"4096", b"1"), "iterations", id="too few iterations"),
    pytest.param(CHALLENGE.replace(b"4096", b"2000001"), "iterations", id="too many of them"),
    pytest.param(CHALLENGE.replace(b"i=4096", b"i=x"), "none of SCRAM", id="no number"),
    pytest.param(b"", "none of SCRAM", id="nothing"),
    pytest.param(b"\xff,r=,s=*,i=4096", "none of SCRAM", id="no base64"),
]


@pytest.mark.parametrize(("challenge", "why"), IMPOSTORS)
def test_a_first_message_that_cannot_be_right_is_refused(challenge: bytes, why: str) -> None:
    with pytest.raises(ScramError, match=why):
        user().final(challenge)


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (b"v=" + base64.b64encode(bytes(32)), "impostor"),
        (b"e=invalid-proof", "refuses the proof"),
        (b"v=*", "none of SCRAM"),
        (b"v=\xd2", "none of SCRAM"),
        (b"", "none of SCRAM"),
    ],
)
def test_a_server_that_does_not_know_the_password_is_found_out(last: bytes, why: str) -> None:
    scram = user()
    scram.final(CHALLENGE)
    with pytest.raises(ScramError, match=why):
        scram.verify(last)
    assert not scram.proven


def test_a_name_is_escaped_and_prepared() -> None:
    name = Scram("SCRAM-SHA-256", "a=b,\u00adc\u00a0\u2168", "x", "n").first()
    assert name == b"n,,n=a=3Db=2Cc IX,r=n"


@pytest.mark.parametrize("text", ["\x07", "\ufffd", "\ue000"])
def test_a_character_that_is_forbidden_is_refused(text: str) -> None:
    with pytest.raises(ScramError, match="forbids"):
        prepared(text)
