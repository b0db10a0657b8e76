"""Real captures of real sessions tell what the proxy recorded, and what Wireshark reads."""

import poplib
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from capture.packets.talk import octets, shortly
from lab import dovecot as lab_dovecot
from lab.clients import Login, PatientPOP3, curl, run
from lab.loopback import Address, address_of, listener, until
from lab.mailserver import HEAVY_USER, PASSWORD, MailServer
from lab.processes import end, has_ended, missing, need, need_root, start
from lab.relay import proxied
from lab.servers import dovecot
from pop3spy.capture.packets import Packets, read_packets
from pop3spy.capture.rawlog import pair_of, read_rawlog
from pop3spy.capture.reader import CaptureReader
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Answered, Ended, Event
from pop3spy.session.how import How
from pop3spy.session.model import Exchange
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item, Missed, Over

__all__ = ["dovecot"]

pytestmark = pytest.mark.lab


def tcpdump(interface: str) -> Callable[[Path, int], list[str]]:
    options = ["-i", interface, "-U", "--immediate-mode", "-Z", "root", "-B", "65536"]  # KiB
    return lambda file, port: [need("tcpdump"), *options, "-w", str(file), "tcp", "port", str(port)]


def tshark(file: Path, port: int) -> list[str]:
    return [need("tshark"), "-i", "lo", "-q", "-B", "64", "-f", f"tcp port {port}", "-w", str(file)]


@contextmanager
def capturing(command: list[str], file: Path, sessions: int) -> Iterator[None]:
    """Capture into *file* until the block is left, and the end of so many sessions is in it."""
    need_root("capture packets")
    messages = file.with_suffix(".messages")
    with messages.open("wb") as stderr:
        process = start(command, stderr=stderr)
    try:
        until(lambda: is_capturing(process, messages, file) or None, "a capture", 20)
        yield
        until(
            lambda: sessions_ended(file) >= sessions or None, "the end of the captured session", 20
        )
    finally:
        end(process)


def is_capturing(process: subprocess.Popen[bytes], messages: Path, file: Path) -> bool:
    said = messages.read_text(errors="replace")
    if has_ended(process):
        missing(f"packets cannot be captured here: {said}")
    return file.exists() and re.search("listening on|Capturing on", said) is not None


def sessions_ended(file: Path) -> int:
    if file.stat().st_size < 100:
        return 0
    with file.open("rb") as stream:
        ends = [item for item in read_packets(stream, str(file)) if isinstance(item, Over)]
    return sum(item.ending.how is not How.CUT for item in ends)


def exchanges(items: Packets | CaptureReader) -> list[tuple[object, ...]]:
    """Return what the sessions of a tape amount to."""
    events: list[Event] = []
    play_back(items, lambda _: events.append)
    told: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, Answered):
            told.append(_facts(event.exchange))
        if isinstance(event, Ended):
            totals = event.session.totals
            told.append((event.session.user, totals.retrieved, totals.octets))
    return told


def _facts(exchange: Exchange) -> tuple[object, ...]:
    status, body = exchange.status, exchange.body
    return (
        exchange.line.raw,
        status and status.raw,
        body and (body.octets, body.stuffed, body.lines, body.complete),
        exchange.state_after,
        exchange.user,
    )


@pytest.mark.parametrize(
    "capture",
    [
        pytest.param(tcpdump("lo"), id="tcpdump lo"),
        pytest.param(tcpdump("any"), id="tcpdump any"),
        pytest.param(tshark, id="tshark"),
    ],
)
def test_a_capture_tells_what_the_proxy_recorded(
    capture: Callable[[Path, int], list[str]], dovecot: MailServer, tmp_path: Path
) -> None:
    file, record = tmp_path / "packets", tmp_path / "recorded"
    with proxied(*dovecot.address, "--record", str(record)) as relay:
        port = relay.address.port
        with capturing(capture(file, port), file, 2):  # curl counts first
            curl(relay.address, tmp_path / "mail", Login())
    with file.open("rb") as packets, record.open(encoding="utf-8", newline="\n") as recorded:
        captured = exchanges(read_packets(packets, "packets", ports=(port,)))
        assert len(captured) > 20
        assert captured == exchanges(CaptureReader(recorded, "recorded"))


def login(auth: str) -> Callable[[Address, Path], None]:
    def act(address: Address, home: Path) -> None:
        curl(address, home, Login(auth))

    return act


def wrong_password(address: Address, _: Path) -> None:
    client = poplib.POP3(address.host, address.port, timeout=30)
    client.user("alice")
    with pytest.raises(poplib.error_proto):
        client.pass_("looking glass")
    client.quit()


def pipelining(address: Address, _: Path) -> None:
    with socket.create_connection((address.host, address.port), timeout=30) as client:
        client.sendall(b"USER alice\r\nPASS wonderland\r\nSTAT\r\nLIST\r\nUIDL\r\n")
        client.sendall(b"".join(b"RETR %d\r\n" % number for number in range(1, 6)) + b"QUIT\r\n")
        assert client.makefile("rb").read().endswith(b"\r\n.\r\n+OK Logging out.\r\n")


