"""A correct POP3 server of a few lines, and ways in which it can be wrong, one at a time.

What it answers is a table of replies by command; ``Wrong`` says what stands in place of them.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import re
import secrets
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pop3spy.replay.scram_server import ScramServer

USER, PASSWORD = "bob", "tanstaaf-Hunter2"
_CAPABILITIES = (
    *("TOP", "USER", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "UTF8"),
    *("SASL PLAIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2", "EXPIRE 60", "LOGIN-DELAY 0", "LANG"),
    "IMPLEMENTATION small",
)
_LONG = b"".join(b"line %d of a body\r\n" % number for number in range(6))
MESSAGES = (
    b"From: a@example.org\r\nSubject: one\r\n\r\n" + _LONG + b".hidden\r\n.\r\nend\r\n",
    b"From: b@example.org\r\nSubject: two\r\n\r\nfirst\r\nsecond\r\nthird\r\nfourth\r\n",
    b"From: c@example.org\r\nSubject: three\r\n\r\nshort\r\n",
)

CLOSE, RESET, SILENT = b"(close)", b"(reset)", b"(silent)"
"""Replies that are none: a FIN, a RST, nothing at all."""

Said = bytes | Callable[["Talk", str], bytes]


@dataclass
class Wrong:
    """What a server does otherwise; ``replies`` are by a pattern that a command matches whole.

    A reply is octets, or a function that makes them; ``greeting`` is made for each connection.
    ``before``, ``after`` and ``inside`` are lists of CAPA before and after the login and in TLS.
    """

    replies: dict[str, Said] = field(default_factory=dict)
    greeting: Callable[[int], bytes] | None = None
    before: tuple[str, ...] | None = None
    after: tuple[str, ...] | None = None
    inside: tuple[str, ...] | None = None
    messages: tuple[bytes, ...] = MESSAGES
    wire: dict[int, bytes] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    ids: Callable[[int, int], str] = lambda number, _: f"id-{number}"
    behind_greeting: bytes = b""
    behind_quit: bytes = b""
    lock: str = "[IN-USE] "
    unlocks: bool = True
    keeps_buffer: bool = False
    greets_inside: bytes = b""
    keeps_user: bool = False
    clear_behind_stls: bytes = b""
    serves_clear: bool = False
    most_errors: int = 100
    refuses_after: int = 10**6
    certificate: str = "good"
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] | None = None
    shuts: str = "notify"
    cuts_at: int = 0
    bare_cr_ends: bool = False
    nul_ends: bool = False
    lf_twice: bool = False
    stls: bool = True
    pop3s: bool = True
    removes_without_quit: bool = False
    rset_undoes: bool = True
    idle: dict[str, float] = field(default_factory=dict)  # seconds of silence, by state
    handshake: float = 60.0
    delay: dict[str, float] = field(default_factory=dict)
    quit_closes: bool = True
    scram: Callable[[bytes], bytes] = bytes
    names: str = "any"


class Talk:
    """One connection to the server."""

    def __init__(
        self,
        server: "SmallServer",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        *,
        tls: bool,
    ) -> None:
        self.server = server
        self.wrong = server.wrong
        self.number = number
        self.state = "auth"
        self.user = ""
        self.marked: set[int] = set()
        self.tls = tls
        self.errors = 0
        self.utf8 = False
        self.stamp = b"<%d.%s@mail.example.org>" % (number, secrets.token_hex(4).encode())
        self._reader = reader
        self._writer = writer
        self.pending = ""

    async def run(self) -> None:
        wrong = self.wrong
        if self.number > wrong.refuses_after:
            return
        greeting = (
            wrong.greeting(self.number) if wrong.greeting else b"+OK ready %s\r\n" % self.stamp
        )
        await asyncio.sleep(wrong.delay.get("greeting", 0))
        if greeting == SILENT:
            await self._reader.read()
            return
        await self._say(greeting + wrong.behind_greeting)
        while (line := await self._line()) is not None:
            if not await self._turn(line):
                break
        if self.marked and wrong.removes_without_quit:
            self.server.remove(self.marked)

    async def _turn(self, line: bytes) -> bool:
        text = line.decode("latin-1")
        self.server.hear(text)
        await asyncio.sleep(self.wrong.delay.get(text.split(" ")[0].upper(), 0))
        reply = self._reply(text)
        if reply == CLOSE:
            return False
        if reply == RESET:
            self.reset()
            return False
        if reply == SILENT:
            return True
        await self._say(reply)
        if reply.startswith(b"-ERR"):
            self.errors += 1
            if self.errors >= self.wrong.most_errors:
                return False
        if text.upper() == "STLS" and reply.startswith(b"+OK") and not self.tls:
            return await self._begin_tls()
        if text.upper().split(" ")[0] == "QUIT" and reply.startswith(b"+OK"):
            if self.wrong.behind_quit:
                await self._say(self.wrong.behind_quit)
            if not self.wrong.quit_closes:
                return True
            self._leave()
            return False
        return True

    def reset(self) -> None:
        """Close with a RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def _leave(self) -> None:
        if self.state == "trans":
            self.server.remove(self.marked)
            self.marked = set()

    def _reply(self, text: str) -> bytes:
        inside = self.state == "trans"
        for pattern, reply in self.wrong.replies.items():
            where, _, rest = pattern.partition(":")
            if where in ("before", "after") and (where == "after") != inside:
                continue
            wanted = rest if where in ("before", "after") else pattern
            if re.fullmatch(wanted, text, re.DOTALL):
                return reply if isinstance(reply, bytes) else reply(self, text)
        return self.correct(text)

    def correct(self, text: str) -> bytes:
        """Return what a correct server says."""
        if self.pending:
            return self._sasl(text)
        verb, _, rest = text.partition(" ")
        method = getattr(self, f"_{verb.lower()}", None) if verb.isalnum() else None
        if method is None or len(text) > 255:
            return b"-ERR unknown command\r\n"
        name = verb.upper()
        if self.state == "user" and name != "PASS" and not self.wrong.keeps_user:
            self.state = "auth"
        if self.state == "trans" and name in ("USER", "PASS", "APOP", "AUTH", "STLS", "UTF8"):
            return b"-ERR not now\r\n"
        needs_login = ("STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL")
        if self.state != "trans" and name in needs_login:
            return b"-ERR log in first\r\n"
        said: bytes = method(rest)
        return said

    # -- commands -------------------------------------------------------------------------------

    def capabilities(self) -> tuple[str, ...]:
        wrong = self.wrong
        if self.state == "trans":
            return wrong.after if wrong.after is not None else (wrong.before or _CAPABILITIES)
        if self.tls and wrong.inside is not None:
            return wrong.inside
        listed = wrong.before if wrong.before is not None else _CAPABILITIES
        extra = ("STLS",) if not self.tls and wrong.stls and wrong.before is None else ()
        return (*listed, *extra)

    def _capa(self, rest: str) -> bytes:
        if rest:
            return b"-ERR no argument\r\n"
        lines = "".join(f"{line}\r\n" for line in self.capabilities())
        return f"+OK\r\n{lines}.\r\n".encode("latin-1")

    def _lang(self, rest: str) -> bytes:
        if not rest:
            return b"+OK\r\nen English\r\n.\r\n"
        return b"+OK en\r\n" if rest in ("*", "en") else b"-ERR no such language\r\n"

    def _utf8(self, _: str) -> bytes:
        self.utf8 = True
        return b"+OK\r\n"

    def _stls(self, rest: str) -> bytes:
        if rest or self.tls or not self.wrong.stls or self.utf8:
            return b"-ERR no\r\n"
        return b"+OK\r\n"

    def _quit(self, rest: str) -> bytes:
        return b"-ERR no argument\r\n" if rest else b"+OK bye\r\n"

    def _user(self, rest: str) -> bytes:
        if not rest:
            return b"-ERR no name\r\n"
        self.user, self.state = rest, "user"
        return b"+OK\r\n"

    def _pass(self, rest: str) -> bytes:
        if self.state != "user":
            return b"-ERR USER first\r\n"
        self.state = "auth"
        return self._enter(self.user == USER and rest == PASSWORD)

    def _apop(self, rest: str) -> bytes:
        name, _, digest = rest.partition(" ")
        right = hashlib.md5(self.stamp + PASSWORD.encode(), usedforsecurity=False).hexdigest()
        if not digest:
            return b"-ERR two arguments\r\n"
        return self._enter(name == USER and digest == right)

    def _enter(self, right: bool) -> bytes:  # noqa: FBT001 - a server's word
        if not right:
            return b"-ERR [AUTH] no\r\n"
        if self.server.holder is not None and self.wrong.lock != "none":
            return f"-ERR {self.wrong.lock}locked\r\n".encode()
        self.server.holder, self.state = self, "trans"
        self.server.logins += 1
        return b"+OK\r\n"

    def _auth(self, rest: str) -> bytes:
        mechanism, _, initial = rest.partition(" ")
        if not mechanism:
            return b"+OK\r\nPLAIN\r\nCRAM-MD5\r\nSCRAM-SHA-256\r\nXOAUTH2\r\n.\r\n"
        self.pending = mechanism
        if mechanism == "CRAM-MD5" and not initial:
            self._challenge = b"<%s@x>" % secrets.token_hex(4).encode()
            return b"+ " + base64.b64encode(self._challenge) + b"\r\n"
        if mechanism == "SCRAM-SHA-256":
            self._scram = ScramServer(mechanism, {USER.encode(): PASSWORD.encode()})
            self._proofs: list[bytes] = []
            return self._sasl(initial) if initial else b"+ \r\n"
        if mechanism in ("PLAIN", "XOAUTH2"):
            return self._sasl(initial) if initial else b"+ \r\n"
        self.pending = ""
        return b"-ERR no such mechanism\r\n"

    def _sasl(self, text: str) -> bytes:
        mechanism, self.pending = self.pending, ""
        if text == "*":
            return b"-ERR cancelled\r\n"
        if mechanism == "error":
            return b"-ERR [AUTH] no\r\n"
        try:
            said = base64.b64decode(text, validate=True)
        except ValueError:
            return b"-ERR no base64\r\n"
        if mechanism == "SCRAM-SHA-256":
            self._proofs.append(text.encode())
            answer = self._scram.next(self._proofs)
            if isinstance(answer, bool):
                return self._enter(answer)
            self.pending = mechanism
            plain = self.wrong.scram(base64.b64decode(answer))
            return b"+ " + base64.b64encode(plain) + b"\r\n"
        if mechanism == "PLAIN":
            return self._enter(said == f"\0{USER}\0{PASSWORD}".encode())
        if mechanism == "XOAUTH2":
            if said == f"user={USER}\1auth=Bearer good\1\1".encode():
                return self._enter(right=True)
            self.pending = "error"
            return b"+ " + base64.b64encode(b'{"status":"401"}') + b"\r\n"
        right = hmac.digest(PASSWORD.encode(), self._challenge, "md5").hex()
        return self._enter(said == f"{USER} {right}".encode())

    # -- the maildrop ---------------------------------------------------------------------------

    def present(self) -> Iterator[tuple[int, bytes]]:
        for number, message in enumerate(self.server.messages, 1):
            if number not in self.marked:
                yield number, message

    def size(self, number: int, message: bytes) -> int:
        return self.wrong.sizes.get(number, len(message))

    def _stat(self, rest: str) -> bytes:
        if rest:
            return b"-ERR no argument\r\n"
        sizes = [self.size(number, message) for number, message in self.present()]
        return b"+OK %d %d\r\n" % (len(sizes), sum(sizes))

    def _one(self, rest: str) -> tuple[int, bytes] | None:
        if not (rest.isascii() and rest.isdigit() and len(rest) < 6):
            return None
        return next((each for each in self.present() if each[0] == int(rest)), None)

    def _list(self, rest: str) -> bytes:
        if rest:
            one = self._one(rest)
            return b"-ERR no\r\n" if one is None else b"+OK %d %d\r\n" % (one[0], self.size(*one))
        lines = b"".join(b"%d %d\r\n" % (one[0], self.size(*one)) for one in self.present())
        return b"+OK\r\n" + lines + b".\r\n"

    def _uidl(self, rest: str) -> bytes:
        def id_of(number: int) -> bytes:
            return self.wrong.ids(number, self.number).encode()

        if rest:
            one = self._one(rest)
            return b"-ERR no\r\n" if one is None else b"+OK %d %s\r\n" % (one[0], id_of(one[0]))
        lines = b"".join(b"%d %s\r\n" % (number, id_of(number)) for number, _ in self.present())
        return b"+OK\r\n" + lines + b".\r\n"

    def _retr(self, rest: str) -> bytes:
        one = self._one(rest)
        if one is None:
            return b"-ERR no\r\n"
        return b"+OK\r\n" + self.wrong.wire.get(one[0], stuffed(one[1]) + b".\r\n")

    def _top(self, rest: str) -> bytes:
        number, _, lines = rest.partition(" ")
        one = self._one(number)
        if one is None or not lines.isdigit():
            return b"-ERR no\r\n"
        return b"+OK\r\n" + stuffed(top_of(one[1], int(lines))) + b".\r\n"

    def _dele(self, rest: str) -> bytes:
        one = self._one(rest)
        if one is None:
            return b"-ERR no\r\n"
        self.marked.add(one[0])
        return b"+OK\r\n"

    def _noop(self, rest: str) -> bytes:
        return b"-ERR no argument\r\n" if rest else b"+OK\r\n"

    def _rset(self, _: str) -> bytes:
        if self.wrong.rset_undoes:
            self.marked = set()
        return b"+OK\r\n"

    # -- octets ---------------------------------------------------------------------------------

    async def _say(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def _line(self) -> bytes | None:
        """Return the next command without its end; None at the end of all."""
        wrong = self.wrong
        said = b""
        while True:
            try:
                async with asyncio.timeout(wrong.idle.get(self.state)):
                    octet = await self._reader.read(1)
            except TimeoutError:
                await self._say(b"-ERR you sleep\r\n")
                return None
            if not octet:
                return None
            said += octet
            if said[-1:] == b"\n" or (wrong.bare_cr_ends and said[-1:] == b"\r"):
                break
            if wrong.cuts_at and len(said) >= wrong.cuts_at:
                break
            if len(said) > 20_000:
                await self._say(b"-ERR too long\r\n")
                return None
        if wrong.lf_twice and not said.endswith(b"\r\n"):
            await self._say(self._reply(said.rstrip(b"\r\n").decode("latin-1")))
        line = said.removesuffix(b"\n").removesuffix(b"\r")
        if wrong.nul_ends and b"\0" in line:
            await self._say(b"-ERR NUL\r\n")
            line = line.partition(b"\0")[0]
        return line

    async def _begin_tls(self) -> bool:
        wrong = self.wrong
        if wrong.clear_behind_stls:
            await self._say(wrong.clear_behind_stls)
        buffer: bytearray = self._reader._buffer  # type: ignore[attr-defined]
        kept = bytes(buffer)
        buffer.clear()
        if wrong.serves_clear:
            return True
        try:
            await self._writer.start_tls(self.server.context, ssl_handshake_timeout=wrong.handshake)
        except (OSError, ssl.SSLError):
            return False
        if wrong.keeps_buffer:
            buffer[:0] = kept
        if not wrong.keeps_user:
            self.state = "auth"
        self.tls = True
        if wrong.greets_inside:
            await self._say(wrong.greets_inside)
        return True


class SmallServer:
    """Listens at ``port`` in clear and at ``tls_port`` inside TLS, and does *wrong*."""

    def __init__(self, wrong: Wrong, context: ssl.SSLContext) -> None:
        self.wrong = wrong
        self.context = context
        self.messages = list(wrong.messages)
        self.holder: Talk | None = None
        self.logins = 0
        self.heard: list[str] = []
        self.most = 0  # commands after which ``enough`` is set
        self.enough = asyncio.Event()
        self.port = self.tls_port = 0
        self._count = 0

    def hear(self, command: str) -> None:
        """Remember what was asked."""
        self.heard.append(command)
        if len(self.heard) >= self.most:
            self.enough.set()

    def remove(self, numbers: set[int]) -> None:
        """Remove messages for good."""
        self.messages = [each for at, each in enumerate(self.messages, 1) if at not in numbers]

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tls: bool
    ) -> None:
        self._count += 1
        talk = Talk(self, reader, writer, self._count, tls=tls)
        try:
            with suppress(OSError, ssl.SSLError):
                await talk.run()
        finally:
            if self.holder is talk and self.wrong.unlocks:
                self.holder = None
            with suppress(OSError, ssl.SSLError):
                if self.wrong.shuts == "reset":
                    talk.reset()
                writer.close()


