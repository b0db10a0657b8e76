"""``python -m soak.measured SOCKET ...``: the program, and a thread in it that says how it is.

Whoever connects to SOCKET gets one line of JSON.  It is asked for between two loads, so that it
costs none of them anything.
"""

import asyncio
import ctypes
import gc
import json
import socket
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from pop3spy.cli.main import main

MIB = 1 << 20
_BLOCK = 80
"""Octets that a block of Python's has, about, on average."""


class Size(NamedTuple):
    """What a process takes, when nobody is connected to it."""

    resident: float
    """MiB of memory of its own that it really has, without files."""
    in_use: float
    """MiB of that which somebody asked malloc for and has not given back."""
    blocks: int
    """Blocks that Python's own allocator has given out."""
    files: int
    threads: int
    tasks: int

    @property
    def live(self) -> float:
        """About how many MiB somebody holds; what the allocators keep for later is no creep."""
        return self.in_use + self.blocks * _BLOCK / MIB


class _Malloc(ctypes.Structure):
    """mallinfo2 of glibc, for all arenas together."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "free_chunks",
            "small_chunks",
            "mapped_chunks",
            "mapped",
            "unused",
            "small_free",
            "in_use",
            "free",
            "trimmable",
        )
    )


def _malloc() -> tuple[float, float]:
    """Return how many MiB are in use, and how many are free and kept."""
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _Malloc
    said = mallinfo()
    return (said.in_use + said.mapped) / MIB, said.free / MIB


def _told() -> dict[str, object]:
    kinds = Counter(map(type, gc.get_objects()))
    in_use, free = _malloc()
    return {
        "in_use": in_use,
        "free": free,
        "blocks": sys.getallocatedblocks(),
        "threads": threading.active_count(),
        "tasks": sum(count for kind, count in kinds.items() if issubclass(kind, asyncio.Task)),
        "kinds": {kind.__qualname__: count for kind, count in kinds.most_common(40)},
    }


def _answer(door: socket.socket) -> None:
    while True:
        asker, _ = door.accept()
        with asker:
            asker.sendall(json.dumps(_told()).encode() + b"\n")


def size_of(pid: int, door: Path) -> Size:
    """Return what the program *pid* takes, which answers at *door*."""
    with socket.socket(socket.AF_UNIX) as asker:
        asker.settimeout(60)
        asker.connect(str(door))
        said = json.loads(asker.makefile("rb").readline())
    maps = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    anonymous = next(line.split()[1] for line in maps.splitlines() if line.startswith("Anonymous"))
    return Size(
        resident=int(anonymous) / 1024,
        in_use=said["in_use"],
        blocks=said["blocks"],
        files=files_of(pid),
        threads=said["threads"],
        tasks=said["tasks"],
    )


def files_of(pid: int) -> int:
    """Return how many descriptors the process *pid* has."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


if __name__ == "__main__":
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(sys.argv[1])
    listening.listen()
    threading.Thread(target=_answer, args=(listening,), daemon=True).start()
    sys.exit(main(sys.argv[2:]))