def heavy(address: Address, _: Path) -> None:
    client = PatientPOP3(address.host, address.port, timeout=60)
    client.user(HEAVY_USER)
    client.pass_(PASSWORD)
    assert client.retr(1)[2] > 19_000_000
    client.quit()


@pytest.mark.parametrize(
    ("act", "sessions"),
    [
        pytest.param(login("apop"), 2, id="APOP"),
        pytest.param(login("plain"), 2, id="AUTH PLAIN"),
        pytest.param(login("cram-md5"), 2, id="AUTH CRAM-MD5"),
        pytest.param(wrong_password, 1, id="failed login"),
        pytest.param(pipelining, 1, id="pipelining"),
        pytest.param(heavy, 1, id="20 MB"),
    ],
)
def test_every_shape_of_session_is_told_as_the_proxy_recorded_it(
    act: Callable[[Address, Path], None], sessions: int, dovecot: MailServer, tmp_path: Path
) -> None:
    assert len(both_tell(act, sessions, dovecot.address, tmp_path)) > sessions


def test_a_reply_that_is_cut_off_is_told_as_the_proxy_recorded_it(tmp_path: Path) -> None:
    def serve(listening: socket.socket) -> None:
        server, _ = listening.accept()
        with server:
            server.sendall(b"+OK ready\r\n")
            server.recv(100)
            server.sendall(b"+OK 5000 octets\r\nSubject: cut\r\n\r\n" + b"x" * 2000)

    def act(address: Address, _: Path) -> None:
        with socket.create_connection((address.host, address.port), timeout=30) as client:
            client.recv(100)
            client.sendall(b"RETR 1\r\n")
            client.makefile("rb").read()

    with listener() as listening, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, listening)
        told = both_tell(act, 1, address_of(listening), tmp_path)
        served.result(timeout=30)
    retr, totals = told
    assert retr[2] == (len("Subject: cut\r\n\r\n") + 2000, 0, None, False)
    assert totals[1] == 0


def both_tell(
    act: Callable[[Address, Path], None], sessions: int, upstream: Address, folder: Path
) -> list[tuple[object, ...]]:
    """Let a client act through the proxy; return what the recording and the capture both tell."""
    file, record = folder / "packets", folder / "recorded"
    with proxied(*upstream, "--record", str(record)) as relay:
        port = relay.address.port
        with capturing(tcpdump("lo")(file, port), file, sessions):
            act(relay.address, folder / "home")
    with file.open("rb") as packets, record.open(encoding="utf-8", newline="\n") as recorded:
        tape = read_packets(packets, "packets", ports=[port])
        captured = exchanges(tape)
        assert tape.notes == []
        assert captured == exchanges(CaptureReader(recorded, "recorded"))
    return captured


def test_a_capture_tells_the_octets_that_wireshark_reads(
    dovecot: MailServer, tmp_path: Path
) -> None:
    file = tmp_path / "packets"
    address = dovecot.address
    with capturing(tcpdump("lo")(file, address.port), file, 1):
        one_session(address, tmp_path)
    with file.open("rb") as packets:
        items = list(read_packets(packets, "packets"))
    assert not any(isinstance(item, Missed) for item in items)
    told = shortly(items)
    for node, side in enumerate(Side):
        assert octets(told, side) == followed(file, node)


def one_session(address: Address, home: Path) -> None:
    run("curl", "-sS", "--user", "alice:wonderland", f"pop3://{address}/1", home=home)


def followed(file: Path, node: int) -> bytes:
    """Return what tshark puts together of the only connection in *file*, of one of its ends."""
    command = [need("tshark"), "-r", str(file), "-q", "-z", "follow,tcp,raw,0"]
    text = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    lines = re.findall(r"^(\t?)([0-9a-f]+)$", text, re.MULTILINE)
    return b"".join(bytes.fromhex(octets) for tab, octets in lines if bool(tab) == bool(node))


def test_a_raw_log_of_dovecot_is_what_was_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the login on; the greeting and the login are in the log of another process."""
    setting = "\nrawlog_dir = {folder}/mail/rawlog\n"
    monkeypatch.setattr(lab_dovecot, "CONFIGURATION", lab_dovecot.CONFIGURATION + setting)
    given = lab_dovecot.identities

    def identities(mail: Path) -> dict[str, str]:
        (mail / "rawlog").mkdir()
        return given(mail)

    monkeypatch.setattr(lab_dovecot, "identities", identities)
    with lab_dovecot.running_dovecot() as server:
        one_session(server.address, tmp_path)
        logs = server.log.parent / "mail" / "rawlog"
        pair = pair_of(until(lambda: next(logs.glob("*.in"), None), "a raw log"))
        assert pair
        came_in, went_out = pair
        until(lambda: b"Logging out" in went_out.read_bytes() or None, "the end of the raw log")
        items: list[Item] = []
        with came_in.open("rb") as asked, went_out.open("rb") as said:
            items += read_rawlog(asked, said, "rawlog")
    told = shortly(items)
    assert ("knew", {"state": "TRANSACTION"}) in told
    assert octets(told, Side.CLIENT) == b"RETR 1\r\nQUIT\r\n"
    assert octets(told, Side.SERVER).startswith(b"+OK Logged in.\r\n+OK ")
    assert octets(told, Side.SERVER).endswith(b"\r\n.\r\n+OK Logging out.\r\n")
