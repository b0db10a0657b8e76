"""Handshakes that fail on the client's leg: who is told what, and that nobody is left waiting.

Each failure is one of real TLS on real sockets; OpenSSL is the peer, unless a peer is to say what
OpenSSL would not.
"""

import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from net.legs import GRANT, relay
from net.serving import Relayed
from net.shop import Shop, not_the_newest, old
from net.wires import Wire
from pop3spy.authority import Authority as Local
from pop3spy.net.identity import Minted
from pop3spy.protocol.tlsnames import ALERTS
from pop3spy.session.events import Secured
from pop3spy.session.glimpse import Glimpse
from pop3spy.session.how import How
from pop3spy.session.tls import Tls

SOON = 0.3
"""Seconds that a peer is waited for which never comes."""

Serve = Callable[[Shop, Wire], Awaitable[None]]
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


async def distrusts(_: Shop, client: Wire) -> None:
    await asks("proxy.example", ssl.create_default_context(), client)


async def wants_another_name(shop: Shop, client: Wire) -> None:
    await asks("mail.example.org", shop.client(), client)


async def has_old_tls(shop: Shop, client: Wire) -> None:
    await asks("proxy.example", old(shop.client()), client)


async def has_other_ciphers(shop: Shop, client: Wire) -> None:
    context = shop.client()
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
    context = not_the_newest(shop.client())
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
        await asks("mail.example.org", shop.client(), client)
        client.close()
        assert (await relayed.witness.ending()).why == (
            "the client refuses the certificate for mail.example.org that it was shown"
            " (unknown_ca); let it trust the local authority (pop3spy ca trust)"
        )


async def test_a_client_that_finds_our_certificate_expired_is_told_of(shop: Shop) -> None:
    async with relay(shop.legs(shown="expired"), "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await asks("localhost", shop.client(), client)
        client.close()
        why = (await relayed.witness.ending()).why
        assert why.startswith("the client refuses the certificate for localhost, 127.0.0.1 that")
        assert "(certificate_expired); set its clock, or show it a newer one (--cert)" in why


async def test_what_a_client_asked_for_and_was_shown_is_told(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        client = await relayed.client()
        await client.begin_tls(shop.client(), "proxy.example")
        (told,) = await relayed.witness.until(lambda: relayed.witness.of(Secured))
    assert (told.tls.side, told.tls.asked, told.tls.names) == (
        "client",
        "proxy.example",
        ("proxy.example",),
    )
    assert str(told.tls).endswith("with the client, which asked for proxy.example")


async def test_a_client_that_looks_at_the_name_later_is_told_with_both_names(shop: Shop) -> None:
    """As curl does, which then goes without a word."""
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        client, context = await relayed.client(), shop.client()
        context.check_hostname = False
        await client.begin_tls(context, "mail.example.org")
        (told,) = await relayed.witness.until(lambda: relayed.witness.of(Secured))
    assert str(told.tls).endswith(
        "with the client, which asked for mail.example.org and was shown a certificate for"
        " proxy.example"
    )


def test_a_certificate_of_many_names_is_told_with_a_few() -> None:
    names = tuple(f"{number}.example" for number in range(100))
    a_few = "0.example, 1.example, 2.example, 3.example, 4.example and 95 more"
    shown = str(Tls("TLSv1.3", "", side="client", names=names, asked="mail.example"))
    assert shown.endswith(f"was shown a certificate for {a_few}")
    seen = str(Glimpse("server", "hello", names=names, until="2027"))
    assert seen.endswith(f"certificate of {a_few} until 2027")
    five = names[:5]
    claimed = str(Tls("TLSv1.3", "", verified=False, subject="x", since="2026", names=five))
    assert f"x ({', '.join(five)}) from" in claimed
