"""A server for each connection, as inetd does it: the socket is its input and output.

Run as a program: inetd.py LISTENING-DESCRIPTOR COMMAND...
"""

import socket
import subprocess
import sys
import threading


def serve(connection: socket.socket, command: list[str]) -> None:
    """Run *command* over *connection*, sending at once instead of waiting for more (Nagle)."""
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        subprocess.run(command, stdin=connection.fileno(), stdout=connection.fileno(), check=False)


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=serve, args=(connection, sys.argv[2:]), daemon=True).start()


if __name__ == "__main__":
    main()
