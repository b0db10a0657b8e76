"""Listening: where, on how many addresses, and what is said when it cannot be."""

import asyncio
import os
import re
import socket
from pathlib import Path

import pytest

from net.serving import HERE, relaying
from net.wires import Wire, door
from pop3spy.errors import ListenError
from pop3spy.net.limits import Limits
from pop3spy.net.listen import listen, twins
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock


async def refusal(*urls: Url) -> str:
    with pytest.raises(ListenError) as caught:
        await listen(urls)
    return str(caught.value)


async def test_every_address_is_listened_on_and_told() -> None:
    async with relaying(listen=[HERE, Url("pop3", "127.0.0.2", 0)]) as relayed:
        assert [url.host for url in relayed.urls] == ["127.0.0.1", "127.0.0.2"]
        for at, url in enumerate(relayed.urls):
            assert url.port
            await relayed.client(at=at)
            await relayed.server()


async def test_an_address_that_another_program_has_is_told_plainly() -> None:
    with door() as taken:
        told = await refusal(taken.url)
    assert told == (
        f"cannot listen on {taken.url}: another program does; stop it, or choose another port"
        " with --listen"
    )


async def test_the_same_address_twice_is_told_plainly() -> None:
    with door() as taken:
        free = taken.url
    assert "another program does" in await refusal(free, free)


async def test_an_address_of_another_machine_is_told_plainly() -> None:
    told = await refusal(Url("pop3", "192.0.2.77", 0))
    assert told == "cannot listen on pop3://192.0.2.77:0: this machine has no such address"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b"])
async def test_a_host_without_an_address_is_told_plainly(host: str) -> None:
    assert (await refusal(Url("pop3", host, 0))).startswith(f"cannot listen on pop3://{host}:0: ")


async def test_a_port_that_needs_a_permission_gives_ways_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def create_server(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("socket.create_server", create_server)
    told = await refusal(Url("pop3", "127.0.0.1", 110))
    assert re.search(r"--listen :1110.*setcap.*systemd", told)


async def test_no_address_is_kept_when_one_cannot_be_had() -> None:
    with door() as first, door() as taken:
        free = first.url
        first.close()
        await refusal(free, taken.url)
        with door(port=free.port):
            pass


async def test_what_cannot_be_listened_on_ends_the_proxy_with_that_error() -> None:
    with door() as taken:
        proxy = Proxy(taken.url, Bus(lambda *_: None), Clock(), Limits())
        with pytest.raises(ListenError):
            await proxy.run([taken.url], asyncio.Event())


async def test_who_comes_before_the_last_address_is_listened_on_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client of the first address came while the second was still being looked up."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo
    early: list[Wire] = []
    with door() as free:
        first = free.url

    async def getaddrinfo(host: str, port: int, **more: int) -> object:
        if host == "second.example":
            early.append(await Wire.to(first))
            for _ in range(20):
                await asyncio.sleep(0)
            host = "127.0.0.2"
        return await real(host, port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    async with relaying(listen=[first, Url("pop3", "second.example", 0)]) as relayed:
        server = await relayed.server()
        await server.send(b"+OK\r\n")
        await early[0].expect(b"+OK\r\n")
        early[0].close()


async def test_each_process_has_a_socket_of_its_own_and_a_stranger_none() -> None:
    in_use = await listen([HERE, Url("pop3", "::1", 0)])
    first, *others = twins(in_use, 3)
    try:
        assert first == in_use
        assert [share.keys() for share in others] == [in_use.keys()] * 2
        everything = {sock for share in (first, *others) for sock in share.values()}
        assert len(everything) == 6
        assert len({sock.getsockname() for sock in everything}) == 2
        for url in in_use:
            assert "another program does" in await refusal(url)
    finally:
        for share in (first, *others):
            for sock in share.values():
                sock.close()


async def test_processes_share_a_socket_of_which_there_can_be_no_second_one(unused: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(unused))
        sock.listen()
        shares = twins({HERE: sock}, 3)
        assert shares == [{HERE: sock}] * 3


@pytest.fixture
def unused(tmp_path: Path) -> Path:
    """Where a socket may be of which there can be no second one."""
    return tmp_path / "socket"
