"""One audit while it runs: connections one at a time, what is known so far, and who may log in."""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pop3spy.check.conversation import Conversation
from pop3spy.check.doors import Door, Target
from pop3spy.check.options import AuditOptions
from pop3spy.check.reply import quoted
from pop3spy.check.timing import Timing
from pop3spy.check.transcript import CheckTranscript, TranscriptLine
from pop3spy.errors import ConnectError
from pop3spy.net.probe import ProbeConnection
from pop3spy.net.tried import TriedTls
from pop3spy.net.trust import Trust
from pop3spy.protocol.text import MASK
from pop3spy.protocol.url import Url, is_loopback
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock

if TYPE_CHECKING:  # logging in takes an audit
    from pop3spy.check.logins import AuditLogins

T = TypeVar("T")

LOOKING: Final = Trust(insecure=True, oldest="1.0", weak=True)
"""Whom we believe where nothing but the server's own words is at stake."""


class UnfinishedError(Exception):
    """A check cannot be finished; the text says why."""


class SkipError(Exception):
    """A check cannot be run; the text says why."""


class MissingError(Exception):
    """The server does not offer what a check is about; the text says what."""


@dataclass(slots=True)
class Used:
    """What the audit has cost the server so far."""

    connections: int = 0
    logins: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Unasked:
    """What came while the check *id* ran, and nobody had asked for it."""

    id: str
    said: str
    lines: list[TranscriptLine]


@dataclass(slots=True)
class _Known:
    value: Any
    lines: list[TranscriptLine] = field(default_factory=list)


class Audit:
    """Talks with the server of *target* as *options* allow, within *timing*.

    What is said is told on *bus*.  ``transcript`` has what was said since the check began that runs
    now; ``logins`` is who logs in.
    """

    logins: "AuditLogins"

    def __init__(
        self, target: Target, options: AuditOptions, timing: Timing, bus: Bus, clock: Clock
    ) -> None:
        self.target = target
        self.options = options
        self.timing = timing
        self.used = Used()
        self.transcript = CheckTranscript()
        self.unasked: list[Unasked] = []
        self.checking = ""  # the id of the check that runs
        self.door = ""  # where it talks
        self.status_lines: list[bytes] = []  # the longest of each connection
        self.login_seconds: list[float] = []
        self.greeting_seconds = 0.0
        self.expires = False  # what is retrieved may be gone (EXPIRE 0)
        self.invented = f"nobody-{secrets.token_hex(4)}"
        self.typist = Typist()
        self._bus = bus
        self._clock = clock
        self._memory = SecretMemory(clock.started)
        self._known: dict[str, _Known] = {}
        self._closed_at = float("-inf")
        self._secrets: set[str] = set()
        self.typist.learn(options.password)
        self.hide(options.password, base64.b64encode(options.password))
        bus.subscribe(self.transcript)

    # -- connections ----------------------------------------------------------------------------

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where servers often trust clear text."""
        return is_loopback(self.target.address) and not self.options.remote

    @property
    def front(self) -> Door:
        """The door for what has nothing to do with TLS: the clear one, if it is open."""
        return Door.CLEAR if self.target.is_open(Door.CLEAR) else Door.POP3S

    @asynccontextmanager
    async def dialled(self, port: int, address: str = "") -> AsyncIterator[Conversation]:
        """Connect to *port* and hear nothing yet; the connection is closed behind the block.

        Raise ConnectError if there is none.
        """
        wait = self._closed_at + self.timing.pause - time.monotonic()
        await asyncio.sleep(max(0.0, wait))
        self.used.connections += 1
        began = time.monotonic()
        probe = await ProbeConnection.open(
            Url("pop3", address or self.target.address, port),
            self._bus,
            self._clock,
            timeout=self.timing.connect,
            patience=self.timing.reply,
            number=self.used.connections,
            typist=self.typist,
            memory=self._memory,
        )
        took = min(time.monotonic() - began, 1.0)
        self.timing.round_trip = min(self.timing.round_trip or took, took)
        conversation = Conversation(probe, self.timing, self._heard_unasked)
        try:
            yield conversation
        finally:
            await conversation.close()
            self._closed_at = time.monotonic()
            self._count(conversation)

    def _heard_unasked(self, said: bytes) -> None:
        self.unasked.append(Unasked(self.checking, quoted(said), list(self.transcript.last)))

    def _count(self, conversation: Conversation) -> None:
        octets = conversation.probe.session.totals.octets
        self.used.octets += sum(octets.values())
        if conversation.longest:
            self.status_lines.append(conversation.longest)

    @asynccontextmanager
    async def connected(
        self, door: Door | None = None, trust: Trust = LOOKING
    ) -> AsyncIterator[Conversation]:
        """Connect through *door*, as far as the greeting, and inside TLS where it has that.

        Raise UnfinishedError if that does not come about.
        """
        door = door or self.front
        self.door = door.value
        try:
            async with self.dialled(self.target.port(door)) as talk:
                if door is Door.POP3S:
                    _must_be(await talk.secure(trust, self.target.host))
                greeting = await talk.greeted()
                if not greeting.ok:
                    raise UnfinishedError(f"the server did not greet: {greeting}")
                if door is Door.STLS:
                    granted = await talk.ask("STLS")
                    if not granted.ok:
                        raise UnfinishedError(f"the server did not grant STLS: {granted}")
                    _must_be(await talk.secure(trust, self.target.host))
                yield talk
        except ConnectError as error:
            raise UnfinishedError(str(error)) from None

    def note(self, text: str) -> None:
        """Let the transcript of the check have what happened beside all connections."""
        self.transcript.note(self._clock.now(), text)

    # -- what is known --------------------------------------------------------------------------

    async def once(self, key: str, find: Callable[[], Awaitable[T]], *, retold: bool = True) -> T:
        """Return what *find* found when it was first asked for *key*.

        If it is to be *retold*, what was said then is shown again.
        """
        known = self._known.get(key)
        if known is None:
            begun = len(self.transcript.lines)
            value = await find()
            known = self._known[key] = _Known(value, self.transcript.lines[begun:])
        else:
            self.transcript.add(known.lines if retold else [])
        found: T = known.value
        return found

    def forget(self, key: str) -> None:
        """Find out *key* anew when it is next asked for."""
        self._known.pop(key, None)

    def concealed(self, text: str) -> str:
        """Return *text* without the secrets of this audit."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
        return text

    def hide(self, *secrets: bytes) -> None:
        """Let *secrets* never stand in what is told."""
        self._secrets |= {secret.decode("utf-8", "surrogateescape") for secret in secrets if secret}


def _must_be(tried: TriedTls) -> None:
    if not tried.ok:
        raise UnfinishedError(tried.error)
