"""Measure reading packet captures, beside libraries and tshark: python benchmarks/pcap.py --write.

Each reader is a process of its own, and the readers take turns.  pop3spy puts the sessions
together; the libraries only find the TCP payload of each packet, which is the least that one has
to do with them.  What is not installed is left out: pip install dpkt scapy pyshark python-pcapng
docs/performance.md has the figures.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from struct import pack

from benchmarks.report import occasion
from benchmarks.report import write as write_page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
START, END = "<!-- pcap:start -->", "<!-- pcap:end -->"

LINE = b"x" * 74 + b"\r\n"
# With a size in the status line tshark puts each message together, and takes many times longer.
MESSAGE = b"+OK message follows\r\n" + LINE * 4000 + b".\r\n"
SHAPES = {"1,448 octets": 1448, "32 KiB": 32 << 10}  # of data in a segment
LIBRARIES = ("dpkt", "scapy", "pyshark", "python-pcapng")
SLOW = 64  # where the others have a file of so many MB, the slow ones have so much less

PREPARE = """
import json, resource, sys, time
path = sys.argv[1]
packets = octets = 0
def used():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both), max(each.ru_maxrss for each in both)
def done():
    seconds, memory = used()
    print(json.dumps([seconds - before, octets, memory]))
def start():
    global before
    before, _ = used()
"""

READERS = {
    "pop3spy": """
from pop3spy.capture.packets import read_packets
from pop3spy.session.tape import Spoke
start()
for item in read_packets(open(path, 'rb'), path):
    if isinstance(item, Spoke):
        octets += len(item.chunk.data)
done()""",
    "pop3spy, every exchange read": """
from pop3spy.capture.packets import read_packets
from pop3spy.session.events import Ended
from pop3spy.session.playback import play_back
def count(event):
    global octets
    if isinstance(event, Ended):
        octets += sum(event.session.totals.octets.values())
start()
play_back(read_packets(open(path, 'rb'), path), lambda session: count)
done()""",
    "dpkt": """
import dpkt
start()
for _, data in dpkt.pcap.Reader(open(path, 'rb')):
    octets += len(dpkt.ethernet.Ethernet(data).data.data.data)
done()""",
    "scapy": """
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapReader
start()
for data, _ in RawPcapReader(path):
    packet = Ether(data)
    octets += len(packet[TCP].payload)
done()""",
    "python-pcapng, blocks only": """
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket
start()
for block in FileScanner(open(path, 'rb')):
    if isinstance(block, EnhancedPacket):
        octets += len(block.packet_data)
done()""",
    "pyshark": """
import pyshark
start()
with pyshark.FileCapture(path, keep_packets=False) as packets:
    for packet in packets:
        octets += int(packet.tcp.len)
done()""",
}
COMMANDS = {
    "pop3spy show": [sys.executable, "-m", "pop3spy", "show", "{file}"],
    "tshark -Y pop": [
        "tshark",
        "-n",
        "-r",
        "{file}",
        "-Y",
        "pop",
        *["-T", "fields", "-e", "frame.number"],
    ],
}
SLOW_READERS = {"scapy", "pyshark"}
Row = list[tuple[float, float]]
"""Seconds and KiB of each round."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256, help="of the captures, in MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="a reader; may be repeated")
    parser.add_argument("--write", action="store_true", help="rewrite docs/performance.md")
    options = parser.parse_args()
    names = [name for name in (*READERS, *COMMANDS) if not options.only or name in options.only]
    cells: dict[str, list[str]] = {name: [name] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for shape, segment in SHAPES.items():
            files = {slow: Path(folder, f"{segment}-{slow}.pcap") for slow in (False, True)}
            for slow, file in files.items():
                write(file, options.size * 10**6 // (SLOW if slow else 1), segment)
            of = {name: files[name in SLOW_READERS] for name in names}
            for name, row in measure(shape, of, options.rounds).items():
                cells[name] += figures(of[name].stat().st_size / 1e6, row)
            for file in files.values():
                file.unlink()
                ng(file).unlink()
    text = f"{conditions(options)}\n\n{table(cells)}"
    print(text)
    if options.write:
        write_page(PAGE, text, START, END)
    return 0


def measure(shape: str, files: dict[str, Path], rounds: int) -> dict[str, Row]:
    """Let each reader read its file once in each round; one that cannot has no figures."""
    rows: dict[str, Row] = {name: [] for name in files}
    for number in range(1, rounds + 1):
        for name, file in files.items():
            if len(rows[name]) < number - 1:
                continue
            tell(f"{shape}, round {number} of {rounds}: {name}")
            if result := run(name, file):
                rows[name].append(result)
    return rows


def figures(megabytes: float, row: Row) -> list[str]:
    """Return MB of capture a second of processor time, seconds for 1 GB, and the most memory."""
    if not row:
        return ["-"] * 3
    speed = megabytes / median(seconds for seconds, _ in row)
    digits = 0 if speed >= 10 else 1
    memory = max(size for _, size in row) / 1024
    return [f"{speed:,.{digits}f}", f"{1000 / speed:,.0f}", f"{memory:,.0f}"]


def table(cells: dict[str, list[str]]) -> str:
    """Return the figures as an aligned Markdown table."""
    titles = [f"{shape}: {what}" for shape in SHAPES for what in ("MB/s", "s for 1 GB", "MiB")]
    rows = [["reader", *titles], *(row for row in cells.values() if set(row[1:]) != {"-"})]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"| {row[0]:<{widths[0]}} | "
        + " | ".join(f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True))
        + " |"
        for row in rows
    ]
    rule = f"|{'-' * (widths[0] + 2)}|" + "".join(f"{'-' * (w + 1)}:|" for w in widths[1:])
    return "\n".join([lines[0], rule, *lines[1:]])


