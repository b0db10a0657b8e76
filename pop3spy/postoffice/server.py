"""The post office: what its connections share."""

import re
from collections.abc import Callable, Iterable, Mapping

from pop3spy.postoffice.accounts import Account
from pop3spy.postoffice.attempts import Attempts
from pop3spy.postoffice.clerk import Clerk
from pop3spy.postoffice.maildrop import Maildrop
from pop3spy.postoffice.personality import Personality
from pop3spy.session.responder import Responder

_NOT_IN_A_TIMESTAMP = re.compile(r"[^\x21-\x3b\x3d\x3f\x41-\x7e]")


class PostOffice:
    """Serves *maildrops*, by user name, to those *accounts* who know their password.

    *hostname*, *pid* and *clock* (nanoseconds) make the timestamp of each greeting, which is
    never the same twice as long as the clock goes on over restarts (RFC 1939, section 7).
    *login_delay* is how many seconds a client waits for the answer to its second failed login.
    *personality* is how it words what it says; without one, as pop3spy does.
    """

    def __init__(  # noqa: PLR0913 - what a post office is made of
        self,
        accounts: Iterable[Account],
        maildrops: Mapping[str, Maildrop],
        *,
        hostname: str,
        pid: int,
        clock: Callable[[], int],
        login_delay: float = 0.0,
        personality: Personality | None = None,
    ) -> None:
        self._users = {each.name.encode(): (each, maildrops[each.name]) for each in accounts}
        self._host = _NOT_IN_A_TIMESTAMP.sub("-", hostname) or "localhost"
        self._pid = pid
        self._clock = clock
        self._login_delay = login_delay
        self._personality = personality or Personality()
        self._last = 0

    def session(self) -> Responder:
        """Return who answers one new connection."""
        attempts = Attempts(self._login_delay)
        return Clerk(self._users, self._timestamp(), attempts, self._personality)

    def _timestamp(self) -> bytes:
        self._last = max(self._last + 1, self._clock())
        return f"<{self._pid}.{self._last}@{self._host}>".encode()
