"""Run pop3spy with an inspector that somebody looks at: a child takes all that the page is told."""

import json
import os
import re
import socket
import sys
from pathlib import Path

from benchmarks.on_terminal import others

_READ = 1 << 16
_LINK = re.compile(rb"http://127\.0\.0\.1:(\d+)/#(\S+)")


def main() -> None:
    """Become the command that the arguments are; a child looks at what it shows."""
    told, telling = os.pipe()
    if os.fork() == 0:
        os.close(telling)
        os.setsid()  # so that its processor time is not the program's
        os.sched_setaffinity(0, others())
        try:
            look(told)
        except (OSError, ValueError):  # the program has gone
            os._exit(0)
    os.dup2(telling, 2)
    os.close(told)
    os.close(telling)
    program = Path(sys.executable).parent / sys.argv[1]
    os.execv(program, sys.argv[1:])  # so that its memory is that of the program


def look(told: int) -> None:
    """Follow the link that the program tells, and take every event."""
    heard = b""
    while (link := _LINK.search(heard)) is None:
        if not (octets := os.read(told, _READ)):
            return
        heard += octets
    port, token = int(link[1]), link[2].decode()
    body = json.dumps({"token": token}).encode()
    head = (
        f"POST /api/login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    )
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(f"{head}\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() + body)
        answer = asking.recv(_READ).decode("latin-1")
    cookie = re.search(r"(?i)set-cookie: ([^;\r]+)", answer)
    assert cookie, answer
    with socket.create_connection(("127.0.0.1", port)) as page:
        head = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie[1]}\r\n\r\n"
        page.sendall(head.encode())
        while page.recv(_READ):
            pass


if __name__ == "__main__":
    main()
