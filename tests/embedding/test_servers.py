"""Servers that last as long as a block: what they hear, what they are told, how they end."""

import asyncio
import io
import poplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

import pop3spy
from pop3spy import (
    CaptureError,
    ConfigError,
    Event,
    ListenError,
    MaildropError,
    NotHeardError,
    Pop3SpyError,
    Reader,
    Server,
    ServerBlock,
    Session,
    proxy,
    serve,
    stand_in,
)
from pop3spy.embedding.server_block import Tls

CAPTURES = Path(__file__).parents[2] / "captures"
PATIENCE = 20.0


@contextmanager
def talking(server: Server, *, user: str = "demo", password: str = "demo") -> Iterator[poplib.POP3]:
    """Give a client that has logged in; it says QUIT behind the block, unless that fails."""
    client = poplib.POP3(server.host, server.port, timeout=PATIENCE)
    with closing(client):
        client.user(user)
        client.pass_(password)
        yield client
        client.quit()


def verbs(server: Server) -> list[str]:
    return [exchange.command.verb for exchange in server.exchanges]


def test_what_a_client_said_is_there_when_its_session_has_ended() -> None:
    with serve() as server:
        with talking(server) as client:
            client.noop()
        session = server.wait_for_session()
    assert verbs(server) == ["USER", "PASS", "NOOP", "QUIT"]
    assert [each.command.verb for each in session.exchanges] == verbs(server)


def test_every_exchange_is_remembered_however_many_there_are() -> None:
    with serve() as server:
        with talking(server) as client:
            for _ in range(1100):
                client.noop()
        session = server.wait_for_session()
    assert len(session.exchanges) == len(server.exchanges) == 1103


def test_an_exchange_comes_with_what_was_found_in_it() -> None:
    with serve() as server, socket.create_connection((server.host, server.port)) as peer:
        peer.sendall(b"STAT\r\n")
        exchange = server.wait_for_exchange("finding = command-wrong-state")
        assert [finding.id for finding in exchange.findings or ()] == ["command-wrong-state"]
        assert server.wait_for_finding("command-wrong-state").exchange == 1


def test_a_wait_begins_before_what_it_waits_for() -> None:
    with serve() as server:
        client = threading.Thread(target=lambda: _noop_twice(server))
        client.start()
        first, second = server.wait_for_exchanges(2, "verb = NOOP")
        client.join()
    assert first.number < second.number


def _noop_twice(server: Server) -> None:
    with talking(server) as client:
        client.noop()
        client.noop()


def test_what_does_not_come_is_told_with_what_came() -> None:
    with serve() as server:
        with talking(server):
            pass
        server.wait_for_session()
        with pytest.raises(NotHeardError) as raised:
            server.wait_for_exchange("verb = RETR", timeout=0.01)
    assert str(raised.value) == (
        "1 exchange that 'verb = RETR' means did not come within 0.01 s;"
        " 3 exchanges came: USER PASS QUIT; 1 session, 0 open"
    )


def test_what_came_is_still_there_when_the_server_has_stopped() -> None:
    with serve() as server, talking(server):
        pass
    assert server.wait_for_exchange("verb = QUIT").ok
    with pytest.raises(NotHeardError, match="before the server stopped"):
        server.wait_for_exchange("verb = RETR")


def test_who_waits_when_the_server_stops_waits_no_longer() -> None:
    failed: list[BaseException] = []

    def wait(server: Server, waits: threading.Event) -> None:
        waits.set()
        try:
            server.wait_for_finding("nothing", timeout=PATIENCE)
        except NotHeardError as error:
            failed.append(error)

    waits = threading.Event()
    with serve() as server:
        waiting = threading.Thread(target=wait, args=(server, waits))
        waiting.start()
        waits.wait(PATIENCE)
    waiting.join(PATIENCE)
    assert "before the server stopped" in str(failed[0])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"Subject: Tea\n\nNow.\n", id="octets"),
        pytest.param("Subject: Tea\n\nNow.\n", id="text"),
        pytest.param(EmailMessage(), id="a message"),
    ],
)
def test_messages_are_served_in_every_form(message: bytes | str | EmailMessage) -> None:
    if isinstance(message, EmailMessage):
        message["Subject"] = "Tea"
        message.set_content("Now.\n")
    with (
        serve(messages=[message], users={"bob": "secret"}) as server,
        talking(server, user="bob", password="secret") as client,
    ):
        lines = client.retr(1)[1]
    assert lines[0] == b"Subject: Tea"
    assert lines[-1] == b"Now."


