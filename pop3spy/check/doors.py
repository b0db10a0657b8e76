"""The ways to a server: the clear port, STLS there, and the port that has TLS at once."""

from dataclasses import dataclass, field, replace
from enum import Enum

from pop3spy.check.transcript import TranscriptLine
from pop3spy.net.tried import TriedTls
from pop3spy.protocol.url import PORTS, Url


class Door(Enum):
    """A way to the server."""

    CLEAR = "clear"
    STLS = "stls"
    POP3S = "pop3s"


@dataclass(slots=True)
class OpenDoor:
    """What was found at a door; ``error`` says why it is not open, ``lines`` what was said."""

    port: int
    is_open: bool = False
    error: str = ""
    tls: TriedTls | None = None
    greeting: bytes = b""
    lines: list[TranscriptLine] = field(default_factory=list)


@dataclass(slots=True)
class Target:
    """The server at *url*: its *host*, the address that all connections go to, and its doors."""

    url: Url
    clear_port: int
    tls_port: int
    address: str = ""
    addresses: tuple[str, ...] = ()
    doors: dict[Door, OpenDoor] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The name of the server, for certificates."""
        return self.url.host

    def port(self, door: Door) -> int:
        """Return the TCP port of *door*."""
        return self.tls_port if door is Door.POP3S else self.clear_port

    def is_open(self, door: Door) -> bool:
        """Return whether the server can be reached through *door*."""
        found = self.doors.get(door)
        return found is not None and found.is_open

    @property
    def tls_doors(self) -> list[Door]:
        """The open doors behind which there is TLS."""
        return [door for door in (Door.STLS, Door.POP3S) if self.is_open(door)]


def target_of(url: Url, clear_port: int | None = None, tls_port: int | None = None) -> Target:
    """Return where the server at *url* is to be looked for; 0 is a port that is left out.

    A port of a URL that is an odd one says nothing of where the other door is.  One that is given
    beside the URL takes the place of its own, wherever the URL is shown.
    """
    usual = url.port == PORTS[url.scheme]
    clear = PORTS["pop3"] if usual else 0
    tls = PORTS["pop3s"] if usual else 0
    if url.scheme == "pop3s":
        tls = url.port
    else:
        clear = url.port
    clear = clear if clear_port is None else clear_port
    tls = tls if tls_port is None else tls_port
    own = tls if url.scheme == "pop3s" else clear
    return Target(replace(url, port=own), clear, tls)
