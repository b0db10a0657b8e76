"""A message that came whole, with what rules compare it with: looked up once for all of them."""

from typing import Final

from pop3spy.findings.bodies import content_scan, whole_scan
from pop3spy.findings.earlier import account_before, downloaded_before
from pop3spy.findings.history import KnownAccount, KnownMessage
from pop3spy.findings.observed import Observed, message_of
from pop3spy.protocol.facts import FactValue
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.header_facts import HeaderFacts
from pop3spy.session.model import Exchange

COMPARED: Final = 10_000
"""Messages of a session that a rule compares with what comes of them later."""

_KEY: Final = "mail"


class Mail:
    """The reply to a RETR or a TOP that came whole.

    ``number`` is that of the message, None if nobody knows.  ``scan`` are the facts about the body,
    ``content`` the same where no letter of it was masked, else None; ``sent_header`` those about
    its header, where they are not of masked letters.  ``digest`` and ``stable`` are those of the
    content; ``header`` is the digest of the header, without what servers change in it.
    ``account`` is what earlier sessions told, ``unique_id`` what this one said of the message, and
    ``before`` the message as an earlier session had it; None where nothing is known.
    """

    __slots__ = (
        *("account", "before", "content", "digest", "exchange", "header", "number", "scan"),
        *("sent_header", "stable", "unique_id"),
    )

    def __init__(self, seen: Observed, exchange: Exchange) -> None:
        self.exchange = exchange.number
        self.number = message_of(exchange)
        self.scan: BodyScan | None = whole_scan(seen, exchange)
        self.content = content_scan(seen, exchange) if self.scan is not None else None
        self.sent_header: HeaderFacts | None = None
        if self.scan is not None and (self.scan.told or self.content is not None):
            self.sent_header = self.scan.header
        self.digest: bytes | None = None
        self.stable: bytes | None = None
        self.header: bytes | None = None
        if self.scan is not None and self.scan.told:
            self.digest, self.stable, self.header = map(_told, self.scan.likeness)
        elif self.content is not None:
            self.digest, self.stable = self.content.digest, self.content.stable_digest
            if self.content.header is not None:
                self.header = self.content.header.stable_digest
        self.account: KnownAccount | None = None
        self.unique_id: bytes | None = None
        self.before: KnownMessage | None = None
        if self.number is not None and exchange.command.verb == "RETR":
            self.account = account_before(seen)
            self.unique_id = seen.maildrop.id_of(self.number)
            self.before = downloaded_before(seen, self.account, self.unique_id)


def _told(likeness: FactValue | None) -> bytes | None:
    return None if likeness is None else b"%d" % int(likeness)


def message_named(exchange: Exchange) -> str:
    """Return words for the message that *exchange* is about: ``message 3``."""
    number = message_of(exchange)
    return "a message" if number is None else f"message {number}"


def mail_of(seen: Observed, exchange: Exchange) -> Mail:
    """Return what is known of the message that *exchange* brought, which was answered just now."""
    mail: Mail | None = seen.memory.get(_KEY)
    if mail is None or mail.exchange != exchange.number:
        mail = seen.memory[_KEY] = Mail(seen, exchange)
    return mail
