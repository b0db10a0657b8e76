"""The program where clients come through others: what it shows of them, and what it refuses."""

import socket
from pathlib import Path

import pytest

from cli.program import PATIENCE, run, running
from pop3spy.protocol.foreign import PROXY_V2

NAMED = b"PROXY TCP4 192.0.2.7 198.51.100.77 50312 110\r\n"


def said_by(header: bytes, upstream: str, *args: str) -> tuple[str, str]:
    """Return what the program prints of a session that begins with *header*."""
    options = ["--listen", ":0", "--accept-proxy-protocol", "127.0.0.1", *args]
    with running("proxy", "--upstream", upstream, *options) as program:
        with socket.create_connection(("127.0.0.1", program.port()), PATIENCE) as client:
            client.sendall(header + b"QUIT\r\n")
            heard = client.makefile("rb").readlines()
        assert not heard or heard[0].startswith(b"+OK")
        ended = program.stopped()
    assert ended.status == 0
    return ended.out, ended.err


def test_the_transcript_the_log_and_the_recording_name_who_was_brought(
    upstream: str, tmp_path: Path
) -> None:
    files = ["--log", str(tmp_path / "log"), "--log-format", "json", "--record", f"{tmp_path}/all/"]
    out, _ = said_by(NAMED, upstream, *files)
    assert "192.0.2.7:50312 → " in out
    assert '"client": "192.0.2.7:50312"' in (tmp_path / "log").read_text()
    (recording,) = (tmp_path / "all").iterdir()
    assert recording.name.endswith("-192.0.2.7.yaml")
    assert '{"client": "192.0.2.7:50312"' in recording.read_text()
    assert "PROXY" not in recording.read_text()


@pytest.mark.parametrize("header", [NAMED, b"PROXY TCP4 192.0.2.7 and nonsense\r\n"])
def test_strict_names_nobody_who_was_brought(header: bytes, upstream: str, tmp_path: Path) -> None:
    files = ["--log", str(tmp_path / "log"), "--record", f"{tmp_path}/all/", "--redact", "strict"]
    out, err = said_by(header, upstream, *files)
    texts = [path.read_text() + path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) == 2
    for text in (out, err, *texts):
        assert "192.0.2.7" not in text
        assert "198.51.100.77" not in text


def test_what_stands_in_a_header_moves_no_cursor(upstream: str) -> None:
    paths = b"/run/\x1b[2J\x9b\r\nsocket".ljust(108, b"\0") * 2
    out, _ = said_by(PROXY_V2 + b"\x21\x31" + len(paths).to_bytes(2) + paths, upstream)
    assert r"unix:/run/\x1b[2J\x9b\r\nsocket → " in out
    assert "\x1b[2J" not in out
    assert "\x9b" not in out


def test_who_is_not_introduced_is_one_line(upstream: str) -> None:
    out, _ = said_by(b"", upstream)
    assert out.count("refused by pop3spy") == 1
    assert "no PROXY header came first (--accept-proxy-protocol)" in out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--transparent", "--upstream", "mail"], "--transparent relays clients to where they go"),
        (["--upstream", "mail", "--accept-proxy-protocol", "mail"], "is no address or network"),
        (["--upstream", "mail", "--accept-proxy-protocol", "10.0.0.0/33"], "no address or network"),
        (["--upstream", "mail", "--send-proxy-protocol", "v3"], "is not one of v1, v2"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(args: list[str], told: str) -> None:
    ended = run("proxy", *args)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert told in ended.err
