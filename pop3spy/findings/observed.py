"""What was observed of one session so far: what rules ask, derived once.

Rule: nothing here judges.  Only the engine changes it, before any rule is asked about an event.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

from pop3spy.findings.history import History, KnownAccount, PastSession, ServerHabits
from pop3spy.findings.own_deeds import OURS
from pop3spy.findings.sasl_seen import SaslSeen
from pop3spy.findings.thresholds import Thresholds
from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.frames import CommandLine, Side
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.why import Why
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.how import Closing
from pop3spy.session.maildrop import SeenMaildrop
from pop3spy.session.model import Exchange, Session
from pop3spy.session.seen_listings import number_in

SAME_TIME: Final = 0.00002
"""Seconds within which nobody can tell which of two closes came first."""
TLS_PORT: Final = 995
"""Where TLS begins at once (RFC 8314, section 3.1)."""
CLIENT, SERVER = Side.CLIENT, Side.SERVER


@dataclass(slots=True)
class AtClose:
    """What stood open when the first side closed.

    ``outstanding`` are the exchanges without a complete reply, ``quit`` is whether the client had
    said QUIT.  ``after`` are the first commands that the client said behind a server's close.
    """

    outstanding: tuple[Exchange, ...]
    quit: bool
    after: list[tuple[CommandLine, float]] = field(default_factory=list)


@dataclass(slots=True)
class Interruption:
    """The first command that the client said inside the body of a reply, that of ``exchange``.

    It is the exchange ``by``.  The body had come to an octet ``before`` at the time ``at``, as far
    as it could be read; its next octets, at most two, are the ``rest``, of which the first came at
    ``rest_at``.
    """

    exchange: int
    by: int
    at: float
    before: bytes
    rest: bytes | None = None
    rest_at: float = 0.0

    def go_on(self, raw: bytes, at: float) -> None:
        """Take in how the body went on."""
        if self.rest is None:
            self.rest, self.rest_at = raw[:2], at


class Observed:
    """One session as rules see it; ``now`` is the time of the event that they are asked about.

    ``last`` is when each side said something last, ``None`` before it has; ``spoken_at`` is when
    anybody did, ``spoken_before`` when anybody did before that.  ``ready_at`` is since when a
    greeting could come: the client connected, or TLS that is there from the start began.
    ``interrupted`` is None unless the client spoke inside a reply.  ``greeted_at`` and
    ``logged_in_at`` are when the greeting and the reply to the login ended.  ``capa_asked`` counts
    the replies to CAPA, ``capa_refused`` those that were ``-ERR``, both since TLS began.  ``used``
    counts the known commands by verb; ``accepted`` has the last exchange in which the server agreed
    to UTF8, and to LANG.  ``sasl`` is the AUTH that goes on, or was last.  ``last_answered`` is
    the exchange that was answered last.  ``secured_at`` is when TLS began by STLS; None without.
    ``past`` is this session as history will know it.
    """

    def __init__(
        self,
        session: Session,
        thresholds: Thresholds,
        history: History | None = None,
        epoch: float = 0.0,
    ) -> None:
        self.session = session
        self.thresholds = thresholds
        self.history = history or History()
        self._epoch = epoch
        self.now = session.opened_at
        self.past = PastSession(
            f"session {session.id}",
            self.history.digest(session.client.host.encode()).hex(),
            epoch + session.opened_at,
            clear=True,
        )
        self.last: dict[Side, float | None] = {CLIENT: None, SERVER: None}
        self.spoken_at = self.spoken_before = session.opened_at
        self.ready_at = session.opened_at
        self.greeted_at: float | None = None
        self.logged_in_at: float | None = None
        self.scans: dict[int, BodyScan] = {}
        self.logins: deque[Exchange] = deque(maxlen=100)
        self.capa_asked = 0
        self.capa_refused = 0
        self.used: dict[str, int] = {}
        self.sasl: SaslSeen | None = None
        self.accepted: dict[str, int] = {}
        self.last_answered: Exchange | None = None
        self.secured_at: float | None = None
        self.at_close: AtClose | None = None
        self.interrupted: Interruption | None = None
        self.hosted = False  # the server is this program: TLS goes to the client alone
        self.joined = False  # the recording holds less than the whole session
        self.lost = False  # octets are missing, or replies can no longer be paired
        self.opaque = False  # what passes cannot be read
        self.encrypted: dict[tuple[Side, Why], int] = {}  # octets of it so far
        self.goes_on = False  # what came last goes on with what cannot be read
        self.memory: dict[str, Any] = {}  # what rules keep for each other; the key is the keeper's
        self._later: Callable[[float, Callable[..., Any], tuple[Any, ...]], None] | None = None
        self._when_answered: Callable[..., None] | None = None

    @property
    def maildrop(self) -> SeenMaildrop:
        """What was told of the maildrop."""
        return self.session.maildrop

    def scan_of(self, exchange: Exchange) -> BodyScan | None:
        """Return the facts about the body of *exchange*, until it has been told of."""
        return self.scans.get(exchange.number)

    def has_raised(self, *ids: str) -> bool:
        """Return whether one of the findings *ids* was raised."""
        return any(finding.id in ids for finding in self.session.findings)

    # -- time -----------------------------------------------------------------------------------

    def bind(self, later: Callable[..., None], when_answered: Callable[..., None]) -> None:
        """Let *later* and *when_answered* keep what rules want to check; the engine has them."""
        self._later, self._when_answered = later, when_answered

    def unbind(self) -> None:
        """Let go of whoever keeps what is to be checked."""
        self._later = self._when_answered = None

    def after(self, seconds: float, check: Callable[..., Any], *args: Any) -> None:
        """Ask *check*, with this and *args*, when so many *seconds* have passed since the event.

        It returns claims as the rule does.  It is not asked if the session is over before.
        """
        assert self._later is not None
        self._later(self.now + seconds, check, args)

    def wall(self, at: float | None = None) -> float:
        """Return *at*, or now, in seconds since 1970: what history compares."""
        return self._epoch + (self.now if at is None else at)

    def when_answered(self, number: int, check: Callable[..., Any], *args: Any) -> None:
        """Ask *check*, with this, exchange *number* and *args*, once the reply to that has ended.

        It returns claims as the rule does.  It is not asked if no reply comes.
        """
        assert self._when_answered is not None
        self._when_answered(number, check, args)

    # -- who closed -----------------------------------------------------------------------------

    @property
    def first_close(self) -> Closing | None:
        """The first FIN or RST; None if nobody closed, or both did at the same time."""
        closings = self.session.closings
        if not closings:
            return None
        first = closings[0]
        both = any(c.side is not first.side and c.at - first.at < SAME_TIME for c in closings[1:])
        return None if both else first

    @property
    def ended_by_us(self) -> bool:
        """Whether neither peer ended the session: pop3spy did, or the recording ends there."""
        ending = self.session.ending
        return ending is not None and ending.how in OURS

    def closed_by(self, side: Side) -> Closing | None:
        """Return the first close if *side* made it."""
        first = self.first_close
        return first if first is not None and first.side is side else None

    @property
    def unfinished(self) -> tuple[Exchange, ...]:
        """The exchanges without a complete reply when the first side closed."""
        return self.at_close.outstanding if self.at_close is not None else ()

    @property
    def parted(self) -> bool:
        """Whether a QUIT was answered with ``+OK``, as the last of all that the client said."""
        last, exchanges = self.last_answered, self.session.exchanges
        if last is None or last.command.verb != "QUIT" or not last.ok or self.unfinished:
            return False
        said = "QUIT" in self.used if self.at_close is None else self.at_close.quit
        return said and self.session.said_goodbye and exchanges[-1] is last

    # -- TLS, and who can read along ------------------------------------------------------------

    @property
    def clear(self) -> bool:
        """Whether what is said passes without TLS, as far as that is certain.

        Where TLS was agreed with the server alone, nobody can tell whether there is another leg.
        """
        leg = "client" if self.hosted else "server"
        return leg not in self.session.legs and not self.opaque

    @property
    def local(self) -> bool:
        """Whether no leg without TLS leaves this machine, or nobody can tell."""
        session = self.session
        client_is_safe = "client" in session.legs or is_local(session.client.host)
        return client_is_safe and is_local(session.server.host)

    # -- what was offered -----------------------------------------------------------------------

    @property
    def capabilities(self) -> tuple[Capability, ...] | None:
        """The last CAPA reply that counts in this TLS phase, or None: it was not asked, or refused.

        In TRANSACTION that is the one asked there, or else the one before login.
        """
        known = self.session.capabilities
        here = known.get(self.session.state.phase)
        return here if here is not None else known.get(State.AUTHORIZATION)

    def capability(self, tag: str) -> Capability | None:
        """Return that line of the CAPA reply that counts."""
        return next((cap for cap in self.capabilities or () if cap.tag == tag), None)

    def offers(self, tag: str) -> bool | None:
        """Return whether the server listed *tag*; None if CAPA was not asked, or refused."""
        return None if self.capabilities is None else self.capability(tag) is not None

    def mechanisms(self) -> tuple[str, ...] | None:
        """Return the SASL mechanisms that were listed, in upper case; None without such a line."""
        line = self.capability("SASL")
        return tuple(name.upper() for name in line.params) if line else None

    # -- login ----------------------------------------------------------------------------------

    @property
    def logged_in(self) -> bool:
        """Whether the session is in TRANSACTION or was."""
        return self.logged_in_at is not None

    @property
    def server(self) -> ServerHabits:
        """What is known of this server from all that was said to it."""
        peer = self.session.server
        return self.history.server(peer.host, peer.port)

    def account_of(self, user: str) -> KnownAccount:
        """Return what earlier sessions told of *user* here."""
        peer = self.session.server
        return self.history.account(peer.host, peer.port, user)


@lru_cache(maxsize=1024)
def is_local(host: str) -> bool:
    """Return whether *host* is this machine: a loopback address, ``localhost`` or a socket.

    A pseudonym may be anything, so nothing is said against it.
    """
    if host in ("", "localhost") or host.startswith("/") or host.endswith(".invalid"):
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_login(exchange: Exchange) -> bool:
    """Return whether *exchange* gives credentials: PASS, APOP, RPOP, or AUTH with a mechanism."""
    return exchange.command.effect is Effect.LOGIN


def message_of(exchange: Exchange) -> int | None:
    """Return the number of the message that the server heard named, or None if it heard none."""
    return number_in(exchange.line)


def lines_of(exchange: Exchange) -> int | None:
    """Return how many lines of the body a TOP asks for, or None if it names no number."""
    args = exchange.command.args
    return number_of(args[1]) if len(args) > 1 else None


def listed_size(seen: Observed, exchange: Exchange) -> int | None:
    """Return the octets that LIST told of the message that was named, or None if it did not."""
    number = message_of(exchange)
    return None if number is None else seen.maildrop.size_of(number)


def is_there(seen: Observed, number: int) -> bool:
    """Return whether the server has told of that message, and no DELE has marked it."""
    maildrop = seen.maildrop
    if number in maildrop.deleted:
        return False
    counted = maildrop.stats[0] if maildrop.stats and maildrop.stats[0].changes == 0 else None
    return maildrop.has_shown(number) or (counted is not None and 1 <= number <= counted.count)
