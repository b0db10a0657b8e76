"""The server that a proxy asks for: found by name, down, silent, or at another address."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from net.serving import HERE, relaying
from net.wires import Door, Wire, door, nobody
from pop3spy.errors import Unreached
from pop3spy.net.limits import Limits
from pop3spy.protocol.url import Url
from pop3spy.session.events import Opened
from pop3spy.session.how import How
from pop3spy.session.model import Peer

IMPATIENT = Limits(connect_timeout=0.2, grace=2.0)
BY_NAME = "mail.example.org"


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let the loop find *addresses* for ``BY_NAME``."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host: str, port: int, **more: int) -> Sequence[tuple[object, ...]]:
        if host != BY_NAME:
            return await real(host, port, **more)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)


@asynccontextmanager
async def silent_door(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Door]:
    """Open a door whose queue is full: whoever comes now is never answered."""
    with door(host, port, backlog=0) as silent:
        first = await Wire.to(silent.url)
        yield silent
        first.close()


async def test_a_server_that_is_down_closes_the_client_without_a_word() -> None:
    async with relaying(upstream=nobody()) as relayed:
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.UNREACHABLE
        assert ending.why.endswith("127.0.0.1 connection refused")
        assert ending.unreached is Unreached.REFUSED


async def test_a_client_that_spoke_is_not_reset_when_the_server_is_down() -> None:
    """Octets that nobody reads turn a close into a reset."""
    async with (
        silent_door() as silent,
        relaying(IMPATIENT, upstream=silent.url, answer_when_down=True) as relayed,
    ):
        client = await relayed.client()
        await client.send(b"USER bob\r\n" * 10_000)
        assert await client.line() == b"-ERR [SYS/TEMP] server unreachable\r\n"
        await client.send(b"PASS tanstaaf\r\n" * 10_000)
        assert await client.rest() == b""
        client.finish()
        await relayed.witness.ending()
        assert not client.error


@pytest.mark.parametrize("answer", [True, False])
async def test_a_refusal_is_said_only_if_it_was_asked_for(*, answer: bool) -> None:
    async with relaying(upstream=nobody(), answer_when_down=answer) as relayed:
        client = await relayed.client()
        said = await client.rest()
        assert said == (b"-ERR [SYS/TEMP] server unreachable\r\n" if answer else b"")


async def test_a_client_that_finished_early_still_learns_that_the_server_is_down() -> None:
    async with (
        silent_door() as silent,
        relaying(IMPATIENT, upstream=silent.url, answer_when_down=True) as relayed,
    ):
        client = await relayed.client()
        await client.send(b"QUIT\r\n")
        client.finish()
        assert (await client.rest()).startswith(b"-ERR")
        ending = await relayed.witness.ending()
        assert (ending.how, ending.unreached) == (How.UNREACHABLE, Unreached.UNANSWERED)


async def test_a_refused_client_that_does_not_leave_is_closed_all_the_same() -> None:
    async with relaying(upstream=nobody()) as relayed:
        client = await relayed.client()
        assert (await relayed.witness.ending()).how is How.UNREACHABLE
        await client.until_nobody_takes(b"NOOP\r\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
async def test_a_proxy_that_is_its_own_server_is_told_of_and_calls_nobody(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    own = socket.create_server((host, 0), family=family)
    url = Url("pop3", host, own.getsockname()[1])
    itself = replace(url, host="::1" if ":" in host else "127.0.0.1")
    async with relaying(upstream=itself, listen={url: own}) as relayed:
        client = await Wire.to(itself)
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.UNREACHABLE
        assert ending.why.endswith("is where pop3spy listens itself; name another server or port")
        assert ending.unreached is None
        assert len(relayed.witness.of(Opened)) == 1


async def test_a_host_that_does_not_exist_is_named() -> None:
    async with relaying(upstream=Url("pop3", "nowhere.invalid", 110)) as relayed:
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.UNREACHABLE
        assert ending.why.startswith("nowhere.invalid: ")


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "\u0430\u0300" * 60])
async def test_a_host_that_cannot_exist_is_no_crash(host: str) -> None:
    async with relaying(upstream=Url("pop3", host, 110)) as relayed:
        for number in (1, 2):
            client = await relayed.client()
            assert await client.rest() == b""
            client.close()
            assert (await relayed.witness.ending(number)).how is How.UNREACHABLE


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    async with silent_door() as silent, relaying(IMPATIENT, upstream=silent.url) as relayed:
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.UNREACHABLE
        assert ending.why.endswith("127.0.0.1 did not answer in 0.2 s")


async def test_a_name_that_takes_too_long_to_look_up_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with relaying(IMPATIENT, upstream=Url("pop3", BY_NAME, 110)) as relayed:
        client = await relayed.client()

        async def getaddrinfo(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        assert await client.rest() == b""
        client.close()
        why = (await relayed.witness.ending()).why
        assert why == f"{BY_NAME}: its address could not be found in 0.2 s"


async def test_every_address_of_a_name_is_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    with door("127.0.0.3") as third:
        async with relaying(upstream=Url("pop3", BY_NAME, third.url.port)) as relayed:
            names(monkeypatch, "127.0.0.2", "::1", "127.0.0.3", "127.0.0.4")
            client = await relayed.client()
            server = await third.accept()
            await server.send(b"+OK third\r\n")
            await client.expect(b"+OK third\r\n")
            server.close()


async def test_an_address_that_is_silent_does_not_hide_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with door("127.0.0.3") as second:
        async with (
            silent_door("127.0.0.2", second.url.port),
            relaying(IMPATIENT, upstream=Url("pop3", BY_NAME, second.url.port)) as relayed,
        ):
            names(monkeypatch, "127.0.0.2", "127.0.0.3")
            client = await relayed.client()
            server = await second.accept()
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
            server.close()


async def test_every_address_that_failed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = nobody("127.0.0.2")
    async with relaying(upstream=Url("pop3", BY_NAME, closed.port)) as relayed:
        names(monkeypatch, "127.0.0.2", "127.0.0.4")
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        why = (await relayed.witness.ending()).why
    told = "127.0.0.2 connection refused; 127.0.0.4 connection refused"
    assert why == f"pop3://{BY_NAME}:{closed.port}: {told}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_localhost_is_found_whichever_of_its_addresses_listens(host: str) -> None:
    found = {each[4][0] for each in socket.getaddrinfo("localhost", 110)}
    if host not in found:
        pytest.skip(f"localhost is only {' and '.join(map(str, found))} here")
    with door(host) as listening:
        async with relaying(upstream=Url("pop3", "localhost", listening.url.port)) as relayed:
            await relayed.client()
            (await listening.accept()).close()


async def test_both_sides_may_be_ipv6() -> None:
    with door("::1") as six:
        listen = [Url("pop3", "::1", 0), HERE]
        async with relaying(upstream=six.url, listen=listen) as relayed:
            for at, url in enumerate(relayed.urls):
                client = await relayed.client(at=at)
                server = await six.accept()
                await server.send(b"+OK\r\n")
                await client.expect(b"+OK\r\n")
                server.close()
                await relayed.witness.opened(at + 1)
                session = relayed.witness.of(Opened)[at].session
                assert session.client == Peer(url.host, client.port)
                assert session.server == Peer("::1", six.url.port)


async def test_a_client_that_gives_up_while_its_server_is_dialled_ends_the_dialling() -> None:
    patient = Limits(connect_timeout=60.0, grace=2.0)
    async with silent_door() as silent, relaying(patient, upstream=silent.url) as relayed:
        client = await relayed.client()
        await relayed.witness.opened(1)
        client.reset()
        assert (await relayed.witness.ending()).how is How.CLIENT_RESET


async def test_a_stop_while_the_server_is_dialled_does_not_wait_for_it() -> None:
    patient = Limits(connect_timeout=60.0, grace=60.0)
    async with silent_door() as silent, relaying(patient, upstream=silent.url) as relayed:
        client = await relayed.client()
        await client.send(b"USER bob\r\n")
        await relayed.witness.opened(1)
        relayed.stop.set()
        assert await client.rest() == b""
        assert (await relayed.witness.ending()).how is How.SHUTDOWN


async def test_strict_hides_the_addresses_in_the_reason_too() -> None:
    async with relaying(upstream=nobody("127.0.0.9"), strict=True) as relayed:
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.UNREACHABLE
        assert ending.why.endswith(": host-2.invalid connection refused")


async def test_of_several_addresses_a_refusal_says_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is there, whatever became of its other addresses."""
    names(monkeypatch, "127.0.0.1", "127.0.0.2")
    async with silent_door() as silent:
        upstream = Url("pop3", BY_NAME, silent.url.port)
        async with relaying(IMPATIENT, upstream=upstream) as relayed:
            client = await relayed.client()
            assert await client.rest() == b""
            client.close()
            assert (await relayed.witness.ending()).unreached is Unreached.REFUSED


async def test_a_client_that_left_before_its_server_answered_leaves_that_undecided() -> None:
    async with silent_door() as silent, relaying(upstream=silent.url) as relayed:
        client = await relayed.client()
        client.reset()
        ending = await relayed.witness.ending()
        assert (ending.how, ending.unreached) == (How.CLIENT_RESET, Unreached.UNDECIDED)