def stuffed(message: bytes) -> bytes:
    """Return *message* as it goes over the wire, without its end."""
    return re.sub(rb"(?m)^\.", b"..", message)


def top_of(message: bytes, lines: int) -> bytes:
    """Return the header, the blank line, and so many lines of the body."""
    head, _, body = message.partition(b"\r\n\r\n")
    kept = body.split(b"\r\n")[:-1][:lines]
    return head + b"\r\n\r\n" + b"".join(line + b"\r\n" for line in kept)


_EARLY: Final = 4
"""Handshakes that find out what there is, before the first check."""


def _named(names: str, count: Iterator[int], _: object, name: str | None, __: object) -> int | None:
    """Refuse a client that asks for no name, or for an unknown one, or that comes later."""
    if names == "early":
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if next(count) >= _EARLY else None
    refused = {"needed": None, "known": "unknown.invalid"}.get(names, "") == name
    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if refused else None


@asynccontextmanager
async def running(wrong: Wrong, certificate: Path) -> AsyncIterator[SmallServer]:
    """Run the server until the block is left."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if wrong.versions:
        context.minimum_version, context.maximum_version = wrong.versions
    context.load_cert_chain(certificate)
    context.sni_callback = partial(_named, wrong.names, itertools.count())
    server = SmallServer(wrong, context)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tls: bool
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.serve(reader, writer, tls=tls)
        finally:
            tasks.discard(task)

    clear = await asyncio.start_server(lambda r, w: serve(r, w, tls=False), "127.0.0.1", 0)
    tls = await asyncio.start_server(
        lambda r, w: serve(r, w, tls=True),
        "127.0.0.1",
        0,
        ssl=context,
        ssl_handshake_timeout=wrong.handshake,
    )
    server.port = clear.sockets[0].getsockname()[1]
    server.tls_port = tls.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        for listening in (clear, tls):
            listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
