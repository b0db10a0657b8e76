"""A connection whose octets are judged: nothing of what comes is put in order."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from net.wires import Door, Wire, door
from pop3spy.net.probe import ProbeConnection
from pop3spy.net.tried import client_hello
from pop3spy.net.trust import Trust
from pop3spy.protocol.records import read_hello
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock

LONG, SHORT = 15.0, 0.05
LOOKING = Trust(insecure=True)


def _raise(_: object, error: Exception) -> None:
    raise error


async def _meet(opened: Door) -> tuple[ProbeConnection, Wire]:
    async with asyncio.TaskGroup() as group:
        accepted = group.create_task(opened.accept())
        probe = await ProbeConnection.open(opened.url, Bus(_raise), Clock())
    return probe, accepted.result()


@asynccontextmanager
async def probing() -> AsyncIterator[tuple[ProbeConnection, Wire]]:
    with door() as opened:
        probe, server = await _meet(opened)
        try:
            async with probe:
                yield probe, server
        finally:
            server.reset()


async def test_octets_come_as_they_were_sent() -> None:
    async with probing() as (probe, server):
        await server.send(b"+OK he")
        assert await probe.octets(LONG) == b"+OK he"
        await server.send(b"llo\r\n+OK unasked\r\n")
        assert await probe.octets(LONG) == b"llo\r\n+OK unasked\r\n"


async def test_silence_is_told_apart_from_the_end() -> None:
    async with probing() as (probe, server):
        assert await probe.octets(SHORT) is None
        server.close()
        assert await probe.octets(LONG) == b""
        assert not probe.was_reset


async def test_a_reset_is_told_apart_from_a_fin() -> None:
    async with probing() as (probe, server):
        server.reset()
        assert await probe.octets(LONG) == b""
        assert probe.was_reset


async def test_a_half_close_is_heard_by_the_server_and_its_answer_by_us() -> None:
    async with probing() as (probe, server):
        await server.send(b"+OK\r\n")
        assert await probe.octets(LONG) == b"+OK\r\n"
        await probe.send(b"CAPA\r\n")
        probe.finish()
        await server.expect(b"CAPA\r\n")
        await server.send(b"-ERR\r\n")
        assert await probe.octets(LONG) == b"-ERR\r\n"


async def test_stls_that_is_granted_begins_nothing_by_itself() -> None:
    async with probing() as (probe, server):
        await server.send(b"+OK\r\n")
        await probe.octets(LONG)
        await probe.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(b"+OK begin\r\n+OK and more\r\n")
        assert await probe.octets(LONG) == b"+OK begin\r\n+OK and more\r\n"
        assert probe.session.tls is None


async def test_a_handshake_that_nobody_answers_is_told_as_silence() -> None:
    with door() as opened:
        async with asyncio.TaskGroup() as group:
            accepted = group.create_task(opened.accept())
            probe = await ProbeConnection.open(opened.url, Bus(_raise), Clock(), timeout=SHORT)
        async with probe:
            tried = await probe.secure(LOOKING, "localhost")
        accepted.result().reset()
    assert tried.silent
    assert not tried.ok


async def test_clear_text_in_place_of_a_handshake_is_no_alert() -> None:
    async with probing() as (probe, server):
        await server.send(b"+OK ready, and in clear text\r\n")
        tried = await probe.secure(LOOKING, "localhost")
    assert not tried.ok
    assert not any((tried.alert, tried.silent, tried.unable, tried.unverified))


def test_a_hello_of_a_client_is_one() -> None:
    hello = read_hello(client_hello())
    assert hello is not None


def test_one_version_can_be_asked_for_alone() -> None:
    context = Trust(insecure=True, oldest="1.2", newest="1.2").context()
    assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_2


def test_a_certificate_may_be_believed_whosever_it_is() -> None:
    context = Trust(names=False).context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.check_hostname
    assert Trust().context().check_hostname
