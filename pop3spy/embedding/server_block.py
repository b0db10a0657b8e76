"""A server that lasts as long as a block of a program, and all that reads its sessions."""

import asyncio
import io
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Literal

from pop3spy import __version__
from pop3spy.authority import Authority
from pop3spy.capture.files import Captures, Keeping
from pop3spy.embedding.heard_sessions import HeardSessions
from pop3spy.embedding.loop_thread import LoopThread
from pop3spy.embedding.server import AsyncServer, Server
from pop3spy.errors import ConfigError
from pop3spy.findings import Severity
from pop3spy.findings.loading import all_rules
from pop3spy.findings.open_sessions import judge_open_sessions
from pop3spy.logs import Transcript
from pop3spy.net.host import Host
from pop3spy.net.identity import Identity, Minted
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted

LIMITS: Final = Limits(grace=1.0)
"""A client that goes on when the block ends has a second to hear a reply to its end."""
HERE: Final = "127.0.0.1"

Tls = Literal["", "stls", "pop3s"]
"""How clients may have TLS: not at all, by STLS, or from the first octet."""
Making = Callable[[Bus, Clock, Identity | None], Host | Proxy]
"""Makes what serves, and publishes on a bus what is said; as whom it appears in TLS, if it does."""


@dataclass(frozen=True, slots=True)
class BlockOptions:
    """What every server of a block can be told."""

    port: int = 0
    tls: Tls = ""
    record: str | PathLike[str] | None = None
    readers: Iterable[Subscriber] = ()
    hosts: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigError if there is no such way to have TLS."""
        if self.tls not in ("", "stls", "pop3s"):
            raise ConfigError(f"tls: {self.tls!r} is not one of stls, pop3s")


@dataclass(slots=True)
class _Told:
    """Who reads along: what is known of the sessions, what is written of them, and who failed."""

    heard: HeardSessions
    written: io.StringIO = field(default_factory=io.StringIO)
    failures: list[Exception] = field(default_factory=list)


class ServerBlock:
    """Runs a server as long as a ``with`` or an ``async with`` block lasts; it can be used once.

    The one gives a ``Server``, the other an ``AsyncServer``.  The end of the block ends what
    sessions there are, and raises what a reader of events raised.
    """

    def __init__(self, make: Making, options: BlockOptions) -> None:
        self._make = make
        self._options = options
        self._thread: LoopThread[Url] = LoopThread(self._work)
        self._told = _Told(HeardSessions(self._thread.soon))
        self._closing = ExitStack()
        self._authority: Authority | None = None

    def __enter__(self) -> Server:
        """Return the server once it listens; raise ListenError if it cannot."""
        if self._options.tls:
            folder = self._closing.enter_context(TemporaryDirectory(prefix="pop3spy-"))
            self._authority = Authority.open(Path(folder) / "ca", "a test")
        try:
            url = self._thread.start()
        except BaseException:
            self._closing.close()
            raise
        certificate = self._authority.certificate if self._authority else None
        return Server(url, self._told.heard, self._told.written, certificate)

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Stop it; raise what went wrong, unless that would hide another error."""
        with self._closing:
            self._thread.stop()
        if error is None and self._told.failures:
            raise self._told.failures[0]

    async def __aenter__(self) -> AsyncServer:
        """Return the server once it listens; raise ListenError if it cannot."""
        return (await asyncio.to_thread(self.__enter__)).aio

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, as the end of a ``with`` block does."""
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    async def _work(self, stop: asyncio.Event, ready: Callable[[Url], None]) -> None:
        options, clock = self._options, Clock()
        bus = Bus(lambda _, error: self._told.failures.append(error))
        bus.subscribe_to_notes(lambda note: _tell_of_listening(note, ready))
        with ExitStack() as closing:
            closing.callback(self._told.heard.close)
            self._let_read(bus, clock, closing)
            identity = Minted(self._authority) if self._authority else None
            serving = self._make(bus, clock, identity)
            scheme = "pop3s" if options.tls == "pop3s" else "pop3"
            await serving.run([Url(scheme, HERE, options.port)], stop)

    def _let_read(self, bus: Bus, clock: Clock, closing: ExitStack) -> None:
        """Subscribe whoever reads along; who judges is first."""
        options, loop = self._options, asyncio.get_running_loop()

        def later(seconds: float, call: Callable[[], None]) -> None:
            loop.call_later(seconds, call)

        judge_open_sessions(bus, clock, all_rules(), later=later, hosts=options.hosts)
        bus.subscribe(Transcript(self._told.written, clock, findings=Severity.INFO, wait=later))
        if options.record is not None:
            captures = Captures(fspath(options.record), Keeping(f"pop3spy {__version__}"), clock)
            closing.callback(captures.close)
            bus.subscribe(captures)
        for reader in options.readers:
            bus.subscribe(reader)
        bus.subscribe(self._told.heard)


def _tell_of_listening(note: Noted, ready: Callable[[Url], None]) -> None:
    if note.what == "listening":
        ready(parse_url(str(note.facts["url"])))
