"""The key of the authority is for nobody: it is in no output, no export and no error."""

import base64
import re
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pop3spy.authority import Authority
from pop3spy.errors import ConfigError
from security.program import started

COMMANDS = [
    ["ca"],
    ["ca", "show"],
    ["ca", "trust"],
    ["ca", "export", "-o", "-"],
    ["ca", "export", "--format", "der", "-o", "FILE"],
    ["ca", "export", "--format", "p12", "-o", "FILE"],
    ["ca", "export", "--format", "pem", "-o", "FILE"],
]


def traces(pem: bytes) -> Iterator[bytes]:
    """Yield what would tell of the private key in *pem*."""
    yield b"PRIVATE KEY-----"
    lines = [line for line in pem.split(b"PRIVATE KEY-----")[1].splitlines() if len(line) > 40]
    yield from lines
    der = base64.b64decode(b"".join(pem.split(b"-----")[2].split()))
    number = re.search(rb"\x02\x01\x01\x04\x20(.{32})", der, re.DOTALL)
    assert number, "there is no private number in it"
    octets = number[1]
    yield from (octets, octets.hex().encode(), octets.hex(":").encode())
    yield str(int.from_bytes(octets)).encode()


def holding(text: bytes, pem: bytes) -> list[bytes]:
    return [trace for trace in traces(pem) if trace.lower() in text.lower()]


@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_tells_the_key(tmp_path: Path, words: list[str], *, terminal: bool) -> None:
    folder, file = tmp_path / "ca", tmp_path / "file"
    words = [word.replace("FILE", str(file)) for word in words]
    for _ in range(2):  # when it is made, and when it is there
        file.unlink(missing_ok=True)
        with started(*words, "--ca-dir", folder, terminal=terminal) as program:
            assert program.status() == 0
        said = b"".join(program.said.values()) + (file.read_bytes() if file.exists() else b"")
        key = (folder / "ca-key.pem").read_bytes()
        assert holding(said, key) == []


def test_traces_of_a_key_are_found_where_they_are(tmp_path: Path) -> None:
    pem = Authority.open(tmp_path).key.read_bytes()
    assert len(holding(pem, pem)) >= 3
    for trace in traces(pem):
        assert trace in holding(b"a" + trace.upper(), pem) or trace in holding(trace, pem)


def test_no_error_and_no_traceback_tells_the_key(tmp_path: Path) -> None:
    Authority.open(tmp_path / "other")
    key = Authority.open(tmp_path / "ca").key
    pem = key.read_bytes()
    for damaged in (pem[:-40], pem.replace(b"A", b"B"), pem.replace(b"BEGIN PRIVATE", b"BEGIN EC")):
        key.write_bytes(damaged)
        with pytest.raises(ConfigError) as raised:
            Authority.open(tmp_path / "ca")
        told = "".join(traceback.format_exception(raised.value)).encode()
        assert holding(told, pem)[1:] == []
    key.write_bytes(pem)
    shutil.copy(tmp_path / "other" / "ca.pem", tmp_path / "ca")
    with started("ca", "--ca-dir", tmp_path / "ca") as program:
        assert program.status() == 2
    assert holding(program.said["stderr"] + program.said["stdout"], pem) == []


def test_what_prints_a_leaf_or_an_authority_tells_no_key(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    leaf = authority.leaf(["localhost"])
    told = f"{authority!r} {leaf!r} {leaf.names} {vars(authority)!r}".encode()
    assert holding(told, authority.key.read_bytes()) == []
    assert holding(told, leaf.pem) == []
