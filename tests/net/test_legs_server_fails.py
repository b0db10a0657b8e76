"""Handshakes that fail on the server's leg: who is told what, and that nobody is left waiting.

Each failure is one of real TLS on real sockets; OpenSSL is the peer, unless a peer is to say what
OpenSSL would not.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from net.legs import GRANT, GREETING, WAYS, relay, up_to_tls
from net.serving import Relayed
from net.shop import Shop, bundle, knows_no_name, not_the_newest, odd_cipher, old, wants_certificate
from net.wires import Wire
from pop3spy.errors import TlsError
from pop3spy.net.failed import why_failed
from pop3spy.net.leg import Legs
from pop3spy.net.stls import NO_TLS
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url
from pop3spy.session.events import Secured
from pop3spy.session.how import How

SOON = 0.3
"""Seconds that a peer is waited for which never comes."""

Serve = Callable[[Shop, Wire], Awaitable[None]]


async def shows(kind: str, shop: Shop, server: Wire) -> None:
    with suppress(ssl.SSLError):
        await server.begin_tls(shop.kinds[kind].context())
        assert await server.some() == b"", "it heard something"


BAD = {
    "expired": "its certificate expired on 2020-02-01 00:00:00Z; the server needs a new one, or go"
    " on unchecked with --insecure",
    "future": "its certificate is not valid before 2098-01-01 00:00:00Z, and here it is 2",
    "other name": "its certificate is not for localhost but for mail.example.org,"
    " pop.example.org; connect to the name that it is for, or",
    "self-signed": "its certificate is signed by nobody but itself; if it is the right one, name it"
    " with --upstream-ca FILE",
    "alone": "it sent its own certificate without that of the issuer, between, whom this machine"
    " does not know; the server should send that too, or name the issuer's with --upstream-ca FILE",
    "by one that expired": "the certificate of old issuer in its chain expired on 2020-02-01"
    " 00:00:00Z; the server needs a new chain, or",
    "nameless": "its certificate is not for localhost but for common; connect to the name",
    "by no authority": "its certificate is refused: invalid CA certificate; the server needs a"
    " better one, or",
    "stranger": "nobody whom this machine trusts issued its certificate; name the certificate of"
    " The test authority, with whom its chain ends, with --upstream-ca FILE",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_certificate_is_refused_before_any_command(
    shop: Shop, kind: str, way: str
) -> None:
    async with relay(shop.legs(), "pop3", WAYS[way]) as relayed:
        client, server = await up_to_tls(relayed, way)
        await shows(kind, shop, server)
        assert await client.rest() == NO_TLS
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert BAD[kind] in ending.why
        assert ending.why.startswith(f"{WAYS[way]}://localhost:")
        assert not relayed.witness.of(Secured)


LOCAL = ("localhost", "127.0.0.1")


@pytest.mark.parametrize("kind", BAD)
async def test_insecure_goes_on_and_tells_what_is_claimed(shop: Shop, kind: str) -> None:
    async with relay(shop.legs(ca=None, insecure=True), "pop3", "pop3s") as relayed:
        client, server = await up_to_tls(relayed, "at once")
        await server.begin_tls(shop.kinds[kind].context())
        await server.send(GREETING)
        await client.expect(GREETING)
        tls = (await relayed.witness.until(lambda: relayed.witness.of(Secured)))[0].tls
    assert not tls.verified
    assert tls.asked == "localhost"
    assert (tls.subject, tls.names) == {
        "expired": ("expired", LOCAL),
        "future": ("future", LOCAL),
        "other name": ("other", ("mail.example.org", "pop.example.org")),
        "self-signed": ("localhost", ("localhost",)),
        "alone": ("leaf", LOCAL),
        "stranger": ("stranger", LOCAL),
        "by one that expired": ("young", LOCAL),
        "nameless": ("common", ()),
        "by no authority": ("under", LOCAL),
    }[kind]
    if kind != "self-signed":  # that begins when it is made
        assert tls.until[:4] == ("2020" if kind == "expired" else "2099")
    sent = {
        "stranger": ("The test authority",),
        "by no authority": ("good",),
        "by one that expired": ("old issuer",),
    }
    assert tls.chain == (tls.subject, *sent.get(kind, ()))
    assert "NOT verified" in str(tls)
    assert ", ".join(tls.names) in str(tls)


async def is_with(change: Callable[..., ssl.SSLContext], shop: Shop, server: Wire) -> None:
    with suppress(ssl.SSLError):
        await server.begin_tls(change(shop.kinds["good"].context()))


async def speaks_clear(_: Shop, server: Wire) -> None:
    await server.receive(1)
    await server.send(GREETING)


async def is_gone(_: Shop, server: Wire) -> None:
    server.finish()


async def talks_nonsense(_: Shop, server: Wire) -> None:
    await server.receive(1)
    await server.send(b"\x16\x03\x03\0\4\x63\0\0\0")


async def is_silent(_: Shop, server: Wire) -> None:
    await server.receive(1)


async def hangs_up(_: Shop, server: Wire) -> None:
    await server.receive(1)
    server.finish()


async def resets(_: Shop, server: Wire) -> None:
    await server.receive(1)
    server.reset()


async def sends_alert(number: int, _: Shop, server: Wire) -> None:
    await server.receive(1)
    await server.send(bytes((21, 3, 3, 0, 2, 2, number)))


def step(way: str, relayed: Relayed) -> str:
    """Return what to do about a server that seems to have no TLS."""
    if way != "at once":
        return "the server grants STLS and does not do it; tell who runs it"
    server = f"localhost:{relayed.upstream.url.port}"
    return f"if that port has no TLS, try pop3+stls://{server} or pop3://{server}"


FAULTS: dict[str, tuple[Serve, str]] = {
    "old versions": (
        partial(is_with, old),
        (
            "the server takes no TLS 1.2 or newer; it needs an update, or allow older versions with"
            " --tls-min 1.0"
        ),
    ),
    "ciphers": (
        partial(is_with, odd_cipher),
        (
            "the server has no cipher that is safe enough; it needs an update, or take old ciphers"
            " with --tls-min 1.0"
        ),
    ),
    "unknown name": (
        partial(is_with, knows_no_name),
        "the server does not know the name localhost; connect to the name that it has",
    ),
    "clear text": (speaks_clear, "clear text came where TLS should begin; {plain}"),
    "silence": (is_silent, "the server did not go on with the TLS handshake for 0.3 s; {plain}"),
    "hang-up at once": (
        is_gone,
        "the server hung up in the middle of the TLS handshake; {plain}",
    ),
    "nonsense": (talks_nonsense, "TLS with the server failed: unexpected message"),
    "hang-up": (hangs_up, "the server hung up in the middle of the TLS handshake; {plain}"),
    "reset": (
        resets,
        "the server reset the connection in the middle of the TLS handshake; {plain}",
    ),
    "alert": (
        partial(sends_alert, 80),
        "the server ended TLS with the alert internal_error; its log may say why",
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_that_fails_in_the_handshake_is_told_of(
    shop: Shop, fault: str, way: str
) -> None:
    serve, sentence = FAULTS[fault]
    legs = shop.legs(timeout=SOON if fault == "silence" else 5.0)
    async with relay(legs, "pop3", WAYS[way]) as relayed:
        client, server = await up_to_tls(relayed, way)
        await serve(shop, server)
        assert await client.rest() == NO_TLS
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert ending.why.partition("://localhost:")[2].partition(": ")[2] == sentence.format(
            plain=step(way, relayed)
        )


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_a_server_of_clear_text_that_speaks_first_is_told_of(
    shop: Shop, *, hangs_up: bool
) -> None:
    """As every POP3 server does; its greeting may be there before we are."""
    async with relay(shop.legs(), "pop3", "pop3s") as relayed:
        client, server = await up_to_tls(relayed, "at once")
        await server.send(GREETING)
        if hangs_up:
            server.finish()
        assert await client.rest() == NO_TLS
        client.close()
        told = f"clear text came where TLS should begin; {step('at once', relayed)}"
        assert (await relayed.witness.ending()).why.endswith(told)


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
async def test_a_server_without_any_tls_that_there_is_is_told_of(shop: Shop) -> None:
    async with relay(shop.legs(oldest="1.0"), "pop3", "pop3s") as relayed:
        client, server = await up_to_tls(relayed, "at once")
        await sends_alert(70, shop, server)
        assert await client.rest() == NO_TLS
        client.close()
        told = "the server takes no version of TLS that there is here; it needs an update"
        assert (await relayed.witness.ending()).why.endswith(told)


def test_a_host_that_no_certificate_could_have_is_told_of() -> None:
    why = why_failed(ValueError(), Url("pop3s", ".example", 995), 1.0, Trust())
    assert why.endswith("no name that a certificate could have; write the server's name")


@pytest.mark.parametrize("name", ["a\0b", ".example", "a" * 300, "\x9b.example"])
def test_a_name_that_a_client_asks_for_and_nobody_has_is_told_of(name: str) -> None:
    """Behind a firewall's redirection the server is called as its client calls it."""
    with pytest.raises(TlsError, match=r"is no name that a certificate could have; write the"):
        Legs(Trust()).towards(Url("pop3s", name, 995), name)


