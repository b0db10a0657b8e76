"""The client's side of TLS, against servers that do it right and in every wrong way."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from connect.by_hand import talking
from net.certificates import EXPIRED, FUTURE, Authority, Certificate, self_signed
from net.witness import Witness
from pop3spy.errors import ConfigError, ConnectError, TlsError
from pop3spy.net.connection import Connection
from pop3spy.net.trust import Trust
from pop3spy.protocol.frames import Junk, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Heard, Moved, Secured, SideClosed
from pop3spy.session.how import Ending, How

PATIENCE = 15.0
GREETING = b"+OK ready\r\n"

Serve = Callable[[socket.socket], object]


@dataclass(frozen=True)
class Certificates:
    """One of each kind."""

    ca: Path
    good: Certificate
    expired: Certificate
    future: Certificate
    other_name: Certificate
    without_intermediate: Certificate
    own: Certificate


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder / "ca")
    between = authority.issue("between", is_authority=True)
    return Certificates(
        authority.certificate,
        authority.issue("good"),
        authority.issue("expired", valid=EXPIRED),
        authority.issue("future", valid=FUTURE),
        authority.issue("other", names="DNS:mail.example.org"),
        authority.issue("leaf", issuer=between),
        self_signed(folder),
    )


@contextmanager
def server(serve: Serve) -> Iterator[int]:
    """Let *serve* have the first connection to a port of this machine; give the port."""
    door = socket.create_server(("127.0.0.1", 0))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            peer, _ = door.accept()
            peer.settimeout(PATIENCE)
            with peer, suppress(OSError):  # the client hangs up as it likes
                serve(peer)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        thread.join(PATIENCE)
        door.close()
    assert not failures


def answers(peer: socket.socket) -> None:
    """Be a server that answers +OK to everything, with what was asked."""
    with peer.makefile("rwb", 0) as stream:
        for line in iter(stream.readline, b""):
            stream.write(b"+OK " + line)
            if line == b"QUIT\r\n":
                return


def inside(context: ssl.SSLContext) -> Serve:
    """TLS at once, then POP3."""

    def serve(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.sendall(GREETING)
            answers(tls)

    return serve


def granting(then: Serve, grant: bytes = b"+OK go on\r\n") -> Serve:
    """Clear text up to an STLS that is answered with *grant*."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        assert _line(peer) == b"STLS\r\n"
        peer.sendall(grant)
        then(peer)

    return serve


