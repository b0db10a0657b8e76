"""DIGEST-MD5 as a client: the vector of the standard, and servers that are impostors."""

import base64
import time

import pytest

from pop3spy.replay.credentials import Credentials
from pop3spy.replay.digest_md5 import DigestError, DigestMd5
from pop3spy.replay.sasl_client import SaslClient

# RFC 2831, section 4
CHALLENGE = (
    b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,'
    b"charset=utf-8"
)
ANSWER = (
    b'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",'
    b'nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",'
    b"response=d388dad90d4bbd760a152321f2143af7,qop=auth"
)
PROOF = b"rspauth=ea40f60335c427b5527b84dbabcdfffd"


def user() -> DigestMd5:
    return DigestMd5(b"chris", b"secret", b"imap/elwood.innosoft.com", b"OA6MHXh6VqTrRk")


def test_the_vector_of_rfc_2831_comes_out() -> None:
    digest = user()
    assert digest.answer(CHALLENGE) == ANSWER
    assert not digest.proven
    digest.verify(PROOF)
    assert digest.proven


def test_two_logins_have_two_nonces() -> None:
    answers = {DigestMd5(b"a", b"b", b"pop/x").answer(CHALLENGE) for _ in range(2)}
    assert len(answers) == 2


def test_what_stands_in_quotes_is_escaped() -> None:
    answer = DigestMd5(rb'a"\b', b"x", b"pop/x").answer(rb'nonce="q\"",algorithm=md5-sess')
    assert rb'username="a\"\\b"' in answer
    assert rb'nonce="q\""' in answer
    assert b"realm=" not in answer


def test_a_name_counts_as_latin_1_where_that_has_its_characters() -> None:
    """Two spellings of a name in one charset are two names; RFC 2831, section 2.1.2.1."""
    plain = CHALLENGE.replace(b",charset=utf-8", b"")
    one = DigestMd5("zoë".encode(), b"x", b"pop/x", b"n").answer(CHALLENGE)
    other = DigestMd5("zoë".encode("latin-1"), b"x", b"pop/x", b"n").answer(plain)
    assert one.rpartition(b"response=")[2] == other.rpartition(b"response=")[2]


@pytest.mark.parametrize(
    ("challenge", "why"),
    [
        (b"", "none of DIGEST-MD5"),
        (b"\xff,,=,", "none of DIGEST-MD5"),
        (CHALLENGE.replace(b"md5-sess", b"md5"), "none of DIGEST-MD5"),
        (CHALLENGE.replace(b'"auth"', b'"auth-int,auth-conf"'), "security layer"),
    ],
)
def test_a_challenge_that_cannot_be_right_is_refused(challenge: bytes, why: str) -> None:
    with pytest.raises(DigestError, match=why):
        user().answer(challenge)


@pytest.mark.parametrize("said", [b"", b"rspauth=", PROOF[:-1], b"rspauth=\xff"])
def test_an_impostor_is_found_out(said: bytes) -> None:
    digest = user()
    digest.answer(CHALLENGE)
    with pytest.raises(DigestError, match="impostor"):
        digest.verify(said)
    assert not digest.proven


@pytest.mark.parametrize("piece", [b"m", b" ", b",", b", ", b"a=", b'a="', b'a="\\"', b"a=,"])
def test_a_long_message_is_read_once(piece: bytes) -> None:
    began = time.process_time()
    with pytest.raises(DigestError, match="none of DIGEST-MD5"):
        user().answer(piece * (65536 // len(piece)) + b"x")
    assert time.process_time() - began < 1.0


def test_the_digest_is_for_the_service_pop_of_the_host() -> None:
    client = SaslClient("DIGEST-MD5", b"chris", Credentials(None, b"secret"), "mail.example.org")
    said = base64.b64decode(client.message(base64.b64encode(CHALLENGE)))
    assert b'digest-uri="pop/mail.example.org"' in said  # RFC 2831, section 2.1.2