async def test_a_server_that_has_not_the_newest_tls_is_told_of(shop: Shop) -> None:
    async with relay(shop.legs(oldest="1.3"), "pop3", "pop3s") as relayed:
        client, server = await up_to_tls(relayed, "at once")
        await is_with(not_the_newest, shop, server)
        assert await client.rest() == NO_TLS
        client.close()
        assert "the server takes no TLS 1.3 or newer" in (await relayed.witness.ending()).why


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_wants_a_certificate_is_told_of(
    shop: Shop, version: ssl.TLSVersion, way: str
) -> None:
    """In TLS 1.3 we learn it only after the handshake."""
    async with relay(shop.legs(), "pop3", WAYS[way]) as relayed:
        client, server = await up_to_tls(relayed, way)
        context = wants_certificate(shop.kinds["good"].context(), shop.ca)
        context.maximum_version = version
        await is_with(lambda _: context, shop, server)
        if version is ssl.TLSVersion.TLSv1_3 and way == "inspected":
            await client.expect(GRANT)
            await client.begin_tls(shop.client(), "proxy.example")
        said = await client.rest()
        assert said in (NO_TLS, b"", GREETING)
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert (
            "the server wants a certificate of the client's; name one, with its key, with"
            " --client-cert FILE" in ending.why
        )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_refuses_our_certificate_is_told_of(
    shop: Shop, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    async with relay(
        shop.legs(certificate=bundle(shop, "self-signed", tmp_path)), "pop3", "pop3s"
    ) as relayed:
        client, server = await up_to_tls(relayed, "at once")
        context = wants_certificate(shop.kinds["good"].context(), shop.ca)
        context.maximum_version = version
        await is_with(lambda _: context, shop, server)
        assert await client.rest() in (NO_TLS, b"")
        client.close()
        why = (await relayed.witness.ending()).why
        assert "the server refuses the certificate of --client-cert (unknown_ca); use one" in why


async def test_a_server_that_refuses_stls_is_told_of_and_nothing_goes_on_in_clear(
    shop: Shop,
) -> None:
    async with relay(shop.legs(), "pop3", "pop3+stls") as relayed:
        client, server = await relayed.client(), await relayed.server()
        await client.send(b"USER bob\r\n")
        await server.send(GREETING)
        await server.expect(b"STLS\r\n")
        await server.send(b"-ERR no\r\n")
        assert await server.rest() == b""
        assert await client.rest() == NO_TLS
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        url = relayed.upstream.url
        told = f"try pop3s://localhost:995, or pop3://localhost:{url.port} without TLS"
        assert f"the server refuses STLS; {told}" in ending.why


async def test_a_client_in_tls_is_told_in_tls_that_its_server_has_none(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3s", "pop3s") as relayed:
        client = await relayed.client()
        begun = client.begin_tls(ssl.create_default_context(cafile=shop.ca), "proxy.example")

        async def serve() -> None:
            await shows("expired", shop, await relayed.server())

        await asyncio.gather(begun, serve())
        assert await client.rest() == NO_TLS
        client.close()
        assert "its certificate expired" in (await relayed.witness.ending()).why


# -- what is to be done then really helps -------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "change", "trust"),
    [
        pytest.param("alone", None, {"ca": "between"}, id="the issuer's certificate is named"),
        pytest.param("self-signed", None, {"ca": "self-signed"}, id="its own is named"),
        pytest.param("good", None, {"ca": "good"}, id="its own is named, which has an issuer"),
        pytest.param("good", old, {"oldest": "1.0"}, id="old versions are allowed"),
        pytest.param("good", odd_cipher, {"oldest": "1.0"}, id="old ciphers are allowed"),
        pytest.param("good", "wants", {"certificate": "good"}, id="a certificate is shown"),
        pytest.param("good", not_the_newest, {"oldest": "1.2"}, id="an older version is allowed"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
async def test_what_the_sentence_advises_helps(
    shop: Shop, kind: str, change: object, trust: dict[str, str], tmp_path: Path
) -> None:
    given: dict[str, object] = dict(trust)
    if name := trust.get("ca"):
        given["ca"] = shop.between.chain if name == "between" else shop.kinds[name].chain
    if name := trust.get("certificate"):
        given["certificate"] = bundle(shop, name, tmp_path)
    context = shop.kinds[kind].context()
    if change == "wants":
        wants_certificate(context, shop.ca)
    elif callable(change):
        change(context)
    async with relay(shop.legs(**given), "pop3", "pop3s") as relayed:  # type: ignore[arg-type]
        client, server = await up_to_tls(relayed, "at once")
        await server.begin_tls(context)
        await server.send(GREETING)
        await client.expect(GREETING)
