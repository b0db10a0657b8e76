"""Handshakes that fail on either leg of a proxy: who is told what, and that nobody is left waiting.

Each failure is one of real TLS on real sockets; OpenSSL is the peer, unless a peer is to say what
OpenSSL would not.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from net.serving import DEFAULT, Relayed, relaying
from net.shop import (
    Shop,
    bundle,
    knows_no_name,
    not_the_newest,
    odd_cipher,
    old,
    opened,
    wants_certificate,
)
from net.wires import Wire, door
from pop3spy.authority import Authority as Local
from pop3spy.errors import TlsError
from pop3spy.net.failed import why_failed
from pop3spy.net.identity import Minted
from pop3spy.net.leg import Legs
from pop3spy.net.stls import NO_TLS
from pop3spy.net.trust import Trust
from pop3spy.protocol.tlsnames import ALERTS
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.events import Secured
from pop3spy.session.glimpse import Glimpse
from pop3spy.session.model import How
from pop3spy.session.tls import Tls

GREETING = b"+OK ready\r\n"
GRANT = b"+OK go on\r\n"
SOON = 0.3
"""Seconds that a peer is waited for which never comes."""

Serve = Callable[[Shop, Wire], Awaitable[None]]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return opened(tmp_path_factory.mktemp("failing"))


@asynccontextmanager
async def relay(legs: Legs, listener: str, upstream: str) -> AsyncIterator[Relayed]:
    with door() as far:
        url = replace(far.url, scheme=upstream, host="localhost")
        listen = (parse_url(f"{listener}://127.0.0.1:0"),)
        async with relaying(DEFAULT, upstream=url, listen=listen, legs=legs) as relayed:
            relayed.upstream = far
            yield relayed


WAYS = {"at once": "pop3s", "asked for": "pop3+stls", "inspected": "pop3"}


async def up_to_tls(relayed: Relayed, way: str) -> tuple[Wire, Wire]:
    """Return a client in clear, and its server, which is to begin TLS now."""
    client, server = await relayed.client(), await relayed.server()
    if way == "inspected":
        await server.send(GREETING)
        await client.expect(GREETING)
        await client.send(b"STLS\r\n")
    if way == "asked for":
        await server.send(GREETING)
    if way != "at once":
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
    return client, server


# -- the server's leg ---------------------------------------------------------------------------


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
        "expired": ("expired", "localhost, 127.0.0.1"),
        "future": ("future", "localhost, 127.0.0.1"),
        "other name": ("other", "mail.example.org, pop.example.org"),
        "self-signed": ("localhost", "localhost"),
        "alone": ("leaf", "localhost, 127.0.0.1"),
        "stranger": ("stranger", "localhost, 127.0.0.1"),
        "by one that expired": ("young", "localhost, 127.0.0.1"),
        "nameless": ("common", ""),
        "by no authority": ("under", "localhost, 127.0.0.1"),
    }[kind]
    if kind != "self-signed":  # that begins when it is made
        assert tls.until[:4] == ("2020" if kind == "expired" else "2099")
    sent = {
        "stranger": " < The test authority",
        "by no authority": " < good",
        "by one that expired": " < old issuer",
    }
    assert tls.chain == tls.subject + sent.get(kind, "")
    assert "NOT verified" in str(tls)
    assert tls.names in str(tls)


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


STEPS = {"pop3s": "if that port has no TLS, try pop3+stls://localhost or pop3://localhost"}
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
        step = STEPS.get(WAYS[way], "the server grants STLS and does not do it; tell who runs it")
        assert ending.how is How.TLS
        assert ending.why.partition("://localhost:")[2].partition(": ")[2] == sentence.format(
            plain=step
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
        told = f"clear text came where TLS should begin; {STEPS['pop3s']}"
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
            await client.begin_tls(believing(shop), "proxy.example")
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
        assert "the server refuses STLS; try pop3s://localhost, or pop3://localhost" in ending.why


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


# -- the client's leg ---------------------------------------------------------------------------

LISTENERS = {"at once": "pop3s", "inspected": "pop3"}


async def up_to_client(relayed: Relayed, way: str, shop: Shop) -> Wire:
    """Return a client that is to begin TLS now; its server does as it should."""
    if way == "at once":
        return await relayed.client()
    client, server = await relayed.greeted()
    await client.send(b"STLS\r\n")
    await server.expect(b"STLS\r\n")
    await server.send(GRANT)
    await server.begin_tls(shop.kinds["good"].context())
    await client.expect(GRANT)
    return client


async def asks(name: str, context: ssl.SSLContext, client: Wire) -> None:
    with pytest.raises(ssl.SSLError):
        await client.begin_tls(context, name)


def believing(shop: Shop) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=shop.ca)


async def distrusts(_: Shop, client: Wire) -> None:
    await asks("proxy.example", ssl.create_default_context(), client)


async def wants_another_name(shop: Shop, client: Wire) -> None:
    await asks("mail.example.org", believing(shop), client)


async def has_old_tls(shop: Shop, client: Wire) -> None:
    await asks("proxy.example", old(believing(shop)), client)


async def has_other_ciphers(shop: Shop, client: Wire) -> None:
    context = believing(shop)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    await asks("proxy.example", not_the_newest(context), client)


async def speaks_pop3(_: Shop, client: Wire) -> None:
    await client.send(b"CAPA\r\n")


async def says_nothing(_: Shop, client: Wire) -> None:
    pass


async def begins(
    client: Wire, shop: Shop, *, size: int | None = None, name: str | None = "proxy.example"
) -> None:
    """Say a ClientHello for TLS 1.2, or its beginning, and nothing more."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = not_the_newest(believing(shop))
    context.check_hostname = False
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    await client.send(outgoing.read()[:size])


