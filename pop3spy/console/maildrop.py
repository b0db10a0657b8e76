"""What a console tells of the maildrop: how much there is, and whose messages they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from pop3spy.protocol.message import headers_of
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.text import count, escape
from pop3spy.session.listing import MOST
from pop3spy.session.maildrop import SeenMaildrop
from pop3spy.session.model import Exchange


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a message itself told; texts are as the sender wrote them, not escaped."""

    sender: str = ""
    subject: str = ""
    size: int | None = None


class MaildropSummary:
    """The messages that *seen* tells of, with what their headers said."""

    def __init__(self, seen: SeenMaildrop) -> None:
        self._seen = seen
        self._letters: dict[int, _Letter] = {}

    def __str__(self) -> str:
        """Return how much there is, for the prompt; nothing while that is not known."""
        messages, octets, marked = self._seen.count, self._seen.octets, self._seen.pending
        if messages is None:
            return ""
        facts = [
            count(messages, "message"),
            "" if octets is None else f"{octets:,} octets",
            f"{marked:,} marked" if marked else "",
        ]
        return ", ".join(filter(None, facts))

    def messages(self, most: int) -> Iterator[tuple[int, str]]:
        """Yield the first *most* messages that were told of: number, and what is known of each."""
        for number in sorted(self._seen.numbers)[:most]:
            yield number, self._told_of(number)

    def learn(self, exchange: Exchange) -> None:
        """Take in what a message says of itself, if the reply to *exchange* is one."""
        command, body = exchange.command, exchange.body
        if command.verb not in ("RETR", "TOP") or not command.args or not (exchange.ok and body):
            return
        number = number_of(command.args[0])
        if number is None or (len(self._letters) >= MOST and number not in self._letters):
            return
        headers = headers_of(body.head)
        known = self._letters.get(number, _Letter())
        whole = command.verb == "RETR" and body.complete
        self._letters[number] = _Letter(
            headers.get("from", ""), headers.get("subject", ""), body.size if whole else known.size
        )

    def _told_of(self, number: int) -> str:
        letter = self._letters.get(number, _Letter())
        size = self._seen.size_of(number) if letter.size is None else letter.size
        parts = [
            escape(letter.sender)[:40],
            escape(letter.subject)[:60],
            "" if size is None else f"{size:,} octets",
            "marked as deleted" if number in self._seen.deleted else "",
        ]
        return ", ".join(filter(None, parts))
