"""What can be seen of TLS that passes unread: what both sides say before it is encrypted.

That is everybody's to see on the way, and nobody has verified it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pop3spy.protocol.certificate import few, read_certificate
from pop3spy.protocol.frames import Frame, Opaque, Side
from pop3spy.protocol.hello import (
    CLIENT_HELLO,
    SERVER_HELLO,
    ServerHello,
    read_client_hello,
    read_server_hello,
)
from pop3spy.protocol.octets import Octets
from pop3spy.protocol.records import ALERT, Records, TlsMessage
from pop3spy.protocol.states import State
from pop3spy.protocol.tlsnames import ALERTS
from pop3spy.protocol.why import Why
from pop3spy.session.model import Session
from pop3spy.session.texts import recorded_facts, texts, texts_in
from pop3spy.session.tls import known_name

_CERTIFICATE, _CERTIFICATE_REQUEST, _SERVER_HELLO_DONE = 11, 13, 14
_ENCRYPTS_THE_REST: Final = "TLS 1.3"
_MOST: Final = 4
"""Glimpses of one side; what comes behind them is an attempt to fill somebody's log."""

_POP3: Final = "pop3"
"""Its name where TLS begins (RFC 7301); another says who the server is."""
MISPLACED: Final = "misplaced"
_ADVICE: Final = {
    "client": "the client begins TLS where the server speaks clear text; let it use STLS or no TLS,"
    " or connect to a pop3s:// listener",
    "server": "the server speaks TLS to a client that speaks clear text; name it as pop3s://",
}


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What ``side`` said; its ``kind`` is ``hello``, ``alert``, or that it is ``misplaced``.

    ``versions`` has the one that was chosen, or those that a client can do.  ``name`` is the server
    that a client asks for, ``protocols`` what is to be spoken inside (ALPN).  ``subject``,
    ``issuer``, ``since``, ``until`` and ``names`` are of the server's certificate, which is in
    clear before TLS 1.3; ``asks`` says that it wants one of the client's.  What is not known is
    empty.
    """

    side: str
    kind: str
    versions: tuple[str, ...] = texts("version")
    name: str = ""
    protocols: tuple[str, ...] = texts("protocol")
    cipher: str = ""
    subject: str = ""
    issuer: str = ""
    since: str = ""
    until: str = ""
    names: tuple[str, ...] = texts()
    asks: bool = False
    alert: str = ""

    def __str__(self) -> str:
        """Return it for a person; names are as they were said, not escaped."""
        if self.kind == MISPLACED:
            return _ADVICE.get(self.side, MISPLACED)
        if self.kind == "alert":
            return f"TLS passes unread: the {self.side} sends the alert {self.alert}"
        alpn = f"ALPN {', '.join(self.protocols)}" if self.protocols else ""
        parts = [", ".join(self.versions), self.cipher, alpn]
        if self.subject or self.names:
            subject = self.subject or few(self.names)
            parts.append(f"certificate of {subject} until {self.until}")
        parts.append("wants a certificate of the client's" * self.asks)
        told = ", ".join(filter(None, parts)) or "nothing that can be read"
        if self.side == "server":
            return f"TLS passes unread: the server chooses {told}"
        return f"TLS passes unread: the client asks for {self.name or 'no name'}, {told}"

    @property
    def matters(self) -> bool:
        """Whether it tells of a problem."""
        return self.kind == MISPLACED or (self.kind == "alert" and self.alert != ALERTS[0])

    def hidden(self) -> "Glimpse":
        """Return it without names of peers, nor what leads to them."""
        hidden = replace(self, name="", subject="", issuer="", names=())
        return replace(
            hidden,
            versions=tuple(filter(None, map(known_name, self.versions))),
            protocols=tuple(name for name in self.protocols if name == _POP3),
            cipher=known_name(self.cipher),
            alert=self.alert if self.alert in ALERTS.values() else "",
        )

    def facts(self) -> dict[str, object]:
        """Return it as a recording keeps it."""
        return recorded_facts(self)


def glimpse_from(facts: Mapping[str, object]) -> Glimpse:
    """Return what a recording kept; whatever is not text there counts as unknown."""
    return Glimpse(**texts_in(facts, Glimpse), asks=facts.get("asks") is True)


class Glimpses:
    """Takes in the TLS of both sides of a session, and tells what can be seen of it."""

    def __init__(self) -> None:
        self._records = {side: Records() for side in Side}
        self._left = dict.fromkeys(Side, _MOST)
        self._chosen: ServerHello | None = None  # more of what the server says is to come
        self._certificate = b""
        self._asks = False
        self._asked = False  # the client has begun
        self._wonders = False  # whether its server has TLS as well

    def see(self, frame: Frame, session: Session) -> Iterator[Glimpse]:
        """Take in what was heard in *session* now, TLS or not."""
        if isinstance(frame, Opaque) and frame.why is Why.TLS:
            begun = self._asked
            yield from self._take(frame.side, frame.raw)
            if frame.side is Side.SERVER:
                self._wonders = False
            elif not begun and session.state is not State.TLS:
                self._wonders = self._asked
        if self._wonders and session.greeting:
            self._wonders = False
            yield Glimpse("client", MISPLACED)

    def _take(self, side: Side, data: bytes) -> Iterator[Glimpse]:
        records = self._records[side]
        for message in records.feed(data):
            for glimpse in self._seen(side, message):
                if self._left[side]:
                    self._left[side] -= 1
                    yield glimpse
        if side is Side.SERVER and records.over:
            yield from self.rest()

    def rest(self) -> Iterator[Glimpse]:
        """Tell what the server has said so far, if it has not been told."""
        chosen, self._chosen = self._chosen, None
        if chosen is None:
            return
        read = read_certificate(self._certificate)
        self._certificate = b""
        yield Glimpse(
            "server",
            "hello",
            tuple(filter(None, [chosen.version])),
            protocols=tuple(filter(None, [chosen.protocol])),
            cipher=chosen.cipher,
            subject=read.subject,
            issuer=read.issuer,
            since=read.since,
            until=read.until,
            names=read.names,
            asks=self._asks,
        )

    def _seen(self, side: Side, message: TlsMessage) -> Iterator[Glimpse]:
        who = side.name.lower()
        if message.content == ALERT:
            yield from self.rest()
            alert = ALERTS.get(message.kind) or str(message.kind)
            yield Glimpse(who, "alert", alert=alert)
            if side is Side.SERVER and not self._asked:
                yield Glimpse(who, MISPLACED)
        elif side is Side.CLIENT and message.kind == CLIENT_HELLO:
            self._asked = True
            hello = read_client_hello(message.body)
            yield Glimpse(who, "hello", hello.versions, hello.name, hello.protocols)
        elif side is Side.SERVER:
            yield from self._answered(message)

    def _answered(self, message: TlsMessage) -> Iterator[Glimpse]:
        if message.kind == SERVER_HELLO:
            self._chosen = read_server_hello(message.body)
        elif message.kind == _CERTIFICATE:
            self._certificate = Octets(Octets(message.body).vector(3)).vector(3)
        elif message.kind == _CERTIFICATE_REQUEST:
            self._asks = True
        if message.kind == _SERVER_HELLO_DONE or (
            self._chosen and self._chosen.version == _ENCRYPTS_THE_REST
        ):
            yield from self.rest()
