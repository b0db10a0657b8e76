"""Promises 10 to 12 inside TLS: what a proxy reads there shows no secret either."""

from collections.abc import Iterable

import pytest

from cuts import every_cut
from dialogue import Said
from net.legs import arrive, granted, relay
from net.serving import Relayed
from net.shop import Shop
from net.wires import Wire
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Secured
from security.disguises import disguises
from security.sinks import Readers, talk
from security.ways import WAYS, WORD_WAYS, Way, b64

SECRET = b"Zq7#vKx2!Wm"
KINDS = {"TLS at once": ("pop3s", "pop3s"), "inspected STLS": ("pop3", "pop3")}

in_every_tls = pytest.mark.parametrize("kind", KINDS)


async def conversed(relayed: Relayed, shop: Shop, kind: str, lines: Iterable[Said]) -> None:
    """Let a client and its server say *lines* inside TLS, each chunk in a record of its own."""
    client, server = await begin(relayed, shop, kind)
    wires = {Side.CLIENT: client, Side.SERVER: server}
    for side, data in lines:
        assert data is not None
        await wires[side].send(data)
        await wires[side.other].expect(data)
    client.close()
    assert await server.rest() == b""
    server.close()
    await relayed.witness.until(lambda: len(relayed.witness._endings) == len(relayed.wires) // 2)


async def begin(relayed: Relayed, shop: Shop, kind: str) -> tuple[Wire, Wire]:
    if kind == "TLS at once":
        return await arrive(relayed, *KINDS[kind], shop)
    return await granted(relayed, shop)


@in_every_tls
@pytest.mark.parametrize("way", WAYS + WORD_WAYS)
async def test_a_secret_is_nowhere_however_it_is_sent(shop: Shop, kind: str, way: Way) -> None:
    async with relay(shop.legs(), *KINDS[kind]) as relayed:
        readers = Readers(relayed.bus, Clock())
        again = [b"S: -ERR wrong: " + SECRET, b"C: LIST 1", b"S: -ERR not " + b64(SECRET)]
        await conversed(relayed, shop, kind, talk(*way(SECRET), *again))
        assert readers.holding(SECRET) == []
        assert len(relayed.witness.of(Secured)) == 2


@in_every_tls
@pytest.mark.parametrize(
    "line", [b"PASS %b\r\n", b"%b\n", b"AUTH PLAIN " + b64(b"\0carol\0" + SECRET) + b"\r\n"]
)
async def test_a_secret_is_nowhere_when_its_line_is_cut_at_every_octet(
    shop: Shop, kind: str, line: bytes
) -> None:
    """Each piece is a record of its own."""
    async with relay(shop.legs(), *KINDS[kind]) as relayed:
        readers = Readers(relayed.bus, Clock())
        for pieces in every_cut(line.replace(b"%b", SECRET)):
            said = [(Side.CLIENT, piece) for piece in pieces]
            echo = talk(b"S: -ERR wrong: " + SECRET)
            await conversed(relayed, shop, kind, [*said, *echo])
        assert readers.holding(SECRET) == []


@in_every_tls
async def test_a_secret_is_nowhere_however_it_is_repeated(shop: Shop, kind: str) -> None:
    async with relay(shop.legs(), *KINDS[kind]) as relayed:
        readers = Readers(relayed.bus, Clock())
        lines = [b"C: USER carol", b"S: +OK", b"C: PASS " + SECRET, b"S: -ERR " + SECRET.upper()]
        for disguise in disguises(SECRET).values():
            lines += [b"C: STAT", b"S: -ERR [SYS/TEMP] " + disguise, b"S: unasked " + disguise]
        await conversed(relayed, shop, kind, talk(*lines))
        assert readers.holding(SECRET) == []
        assert "carol" in readers.texts()["transcript"]
