"""Sessions of a correct client with a correct server, drawn at random: nothing in them is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Closed, Item, Knew, Over, Spoke
from pop3spy.session.tls import Tls

CLIENT, SERVER = Side.CLIENT, Side.SERVER
_TLS: Final = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
_CAPABILITIES: Final = b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n"
_ABOUT_ALL: Final = ("STAT", "LIST", "UIDL", "NOOP", "RSET")
_ABOUT_ONE: Final = ("LIST", "UIDL", "RETR", "RETR", "TOP", "DELE")
_MOST: Final = 4
"""Commands of a session about one message, of each kind: many would be worth an explanation."""


@dataclass(slots=True)
class Message:
    """A message of the maildrop, and whether the client has it."""

    unique_id: str
    lines: list[str]
    downloaded: bool = False

    @property
    def size(self) -> int:
        """Its octets, line ends included."""
        return sum(len(line) + 2 for line in self.lines)

    def wire(self, body_lines: int | None = None) -> str:
        """Return it as it is sent: all of it, or so many lines of its body."""
        header = self.lines.index("") + 1
        end = len(self.lines) if body_lines is None else header + body_lines
        return "".join("." * line.startswith(".") + line + "\r\n" for line in self.lines[:end])


@dataclass(slots=True)
class Drawn:
    """What is drawn with *random*: several sessions with one maildrop."""

    random: Random
    maildrop: list[Message] = field(default_factory=list)
    at: float = 0.0
    given: int = 0  # unique-ids

    def tape(self) -> Iterator[Item]:
        """Yield what happens in one session or several."""
        for number in range(1, self.random.randrange(2, 5)):
            for _ in range(self.random.randrange(5)):
                self._deliver()
            self.at += self.random.choice([70.0, 700.0, 7000.0])
            peers = Peer("192.0.2.10", 50000), Peer("198.51.100.7", 995)
            yield Began(number, self.at, *peers)
            yield Knew(number, self.at, {"tls": _TLS.facts()})
            for side, octets in _Session(self.random, self.maildrop).said():
                self.at += self.random.choice([0.0005, 0.02, 0.4])
                yield from self._pieces(number, side, octets)
            first = self.random.choice([CLIENT, SERVER])
            yield Closed(number, self.at + 0.01, first, reset=False)
            yield Closed(number, self.at + 0.02, first.other, reset=False)
            self.at += 0.03
            yield Over(number, self.at, Ending(How.QUIT))

    def _pieces(self, number: int, side: Side, octets: bytes) -> Iterator[Item]:
        while octets:
            size = self.random.choice([1, 3, 40, len(octets)])
            yield Spoke(number, Chunk(side, octets[:size], self.at))
            octets = octets[size:]
            self.at += self.random.choice([0.0, 0.0001])

    def _deliver(self) -> None:
        self.given += 1
        text = ["".join(self.random.choices("ab.-+ x", k=self.random.randrange(60))) for _ in "12"]
        body = text * self.random.randrange(4)
        header = [f"Subject: {self.given}", f"Message-ID: <{self.random.random()}@example.org>"]
        self.maildrop.append(Message(f"id{self.given}", [*header, "", *body]))


class _Session:
    """One session, in which the client ends with QUIT."""

    def __init__(self, random: Random, maildrop: list[Message]) -> None:
        self._random = random
        self._maildrop = maildrop
        self._messages = list(maildrop)
        self._deleted: set[int] = set()
        self._left = dict.fromkeys(_ABOUT_ONE, _MOST)

    def said(self) -> Iterator[tuple[Side, bytes]]:
        """Yield what each side says, in order."""
        yield SERVER, b"+OK ready\r\n"
        for command in (b"USER bob\r\n", b"PASS tanstaaf\r\n"):
            yield CLIENT, command
            yield SERVER, b"+OK\r\n"
        yield CLIENT, b"CAPA\r\n"
        yield SERVER, _CAPABILITIES
        for _ in range(self._random.randrange(15)):
            came: list[Message] = []
            drawn = [self._ask(came) for _ in range(self._random.choice([1, 1, 3]))]
            asked = [said for said in drawn if said is not None]
            if asked:
                yield CLIENT, "".join(f"{command}\r\n" for command, _ in asked).encode()
                yield SERVER, "".join(reply for _, reply in asked).encode()
            for message in came:
                message.downloaded = True
        yield CLIENT, b"QUIT\r\n"
        yield SERVER, b"+OK bye\r\n"
        kept = [n for n in range(1, len(self._messages) + 1) if n not in self._deleted]
        self._maildrop[:] = [self._messages[n - 1] for n in kept]

    def _ask(self, came: list[Message]) -> tuple[str, str] | None:
        """Return a command and its reply, or None if what was drawn makes no sense now."""
        there = {n: m for n, m in enumerate(self._messages, 1) if n not in self._deleted}
        if not there or self._random.random() < 0.4:
            return self._about_all(self._random.choice(_ABOUT_ALL), there)
        verb, number = self._random.choice(_ABOUT_ONE), self._random.choice(list(there))
        message = there[number]
        may = {"RETR": not message.downloaded and message not in came, "DELE": message.downloaded}
        if not self._left[verb] or not may.get(verb, True):
            return None
        self._left[verb] -= 1
        command, lines = f"{verb} {number}", self._random.randrange(9)
        match verb:
            case "LIST":
                return command, f"+OK {number} {message.size}\r\n"
            case "UIDL":
                return command, f"+OK {number} {message.unique_id}\r\n"
            case "TOP":
                return f"{command} {lines}", f"+OK\r\n{message.wire(lines)}.\r\n"
            case "RETR":
                came.append(message)
                return command, f"+OK {message.size} octets\r\n{message.wire()}.\r\n"
        self._deleted.add(number)
        return command, "+OK\r\n"

    def _about_all(self, verb: str, there: dict[int, Message]) -> tuple[str, str] | None:
        match verb:
            case "STAT":
                octets = sum(message.size for message in there.values())
                return verb, f"+OK {len(there)} {octets}\r\n"
            case "LIST":
                lines = "".join(f"{n} {message.size}\r\n" for n, message in there.items())
                return verb, f"+OK\r\n{lines}.\r\n"
            case "UIDL":
                lines = "".join(f"{n} {message.unique_id}\r\n" for n, message in there.items())
                return verb, f"+OK\r\n{lines}.\r\n"
            case "RSET" if self._deleted:  # to take marks back is worth an explanation
                return None
        return verb, "+OK\r\n"