def _line(peer: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += peer.recv(1)
    return line


def handshake(context: ssl.SSLContext) -> Serve:
    def serve(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as tls:
            answers(tls)

    return serve


def _raise(_: object, error: Exception) -> None:
    raise error


@asynccontextmanager
async def connected(
    url: Url,
    trust: Trust,
    timeout: float = PATIENCE,  # noqa: ASYNC109 - of the handshake
    witness: Witness | None = None,
) -> AsyncIterator[tuple[Connection, Witness]]:
    witness = witness or Witness()
    bus = Bus(_raise)
    witness.attach_to(bus)
    connection = await Connection.open(url, bus, Clock(), trust=trust, timeout=timeout)
    async with connection:
        yield connection, witness


async def failure(serve: Serve, scheme: str, trust: Trust, timeout: float = PATIENCE) -> str:  # noqa: ASYNC109 - of the handshake
    """Return the sentence in which a connection fails, less the URL before it."""
    witness = Witness()
    with server(serve) as port, pytest.raises(TlsError) as error:
        async with connected(Url(scheme, "localhost", port), trust, timeout, witness):
            pass
    assert witness.endings(1) == [Ending(How.TLS)]
    text = str(error.value)
    assert text.startswith(f"{scheme}://localhost:{port}: ")
    assert "\n" not in text
    return text.partition(f":{port}: ")[2]


# -- that it works ------------------------------------------------------------------------------


async def test_tls_at_once_hides_the_whole_session(certificates: Certificates) -> None:
    with server(inside(certificates.good.context())) as port:
        url = Url("pop3s", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            assert [frame.raw for frame in await connection.reply()] == [GREETING]
            assert [frame.raw for frame in await connection.ask(b"NOOP\r\n")] == [b"+OK NOOP\r\n"]
            await connection.ask(b"QUIT\r\n")
    secured = witness.of(Secured)[0].tls
    assert (secured.version, secured.verified, secured.subject) == ("TLSv1.3", True, "good")
    assert secured.issuer == "The test authority"


@pytest.mark.parametrize("ends", [True, False])
async def test_whether_the_server_ended_tls_before_it_hung_up_is_told(
    certificates: Certificates, *, ends: bool
) -> None:
    def serve(peer: socket.socket) -> None:
        with certificates.good.context().wrap_socket(peer, server_side=True) as tls:
            tls.sendall(GREETING)
            if ends:
                tls.settimeout(0)  # or it waits for the client to end TLS too
                with suppress(ssl.SSLWantReadError):
                    tls.unwrap()
            tls.shutdown(socket.SHUT_WR)

    with server(serve) as port:
        url = Url("pop3s", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            await connection.reply()
            assert await connection.hear() is None
    assert [told.close_notify for told in witness.of(SideClosed)][:1] == [ends]


async def test_stls_is_said_before_anything_else_and_only_once(certificates: Certificates) -> None:
    with server(granting(handshake(certificates.good.context()))) as port:
        url = Url("pop3+stls", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            assert [frame.raw for frame in await connection.reply()] == [GREETING]
            frames = await connection.ask(b"NOOP\r\n")
            assert [(frame.number, frame.raw) for frame in frames] == [(1, b"+OK NOOP\r\n")]
            assert connection.session.state is State.AUTHORIZATION
            await connection.ask(b"QUIT\r\n")
    assert [(move.before, move.after) for move in witness.of(Moved)][1:3] == [
        (State.AUTHORIZATION, State.TLS),
        (State.TLS, State.AUTHORIZATION),
    ]


async def test_an_stls_that_somebody_says_later_begins_tls_too(certificates: Certificates) -> None:
    with server(granting(handshake(certificates.good.context()))) as port:
        url = Url("pop3", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            await connection.reply()
            assert [frame.raw for frame in await connection.ask(b"STLS\r\n")] == [b"+OK go on\r\n"]
            assert [frame.raw for frame in await connection.ask(b"QUIT\r\n")] == [b"+OK QUIT\r\n"]
    assert len(witness.of(Secured)) == 1


async def test_capabilities_from_before_tls_are_forgotten(certificates: Certificates) -> None:
    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        _line(peer)
        peer.sendall(b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n")
        _line(peer)
        peer.sendall(b"+OK\r\n")
        handshake(certificates.good.context())(peer)

    with server(serve) as port:
        url = Url("pop3", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, _):
            await connection.reply()
            await connection.ask(b"CAPA\r\n")
            assert connection.session.capabilities
            await connection.ask(b"STLS\r\n")
            await connection.ask(b"NOOP\r\n")
            assert not connection.session.capabilities


async def test_insecure_believes_everybody_and_says_so(certificates: Certificates) -> None:
    with server(inside(certificates.expired.context())) as port:
        url = Url("pop3s", "localhost", port)
        async with connected(url, Trust(insecure=True)) as (connection, witness):
            await connection.reply()
    tls = witness.of(Secured)[0].tls
    assert not tls.verified
    assert "NOT verified" in str(tls)
    assert (tls.subject, tls.names, tls.until[:10]) == (
        "expired",
        ("localhost", "127.0.0.1"),
        "2020-02-01",
    )


# -- why it does not ----------------------------------------------------------------------------

BAD = [
    pytest.param("expired", "its certificate expired on 2020-02-01 00:00:00Z", id="expired"),
    pytest.param(
        "future",
        "its certificate is not valid before 2098-01-01 00:00:00Z, and here it is 2",
        id="not yet valid",
    ),
    pytest.param(
        "other_name",
        "its certificate is not for localhost but for mail.example.org",
        id="another name",
    ),
    pytest.param(
        "without_intermediate",
        "it sent its own certificate without that of the issuer, between",
        id="no intermediate",
    ),
    pytest.param("own", "signed by nobody but itself", id="self-signed"),
]


@pytest.mark.parametrize("scheme", ["pop3s", "pop3+stls"])
@pytest.mark.parametrize(("which", "sentence"), BAD)
async def test_a_bad_certificate_is_refused_and_told(
    certificates: Certificates, which: str, sentence: str, scheme: str
) -> None:
    context = getattr(certificates, which).context()
    serve = inside(context) if scheme == "pop3s" else granting(handshake(context))
    told = await failure(serve, scheme, Trust(ca=certificates.ca))
    assert sentence in told
    assert "--insecure" in told


async def test_the_systems_store_is_what_is_believed_by_default(certificates: Certificates) -> None:
    told = await failure(inside(certificates.good.context()), "pop3s", Trust())
    assert told.startswith(
        "it sent its own certificate without that of the issuer, The test authority"
    )
    assert "--upstream-ca FILE" in told


async def test_clear_text_where_tls_should_begin_is_told(certificates: Certificates) -> None:
    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        peer.recv(65536)
        peer.sendall(b"-ERR what\r\n")
        peer.recv(65536)

    told = await failure(serve, "pop3s", Trust(ca=certificates.ca))
    assert told.startswith("clear text came where TLS should begin")
    assert "pop3+stls://localhost" in told


async def test_a_server_with_old_tls_only_is_told(certificates: Certificates) -> None:
    context = certificates.good.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    told = await failure(inside(context), "pop3s", Trust(ca=certificates.ca))
    assert told.startswith("the server takes no TLS 1.2 or newer")


async def test_a_silent_server_is_told() -> None:
    told = await failure(granting(_wait), "pop3+stls", Trust(), timeout=0.3)
    assert told.startswith("the server did not go on with the TLS handshake for 0.3 s")
    told = await failure(_wait, "pop3s", Trust(), timeout=0.3)
    assert "if that port has no TLS, try pop3+stls://localhost:" in told


def _wait(peer: socket.socket) -> None:
    while peer.recv(65536):
        pass


async def test_a_server_that_hangs_up_is_told() -> None:
    told = await failure(granting(lambda peer: peer.recv(65536)), "pop3+stls", Trust())
    assert told.startswith("the server hung up in the middle of the TLS handshake")


async def test_a_server_that_refuses_stls_gets_nothing_more() -> None:
    heard = []

    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        _line(peer)
        peer.sendall(b"-ERR no\r\n")
        heard.append(peer.recv(65536))

    told = await failure(serve, "pop3+stls", Trust())
    assert told.startswith(
        "the server refuses STLS; try pop3s://localhost:995, or pop3://localhost:"
    )
    assert heard == [b""]


async def test_a_server_that_sends_us_away_at_once_gets_nothing_at_all() -> None:
    """Nobody goes on in clear with a server that was to have TLS."""
    heard = []

    def serve(peer: socket.socket) -> None:
        peer.sendall(b"-ERR come back later\r\n")
        heard.append(peer.recv(65536))

    told = await failure(serve, "pop3+stls", Trust())
    assert told == "the server sends us away before there is TLS"
    assert heard == [b""]


@pytest.mark.parametrize("piece", [b"Welcome!\r\n", b"x"], ids=["lines", "a line"])
async def test_a_greeting_without_end_is_not_kept(piece: bytes) -> None:
    def serve(peer: socket.socket) -> None:
        while True:  # until the client hangs up
            peer.sendall(piece * 9000)

    told = await failure(serve, "pop3+stls", Trust())
    assert told == "no greeting in 65,536 octets"


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("nothing")
    with pytest.raises(ConfigError, match="holds no certificate in PEM form"):
        Trust(ca=tmp_path / "empty").context()
    with pytest.raises(ConfigError, match="no such file"):
        Trust(ca=tmp_path / "none").context()


# -- what is said in clear stays outside --------------------------------------------------------

GRANT = b"+OK go on\r\n"
INJECTED = b"+OK injected\r\n"


@pytest.mark.parametrize("cut", range(len(GRANT), len(GRANT + INJECTED) + 1))
async def test_what_comes_behind_the_grant_never_gets_into_tls(
    certificates: Certificates, cut: int
) -> None:
    """Whatever of the injected line arrives with the grant, and whatever later."""
    wire = GRANT + INJECTED

    def then(peer: socket.socket) -> None:
        peer.sendall(wire[cut:])
        handshake(certificates.good.context())(peer)

    with server(granting(then, wire[:cut])) as port:
        url = Url("pop3", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            await connection.reply()
            with pytest.raises(ConnectError) as error:
                await connection.ask(b"STLS\r\n")
    assert not witness.of(Secured)
    inside_tls = [event for event in witness.of(Heard) if isinstance(event.frame, StatusLine)]
    assert len(inside_tls) == 2, "the greeting and the grant, and nothing that was injected"
    if cut > len(GRANT):
        assert "the server said more in clear behind its +OK to STLS" in str(error.value)
    junk = [event.frame.raw for event in witness.of(Heard) if isinstance(event.frame, Junk)]
    assert junk == [INJECTED] if cut == len(wire) else junk in ([], [INJECTED])


async def test_the_grant_may_come_octet_by_octet(certificates: Certificates) -> None:
    def then(peer: socket.socket) -> None:
        for octet in GRANT:
            peer.sendall(bytes([octet]))
        handshake(certificates.good.context())(peer)

    with server(granting(then, b"")) as port:
        url = Url("pop3+stls", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            await connection.reply()
            await connection.ask(b"QUIT\r\n")
    assert len(witness.of(Secured)) == 1


async def test_closing_does_not_wait_for_a_server_that_says_no_farewell(
    certificates: Certificates,
) -> None:
    def serve(peer: socket.socket) -> None:
        with certificates.good.context().wrap_socket(peer, server_side=True) as tls:
            tls.sendall(GREETING)
            done.wait(PATIENCE)

    done = threading.Event()
    with server(serve) as port:
        url = Url("pop3s", "localhost", port)
        async with asyncio.timeout(PATIENCE / 2):
            async with connected(url, Trust(ca=certificates.ca)) as (connection, _):
                await connection.reply()
        done.set()


def _only_greets(context: ssl.SSLContext) -> Serve:
    def serve(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.sendall(GREETING)
            tls.unwrap()

    return serve


async def test_nothing_is_said_once_the_connection_is_being_closed(
    certificates: Certificates,
) -> None:
    """The server has ended TLS, and whoever speaks need not have noticed."""
    with server(_only_greets(certificates.good.context())) as port:
        url, trust = Url("pop3s", "localhost", port), Trust(ca=certificates.ca)
        async with asyncio.timeout(PATIENCE / 2), connected(url, trust) as (connection, witness):
            await connection.reply()
            assert await connection.hear() is None
            async with asyncio.TaskGroup() as group:
                group.create_task(connection.close())
                group.create_task(connection.send(b"NOOP\r\n"))
    assert witness.lines(1) == ["S: +OK ready"]
    assert witness.endings(1) == [Ending(How.SERVER_CLOSED)]


async def test_a_script_learns_that_its_server_has_ended_tls(certificates: Certificates) -> None:
    """Whenever that is noticed; what is said meanwhile has no reply."""
    for _ in range(10):
        with server(_only_greets(certificates.good.context())) as port:
            url, trust = Url("pop3s", "localhost", port), Trust(ca=certificates.ca)
            async with asyncio.timeout(PATIENCE / 2):
                shown = await talking(url, ["NOOP", "STAT", "QUIT"], trust)
        assert shown.failed
        assert shown.rows[-1] == " ? the server hung up before it had replied"
        assert "C: STAT" not in shown.rows


async def test_an_stls_said_ahead_of_another_reply_begins_tls_too(
    certificates: Certificates,
) -> None:
    """What it is, is known only once the server has refused AUTH."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        _line(peer)
        peer.sendall(b"-ERR\r\n")
        assert _line(peer) == b"STLS\r\n"
        peer.sendall(GRANT)
        handshake(certificates.good.context())(peer)

    with server(serve) as port:
        url = Url("pop3", "localhost", port)
        async with connected(url, Trust(ca=certificates.ca)) as (connection, witness):
            await connection.reply()
            await connection.send(b"AUTH SECRET\r\nSTLS\r\n")
            assert [frame.raw for frame in await connection.reply()] == [b"-ERR\r\n"]
            assert [frame.raw for frame in await connection.reply()] == [GRANT]
            assert [frame.raw for frame in await connection.ask(b"QUIT\r\n")] == [b"+OK QUIT\r\n"]
    assert len(witness.of(Secured)) == 1


def _hangs_up(_: socket.socket) -> None:
    pass


def _resets(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("then", "how"),
    [
        pytest.param(_hangs_up, How.SERVER_CLOSED, id="hangs up"),
        pytest.param(_resets, How.SERVER_RESET, id="resets"),
        pytest.param(_wait, How.TIMEOUT, id="says nothing"),
    ],
)
async def test_who_ended_it_before_stls_was_granted_is_told(then: Serve, how: How) -> None:
    def serve(peer: socket.socket) -> None:
        peer.sendall(GREETING)
        _line(peer)
        then(peer)

    witness = Witness()
    with server(serve) as port, pytest.raises(ConnectError):
        async with connected(Url("pop3+stls", "localhost", port), Trust(), 0.3, witness):
            pass
    assert witness.endings(1) == [Ending(how)]
