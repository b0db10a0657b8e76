"""One account at one server, read without changing anything.

Rules: 1. DELE is never said; 2. whole messages are asked for with TOP, which marks nothing as read,
and with RETR only where there is no TOP and where that loses nothing: not where the server says
EXPIRE 0, nor where its greeting is one of those that hide what was retrieved; 3. QUIT is not said
behind RETR, so that the server need not come to its UPDATE state (RFC 1939, section 6); 4. a
message is looked at part by part, and no octet of it is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pop3spy.errors import ConnectError
from pop3spy.migration.content import ContentOf, MessageDigest
from pop3spy.migration.login import Login, RefusedError, log_in, refusal, status_of
from pop3spy.net.connection import Connection
from pop3spy.net.trust import Trust
from pop3spy.protocol.frames import BodyEnd, BodyPart, StatusLine
from pop3spy.protocol.text import escape, show
from pop3spy.protocol.url import Url
from pop3spy.replay.messages import Message
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.lines import status_text
from pop3spy.session.model import Session
from pop3spy.session.tls import Tls

AT_ONCE: Final = 16
"""Commands that are said at once where the server announces PIPELINING (RFC 2449)."""

HIDING: Final = ("Gpop ",)
"""Beginnings of greetings of servers that list a message no more once it was retrieved."""


Looked = Callable[[int], None]
"""Is told that so many messages more were looked at."""


@dataclass(frozen=True, slots=True)
class ComparedServer:
    """Where accounts are read, and how: *patience* and *timeout* are seconds."""

    url: Url
    trust: Trust
    patience: float
    timeout: float


@dataclass(slots=True)
class ReadMaildrop:
    """What one server has of an account, and what it said of itself.

    ``unread`` are the numbers of messages whose content was refused; ``retrieved`` is whether RETR
    was said.
    """

    messages: dict[int, Message] = field(default_factory=dict)
    capabilities: Mapping[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    greeting: str = ""
    implementation: str = ""
    has_ids: bool = False
    unread: list[int] = field(default_factory=list)
    retrieved: bool = False


class MaildropReader:
    """Reads one account; use ``begin`` to make one, and close it."""

    def __init__(self, connection: Connection, server: ComparedServer) -> None:
        self._connection = connection
        self._server = server
        self._has_top = False
        self.found = ReadMaildrop()

    @classmethod
    async def begin(cls, server: ComparedServer, login: Login) -> "MaildropReader":
        """Connect, log in, and learn which messages there are.

        Raise ConnectError, RefusedError or ConfigError if that cannot be had whole.
        """
        connection = await Connection.open(
            server.url,
            Bus(lambda *_: None),
            Clock(),
            timeout=server.timeout,
            patience=server.patience,
            trust=server.trust,
        )
        reader = cls(connection, server)
        try:
            await reader._log_in(login)
            await reader._list()
        except BaseException:
            await connection.close()
            raise
        return reader

    async def close(self) -> None:
        """Close the connection, whatever was said."""
        await self._connection.close()

    async def leave(self) -> None:
        """Take leave of the server, unless it would note then what was retrieved."""
        if not self.found.retrieved:
            await self._ask(b"QUIT")

    @property
    def _session(self) -> Session:
        return self._connection.session

    async def _log_in(self, login: Login) -> None:
        await self._connection.reply()
        greeting = self._session.greeting
        if greeting is None:
            raise ConnectError(f"{self._server.url}: the server hung up before its greeting")
        if not greeting.ok:
            raise RefusedError(f"the server sends us away: {status_text(greeting) or '-ERR'}")
        self.found.greeting, self.found.tls = status_text(greeting), self._session.tls
        await self._ask(b"CAPA")
        await log_in(self._connection, login, self._server.url.host)
        await self._ask(b"CAPA")
        self._learn_capabilities()

    async def _ask(self, line: bytes) -> bool:
        frames = await self._connection.ask(line + b"\r\n")
        if not frames:
            raise ConnectError(f"{self._server.url}: the server hung up instead of answering")
        return status_of(frames)

    def _learn_capabilities(self) -> None:
        """Learn all that the server can do, before a login and behind it."""
        known: dict[str, str] = {}
        for listed in self._session.capabilities.values():
            known |= {escape(each.tag): escape(" ".join(each.params)) for each in listed}
        self.found.implementation = known.pop("IMPLEMENTATION", "")
        known.pop("CAPA", None)  # some list what they were asked for
        if self.found.tls is not None:
            known.pop("STLS", None)
        self.found.capabilities = known

    # -- which messages there are -----------------------------------------------------------------

    async def _list(self) -> None:
        """Learn sizes and unique-ids; raise RefusedError if not all of them are told."""
        if not await self._ask(b"LIST"):
            raise RefusedError(refusal(self._session))
        listing = self._session.maildrop.last_list
        if listing is None or not listing.clean:
            raise RefusedError("the listing is broken off, too long, or makes no sense")
        sizes, ids = listing.sizes, {}
        if await self._ask(b"UIDL"):
            told = self._session.maildrop.last_uidl
            if told is None or not told.clean:
                raise RefusedError("the unique-ids are broken off, too many, or make no sense")
            ids, self.found.has_ids = told.ids, True
        for number in listing.numbers:
            unique_id = show(ids[number]) if number in ids else None
            self.found.messages[number] = Message(sizes.get(number), unique_id)

    # -- what is in them --------------------------------------------------------------------------

    async def most(self, wanted: ContentOf) -> tuple[ContentOf, str]:
        """Return how much of each message may be looked at, and why that is less than *wanted*."""
        numbers = list(self.found.messages)
        if wanted is ContentOf.NONE or not numbers:
            return wanted, ""
        self._has_top = await self._knows_top(numbers[0])
        why = self._why_no_retr() if wanted is ContentOf.FULL else ""
        if self._has_top:
            return (ContentOf.TOP if why else wanted), why
        if wanted is ContentOf.FULL and not why:
            return wanted, ""
        return ContentOf.NONE, f"{why}, and it has no TOP" if why else "the server has no TOP"

    @property
    def knows_headers(self) -> bool:
        """Whether headers can be asked for, if there are any; ``most`` finds that out."""
        return self._has_top or not self.found.messages

    async def look_at(self, content: ContentOf, looked: Looked) -> None:
        """Learn by so much content what each message is known by; *looked* is told how many."""
        numbers = list(self.found.messages)
        if content is ContentOf.NONE or not numbers:
            return
        line = b"TOP %d 0\r\n"
        if content is ContentOf.FULL:
            line = b"TOP %d 99999999\r\n" if self._has_top else b"RETR %d\r\n"
            self.found.retrieved = not self._has_top
        step = AT_ONCE if "PIPELINING" in self.found.capabilities else 1
        for start in range(0, len(numbers), step):
            await self._fetch(group := numbers[start : start + step], line)
            looked(len(group))

    def _why_no_retr(self) -> str:
        """Return why taking whole messages might lose them; nothing if it does not."""
        for listed in self._session.capabilities.values():
            for each in listed:
                if each.tag == "EXPIRE" and each.params[:1] == ("0",):
                    return "the server says EXPIRE 0: what is retrieved may be gone"
        if self.found.greeting.startswith(HIDING):
            return "this server hides what was retrieved"
        return ""

    async def _knows_top(self, number: int) -> bool:
        return "TOP" in self.found.capabilities or await self._ask(b"TOP %d 0" % number)

    async def _fetch(self, numbers: Sequence[int], line: bytes) -> None:
        await self._connection.send(b"".join(line % number for number in numbers))
        for number in numbers:
            digest = await self._one()
            if digest is None:
                self.found.unread.append(number)
                continue
            known, content = self.found.messages[number], digest.content()
            self.found.messages[number] = Message(
                known.size, known.unique_id, content, identity=digest.identity
            )

    async def _one(self) -> MessageDigest | None:
        """Return what one message is known by, None if it was refused."""
        digest = MessageDigest()
        while (frame := await self._connection.hear()) is not None:
            match frame:
                case StatusLine(has_body=False):
                    return None
                case BodyPart():
                    digest.add(frame.raw)
                case BodyEnd():
                    return digest
        raise ConnectError(f"{self._server.url}: the server hung up within a message")
