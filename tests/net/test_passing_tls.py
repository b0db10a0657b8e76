"""TLS that passes unread: not an octet of it changes, and what is in clear is told."""

import asyncio
import io
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from net.certificates import Authority, Certificate
from net.serving import Relayed, relaying
from net.wires import Wire
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.net.leg import Legs
from pop3spy.protocol.frames import Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Event, Glimpsed, Secured, Told
from pop3spy.session.glimpse import Glimpse, glimpse_from
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading

GREETING = b"+OK ready\r\n"
NAME = "mail.example.org"
Talk = list[tuple[Side, bytes]]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("passing") / "ca")


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    return authority.issue("mail", names=f"DNS:{NAME},DNS:pop.example.org")


def contexts(
    authority: Authority, certificate: Certificate, newest: ssl.TLSVersion
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    client = ssl.create_default_context(cafile=authority.certificate)
    server = certificate.context()
    client.maximum_version = newest
    for context in (client, server):
        context.set_alpn_protocols(["pop3"])
    return client, server


def talked(client: ssl.SSLContext, server: ssl.SSLContext, name: str = NAME) -> Talk:
    """Return what both say in a handshake, and in the conversation behind it."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there_out := ssl.MemoryBIO(), server_hostname=name)
    theirs = server.wrap_bio(there, back_out := ssl.MemoryBIO(), server_side=True)
    talk: Talk = []

    def carry() -> None:
        if said := there_out.read():
            talk.append((Side.CLIENT, said))
            there.write(said)
        if said := back_out.read():
            talk.append((Side.SERVER, said))
            back.write(said)

    for _ in range(4):
        for tls in (ours, theirs):
            with suppress(ssl.SSLError):
                tls.do_handshake()
            carry()
    with suppress(ssl.SSLError):
        theirs.write(GREETING)
    carry()
    return talk


def seen(talk: Talk, *, strict: bool = False, before: Talk = []) -> list[Told]:  # noqa: B006 - read only
    events: list[Told] = []
    reading = Reading(
        1, Peer("c", 1), Peer("s", 2), 0.0, events.append, names=Pseudonyms() if strict else None
    )
    for at, (side, data) in enumerate([*before, *talk]):
        reading.append(Chunk(side, data, float(at)))
        reading.read_all()
    reading.end(99.0, Ending(How.CLIENT_CLOSED))
    return events


def glimpses(talk: Talk, *, strict: bool = False, before: Talk = []) -> list[Glimpse]:  # noqa: B006
    told = seen(talk, strict=strict, before=before)
    return [event.glimpse for event in told if isinstance(event, Glimpsed)]


GRANTED: Talk = [
    (Side.SERVER, GREETING),
    (Side.CLIENT, b"STLS\r\n"),
    (Side.SERVER, b"+OK go on\r\n"),
]
OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ASKS = f"TLS passes unread: the client asks for {NAME}, TLS 1.2, ALPN pop3"
CHOOSES = (
    "TLS passes unread: the server chooses TLS 1.2, ECDHE-ECDSA-AES256-GCM-SHA384, ALPN pop3,"
    " certificate of mail until 2099-01-01 00:00:00Z"
)


@pytest.mark.parametrize("before", [[], GRANTED], ids=["at once", "after STLS"])
def test_in_tls_1_2_the_certificate_is_seen(
    authority: Authority, certificate: Certificate, before: Talk
) -> None:
    client, server = glimpses(talked(*contexts(authority, certificate, OLD)), before=before)
    assert [str(client), str(server)] == [ASKS, CHOOSES]
    assert server.issuer == "The test authority"
    assert server.names == (NAME, "pop.example.org")


def test_in_tls_1_3_it_is_not(authority: Authority, certificate: Certificate) -> None:
    told = glimpses(talked(*contexts(authority, certificate, NEW)))
    assert [str(each) for each in told] == [
        f"TLS passes unread: the client asks for {NAME}, TLS 1.3, TLS 1.2, ALPN pop3",
        "TLS passes unread: the server chooses TLS 1.3, TLS_AES_256_GCM_SHA384",
    ]


def test_a_server_that_wants_a_certificate_is_told_of(
    authority: Authority, certificate: Certificate
) -> None:
    client, server = contexts(authority, certificate, OLD)
    server.verify_mode = ssl.CERT_OPTIONAL
    server.load_verify_locations(authority.certificate)
    _, told = glimpses(talked(client, server))
    assert told.asks
    assert str(told).endswith(", wants a certificate of the client's")


def test_why_a_client_refuses_is_seen_in_its_alert(
    authority: Authority, certificate: Certificate
) -> None:
    _, server = contexts(authority, certificate, OLD)
    client = ssl.create_default_context()
    client.maximum_version = OLD
    *_, alert = glimpses(talked(client, server))
    assert str(alert) == "TLS passes unread: the client sends the alert unknown_ca"
    assert alert.matters


@pytest.fixture(scope="session")
def whole(authority: Authority, certificate: Certificate) -> Talk:
    return talked(*contexts(authority, certificate, OLD))


@given(st.data())
def test_however_it_is_cut_the_same_is_seen(whole: Talk, data: st.DataObject) -> None:
    cut: Talk = []
    for side, said in whole:
        places = sorted(data.draw(st.sets(st.integers(1, len(said)), max_size=6)) | {len(said)})
        cut += [(side, said[a:b]) for a, b in zip([0, *places], places, strict=False) if b > a]
    assert [str(each) for each in glimpses(cut)] == [ASKS, CHOOSES]


@given(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=40)), max_size=8))
def test_whatever_hostile_peers_say_is_no_error(talk: Talk) -> None:
    hello = [(Side.CLIENT, b"\x16\x03\x01"), (Side.SERVER, b"\x16\x03\x03")]
    assert len(glimpses([*hello, *talk])) <= 10


def test_names_are_hidden_where_peers_are(authority: Authority, certificate: Certificate) -> None:
    told = glimpses(talked(*contexts(authority, certificate, OLD)), strict=True)
    assert "example" not in repr(told)
    assert "TLS 1.2" in repr(told)


def test_a_recording_tells_the_same(authority: Authority, certificate: Certificate) -> None:
    talk = talked(*contexts(authority, certificate, OLD))
    out = io.BytesIO()
    out.write(Header(Clock().started, bodies="keep").lines().encode())
    recorder = Recorder(Session(1, Peer("c", 1), Peer("s", 110), 0.0), "keep", out.write)
    for event in (live := seen(talk)):
        assert isinstance(event, Event)
        recorder(event)
    again: list[Event] = []
    play_back(CaptureReader(io.StringIO(out.getvalue().decode()), "test"), lambda _: again.append)
    assert out.getvalue().count(b'"passing"') == 2
    assert [event.glimpse for event in again if isinstance(event, Glimpsed)] == [
        event.glimpse for event in live if isinstance(event, Glimpsed)
    ]


def test_what_a_recording_says_is_taken_as_text_whatever_it_is() -> None:
    assert glimpse_from({"side": 7, "asks": "yes", "names": None}) == Glimpse("7", "")
    assert str(glimpse_from({"kind": "misplaced"})) == "misplaced"
    odd = {"side": "server", "kind": "hello", "names": ["a", 7, None], "version": 1.2}
    assert glimpse_from(odd) == Glimpse("server", "hello", ("1.2",), names=("a",))


def test_a_recording_of_an_earlier_version_has_joined_texts() -> None:
    old = {"side": "client", "kind": "hello", "version": "TLS 1.3, TLS 1.2", "protocol": "pop3"}
    assert glimpse_from(old) == Glimpse(
        "client", "hello", ("TLS 1.3", "TLS 1.2"), protocols=("pop3",)
    )
    assert glimpse_from({**old, "version": ["TLS 1.3", "TLS 1.2"], "protocol": ["pop3"]}) == (
        glimpse_from(old)
    )


# -- in a proxy ---------------------------------------------------------------------------------


async def passed(relayed: Relayed, client: ssl.SSLContext, server: ssl.SSLContext) -> Wire:
    """Do a handshake through the proxy, and say hello inside it; return the client."""
    ours, theirs = await relayed.greeted()
    await ours.send(b"STLS\r\n")
    await theirs.expect(b"STLS\r\n")
    await theirs.send(b"+OK go on\r\n")
    await ours.expect(b"+OK go on\r\n")
    await both(ours, client, theirs, server)
    await ours.send(b"CAPA\r\n")
    await theirs.expect(b"CAPA\r\n")
    return ours


async def both(ours: Wire, client: ssl.SSLContext, theirs: Wire, server: ssl.SSLContext) -> None:
    await asyncio.gather(ours.begin_tls(client, NAME), theirs.begin_tls(server))


async def test_stls_that_passes_is_tls_between_client_and_server(
    authority: Authority, certificate: Certificate
) -> None:
    async with relaying(legs=Legs(inspect=False)) as relayed:
        client = await passed(relayed, *contexts(authority, certificate, OLD))
        assert client.tls
        assert client.tls.getpeercert(binary_form=True)
        told = await relayed.witness.until(lambda: relayed.witness.of(Glimpsed)[1:])
    assert str(told[0].glimpse) == CHOOSES
    assert not relayed.witness.of(Secured)
    assert not relayed.complaints


async def test_tls_at_once_passes_a_clear_listener(
    authority: Authority, certificate: Certificate
) -> None:
    async with relaying() as relayed:
        ours, theirs = await relayed.pair()
        await both(ours, *(pair := contexts(authority, certificate, NEW))[:1], theirs, pair[1])
        await theirs.send(GREETING)
        await ours.expect(GREETING)
        await relayed.witness.until(lambda: relayed.witness.of(Glimpsed)[1:])
    assert [event.glimpse.side for event in relayed.witness.of(Glimpsed)] == ["client", "server"]


MISPLACED = (
    "the client begins TLS where the server speaks clear text; let it use STLS or no TLS, or"
    " connect to a pop3s:// listener"
)


@pytest.mark.parametrize("first", ["client", "server"])
async def test_tls_on_a_plain_port_is_explained_and_changed_by_nothing(
    authority: Authority, certificate: Certificate, first: str
) -> None:
    """A real client begins TLS, and a real server of clear text answers as it does."""
    async with relaying() as relayed:
        client, server = await relayed.pair()
        if first == "server":
            await server.send(GREETING)
            await relayed.witness.heard_all(Side.SERVER, GREETING)
        hello = talked(*contexts(authority, certificate, NEW))[0][1]
        await client.send(hello)
        await server.expect(hello)
        if first == "client":
            await server.send(GREETING)
        await client.expect(GREETING)
        await server.send(b"-ERR what?\r\n")
        await client.expect(b"-ERR what?\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"-ERR what?\r\n")
        told = [str(event.glimpse) for event in relayed.witness.of(Glimpsed)]
    assert sorted(told) == sorted(
        [f"TLS passes unread: the client asks for {NAME}, TLS 1.3, TLS 1.2, ALPN pop3", MISPLACED]
    )


async def test_clear_text_to_a_server_of_tls_is_explained_by_its_alert() -> None:
    """GnuTLS and newer OpenSSL send one; OpenSSL 3.0 only hangs up, which tells nobody why."""
    async with relaying() as relayed:
        client, server = await relayed.pair()
        await client.send(b"CAPA\r\n")
        await server.expect(b"CAPA\r\n")
        await server.send(b"\x15\x03\x03\0\2\2\x46")
        server.finish()
        assert await client.rest() == b"\x15\x03\x03\0\2\2\x46"
        client.close()
        await relayed.witness.ending()
        told = [str(event.glimpse) for event in relayed.witness.of(Glimpsed)]
    assert told == [
        "TLS passes unread: the server sends the alert protocol_version",
        "the server speaks TLS to a client that speaks clear text; name it as pop3s://",
    ]
