"""Logging in without a person: the best way, and no secret where others may read it."""

import pytest

from net.responders import Scripted, body
from net.serving import hosting
from pop3spy.migration import login as module
from pop3spy.migration.login import Login, RefusedError, log_in
from pop3spy.net.connection import Connection
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.responder import Answer

PASSWORD = b"tanstaaf-Hunter2"
TOKEN = b"ya29." + b"a" * 60
OK = Answer(b"+OK")


async def secret() -> bytes:
    return PASSWORD


async def token() -> bytes:
    return TOKEN


async def said_to(server: Scripted, login: Login) -> list[bytes]:
    """Log in, and return what the server was asked."""
    async with hosting(lambda: server) as hosted:
        connection = await Connection.open(hosted.urls[0], Bus(lambda *_: None), Clock())
        async with connection:
            await connection.reply()
            await connection.ask(b"CAPA\r\n")
            await log_in(connection, login, "localhost")
    return server.asked


def server(*capabilities: bytes, greeting: bytes = b"+OK ready") -> Scripted:
    capa = body([line + b"\r\n" for line in capabilities]) if capabilities else Answer(b"-ERR")
    auth = Answer(b"+ ", asks=True)
    replies = {"CAPA": capa, "USER": OK, "PASS": OK, "APOP": OK, "AUTH": auth}
    return Scripted(replies, greeting)


WAYS = [
    pytest.param((), b"+OK", {}, b"USER bob", id="nothing is announced"),
    pytest.param((b"USER",), b"+OK <1@x>", {}, b"APOP bob", id="APOP"),
    pytest.param((b"USER", b"SASL PLAIN CRAM-MD5"), b"+OK", {}, b"AUTH CRAM-MD5", id="CRAM-MD5"),
    pytest.param((b"USER",), b"+OK <1@x>", {"auth": ("USER",)}, b"USER bob", id="asked for"),
]


@pytest.mark.parametrize(("capabilities", "greeting", "more", "line"), WAYS)
async def test_the_best_way_is_taken(
    capabilities: tuple[bytes, ...], greeting: bytes, more: dict[str, tuple[str]], line: bytes
) -> None:
    login = Login("bob", secret, **more)  # type: ignore[arg-type]
    asked = await said_to(server(*capabilities, greeting=greeting), login)
    assert asked[1].startswith(line)


@pytest.mark.parametrize("line", [b"USER", b"SASL PLAIN LOGIN"])
async def test_no_password_goes_in_clear_to_another_machine_unless_that_is_allowed(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_loopback", lambda _: False)
    kept = server(line)
    with pytest.raises(RefusedError, match="in clear text; write pop3s://"):
        await said_to(kept, Login("bob", secret))
    assert kept.asked == [b"CAPA"]
    asked = await said_to(server(line), Login("bob", secret, clear=True))
    assert len(asked) > 1


async def test_a_proof_without_the_password_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_loopback", lambda _: False)
    asked = await said_to(server(b"USER", greeting=b"+OK <1@x>"), Login("bob", secret))
    assert asked[1].startswith(b"APOP bob ")


async def test_a_token_is_never_sent_as_a_password() -> None:
    kept = server(b"USER")
    with pytest.raises(RefusedError, match="never sent as a password"):
        await said_to(kept, Login("bob", token))
    assert kept.asked == [b"CAPA"]
    with pytest.raises(RefusedError, match="offers none of OAUTHBEARER, XOAUTH2"):
        await said_to(server(b"USER"), Login("bob", token=token))


@pytest.mark.parametrize("name", ["bob\r\nDELE 1", "bob\nDELE 1", "bob\0"])
async def test_a_name_never_becomes_a_second_command(name: str) -> None:
    kept = server(b"USER")
    with pytest.raises(RefusedError, match="with a line end or NUL"):
        await said_to(kept, Login(name, secret))
    assert kept.asked == [b"CAPA"]


async def test_a_refusal_is_told_without_the_password() -> None:
    kept = server(b"USER")
    kept.replies = {**kept.replies, "PASS": Answer(b"-ERR [AUTH] not " + PASSWORD)}
    with pytest.raises(RefusedError) as error:
        await said_to(kept, Login("bob", secret))
    assert str(error.value) == "PASS was refused: [AUTH] not ████████"
