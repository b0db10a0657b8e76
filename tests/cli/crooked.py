"""A server with several accounts, some of which go wrong in the middle, each in its own way."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, cast

PATIENCE = 20.0
HEAD = b"Message-ID: <%d@example.org>\r\nSubject: %d\r\n\r\n"
BODY = b"hello\r\n"


class Crooked(socketserver.ThreadingTCPServer):
    """Has *messages* for everybody; whose name is a key of *ways* gets that at that command.

    ``b""`` is never answered, and a reply that ends in ``!`` is the last.  ``said`` has what
    clients said.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, messages: int, ways: Mapping[str, tuple[str, bytes]], capabilities: bytes
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages, self.ways, self.capabilities = messages, ways, capabilities
        self.said: list[str] = []
        self.most_at_once = self.at_once = 0
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return "pop3://{}:{}".format(*self.server_address[:2])

    def count(self, more: int) -> None:
        """Count a client that came, or one that left."""
        with self.changed:
            self.at_once += more
            self.most_at_once = max(self.most_at_once, self.at_once)

    def hear(self, line: str) -> None:
        """Note what a client said."""
        with self.changed:
            self.said.append(line)
            self.changed.notify_all()

    def wait_for(self, line: str) -> None:
        """Wait until a client has said *line*."""
        with self.changed:
            assert self.changed.wait_for(lambda: line in self.said, PATIENCE), self.said


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("Crooked", self.server)
        server.count(1)
        try:
            self._converse(server, cast("BinaryIO", self.rfile))
        except ConnectionError:
            pass
        finally:
            server.count(-1)

    def _converse(self, server: Crooked, lines: BinaryIO) -> None:
        user = ""
        self.wfile.write(b"+OK ready\r\n")
        for line in iter(partial(lines.readline, 1000), b""):
            said = line.decode().strip()
            server.hear(f"{user}: {said}")
            verb, _, rest = said.partition(" ")
            user = rest if verb == "USER" else user
            wrong, reply = server.ways.get(user, ("", b""))
            if said.startswith(wrong) and wrong:
                self.wfile.write(reply.removesuffix(b"!"))
                if reply.endswith(b"!"):
                    return
                continue
            self.wfile.write(self._reply(server, verb, rest))
            if verb == "QUIT":
                return

    @staticmethod
    def _reply(server: Crooked, verb: str, rest: str) -> bytes:
        numbers = range(1, server.messages + 1)
        word = rest.partition(" ")[0]
        number = int(word) if word.isdigit() else 0
        listing = {
            "CAPA": server.capabilities,
            "LIST": b"".join(b"%d 100\r\n" % each for each in numbers),
            "UIDL": b"".join(b"%d id-%d\r\n" % (each, each) for each in numbers),
            "TOP": HEAD % (number, number) + (b"" if rest.endswith(" 0") else BODY),
            "RETR": HEAD % (number, number) + BODY,
        }.get(verb)
        return b"+OK\r\n" if listing is None else b"+OK\r\n" + listing + b".\r\n"


@contextmanager
def crooked(
    messages: int = 3,
    ways: Mapping[str, tuple[str, bytes]] | None = None,
    capabilities: bytes = b"USER\r\nTOP\r\nUIDL\r\n",
) -> Iterator[Crooked]:
    """Run such a server until the block is left."""
    with Crooked(messages, ways or {}, capabilities) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
