"""What an exporter is: a subscriber that writes sessions in the form of another program."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pop3spy.errors import Pop3SpyError
from pop3spy.filters.expression import Filter
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Reader
from pop3spy.session.events import Noted
from pop3spy.session.model import Exchange, Session


def noted_text(event: Noted) -> str:
    """Return what a person noted, escaped."""
    return escape(str(event.facts.get("text", "")))


class ExportError(Pop3SpyError):
    """A recording does not have what the format needs; the message has session and exchange."""


@dataclass(frozen=True, slots=True)
class ExportSource:
    """What is exported: the date that the times of its events count from, and what it left out.

    ``bodies`` and ``redaction`` are what its header says (``docs/captures.md``); ``wanted`` says
    which exchanges are exported, None for all.
    """

    started: datetime
    bodies: str = "keep"
    redaction: str = "secrets"
    wanted: Filter | None = None

    @property
    def bodies_kept(self) -> bool:
        """Whether the content of messages is what it was."""
        return self.bodies == "keep"

    def date(self, at: float) -> datetime:
        """Return the date of *at* in UTC; one that no calendar has is that of the start."""
        try:
            return self.started.astimezone(UTC) + timedelta(seconds=at)
        except (OverflowError, ValueError):
            return self.started.astimezone(UTC)

    def wants(self, session: Session, exchange: Exchange) -> bool:
        """Return whether *exchange* is to be exported."""
        return self.wanted is None or self.wanted.means(session, exchange)


class Exporter(Protocol):
    """A subscriber; what fails is raised, so call its readers from where that can be told.

    But for times, and for packets, how the conversation was cut into reads changes nothing.
    """

    def __call__(self, session: Session, /) -> Reader:
        """Return what writes *session*, or keeps what can be said only later."""

    def note(self, event: Noted, /) -> None:
        """Write what a person noted meanwhile, where the form has room for it."""

    def close(self) -> None:
        """Write what was kept; the stream stays open, for whoever opened it."""

    @property
    def summary(self) -> str:
        """What was written, and what was not, in a few words: ``2 messages``."""


class FolderExporter(Exporter, Protocol):
    """An exporter that writes several files."""

    def abandon(self) -> None:
        """Take away, behind a failure, whatever is only a part of something."""
