"""Tokens and passwords: which is sent how, and what a server says of a token."""

import base64
import json
from collections.abc import Sequence

import pytest

from connect.by_hand import Shown, to_responder
from connect.test_logins import Judge, ask
from pop3spy.connect.login_details import LoginDetails, SecretSource
from pop3spy.redaction.given_away import looks_like_token
from pop3spy.session.responder import Answer

TOKEN = "ya29.a0AfH6SMBx-Qw_7"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.c2ln"


def giving(secret: str) -> SecretSource:
    async def source() -> bytes:
        return secret.encode()

    return source


async def login(judge: Judge, details: LoginDetails, *lines: str) -> Shown:
    return await to_responder(lambda: judge, *(lines or (":login",)), login=details)


def said(judge: Judge) -> list[bytes]:
    """Return what could hold a secret: whatever was sent but CAPA."""
    return [line for line in judge.asked if line != b"CAPA"]


OFFERS = ["SASL PLAIN LOGIN", "SASL CRAM-MD5 SCRAM-SHA-256", "USER"]


@pytest.mark.parametrize("offered", OFFERS)
@pytest.mark.parametrize(
    "details",
    [
        pytest.param(LoginDetails("bob", token=giving(TOKEN)), id="a token"),
        pytest.param(LoginDetails("bob", password=giving(TOKEN)), id="a password like a token"),
        pytest.param(LoginDetails("bob", password=giving(JWT)), id="a password like a JWT"),
    ],
)
async def test_a_token_is_never_sent_as_a_password(details: LoginDetails, offered: str) -> None:
    judge = Judge(offered, greeting=b"+OK")
    shown = await login(judge, details)
    assert said(judge) == []
    assert shown.failed
    assert TOKEN not in shown.text


async def test_a_token_goes_where_tokens_go_even_where_passwords_would_be_taken() -> None:
    judge = Judge("SASL PLAIN SCRAM-SHA-256 XOAUTH2", "USER")
    password_too = LoginDetails("bob", password=giving("word"), token=giving(TOKEN))
    for details in (LoginDetails("bob", token=giving(TOKEN)), password_too):
        await login(judge, details)
        assert judge.messages == [f"user=bob\1auth=Bearer {TOKEN}\1\1".encode()]


async def test_a_token_is_sent_as_a_password_to_who_says_so() -> None:
    judge = Judge("SASL PLAIN XOAUTH2")
    await login(judge, LoginDetails("bob", ("PLAIN",), giving(JWT)))
    assert judge.messages == [b"\0bob\0" + JWT.encode()]


CHOICES = [
    (["PLAIN", "LOGIN"], "SASL LOGIN PLAIN", "PLAIN"),
    (["SCRAM-SHA-1", "LOGIN"], "SASL LOGIN PLAIN", "LOGIN"),
    (["LOGIN"], "SASL PLAIN", "LOGIN"),
]


@pytest.mark.parametrize(("auth", "offered", "chosen"), CHOICES)
async def test_the_first_mechanism_that_is_offered_of_those_named_is_taken(
    auth: Sequence[str], offered: str, chosen: str
) -> None:
    asks = [ask(b"Username:"), ask(b"Password:")] if chosen == "LOGIN" else []
    judge = Judge(offered, "USER", asks=asks)
    shown = await login(judge, LoginDetails("bob", tuple(auth), giving("secret-word")))
    assert said(judge)[0].split(b" ")[:2] == [b"AUTH", chosen.encode()]
    tried = f" ? the server does not offer {chosen}; it is tried as --auth says"
    assert (tried in shown.rows) is (chosen not in offered)


async def test_who_is_named_and_is_somebody_else_is_asked() -> None:
    judge = Judge("SASL PLAIN", greeting=b"+OK")
    await login(judge, LoginDetails("bob", password=giving("of-bob")), ":login eve", "of-eve")
    assert judge.messages == [b"\0eve\0of-eve"]


ERRORS = [
    ({"status": "401", "schemes": "bearer", "scope": "mail"}, "the token has run out"),
    ({"status": "invalid_token"}, "the token has run out"),
    ({"status": 403}, "with the right scope"),
    ({"status": "insufficient_scope", "scope": "pop"}, "scope pop; the token is good"),
    ({"status": "400"}, "user or token may be wrong"),
    ({"status": "odd\x1b[31m"}, "an OAuth error: status odd"),
]


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")])
@pytest.mark.parametrize(("error", "told"), ERRORS)
async def test_an_error_as_json_is_explained_and_answered_so_that_the_server_can_say_no(
    mechanism: str, answer: bytes, error: dict[str, object], told: str
) -> None:
    """RFC 7628, section 3.2.3; XOAUTH2 wants an empty line."""
    asks = [ask(json.dumps(error).encode()), Answer(b"-ERR no")]
    judge = Judge(f"SASL {mechanism}", asks=asks)
    shown = await login(judge, LoginDetails("bob", token=giving(TOKEN)))
    assert judge.asked[-1] == answer
    assert [row for row in shown.rows if row.startswith(" ? an OAuth error: ") and told in row]
    assert "in base64" not in shown.text
    assert "\x1b" not in shown.text


async def test_an_error_in_the_refusal_itself_is_explained() -> None:
    word = base64.b64encode(b'{"status":"401"}')
    judge = Judge("SASL XOAUTH2", asks=[Answer(b"-ERR " + word)])
    shown = await login(judge, LoginDetails("bob", token=giving(TOKEN)))
    assert [row for row in shown.rows if row.startswith(" ? an OAuth error: status 401; ")]


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[" * 5000, b"[1]", b'{"a":1}', b"\xff\xfe", b'{"status":1' + b"0" * 5000]
)
async def test_a_challenge_that_is_no_error_is_none(said: bytes) -> None:
    judge = Judge("SASL XOAUTH2", asks=[ask(said), Answer(b"-ERR no")])
    shown = await login(judge, LoginDetails("bob", token=giving(TOKEN)))
    assert "an OAuth error" not in shown.text
    assert "S: -ERR no" in shown.rows


@pytest.mark.parametrize(
    "wrapped", [b"you said %s", b'{"status":"401","scope":"%s"}'], ids=["text", "an error"]
)
async def test_a_challenge_that_repeats_the_secret_in_another_encoding_is_hidden(
    wrapped: bytes,
) -> None:
    again = base64.b64encode(f"x{TOKEN}".encode())
    for word in (TOKEN.encode(), again):
        judge = Judge("SASL XOAUTH2", asks=[ask(wrapped % word), Answer(b"-ERR no")])
        shown = await login(judge, LoginDetails("bob", token=giving(TOKEN)))
        assert TOKEN not in shown.text
        assert again.decode() not in shown.text


@pytest.mark.parametrize("word", [TOKEN, JWT, "x" * 200])
def test_what_has_the_form_of_a_token_is_taken_for_one(word: str) -> None:
    assert looks_like_token(word.encode())


@pytest.mark.parametrize("word", ["", "hunter2", "correct horse battery", "eyJ", "ya29", "a.b.c"])
def test_a_password_is_not_taken_for_a_token(word: str) -> None:
    assert not looks_like_token(word.encode())
