"""Plays conversations live in a network of its own, whose hosts and ports are those they name.

Run as a program in a network namespace: network_door.py FOLDER.  There ``CLIENT`` and
``SERVER`` are its own addresses, and the names of servers lead to the latter.  Each line that
it reads is a conversation, as a string of JSON; it writes a line with the ids that are raised.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from findings.doors import ids
from findings.live_door import Here, live
from findings.live_tls import NAMED, Certificates
from net.wires import Door, door, nobody
from pop3spy.errors import Unreached
from pop3spy.findings.dialogue import RuleDialogue
from pop3spy.protocol.url import Url

CLIENT: Final = "192.0.2.10"
SERVER: Final = "198.51.100.7"
SILENCE: Final = "203.0.113.9"
"""To this address there is no way."""
MADE: Final = f"""
ip link set lo up
ip address add {CLIENT}/32 dev lo
ip address add {SERVER}/32 dev lo
ip route add unreachable {SILENCE}
mount --bind "$1" /etc/hosts
shift
exec "$@"
"""
"""Makes the network, and runs the program there; the first argument is ``HOSTS`` in a file."""
HOSTS: Final = f"127.0.0.1 localhost\n{SERVER} {' '.join(NAMED)}\n"


class FarApart(Here):
    """A client and a server on two machines; the proxy is on the client's."""

    @contextmanager
    def server(self, dialogue: RuleDialogue) -> Iterator[tuple[Door | None, Url]]:
        """Give the door and the address of the server that *dialogue* is with."""
        unreached = {connection.unreached for connection in dialogue.connections} - {None}
        if unreached:
            yield None, nobody(SILENCE if Unreached.UNANSWERED in unreached else SERVER)
            return
        host, port = dialogue.server.host, dialogue.server.port
        with door(SERVER, port) as opened:
            yield opened, Url("pop3", host, port)


def main() -> None:
    certificates = Certificates.issued(Path(sys.argv[1]) / "ca", SERVER)
    place = FarApart(CLIENT)
    for line in sys.stdin:
        found = asyncio.run(live(json.loads(line), certificates, place))
        sys.stdout.write(json.dumps(sorted(ids(found))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
