"""One client of a host: its lines in, its answers out."""

import asyncio
from collections.abc import Iterable

from pop3spy.errors import MaildropError
from pop3spy.net.observer import Observer
from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.failure import describe
from pop3spy.session.model import Ending, How
from pop3spy.session.reading import Reading
from pop3spy.session.responder import Answer, Responder

_TOO_LONG = Answer(b"-ERR this line is too long")


class Guest:
    """Talks with one client; *idle* is how many seconds it may be silent, 0 for ever."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        reading: Reading,
        clock: Clock,
        idle: float,
    ) -> None:
        self.waiting = False  # for the client's next line
        self._reader = reader
        self._writer = writer
        self._observer = Observer(reading, clock, self._caught_up)
        self._idle = idle or None
        self._stopping = False
        self._ending: Ending | None = None
        self._read_up = asyncio.Event()

    def stop(self) -> None:
        """End behind the reply that is on its way."""
        self._stopping = True

    async def converse(self, responder: Responder) -> None:
        """Answer the client until one of the two has had enough."""
        try:
            ending = await self._talk(responder)
        except asyncio.CancelledError:
            ending = Ending(How.SHUTDOWN)
        except TimeoutError:
            ending = Ending(How.TIMEOUT, f"nobody spoke for {self._idle:g} s")
        except ConnectionError:
            ending = Ending(How.CLIENT_RESET)
        except MaildropError as error:  # in the middle of a body: a lone dot would be a lie
            ending = Ending(How.SERVER_CLOSED, str(error))
            self._writer.transport.abort()
        except Exception as error:  # noqa: BLE001 - a bug costs its own session and no other
            ending = Ending(How.SERVER_CLOSED, describe(error))
            self._writer.transport.abort()
        finally:
            responder.end()
        self._end(ending)

    async def send_away(self, why: str) -> None:
        """Refuse the client."""
        try:
            await self._say(Answer(b"-ERR [SYS/TEMP] too many sessions"))
        except ConnectionError:
            pass
        finally:
            self._end(Ending(How.REFUSED, why))

    async def _talk(self, responder: Responder) -> Ending:
        answer = responder.greet()
        await self._say(answer)
        while not (answer.close or self._stopping):
            raw = await self._line()
            if not raw:
                return Ending(How.CLIENT_CLOSED)
            if not raw.endswith(b"\n"):
                answer = _TOO_LONG
            elif answer.asks:
                answer = responder.answer_sasl(line_of(raw))
            else:
                answer = responder.answer(parse_command(raw))
            await self._say(answer)
        return Ending(How.QUIT if answer.close else How.SHUTDOWN)

    async def _line(self) -> bytes:
        """Return the next line with its end, empty if there is none, cut if it is too long."""
        self.waiting = True
        try:
            async with asyncio.timeout(self._idle):
                raw = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            raw = error.partial
            self._observer.hear(Side.CLIENT, raw)
            return b""
        except asyncio.LimitOverrunError as error:
            return await self._cut_line(error.consumed)
        finally:
            self.waiting = False
        self._observer.hear(Side.CLIENT, raw)
        return raw

    async def _cut_line(self, size: int) -> bytes:
        """Take a line that is too long, piece by piece, and return one without an end."""
        while True:
            raw = await self._reader.readexactly(size)
            self._observer.hear(Side.CLIENT, raw)
            try:
                raw = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                size = error.consumed
            except asyncio.IncompleteReadError as error:
                self._observer.hear(Side.CLIENT, error.partial)
                return b""
            else:
                self._observer.hear(Side.CLIENT, raw)
                return b"..."

    async def _say(self, answer: Answer) -> None:
        """Send a reply, no faster than the client takes it."""
        await self._send(answer.line + b"\r\n")
        if answer.body is not None:
            await self._send_body(answer.body)

    async def _send_body(self, body: Iterable[bytes]) -> None:
        for piece in body:
            await self._send(piece)
            if self._observer.behind:
                self._read_up.clear()
                await self._read_up.wait()
        await self._send(b".\r\n")

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        self._observer.hear(Side.SERVER, data)
        await self._writer.drain()

    def _end(self, ending: Ending) -> None:
        self._writer.close()
        self._ending = ending
        self._observer.soon()

    def _caught_up(self) -> None:
        self._read_up.set()
        if self._ending is not None:
            ending, self._ending = self._ending, None
            self._observer.end(ending)
