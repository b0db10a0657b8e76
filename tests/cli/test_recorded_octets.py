"""UTF-8 and base64 in a recording: every tool reads them as octets of the version before."""

import base64
import json
from pathlib import Path

import pytest

from cli.program import client, run_here, running

LINES = [
    ("S", b"+OK gr\xfc\xdfe\r\n"),
    ("C", "USER jürgen\r\n".encode()),
    ("S", b"+OK\r\n"),
    ("C", "PASS ████████\r\n".encode()),
    ("S", "+OK für Sie\r\n".encode()),
    ("C", b"RETR 1\r\n"),
    ("S", b"+OK\r\n"),
    ("S", b"Subject: all of it\r\n\r\n"),
    ("S", b"".join(bytes({*range(256)} - {*b"\r\n."}) + b"\r\n" for _ in range(4))),
    ("S", "Schöne Grüße, 你好\r\n".encode() * 30),
    ("S", b"Gr\xfc\xdfe\r\n" * 100),
    ("S", b".\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK bye\r\n"),
]
MESSAGE = b"".join(line for _, line in LINES[7:11])
VIEWS = [(), ("--bodies",), ("--raw",), ("--hex",), ("--stats",)]
FORMS = ["dialogue", "jsonl", "mbox", "pcapng", "yaml"]


def as_before(line: bytes) -> object:
    """Return what the version before has for *line*: octet n is character n."""
    return (
        line.replace("█".encode() * 8, b"\0mask\0").decode("latin-1").replace("\0mask\0", "█" * 8)
    )


def by_hand(line: bytes) -> object:
    """Return *line* as UTF-8 or base64: what a person may write, if no writer would."""
    try:
        return {"utf8": line.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(line).decode()}


def recording(path: Path, version: int) -> str:
    said = as_before if version == 1 else by_hand
    head = f'pop3spy: {version}\nstarted: "2026-11-23T10:00:00Z"\nrecords:\n'
    records = [json.dumps([at, 1, side, said(line)]) for at, (side, line) in enumerate(LINES)]
    records.append('[20, 1, "close", {"how": "quit", "why": ""}]')
    path.write_text(head + "".join(f"- {record}\n" for record in records), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The same session in the version before, and in this one."""
    folder = tmp_path_factory.mktemp("octets")
    return recording(folder / "before.yaml", 1), recording(folder / "now.yaml", 2)


@pytest.mark.parametrize("how", VIEWS, ids=" ".join)
def test_it_is_shown_as_before(both: tuple[str, str], how: tuple[str, ...]) -> None:
    before, now = (run_here("show", *how, file) for file in both)
    assert now == before
    assert now.status == 0
    assert "RETR" in now.out or "52 45 54 52" in now.out


@pytest.mark.parametrize("form", FORMS)
def test_it_is_exported_as_before(both: tuple[str, str], tmp_path: Path, form: str) -> None:
    outs = [tmp_path / "before", tmp_path / "now"]
    for file, out in zip(both, outs, strict=True):
        assert run_here("export", file, "--to", form, "-o", str(out)).status == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    if form == "mbox":
        assert MESSAGE in outs[1].read_bytes()


@pytest.mark.parametrize("bodies", ["keep", "mask", "drop"])
def test_it_is_copied_as_before(both: tuple[str, str], tmp_path: Path, bodies: str) -> None:
    outs = [tmp_path / "before.yaml", tmp_path / "now.yaml"]
    for file, out in zip(both, outs, strict=True):
        assert run_here("scrub", file, "-o", str(out), "--bodies", bodies).status == 0
    copy = outs[1].read_text(encoding="utf-8")
    assert outs[0].read_text(encoding="utf-8") == copy
    assert copy.splitlines()[1] == "pop3spy: 2"
    assert ('{"base64": "' in copy) == ("Schöne Grüße, 你好" in copy) == (bodies == "keep")
    if bodies == "keep":
        assert run_here("compare", str(outs[1]), both[0]).status == 0


def test_it_compares_as_the_same(both: tuple[str, str]) -> None:
    assert run_here("compare", *both).status == 0


def test_it_is_played_to_the_octet(both: tuple[str, str], tmp_path: Path) -> None:
    again = tmp_path / "again.yaml"
    args = ("replay", "server", both[1], "--listen", ":0", "--quiet", "--record", again)
    with running(*args) as server:
        pop = client(server.port())
        pop.user("x")
        pop.pass_("x")
        _, lines, _ = pop.retr(1)
        pop.quit()
        assert server.stopped().status == 0
    assert b"".join(line + b"\r\n" for line in lines) == MESSAGE
    assert '"base64": "' in again.read_text(encoding="utf-8")
    assert run_here("export", str(again), "--to", "mbox", "-o", str(tmp_path / "mbox")).status == 0
    assert MESSAGE in (tmp_path / "mbox").read_bytes()
