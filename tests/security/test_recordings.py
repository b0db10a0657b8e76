"""No secret comes out of what reads recordings: packets with clear passwords, played and shown."""

import json
from pathlib import Path

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import RAW, pcap, timed
from cli.program import Ended, run, run_here
from pop3spy.capture.text import recorded
from security.program import Play, ask, started
from security.test_program import LINES, REPLIES, SECRET, b64, holding

VIEWS = [[], ["--bodies"], ["--raw"], ["--hex"], ["--stats"]]
FORMATS = ["dialogue", "jsonl", "mbox", "pcapng", "yaml", "eml"]
LOGIN = [
    (b"USER carol\r\n", b"+OK\r\n"),
    (b"PASS " + SECRET + b"\r\n", b"+OK carol is in with " + SECRET + b"\r\n"),
    (b"RETR 1\r\n", b"+OK\r\nSubject: mail\r\n\r\nwords of a message\r\n.\r\n"),
    (b"QUIT\r\n", b"+OK bye, " + b64(SECRET) + b"\r\n"),
]


def packets(path: Path, exchanges: list[tuple[bytes, bytes]]) -> str:
    """Write what tcpdump has of a session, secrets and all."""
    talk = Talk().open().server(REPLIES[0])
    for line, reply in exchanges:
        talk.client(line).server(reply)
    path.write_bytes(pcap(timed(talk.close().packets), RAW))
    return str(path)


def rawlog(folder: Path, exchanges: list[tuple[bytes, bytes]]) -> str:
    (folder / "a.in").write_bytes(b"".join(line for line, _ in exchanges))
    (folder / "a.out").write_bytes(REPLIES[0] + b"".join(reply for _, reply in exchanges))
    return str(folder / "a.in")


@pytest.fixture(params=["every way", "login", "rawlog"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "rawlog":
        return rawlog(tmp_path, LOGIN)
    every = list(zip(LINES, REPLIES[1:], strict=True))
    return packets(tmp_path / "x.pcap", every if request.param == "every way" else LOGIN)


def made(ended: Ended, out: Path | None = None) -> dict[str, str]:
    """Return everything that a command had to say, and what it wrote."""
    files = [] if out is None or not out.exists() else [out, *out.rglob("*")]
    texts = {path.name: path.read_bytes().decode("latin-1") for path in files if path.is_file()}
    return {"stdout": ended.out, "dense": ended.out.replace(" ", ""), "err": ended.err, **texts}


def test_no_view_and_no_export_has_a_secret(source: str, tmp_path: Path) -> None:
    for view in VIEWS:
        ended = run_here("show", source, *view)
        assert ended.status == 0
        assert holding(made(ended), SECRET) == [], view
    for form in FORMATS:
        out = tmp_path / form
        ended = run_here("export", source, "--to", form, "-o", str(out))
        assert ended.status == 0, ended.err
        assert holding(made(ended, out), SECRET) == [], form


@pytest.mark.parametrize("bodies", ["keep", "mask", "drop"])
@pytest.mark.parametrize("redact", ["secrets", "strict"])
def test_no_copy_has_a_secret(source: str, tmp_path: Path, bodies: str, redact: str) -> None:
    out = tmp_path / "copy.yaml"
    ended = run_here("scrub", source, "-o", str(out), "--bodies", bodies, "--redact", redact)
    assert ended.status == 0, ended.err
    assert holding(made(ended, out), SECRET, *([b"carol"] if redact == "strict" else [])) == []
    assert ("words of a message" in out.read_text(encoding="utf-8")) == (
        bodies == "keep" and "words of" in Path(source).with_suffix(
            ".out" if source.endswith(".in") else ".pcap"
        ).read_bytes().decode("latin-1")
    )  # fmt: skip


def test_a_secret_inside_base64_would_be_found() -> None:
    said = recorded(b"\x80" * 600 + SECRET).decode()
    assert said.startswith('{"base64": "')
    assert holding({"a record": said}, SECRET)


def test_no_comparison_has_a_secret(source: str, tmp_path: Path) -> None:
    others = [(line, b"-ERR not " + SECRET + b"\r\n") for line in LINES]
    other = packets(tmp_path / "other.pcap", others)
    for how in ([], ["--json"]):
        ended = run_here("compare", source, other, *how)
        assert ended.status == 1
        assert holding(made(ended), SECRET) == []


def test_a_recorded_server_tells_no_secret(tmp_path: Path) -> None:
    file = packets(tmp_path / "x.pcap", LOGIN)
    log, capture = tmp_path / "log", tmp_path / "capture.yaml"
    with started(
        *("replay", "server", file, "--listen", ":0", "--log", log, "--log-format", "json"),
        *("--record", capture),
    ) as program:
        heard = ask(program.port, [line for line, _ in LOGIN])
        program.wait_for("└─".encode())
        assert program.stop() == 0
    texts = {name: said.decode() for name, said in program.said.items()}
    texts |= {path.name: path.read_text(encoding="utf-8") for path in (log, capture)}
    assert holding({**texts, "wire": heard.decode("latin-1")}, SECRET) == []
    assert b"words of a message" in heard


def test_a_recorded_client_tells_no_secret(tmp_path: Path) -> None:
    file = packets(tmp_path / "x.pcap", LOGIN)
    other = b"aN0ther@Secret~9"
    replies = [b"+OK\r\n", b"+OK\r\n", b"-ERR not " + other + b"\r\n"]
    for how in ([], ["--json"]):
        server = Play(replies)
        args = ("replay", "client", file, "--to", server.address, "--password-env", "WORD", *how)
        ended = run(*args, WORD=other.decode())
        assert ended.status == 1
        assert holding(made(ended), SECRET, other) == []
        if how:
            assert json.loads(ended.out)["differences"]
