"""A file that is no recording costs one line, little memory and little time, whatever it is."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

HEAD = b"pop3spy: 1\nrecords:\n"
MIB = 1 << 20
PATIENCE = 60
MEASURE = """
import re, sys
from pop3spy.cli.main import main
status = main(sys.argv[1:])
with open("/proc/self/status") as file:  # what getrusage says begins with the parent's
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", file.read())[1]) // 1024)
sys.exit(status)
"""
BOMB = b"".join(b"- &a%d [%b]\n" % (n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12))


def many(piece: bytes, count: int) -> Iterator[bytes]:
    return (piece for _ in range(count))


HOSTILE: dict[str, tuple[Iterable[bytes], str]] = {
    "a tag": ([HEAD, b"- [0, 1, C, !!python/object/apply:os.abort []]\n"], ":3: "),
    "a tag in the header": ([b"pop3spy: !!python/name:os.abort\nrecords:\n"], ":1: "),
    "an alias bomb": ([HEAD, b"- &a0 [x]\n", BOMB], ":3: "),
    "an alias bomb in the header": ([b"a: &a [x, x]\nb: [*a, *a]\npop3spy: 1\nrecords:\n"], ":1: "),
    "brackets": ([HEAD, b"- ", *many(b"[" * 1000, 1000), b"\n"], ":3: "),
    "brackets and an end": ([HEAD, b"- [", *many(b"[" * 1000, 1000), b"]\n"], ":3: "),
    "braces": ([HEAD, b"- ", *many(b'{"a": ' * 1000, 100), b"\n"], ":3: "),
    "indentation": ([HEAD, *(b" " * n + b"- \n" for n in range(600))], ":3: "),
    "a time of many digits": ([HEAD, b"- [", b"9" * 100_000, b', 1, "C", ""]\n'], ":3: "),
    "a time without end": ([HEAD, b'- [1e999, 1, "C", ""]\n'], ":3: "),
    "a time that is none": ([HEAD, b'- [NaN, 1, "C", ""]\n'], ":3: "),
    "filler without end": (
        [HEAD, b'- [0, 1, "open", {}]\n- [0, 1, "opaque", {"side": "S", "why": "tls", "octets": 1',
         b"0" * 4000, b"}]\n"], ":4: ",
    ),
    "filler of a thousand terabytes": (
        [HEAD, b'- [0, 1, "open", {}]\n',
         b'- [0, 1, "omitted", {"side": "S", "octets": 1e15, "lines": 1, "stuffed": 0}]\n'], ":4: ",
    ),
    "a cut at a place that is none": (
        [HEAD, b'- [0, 1, "C", "NOOP\\r\\n", {"cuts": [[1e400, 0]]}]\n'], ":3: ",
    ),
    **{
        f"a {code} of session {session} without facts": (
            [HEAD, b'- [0, 1, "S", "+OK"]\n- [0, %d, "%b", "text"]\n' % (session, code.encode())],
            ":4: ",
        )
        for session, code in [(2, "open"), (1, "gate"), (1, "gap"), (0, "gap")]
    },
    "a gzip": ([gzip.compress(HEAD)], "gzip"),
    "a gzip called a capture": ([gzip.compress(bytes(1 << 20))], "gzip"),
    "a pcap of nothing": ([b"\xd4\xc3\xb2\xa1", bytes(20)], ": "),
    "a pcap that is none": ([b"\xd4\xc3\xb2\xa1", b"\xff" * 4096], ": "),
    "a pcapng that is none": ([b"\x0a\x0d\x0d\x0a", b"\xff" * 4096], ": "),
    "nothing but NUL": (many(bytes(MIB), 100), ": "),
    "NUL in a record": ([HEAD, b'- [0, 1, "C", "\0"]\n'], ":3: "),
    "NUL in short form": ([HEAD, b"- C: 'a\0b'\n"], ":3: "),
    "a line of 100 MB": ([HEAD, b'- [0, 1, "C", "', *many(b"x" * MIB, 100), b'"]\n'], ":3: "),
    "a header of 100 MB": (many(b"x" * MIB, 100), ":1: "),
    "a header of many lines": (many(b"a: b\n" * 1000, 1000), "no pop3spy capture"),
    "a block of 100 MB": ([HEAD, b"- S: |\n", *many(b"    x\n" * 100_000, 170)], ":3: "),
    "a newer version": ([b"pop3spy: 3\nrecords:\n"], "version 3"),
    "a version of many digits": ([b"pop3spy: ", b"9" * 5000, b"\nrecords:\n"], ":1: "),
    "no UTF-8": ([HEAD, b"- C: \xff\xfe\n"], ":3: "),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_one_line(tmp_path: Path, name: str) -> None:
    pieces, told = HOSTILE[name]
    path = tmp_path / "x.yaml"
    with path.open("wb") as file:
        file.writelines(pieces)
    command = [sys.executable, "-c", MEASURE, "show", str(path)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
    )
    if name != "a pcap of nothing":
        assert done.returncode == 3, done.stderr
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("pop3spy: ")
    assert told in line
    assert len(line) < 200 + len(os.fspath(path))
    assert int(done.stdout.splitlines()[-1]) < 160, "MiB"