def conditions(options: argparse.Namespace) -> str:
    """Return one sentence about when, on what and with which programs this was measured."""
    programs = [f"{name} {found}" for name in LIBRARIES if (found := library(name))]
    if tshark := shutil.which("tshark"):
        said = subprocess.run([tshark, "--version"], capture_output=True, text=True, check=True)
        programs.append(" ".join(said.stdout.split()[:3]).replace("TShark (Wireshark)", "tshark"))
    rounds = f"{options.rounds} round{'s' * (options.rounds != 1)}"
    of = f"captures of {options.size} MB, median of {rounds}"
    return f"{occasion()}, {', '.join(programs)}; {of}."


def library(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def run(name: str, file: Path) -> tuple[float, float] | None:
    """Return the seconds and the KiB that one reading takes; None: it cannot."""
    if name in READERS:
        path = ng(file) if "pcapng" in name else file
        command = [sys.executable, "-c", PREPARE + READERS[name], str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            tell(f"{name}: left out: {done.stderr.strip().splitlines()[-1:]}")
            return None
        seconds, octets, memory = json.loads(done.stdout.splitlines()[-1])
        if octets < file.stat().st_size * 0.9:
            tell(f"{name}: found only {octets:,} octets")
        return seconds, memory
    program, *arguments = COMMANDS[name]
    if not (found := shutil.which(program)):
        return None
    command = [found, *(word.format(file=file) for word in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        tell(f"{name}: left out: it ended with {status}")
        return None
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def write(file: Path, size: int, segment: int) -> None:
    """Write a capture of sessions that retrieve mail, as pcap and as pcapng."""
    start, ticks = time.time_ns() // 1000, 0
    with file.open("wb") as classic, ng(file).open("wb") as blocks:
        classic.write(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        blocks.write(pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
        blocks.write(pack("<IIHHII", 1, 20, 1, 0, 262144, 20))
        for packet in packets(size, segment):
            ticks += 10
            at, length = start + ticks, len(packet)
            classic.write(pack("<IIII", at // 10**6, at % 10**6, length, length) + packet)
            padding = -length % 4
            whole = 32 + length + padding
            blocks.write(pack("<IIIIIII", 6, whole, 0, at >> 32, at & 0xFFFFFFFF, length, length))
            blocks.write(packet + bytes(padding) + pack("<I", whole))


def ng(file: Path) -> Path:
    """Return where the pcapng of the same capture is."""
    return file.with_suffix(".pcapng")


def packets(size: int, segment: int) -> Iterator[bytes]:
    """Yield the packets of eight sessions, one after the other; every second segment is acked."""
    for number in range(8):
        talk, said = Talk(50000 + number), 0
        yield talk.send(0, flags=2)
        yield talk.send(1, flags=18)
        yield talk.send(0)
        yield talk.send(1, b"+OK ready\r\n")
        for command in (b"USER bob\r\n", b"PASS secret\r\n"):
            yield talk.send(0, command)
            yield talk.send(1, b"+OK\r\n")
        while said < size // 8:
            yield talk.send(0, b"RETR 1\r\n")
            for index, at in enumerate(range(0, len(MESSAGE), segment)):
                yield talk.send(1, MESSAGE[at : at + segment])
                if index % 2:
                    yield talk.send(0)
            said += len(MESSAGE)
        yield talk.send(0, b"QUIT\r\n")
        yield talk.send(1, b"+OK\r\n")
        yield talk.send(1, flags=17)
        yield talk.send(0, flags=17)


class Talk:
    """One connection; its segments have the timestamps that most have."""

    def __init__(self, port: int) -> None:
        self._ports = port, 110
        self._seqs = [0xFFFFFF00, 77]

    def send(self, side: int, data: bytes = b"", flags: int = 16) -> bytes:
        hosts, options = (b"\xc0\0\2\1", b"\xc6\x33\x64\7"), b"\1\1\x08\x0a" + bytes(8)
        ports = self._ports[side], self._ports[1 - side]
        seqs = [self._seqs[side] & 0xFFFFFFFF, self._seqs[1 - side] & 0xFFFFFFFF]
        self._seqs[side] += len(data) + bool(flags & 3)
        head = pack(">HHIIBBHHH", *ports, *seqs, 0x80, flags, 65535, 0, 0)
        size = 20 + len(head) + len(options) + len(data)
        around = pack(">BBHHHBBH", 0x45, 0, size, 0, 0x4000, 64, 6, 0)
        around += hosts[side] + hosts[1 - side]
        return bytes(12) + b"\x08\0" + around + head + options + data


def tell(text: str) -> None:
    """Say on stderr what is going on."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
