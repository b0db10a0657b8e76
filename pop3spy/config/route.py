"""A route: an address to listen on, and the server that its clients are relayed to."""

from dataclasses import dataclass

from pop3spy.protocol.url import Url


@dataclass(frozen=True, slots=True)
class Route:
    """Clients of *listen* are relayed to *upstream*."""

    listen: Url
    upstream: Url

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.listen}={self.upstream}"
