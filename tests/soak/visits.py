"""One client, from its first octet to its last, comparing all that it is told with what is held.

What it does is decided by the fate of its account; see ``soak.mail``.
"""

import asyncio
import base64
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from random import Random

from lab.loopback import HOST
from soak.mail import HELD, PASSWORD, Account, Fate

_NO_LINGER = struct.pack("ii", 1, 0)
_LITTLE = 4096
_PATIENCE = 120.0
_LISTED = b"".join(
    b"%d %d\r\n" % (number, len(each.wire)) for number, each in enumerate(HELD, start=1)
)
_TOGETHER = sum(len(each.wire) for each in HELD)

Think = Callable[[float], Awaitable[None]]


class WrongError(Exception):
    """A client was told something else than its server holds."""


class BrokenOffError(Exception):
    """The connection ended in the middle, with all octets right up to there."""


class LockedError(Exception):
    """The session before has not let go of the maildrop yet."""


class Visit:
    """A session of *account* at *port*; *think* waits so many seconds between commands.

    ``octets`` counts what was compared.
    """

    def __init__(
        self, account: Account, port: int, tls: ssl.SSLContext, draw: Random, think: Think
    ) -> None:
        self._account = account
        self._port = port
        self._tls = tls
        self._draw = draw
        self._think = think
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.octets = 0

    async def made(self) -> None:
        """Be there, and leave; raise what the classes above say."""
        try:
            await self._connect()
            try:
                await self._stay()
            finally:
                self._writer.transport.abort() if self._rude else self._writer.close()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError) as error:
            raise BrokenOffError(repr(error)) from None

    @property
    def _rude(self) -> bool:
        return self._account.fate in {Fate.LEAVES, Fate.RESETS}

    async def _connect(self) -> None:
        fate, way = self._account.fate, self._account.way
        sock = socket.socket()
        sock.settimeout(0)
        if fate in {Fate.SLOW, Fate.STOPPED}:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LITTLE)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (HOST, self._port))
        except BaseException:
            sock.close()
            raise
        if fate is Fate.RESETS:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        at_once = way.tls == "pop3s"
        self._reader, self._writer = await asyncio.open_connection(
            sock=sock,
            limit=_LITTLE if fate in {Fate.SLOW, Fate.STOPPED} else 1 << 16,
            ssl=self._tls if at_once else None,
            server_hostname="localhost" if at_once else None,
            ssl_handshake_timeout=_PATIENCE if at_once else None,
        )
        if not (greeting := await self._line()).startswith(b"+OK"):
            raise BrokenOffError(f"greeting {greeting!r}")
        if way.tls == "stls":
            self._say("STLS")
            if not (granted := await self._line()).startswith(b"+OK"):
                raise BrokenOffError(f"STLS {granted!r}")
            await self._writer.start_tls(
                self._tls, server_hostname="localhost", ssl_handshake_timeout=_PATIENCE
            )

    async def _stay(self) -> None:
        await self._log_in()
        self._expect(await self._ask("STAT"), b"+OK %d %d" % (len(HELD), _TOGETHER))
        await self._ask("LIST")
        await self._body(_LISTED + b".\r\n", "LIST")
        await self._unique_ids()
        for _ in range(self._draw.randint(1, 4)):
            await self._think(3.0)
            await self._retrieve(self._draw.randrange(len(HELD)))
        await self._noop()
        if self._account.fate is Fate.AHEAD:
            await self._ahead()
        else:
            await self._ask(f"DELE {self._draw.randint(1, len(HELD))}")
            await self._ask("RSET")
        await self._think(3.0)
        await self._ask("QUIT")
        self._expect(await self._reader.read(), b"")

    async def _log_in(self) -> None:
        name = self._account.name
        if self._draw.random() < 0.5:
            secret = base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
            self._say(f"AUTH PLAIN {secret}")
        else:
            await self._ask(f"USER {name}")
            self._say(f"PASS {PASSWORD}")
        said = await self._line()
        if said.startswith(b"-ERR [IN-USE]"):
            raise LockedError
        self._expect(said[:3], b"+OK")

    async def _unique_ids(self) -> None:
        await self._ask("UIDL")
        changed = self._account.fate is Fate.RENAMED
        seen = set()
        for number in range(1, len(HELD) + 1):
            words = (await self._line()).split()
            self._expect(words[0], b"%d" % number)
            self._expect(words[1].endswith(b"-new"), changed)
            seen.add(words[1])
        self._expect(len(seen), len(HELD))
        self._expect(await self._line(), b".")

    async def _retrieve(self, place: int) -> None:
        fate = self._account.fate
        await self._ask(f"RETR {place + 1}")
        if self._rude and len(HELD[place].stuffed) > _LITTLE:
            await self._reader.readexactly(_LITTLE)
            raise BrokenOffError("by the client")
        if fate is Fate.STOPPED:
            await self._think(10.0)
        if fate is Fate.SLOW:
            await self._slowly(HELD[place].stuffed)
        else:
            await self._body(HELD[place].stuffed, HELD[place].name)

    async def _noop(self) -> None:
        self._say("NOOP")
        refused = self._account.fate is Fate.REFUSED
        self._expect((await self._line())[:4], b"-ERR" if refused else b"+OK"[:4])

    async def _ahead(self) -> None:
        asked = [self._draw.randrange(len(HELD)) for _ in range(5)]
        self._writer.write(b"".join(b"NOOP\r\nRETR %d\r\n" % (place + 1) for place in asked))
        for place in asked:
            await self._status("NOOP")
            await self._status("RETR")
            await self._body(HELD[place].stuffed, HELD[place].name)

    # -- what is said and heard -----------------------------------------------------------------

    def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")

    async def _ask(self, line: str) -> bytes:
        self._say(line)
        return await self._status(line.partition(" ")[0])

    async def _status(self, what: str) -> bytes:
        said = await self._line()
        if not said.startswith(b"+OK"):
            raise WrongError(f"{what}: {said[:100]!r}")
        return said

    async def _line(self) -> bytes:
        line = await self._reader.readuntil(b"\r\n")
        self.octets += len(line)
        return line[:-2]

    async def _body(self, held: bytes, what: str) -> None:
        try:
            got = await self._reader.readexactly(len(held))
        except asyncio.IncompleteReadError as error:
            self._same(error.partial, held, what)
            raise
        self._same(got, held, what)

    async def _slowly(self, held: bytes) -> None:
        pieces = 20
        size = len(held) // pieces + 1
        for at in range(0, len(held), size):
            await self._body(held[at : at + size], f"octets from {at} on")
            await self._think(0.4)

    def _same(self, got: bytes, held: bytes, what: str) -> None:
        self.octets += len(got)
        if not held.startswith(got):
            at = next(
                i for i, pair in enumerate(zip(got, held, strict=False)) if len(set(pair)) > 1
            )
            raise WrongError(f"{what}: at octet {at} {got[at : at + 40]!r}")

    def _expect(self, got: object, wanted: object) -> None:
        if got != wanted:
            raise WrongError(f"{got!r} where {wanted!r} was expected")
