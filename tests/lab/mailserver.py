"""A real POP3 server of the lab: where it listens, who may log in, and what it holds.

Three people have mail: alice has the corpus, bob a little of it, heavy one message of 20 MB.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.corpus import MESSAGES, PASSWORD, Message, heavy
from lab.loopback import Address, greeting

USER = "alice"
FEW_USER = "bob"
HEAVY_USER = "heavy"
FEW = ("plain", "dots", "latin-1", "empty-body", "headers-only")

__all__ = ["FEW_USER", "HEAVY_USER", "MAIL", "PASSWORD", "USER", "MailServer", "own_folder"]

MAIL: dict[str, Callable[[], tuple[Message, ...]]] = {
    USER: lambda: MESSAGES,
    FEW_USER: lambda: tuple(message for message in MESSAGES if message.name in FEW),
    HEAVY_USER: lambda: (heavy(),),
}


@dataclass(frozen=True)
class MailServer:
    """A running server."""

    name: str
    address: Address
    log: Path
    pop3s: Address | None = None
    certificate: Path | None = None
    token: str = ""
    sends: Callable[[Message], Message] = lambda message: message
    """What it makes of a message that it cannot keep as it is."""

    def assert_ready(self) -> None:
        """Wait for the greeting; should none come, the log says why."""
        try:
            said = greeting(self.address)
        except OSError as error:
            raise AssertionError(f"{self.name}: {self.log.read_text()}") from error
        assert said.startswith(b"+OK"), f"{self.name} says {said!r}: {self.log.read_text()}"

    def secret(self, auth: str) -> str:
        """Return what proves to this server who alice is, if she uses *auth*."""
        return self.token if auth in {"xoauth2", "oauthbearer"} else PASSWORD

    def logins(self) -> list[str]:
        """Return what the server's log says of each successful login so far."""
        return [line for line in self.log.read_text().splitlines() if "Login: user=<" in line]

    def holds(self, user: str = USER) -> tuple[Message, ...]:
        """Return the messages of *user* as the server is known to send them."""
        return tuple(self.sends(message) for message in MAIL[user]())


@contextmanager
def own_folder(name: str) -> Iterator[Path]:
    """Make a folder that a server may enter under whatever identity it takes."""
    with tempfile.TemporaryDirectory(prefix=f"pop3spy-{name}-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder
