"""What a program sees of a server that it started, and how it waits for what is said there."""

import asyncio
import concurrent.futures
import io
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from pop3spy.config.kinds import FILTER, wrong
from pop3spy.embedding.heard_sessions import HeardSessions
from pop3spy.errors import Pop3SpyError
from pop3spy.filters.expression import Filter
from pop3spy.protocol.text import count as counted
from pop3spy.protocol.url import Url
from pop3spy.redaction.typed import without_logins
from pop3spy.session.finding import Finding
from pop3spy.session.model import Exchange, Session

PATIENCE: Final = 10.0
"""Seconds that are waited where nobody says how long."""
_LAST: Final = 8
"""Commands that are told of where something else was waited for."""
T = TypeVar("T")


class NotHeardError(Pop3SpyError, TimeoutError):
    """What was waited for did not come."""


@dataclass(frozen=True, slots=True)
class _Awaited(Generic[T]):
    """What will be there, and in which words it is missed."""

    future: Future[T]
    what: str


class _StartedServer:
    """What can be asked of a server without waiting."""

    def __init__(
        self, url: Url, heard: HeardSessions, written: io.StringIO, ca_file: Path | None = None
    ) -> None:
        self.url = url
        self.ca_file = ca_file
        self._heard = heard
        self._written = written

    @property
    def host(self) -> str:
        """The address where clients reach it: ``127.0.0.1``."""
        return self.url.host

    @property
    def port(self) -> int:
        """The port where clients reach it."""
        return self.url.port

    @property
    def sessions(self) -> list[Session]:
        """All sessions so far, in the order in which they began."""
        return self._heard.sessions

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges that are over, in the order in which they ended."""
        return [exchange for _, exchange in self._heard.exchanges]

    @property
    def findings(self) -> list[Finding]:
        """All that was found so far."""
        return self._heard.findings

    @property
    def transcript(self) -> str:
        """The transcript of all sessions so far."""
        return self._written.getvalue()

    def _exchanges(self, count: int, wanted: str) -> _Awaited[list[Exchange]]:
        means = _filter(wanted).means if wanted else None

        def look() -> list[Exchange] | None:
            every = self._heard.exchanges
            found = [each for session, each in every if means is None or means(session, each)]
            return found[:count] if len(found) >= count else None

        which = f" that {wanted!r} means" if wanted else ""
        return self._awaited(look, f"{counted(count, 'exchange')}{which}")

    def _sessions(self, count: int) -> _Awaited[list[Session]]:
        def look() -> list[Session] | None:
            ended = self._heard.ended
            return ended[:count] if len(ended) >= count else None

        return self._awaited(look, f"the end of {counted(count, 'session')}")

    def _finding(self, finding_id: str) -> _Awaited[Finding]:
        def look() -> Finding | None:
            return next((one for one in self._heard.findings if one.id == finding_id), None)

        return self._awaited(look, f"the finding {finding_id}")

    def _awaited(self, look: Callable[[], T | None], what: str) -> _Awaited[T]:
        return _Awaited(self._heard.watch(look), what)

    def _missed(self, what: str, why: str) -> NotHeardError:
        """Return what to tell of *what* did not come, and what came in its place."""
        said = [exchange.command.verb for exchange in self.exchanges]
        last = " ".join(("...", *said[-_LAST:]) if len(said) > _LAST else said)
        came = f"{counted(len(said), 'exchange')} came: {last}" if said else "no exchange came"
        sessions = self._heard.sessions
        still_open = len(sessions) - len(self._heard.ended)
        return NotHeardError(
            f"{what} did not come {why}; {came};"
            f" {counted(len(sessions), 'session')}, {still_open} open"
        )


class Server(_StartedServer):
    """A server that listens on a free port of this machine, for code that blocks.

    Its sessions go on in another thread.  ``url`` is where it listens; ``ca_file`` is the
    certificate to trust where it speaks TLS, None where it does not.  A time of waiting is in
    seconds, and when it is over NotHeardError, a TimeoutError, says what came instead.
    """

    @property
    def aio(self) -> "AsyncServer":
        """The same server for code in an event loop."""
        return AsyncServer(self.url, self._heard, self._written, self.ca_file)

    def wait_for_exchange(self, wanted: str = "", *, timeout: float = PATIENCE) -> Exchange:
        """Return the first exchange that is over and that the filter *wanted* means."""
        return self._wait(self._exchanges(1, wanted), timeout)[0]

    def wait_for_exchanges(
        self, count: int, wanted: str = "", *, timeout: float = PATIENCE
    ) -> list[Exchange]:
        """Return the first *count* exchanges that are over and that *wanted* means."""
        return self._wait(self._exchanges(count, wanted), timeout)

    def wait_for_session(self, *, timeout: float = PATIENCE) -> Session:
        """Return the first session that has ended."""
        return self._wait(self._sessions(1), timeout)[0]

    def wait_for_sessions(self, count: int, *, timeout: float = PATIENCE) -> list[Session]:
        """Return the first *count* sessions that have ended."""
        return self._wait(self._sessions(count), timeout)

    def wait_for_finding(self, finding_id: str, *, timeout: float = PATIENCE) -> Finding:
        """Return the first finding with that id."""
        return self._wait(self._finding(finding_id), timeout)

    def _wait(self, awaited: _Awaited[T], timeout: float) -> T:
        try:
            return awaited.future.result(timeout)
        except TimeoutError:
            awaited.future.cancel()
            raise self._missed(awaited.what, f"within {timeout:g} s") from None
        except concurrent.futures.CancelledError:
            raise self._missed(awaited.what, "before the server stopped") from None


class AsyncServer(_StartedServer):
    """The same as ``Server``, for code in an event loop: what waits is a coroutine."""

    async def wait_for_exchange(
        self,
        wanted: str = "",
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - the error tells what came instead
    ) -> Exchange:
        """Return the first exchange that is over and that the filter *wanted* means."""
        return (await self._wait(self._exchanges(1, wanted), timeout))[0]

    async def wait_for_exchanges(
        self,
        count: int,
        wanted: str = "",
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - as above
    ) -> list[Exchange]:
        """Return the first *count* exchanges that are over and that *wanted* means."""
        return await self._wait(self._exchanges(count, wanted), timeout)

    async def wait_for_session(
        self,
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - as above
    ) -> Session:
        """Return the first session that has ended."""
        return (await self._wait(self._sessions(1), timeout))[0]

    async def wait_for_sessions(
        self,
        count: int,
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - as above
    ) -> list[Session]:
        """Return the first *count* sessions that have ended."""
        return await self._wait(self._sessions(count), timeout)

    async def wait_for_finding(
        self,
        finding_id: str,
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - as above
    ) -> Finding:
        """Return the first finding with that id."""
        return await self._wait(self._finding(finding_id), timeout)

    async def _wait(self, awaited: _Awaited[T], seconds: float) -> T:
        done, _ = await asyncio.wait([asyncio.wrap_future(awaited.future)], timeout=seconds)
        if not done:
            awaited.future.cancel()
            raise self._missed(awaited.what, f"within {seconds:g} s")
        if awaited.future.cancelled():
            raise self._missed(awaited.what, "before the server stopped")
        return awaited.future.result()


def _filter(text: str) -> Filter:
    """Return the filter that *text* is; raise ConfigError with what is wrong."""
    try:
        wanted: Filter = FILTER.read(text)
    except ValueError as error:
        raise wrong(f"filter {without_logins(text)!r}", error) from None
    return wanted
