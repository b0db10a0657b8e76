"""A client without a socket: it does what a host does with a stand-in's answers."""

from inspect import cleandoc

from dialogue import octets
from pop3spy.protocol.commands import parse_command
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.responder import Answer, Pause


class Client:
    """Speaks to a stand-in; ``pieces`` are those of the last answer."""

    def __init__(self, stand_in: StandIn) -> None:
        self.responder = stand_in.session()
        self.pieces: list[bytes | Pause] = []
        self.asks = self.closed = False
        self.greeting = self._take(self.responder.greet())

    def send(self, line: bytes) -> bytes:
        """Return all octets of the reply to *line*."""
        assert not self.closed, "nobody is there any more"
        responder = self.responder
        answer = responder.answer_sasl(line) if self.asks else responder.answer(parse_command(line))
        return self._take(answer)

    def login(self) -> "Client":
        for line in (b"USER bob", b"PASS sesame123"):
            assert self.send(line).startswith(b"+OK")
        return self

    def _take(self, answer: Answer) -> bytes:
        self.pieces = list(answer.wire())
        self.asks, self.closed = answer.asks, answer.close
        return b"".join(piece for piece in self.pieces if isinstance(piece, bytes))


def talk(client: Client, script: str) -> None:
    """Say the ``C:`` lines of *script* and expect its ``S:`` lines; ``S!``: nobody is there."""
    expected = cleandoc(script).splitlines()
    heard: list[str] = []
    for line in expected:
        if line.startswith("C: "):
            reply = client.send(octets(line[3:])).decode("latin-1")
            heard.append(line)
            heard += [f"S: {each}".rstrip() for each in reply.split("\r\n")[:-1]]
            heard += ["S!"] if client.closed else []
    assert heard == expected