async def talks_nonsense_to_us(_: Shop, client: Wire) -> None:
    await client.send(b"\x16\x03\x03\0\4\x63\0\0\0")


async def says_half_a_hello(shop: Shop, client: Wire) -> None:
    await begins(client, shop, size=60)


async def says_a_hello(shop: Shop, client: Wire) -> None:
    await begins(client, shop)
    await client.receive(1)


async def hangs_up_on_us(shop: Shop, client: Wire) -> None:
    await says_a_hello(shop, client)
    client.finish()


async def hangs_up_early(shop: Shop, client: Wire) -> None:
    await says_half_a_hello(shop, client)
    client.finish()


async def hangs_up_without_a_word(_: Shop, client: Wire) -> None:
    client.finish()


async def resets_on_us(shop: Shop, client: Wire) -> None:
    await says_a_hello(shop, client)
    client.reset()


TRUST = "let it trust the issuer of the certificate in --cert, which must have its whole chain"
HUNG_UP = "the client hung up in the middle of the TLS handshake; if it does not trust "
EARLY = "the client hung up before it had said what TLS it wants; its log may say why"
SILENT = "the client did not go on with the TLS handshake for 0.3 s; a program that waits for"
PLEASE: dict[str, tuple[Serve, str]] = {
    "no trust": (
        distrusts,
        (
            "the client refuses the certificate for proxy.example that it was shown (unknown_ca);"
            f" {TRUST}"
        ),
    ),
    "another name": (
        wants_another_name,
        (
            "the client refuses the certificate for proxy.example that it was shown"
            " (bad_certificate); it asked for mail.example.org, so let it connect to a name of the"
            " server's own"
        ),
    ),
    "old versions": (
        has_old_tls,
        (
            "the client knows no version of TLS that is taken here, 1.2 or newer; allow older ones"
            " with --tls-min 1.0"
        ),
    ),
    "ciphers": (has_other_ciphers, "the client has no cipher in common with us, or none for"),
    "nonsense": (talks_nonsense_to_us, "TLS with the client failed: unexpected message"),
    "early hang-up": (hangs_up_early, EARLY),
    "half a hello": (says_half_a_hello, SILENT),
    "a hello and no more": (says_a_hello, SILENT),
    "hang-up": (hangs_up_on_us, f"{HUNG_UP}the certificate for proxy.example, {TRUST}"),
    "reset": (
        resets_on_us,
        (
            "the client reset the connection in the middle of the TLS handshake; if it does not"
            f" trust the certificate for proxy.example, {TRUST}"
        ),
    ),
}
ONLY_AT_ONCE: dict[str, tuple[Serve, str]] = {
    "clear text": (
        speaks_pop3,
        (
            "the client speaks clear text to a pop3s:// listener; let it use TLS at once, or listen"
            " on pop3://"
        ),
    ),
    "silence": (says_nothing, "the client said nothing for 0.3 s to a pop3s:// listener; if it"),
    "hang-up without a word": (
        hangs_up_without_a_word,
        (
            "the client hung up on a pop3s:// listener without a word; if it waited for a"
            " greeting it has no TLS there: let it use that at once, or listen on pop3://"
        ),
    ),
}
ONLY_INSPECTED: dict[str, tuple[Serve, str]] = {
    "clear text": (
        speaks_pop3,
        (
            "the client asked for STLS and then spoke clear text; it is at fault, and --stls strip"
            " keeps it from asking"
        ),
    ),
    "silence": (says_nothing, SILENT),
    "hang-up without a word": (hangs_up_without_a_word, EARLY),
}
REFUSALS = [
    *(("at once", what, *case) for what, case in (PLEASE | ONLY_AT_ONCE).items()),
    *(("inspected", what, *case) for what, case in (PLEASE | ONLY_INSPECTED).items()),
]