def test_a_mailbox_is_served(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text("Subject: one\n\nText\n")
    with serve(tmp_path) as server, talking(server) as client:
        client.dele(1)
    assert list(tmp_path.glob("*.eml")) == []


def test_two_servers_run_at_once_and_a_proxy_hears_one_of_them() -> None:
    with serve() as one, serve() as other, proxy(one) as between:
        with talking(between), talking(other):
            pass
        for server in (one, other, between):
            assert server.wait_for_session().user == "demo"
    assert verbs(one) == verbs(between)


def test_a_rewrite_is_heard_by_the_server_alone() -> None:
    with serve() as server, proxy(server, rewrites="client s/^RSET$/NOOP/") as between:
        with talking(between) as client:
            client.rset()
        server.wait_for_session()
    assert "NOOP" in verbs(server)
    assert "RSET" not in verbs(server)


@pytest.mark.parametrize("tls", ["stls", "pop3s"])
def test_tls_is_trusted_by_the_file_that_the_server_names(
    tls: Tls,
) -> None:
    with serve(tls=tls) as server, proxy(server, tls=tls) as between:
        for each in (server, between):
            trust = ssl.create_default_context(cafile=each.ca_file)
            client: poplib.POP3
            if tls == "stls":
                client = poplib.POP3(each.host, each.port)
                client.stls(trust)
            else:
                client = poplib.POP3_SSL(each.host, each.port, context=trust)
            client.user("demo")
            client.pass_("demo")
            client.quit()
            session = each.wait_for_session()
            assert session.legs["client"].version.startswith("TLS")
            assert [one.id for one in each.findings if one.id.startswith("cleartext")] == []
    assert server.ca_file is not None
    assert not server.ca_file.exists()


def test_a_password_without_tls_is_found() -> None:
    with serve() as server, talking(server):
        server.wait_for_finding("cleartext-password")


def test_a_recording_of_a_test_reads_as_what_was_heard(tmp_path: Path) -> None:
    file = tmp_path / "session.yaml"
    with serve(record=file) as server, talking(server) as client:
        client.list()
    read = pop3spy.read_recording(file)
    assert [each.command.verb for each in read.exchanges] == verbs(server)
    assert read.sessions[0].ending is not None


def test_a_stand_in_plays_what_was_recorded() -> None:
    with stand_in(CAPTURES / "dovecot-user.yaml") as server, talking(server) as client:
        greeting = client.getwelcome()
    recorded = pop3spy.read_recording(CAPTURES / "dovecot-user.yaml").sessions[0].greeting
    assert recorded is not None
    assert greeting == recorded.raw.strip()


async def test_in_asyncio_a_wait_is_a_coroutine() -> None:
    async with serve() as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        waiting = asyncio.gather(server.wait_for_exchange("verb = QUIT"), server.wait_for_session())
        await reader.readline()
        writer.write(b"QUIT\r\n")
        exchange, session = await asyncio.wait_for(waiting, PATIENCE)
        assert exchange.ok
        assert session.said_goodbye
        with pytest.raises(NotHeardError, match=r"within 0\.01 s"):
            await server.wait_for_sessions(2, timeout=0.01)
        writer.close()


async def test_a_wait_that_is_cancelled_leaves_the_others() -> None:
    async with serve() as server:
        async with asyncio.TaskGroup() as group:
            given_up = group.create_task(server.wait_for_finding("nothing"))
            waits = group.create_task(server.wait_for_exchange("verb = NOOP"))
            reader, writer = await asyncio.open_connection(server.host, server.port)
            await reader.readline()
            given_up.cancel()
            writer.write(b"NOOP\r\n")
            assert (await asyncio.wait_for(waits, PATIENCE)).ok is False
        writer.close()


def test_every_event_is_handed_to_a_reader() -> None:
    seen: list[str] = []

    def tell(_: Session) -> Reader:
        return lambda event: seen.append(type(event).__name__)

    with serve(readers=[tell]) as server, talking(server):
        pass
    assert seen[0] == "Opened"
    assert seen[-1] == "Ended"


def test_a_reader_that_fails_is_told_at_the_end_and_harms_no_client() -> None:
    def fail(_: Session) -> Reader:
        def read(_: Event) -> None:
            raise ValueError("no such thing")

        return read

    with pytest.raises(ValueError, match="no such thing"):  # noqa: SIM117 - the end of the block raises it
        with serve(readers=[fail]) as server, talking(server) as client:
            assert client.stat()[0] == 5


def test_an_error_of_the_block_is_not_hidden_by_one_of_a_reader() -> None:
    def fail(_: Session) -> Reader:
        raise ValueError("no such thing")

    with pytest.raises(KeyError), serve(readers=[fail]) as server, talking(server):
        raise KeyError


def test_the_end_of_the_block_ends_a_session_that_goes_on() -> None:
    with serve(faults="stall when verb = STAT") as server:
        peer = socket.create_connection((server.host, server.port), PATIENCE)
        peer.sendall(b"USER demo\r\n")
        server.wait_for_exchange("verb = USER")
    with peer:
        while peer.recv(4096):
            pass
    assert server.sessions[0].ending is not None


def test_no_password_is_in_what_is_kept() -> None:
    out = io.StringIO()
    with serve(users={"bob": "tanstaaf-5150"}) as server:
        with talking(server, user="bob", password="tanstaaf-5150"):
            pass
        server.wait_for_session()
        print(server.sessions, server.exchanges, server.findings, server.transcript, file=out)
    assert "PASS" in out.getvalue()
    assert "tanstaaf" not in out.getvalue()


WRONG = [
    pytest.param(lambda: serve(faults=["ct"]), ConfigError, "did you mean cut?", id="fault"),
    pytest.param(lambda: serve(rewrites=["x"]), ConfigError, "a rewrite is a side", id="rewrite"),
    pytest.param(lambda: serve(personality="gmial"), ConfigError, "mean gmail?", id="personality"),
    pytest.param(lambda: serve(users={"a b": "c"}), ConfigError, "hold blanks", id="user"),
    pytest.param(lambda: serve(messages=[1]), ConfigError, "int is none", id="message"),  # type: ignore[list-item]
    pytest.param(lambda: serve("/", messages=[]), ConfigError, "leave out one", id="both"),
    pytest.param(lambda: serve("/nowhere"), MaildropError, "/nowhere", id="mailbox"),
    pytest.param(lambda: serve(tls="tls"), ConfigError, "not one of", id="TLS"),  # type: ignore[arg-type]
    pytest.param(lambda: proxy("a:b@c"), ConfigError, "no user or password", id="URL"),
    pytest.param(lambda: stand_in("/nowhere"), CaptureError, "/nowhere", id="recording"),
    pytest.param(
        lambda: stand_in(CAPTURES / "dovecot-user.yaml", session=9),
        CaptureError,
        "no session 9",
        id="session",
    ),
    pytest.param(
        lambda: stand_in(CAPTURES / "dovecot-user.yaml", speed=0), ConfigError, "speed", id="speed"
    ),
]


@pytest.mark.parametrize(("make", "kind", "said"), WRONG)
def test_what_means_nothing_is_told_in_one_line(
    make: "type[ServerBlock]", kind: type[Pop3SpyError], said: str
) -> None:
    with pytest.raises(kind) as raised:
        make()  # type: ignore[call-arg]
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "b@c" not in str(raised.value)


def test_a_filter_that_means_nothing_is_told() -> None:
    with serve() as server, pytest.raises(ConfigError, match="verbe"):
        server.wait_for_exchange("verbe = RETR")


def test_a_port_that_is_taken_is_told() -> None:
    with serve() as server, pytest.raises(ListenError, match="another program does"):
        serve(port=server.port).__enter__()
