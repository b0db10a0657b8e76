"""SCRAM as a server: it takes the client of the same standard, and nobody else."""

import base64
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pop3spy.replay.scram import HASHES, Scram, ScramError
from pop3spy.replay.scram_server import ScramServer

USERS = {b"user": b"pencil", "zo\u00eb,=".encode(): "p\u00e4ss".encode(), b"empty": b""}

Tamper = Callable[[bytes], bytes]


def verdict(
    user: str, password: str, tamper: Tamper = lambda proof: proof, mechanism: str = "SCRAM-SHA-256"
) -> bool:
    """Log in, and return whether both sides believe each other; *tamper* changes the proof."""
    server, client, said = ScramServer(mechanism, USERS), Scram(mechanism, user, password), []
    said.append(base64.b64encode(client.first()))
    challenge = server.next(said)
    assert isinstance(challenge, bytes)
    said.append(base64.b64encode(tamper(client.final(base64.b64decode(challenge)))))
    proof = server.next(said)
    if isinstance(proof, bool):
        return proof
    client.verify(base64.b64decode(proof))
    return server.next([*said, b""]) is True


@pytest.mark.parametrize("mechanism", HASHES)
@pytest.mark.parametrize(("user", "password"), [("user", "pencil"), ("zo\u00eb,=", "p\u00e4ss")])
def test_who_knows_the_password_is_believed(mechanism: str, user: str, password: str) -> None:
    assert verdict(user, password, mechanism=mechanism)


@pytest.mark.parametrize(
    ("user", "password"), [("user", "pen"), ("eve", "pencil"), ("eve", ""), ("empty", "")]
)
def test_others_are_not(user: str, password: str) -> None:
    assert not verdict(user, password)


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(lambda it: it.replace(b"c=biws", b"c=eSws"), id="another header"),
        pytest.param(lambda it: re.sub(rb"r=.", b"r=", it), id="another nonce"),
        pytest.param(lambda it: it[:-5] + b"AAAA=", id="another proof"),
        pytest.param(lambda it: it.partition(b",p=")[0], id="no proof"),
        pytest.param(lambda _: b"", id="nothing"),
    ],
)
def test_what_was_changed_on_its_way_is_refused(tamper: Tamper) -> None:
    assert not verdict("user", "pencil", tamper)


def test_nobody_sees_beforehand_whether_there_is_such_a_user() -> None:
    challenges = []
    for name in (b"user", b"eve"):
        server = ScramServer("SCRAM-SHA-1", USERS, "nonce")
        challenge = server.next([base64.b64encode(b"n,,n=%s,r=abc" % name)])
        assert isinstance(challenge, bytes)
        challenges.append(re.sub(rb"s=[^,]*", b"", base64.b64decode(challenge)))
    assert challenges[0] == challenges[1] == b"r=abcnonce,,i=4096"


@given(st.lists(st.binary(max_size=40).map(base64.b64encode) | st.binary(max_size=20), max_size=4))
@settings(max_examples=50, deadline=None)
def test_any_message_gets_a_verdict_or_a_challenge(messages: list[bytes]) -> None:
    server, said = ScramServer("SCRAM-SHA-1", USERS), [b""][:0]
    for message in messages:
        said.append(message)
        if isinstance(answer := server.next(said), bool):
            assert not answer
            return


@pytest.mark.parametrize(
    "first", [b"p=tls-unique,,n=user,r=abc", b"n,,m=x,n=user,r=abc", b"n,,r=a"]
)
def test_a_first_message_that_wants_what_is_not_there_is_refused(first: bytes) -> None:
    assert ScramServer("SCRAM-SHA-1", USERS).next([base64.b64encode(first)]) is False


def test_the_client_is_of_the_same_mind_about_names() -> None:
    with pytest.raises(ScramError):
        Scram("SCRAM-SHA-1", "a\0b", "x")