@pytest.mark.parametrize(
    ("way", "serve", "sentence"),
    [pytest.param(way, serve, told, id=f"{what}, {way}") for way, what, serve, told in REFUSALS],
)
async def test_a_client_that_fails_in_the_handshake_is_told_of(
    shop: Shop, way: str, serve: Serve, sentence: str
) -> None:
    slow = SOON if "0.3 s" in sentence else 5.0
    async with relay(shop.legs(timeout=slow), LISTENERS[way], "pop3") as relayed:
        client = await up_to_client(relayed, way, shop)
        await serve(shop, client)
        if client.sock.fileno() >= 0:
            client.tls = None
            with suppress(ConnectionResetError):
                await client.rest()
            client.close()
        ending = await relayed.witness.ending()
        assert (ending.how, ending.why[: len(sentence)]) == (How.TLS, sentence)


NAMED = {
    "unknown_ca": TRUST,
    "bad_certificate": TRUST,
    "certificate_unknown": TRUST,
    "unsupported_certificate": TRUST,
    "access_denied": TRUST,
    "certificate_revoked": TRUST,
    "certificate_expired": "set its clock, or show it a newer one (--cert)",
    "handshake_failure": "the client has no cipher in common with us",
    "insufficient_security": "the client has no cipher in common with us",
    "protocol_version": "the client knows no version of TLS that is taken here, 1.2 or newer",
    "decode_error": "the client ended TLS with the alert decode_error; its log may say why",
    "internal_error": "the client ended TLS with the alert internal_error; its log may say why",
    "decrypt_error": "the client ended TLS with the alert decrypt_error; its log may say why",
}


@pytest.mark.parametrize("way", LISTENERS)
@pytest.mark.parametrize("alert", NAMED)
async def test_every_alert_of_a_client_is_named(shop: Shop, alert: str, way: str) -> None:
    number = next(number for number, name in ALERTS.items() if name == alert)
    async with relay(shop.legs(), LISTENERS[way], "pop3") as relayed:
        client = await up_to_client(relayed, way, shop)
        await says_a_hello(shop, client)
        await client.send(bytes((21, 3, 3, 0, 2, 2, number)))
        await client.rest()
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert NAMED[alert] in ending.why
        assert alert in ending.why or "in common" in ending.why or "version" in ending.why


async def test_a_client_that_names_nobody_may_want_trust_or_another_name(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await begins(client, shop, name=None)
        await client.receive(1)
        await client.send(bytes((21, 3, 3, 0, 2, 2, 42)))
        await client.rest()
        client.close()
        assert (await relayed.witness.ending()).why == (
            "the client refuses the certificate for proxy.example that it was shown"
            f" (bad_certificate); {TRUST}, and connect to one of these names"
        )


async def test_the_local_authority_is_what_a_client_has_to_trust(
    shop: Shop, tmp_path: Path
) -> None:
    minted = replace(shop.legs(), identity=Minted(Local.open(tmp_path / "ca")))
    async with relay(minted, "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await asks("mail.example.org", believing(shop), client)
        client.close()
        assert (await relayed.witness.ending()).why == (
            "the client refuses the certificate for mail.example.org that it was shown"
            " (unknown_ca); let it trust the local authority (pop3spy ca trust)"
        )


async def test_a_client_that_finds_our_certificate_expired_is_told_of(shop: Shop) -> None:
    async with relay(shop.legs(shown="expired"), "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await asks("localhost", believing(shop), client)
        client.close()
        why = (await relayed.witness.ending()).why
        assert why.startswith("the client refuses the certificate for localhost, 127.0.0.1 that")
        assert "(certificate_expired); set its clock, or show it a newer one (--cert)" in why


async def test_what_a_client_asked_for_and_was_shown_is_told(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await client.begin_tls(believing(shop), "proxy.example")
        (told,) = await relayed.witness.until(lambda: relayed.witness.of(Secured))
    assert (told.tls.side, told.tls.asked, told.tls.names) == (
        "client",
        "proxy.example",
        "proxy.example",
    )
    assert str(told.tls).endswith("with the client, which asked for proxy.example")


async def test_a_client_that_looks_at_the_name_later_is_told_with_both_names(shop: Shop) -> None:
    """As curl does, which then goes without a word."""
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        client, context = await relayed.client(), believing(shop)
        context.check_hostname = False
        await client.begin_tls(context, "mail.example.org")
        (told,) = await relayed.witness.until(lambda: relayed.witness.of(Secured))
    assert str(told.tls).endswith(
        "with the client, which asked for mail.example.org and was shown a certificate for"
        " proxy.example"
    )


def test_a_certificate_of_many_names_is_told_with_a_few() -> None:
    names = ", ".join(f"{number}.example" for number in range(100))
    a_few = "0.example, 1.example, 2.example, 3.example, 4.example and 95 more"
    shown = str(Tls("TLSv1.3", "", side="client", names=names, asked="mail.example"))
    assert shown.endswith(f"was shown a certificate for {a_few}")
    seen = str(Glimpse("server", "hello", names=names, until="2027"))
    assert seen.endswith(f"certificate of {a_few} until 2027")
    five = ", ".join(names.split(", ")[:5])
    claimed = str(Tls("TLSv1.3", "", verified=False, subject="x", since="2026", names=five))
    assert f"x ({five}) from" in claimed
