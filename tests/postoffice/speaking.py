"""A client without a socket: it does what a host does with a responder's answers."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from pop3spy.postoffice import DEMO_ACCOUNTS, Account, Maildrop, PostOffice, maildrops_for
from pop3spy.postoffice.memory import MemoryMaildrop
from pop3spy.postoffice.personality import Personality
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.message import unstuff
from pop3spy.session.responder import Answer, Responder

FIRST = b"Subject: one\n\n.\nI sing of arms\n"
SECOND = b"Subject: two\n\n" + b"x" * 100 + b"\n"
TIMESTAMP = b"<7.1000@post.example>"


def office(
    *messages: bytes,
    accounts: tuple[Account, ...] = DEMO_ACCOUNTS,
    maildrops: Mapping[str, Maildrop] | None = None,
    login_delay: float = 0.0,
    personality: Personality | None = None,
) -> PostOffice:
    """Return a post office whose users share these messages, or have the maildrops given."""
    if maildrops is None:
        place = MemoryMaildrop((b"id-%d" % n, text) for n, text in enumerate(messages, start=1))
        maildrops = {account.name: place for account in accounts}
    return PostOffice(
        accounts,
        maildrops,
        hostname="post.example",
        pid=7,
        clock=count(1000).__next__,
        login_delay=login_delay,
        personality=personality,
    )


def office_over(mailbox: Path) -> PostOffice:
    """Return a post office that serves what is at a path."""
    return office(maildrops=maildrops_for(DEMO_ACCOUNTS, mailbox))


class Client:
    """Speaks to a responder; ``asks`` is whether the last reply was a challenge."""

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self.greeting = wire(responder.greet())
        self.asks = False
        self.closed = False

    def send(self, line: bytes) -> bytes:
        """Return all octets of the reply to *line*."""
        assert not self.closed
        responder = self.responder
        answer = responder.answer_sasl(line) if self.asks else responder.answer(parse_command(line))
        self.asks, self.closed = answer.asks, answer.close
        return wire(answer)

    def login(self) -> "Client":
        assert self.send(b"USER demo").startswith(b"+OK")
        assert self.send(b"PASS demo").startswith(b"+OK")
        return self

    def body(self, line: bytes) -> bytes:
        """Return the body of a reply, unstuffed."""
        status, _, rest = self.send(line).partition(b"\r\n")
        assert status.startswith(b"+OK"), status
        assert rest.endswith(b".\r\n")
        return unstuff(rest[:-3])

    def sizes(self) -> list[int]:
        return [int(line.split()[1]) for line in self.body(b"LIST").splitlines()]

    def unique_ids(self) -> list[bytes]:
        return [line.split()[1] for line in self.body(b"UIDL").splitlines()]

    def messages(self) -> list[bytes]:
        numbers = [line.split()[0] for line in self.body(b"LIST").splitlines()]
        return [self.body(b"RETR " + number) for number in numbers]

    def quit(self) -> bytes:
        reply = self.send(b"QUIT")
        assert self.closed
        self.responder.end()
        return reply

    def vanish(self) -> None:
        """End as a client does whose connection is lost."""
        self.responder.end()


def wire(answer: Answer) -> bytes:
    text = answer.line + b"\r\n"
    return text if answer.body is None else text + b"".join(answer.body) + b".\r\n"


def visit(mailbox: Path) -> Client:
    """Return a client that has logged in to a new post office over *mailbox*."""
    return Client(office_over(mailbox).session()).login()


def talk(post_office: PostOffice, script: str) -> None:
    """Say the ``C:`` lines of *script* and expect its ``S:`` lines; the greeting is left out."""
    expected = [line.strip() for line in script.strip().splitlines()]
    client = Client(post_office.session())
    heard: list[str] = []
    for line in expected:
        if line.startswith("C:"):
            said = line[3:] if line.startswith("C: ") else ""
            reply = client.send(said.encode()).decode().replace("\r\n", "\n")
            heard += [line, *(f"S: {each}".strip() for each in reply.split("\n")[:-1])]
    client.vanish()
    assert heard == expected
