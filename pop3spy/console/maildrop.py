"""What is known of the messages of a session, from the replies that went by."""

from dataclasses import dataclass, field

from pop3spy.protocol.commands import Shape
from pop3spy.protocol.message import headers_of
from pop3spy.protocol.replies import number_of, pair_of, unique_id_of
from pop3spy.protocol.text import count, escape
from pop3spy.session.model import Exchange

MOST = 100_000
"""Messages of which something is remembered."""


@dataclass(slots=True)
class MessageSummary:
    """One message; texts are as the sender wrote them, not escaped."""

    size: int | None = None
    sender: str = ""
    subject: str = ""
    deleted: bool = False

    def __str__(self) -> str:
        """Return what is known, for a person."""
        parts = [
            escape(self.sender)[:40],
            escape(self.subject)[:60],
            "" if self.size is None else f"{self.size:,} octets",
            "marked as deleted" if self.deleted else "",
        ]
        return ", ".join(filter(None, parts))


@dataclass(slots=True)
class MaildropSummary:
    """The messages of one session; ``count`` and ``octets`` are what STAT said, or LIST."""

    count: int | None = None
    octets: int | None = None
    entries: dict[int, MessageSummary] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return how much there is, for the prompt; nothing while that is not known."""
        if self.count is None:
            return ""
        messages = count(self.count, "message")
        octets = "" if self.octets is None else f"{self.octets:,} octets"
        marked = sum(entry.deleted for entry in self.entries.values())
        return ", ".join(filter(None, (messages, octets, f"{marked:,} marked" if marked else "")))

    def learn(self, exchange: Exchange) -> None:
        """Take in what a positive reply tells."""
        if not exchange.ok:
            return
        match exchange.command.verb:
            case "STAT":
                self._counted(exchange)
            case "LIST":
                self._listed(exchange)
            case "UIDL":
                for line in _head(exchange).splitlines():
                    if found := unique_id_of(line):
                        self._entry(found[0])
            case "RETR" | "TOP" | "DELE":
                self._message(exchange)
            case "RSET":
                for entry in self.entries.values():
                    entry.deleted = False

    def _counted(self, exchange: Exchange) -> None:
        if exchange.status and (pair := pair_of(exchange.status.text)):
            self.count, self.octets = pair

    def _message(self, exchange: Exchange) -> None:
        args, body = exchange.command.args, exchange.body
        number = number_of(args[0]) if args else None
        if number is None:
            return
        entry = self._entry(number)
        if body is None:
            entry.deleted = True
            return
        headers = headers_of(_head(exchange))
        entry.sender, entry.subject = headers.get("from", ""), headers.get("subject", "")
        if exchange.command.verb == "RETR" and body.complete:
            entry.size = body.size

    def _listed(self, exchange: Exchange) -> None:
        if exchange.command.shape is not Shape.LISTING and not exchange.wrong_shape:
            if exchange.status and (pair := pair_of(exchange.status.text)):
                self._entry(pair[0]).size = pair[1]
            return
        pairs = [pair for line in _head(exchange).splitlines() if (pair := pair_of(line))]
        for number, size in pairs:
            self._entry(number).size = size
        body = exchange.body
        if body and body.complete and body.lines == len(pairs):
            self.count, self.octets = len(pairs), sum(size for _, size in pairs)

    def _entry(self, number: int) -> MessageSummary:
        if len(self.entries) >= MOST:
            return self.entries.get(number, MessageSummary())
        return self.entries.setdefault(number, MessageSummary())


def _head(exchange: Exchange) -> bytes:
    return exchange.body.head if exchange.body else b""
