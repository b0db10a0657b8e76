"""A server's part, as a table: verbs and what is answered to them."""

from collections.abc import Callable, Iterable, Mapping

from pop3spy.protocol.commands import Command
from pop3spy.session.responder import Answer

Reply = Answer | Callable[[], Answer]


class Scripted:
    """Answers each verb as its table says, what is unknown with ``-ERR``, and remembers it all."""

    def __init__(
        self, replies: Mapping[str, Reply] | None = None, greeting: bytes = b"+OK ready"
    ) -> None:
        self.replies = replies or {}
        self.greeting = greeting
        self.asked: list[bytes] = []
        self.ended = 0

    def greet(self) -> Answer:
        return Answer(self.greeting)

    def answer(self, command: Command) -> Answer:
        assert not self.ended
        self.asked.append(b" ".join((command.verb.encode(), *command.args)))
        reply = self.replies.get(command.verb, Answer(b"-ERR unknown"))
        return reply if isinstance(reply, Answer) else reply()

    def answer_sasl(self, line: bytes) -> Answer:
        assert not self.ended
        self.asked.append(line)
        return Answer(b"-ERR cancelled" if line == b"*" else b"+OK logged in")

    def secured(self) -> None:
        assert not self.ended
        self.asked.append(b"(TLS)")

    def end(self) -> None:
        self.ended += 1


def body(pieces: Iterable[bytes], line: bytes = b"+OK") -> Answer:
    return Answer(line, pieces)
