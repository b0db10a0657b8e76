"""One client of a host: its lines in, its answers out."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from pop3spy.errors import MaildropError
from pop3spy.net.client_lines import ClientLines, EndlessLineError
from pop3spy.net.closing_reader import ClosingReader
from pop3spy.net.observer import Observer
from pop3spy.protocol.commands import Command, line_of, parse_command
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import Effect
from pop3spy.session.chunk import Clock
from pop3spy.session.failure import describe
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.reading import Reading
from pop3spy.session.responder import Answer, Pause, Responder

_TOO_LONG = Answer(b"-ERR this line is too long")
_SLOW = (Effect.LOGIN, Effect.QUIT)  # they read or write a maildrop whole
_CANCEL = b"*"  # what a client says that gives up inside AUTH (RFC 5034, section 4)

T = TypeVar("T")


class _GoneError(Exception):
    """There is nobody to talk to any more."""

    def __init__(self, how: How, why: str = "") -> None:
        super().__init__(why)
        self.ending = Ending(how, why)


class AcceptedClient:
    """Talks with one client; *idle* is how many seconds it may be silent, 0 for ever.

    *ended* is called once, when the client is gone and everything has been read.  What may take
    long is asked in *executor*, a thread in which the responders of all clients take turns.
    """

    def __init__(  # noqa: PLR0913 - what a client brings, and what it meets
        self,
        reader: ClosingReader,
        writer: asyncio.StreamWriter,
        reading: Reading,
        clock: Clock,
        *,
        executor: Executor,
        ended: Callable[["AcceptedClient"], None],
        idle: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._observer = observer = Observer(reading, clock, self._caught_up)
        self._lines = ClientLines(reader, partial(observer.hear, Side.CLIENT))
        self._executor = executor
        self._ended = ended
        self._idle = idle or None
        self._silence: asyncio.Timeout | None = None  # there is one while a line is awaited
        self._stop = asyncio.Event()
        self._responder: Responder | None = None
        self._secured = False
        self._ending: Ending | None = None
        self._read_up = asyncio.Event()

    def stop(self) -> None:
        """End behind the reply that is on its way; at once if there is none."""
        self._stop.set()
        if self._silence and not self._silence.expired():
            self._silence.reschedule(0)

    def secured(self) -> None:
        """Let what was said in clear be forgotten; say this when every line of it is answered."""
        self._secured = True
        if self._responder:
            self._responder.secured()

    async def converse(self, responder: Responder) -> None:
        """Answer the client until one of the two has had enough; cancel it to cut it off."""
        self._responder = responder
        if self._secured:
            responder.secured()
        try:
            try:
                ending = await self._talk(responder)
            finally:
                self._responder = None
                await self._apart(responder.end)
            self._writer.close()
        except asyncio.CancelledError:
            ending = Ending(How.SHUTDOWN, "a reply was cut off")
        except _GoneError as gone:
            ending = gone.ending
        except MaildropError as error:  # in the middle of a body: a lone dot would be a lie
            ending = Ending(How.SERVER_CLOSED, str(error))
        except Exception as error:  # noqa: BLE001 - a bug costs its own session and no other
            ending = Ending(How.SERVER_CLOSED, describe(error))
        await self._part(ending)

    async def send_away(self, why: str) -> None:
        """Refuse the client."""
        with suppress(_GoneError, asyncio.CancelledError):
            await self._say(Answer(b"-ERR [SYS/TEMP] too many sessions"))
            self._writer.close()
        await self._part(Ending(How.REFUSED, why))

    async def _talk(self, responder: Responder) -> Ending:
        answer = responder.greet()
        await self._say(answer)
        while not (answer.close or self._stop.is_set()):
            raw = await self._line()
            if not raw:
                return Ending(How.SHUTDOWN if self._stop.is_set() else How.CLIENT_CLOSED)
            if not raw.endswith(b"\n"):
                if answer.asks:
                    responder.answer_sasl(_CANCEL)
                answer = _TOO_LONG
            elif answer.asks:
                answer = await self._apart(partial(responder.answer_sasl, line_of(raw)))
            else:
                answer = await self._answer(responder, parse_command(raw))
            await self._say(answer)
            await asyncio.sleep(0)  # others have their turn, however many commands are there
        return Ending(How.SERVER_CLOSED if answer.close else How.SHUTDOWN)

    async def _answer(self, responder: Responder, command: Command) -> Answer:
        if command.effect in _SLOW:
            return await self._apart(partial(responder.answer, command))
        return responder.answer(command)

    async def _apart(self, work: Callable[[], T]) -> T:
        """Do *work* where it holds nobody up; it is done even if nobody waits for it any more."""
        done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        return await asyncio.shield(done)

    # -- what comes -----------------------------------------------------------------------------

    async def _line(self) -> bytes:
        """Return the next line with its end, empty if there is none, without if it is too long."""
        try:
            async with asyncio.timeout(self._idle) as silence:
                self._silence = silence
                return await self._lines.next()
        except EndlessLineError as error:
            raise _GoneError(How.SERVER_CLOSED, str(error)) from None
        except OSError:  # TimeoutError is one, be it ours or the network's
            if self._stop.is_set() and silence.expired():
                return b""
            raise self._gone(silence) from None
        finally:
            self._silence = None

    # -- what goes ------------------------------------------------------------------------------

    async def _say(self, answer: Answer) -> None:
        """Send a reply, no faster than the client takes it."""
        for piece in answer.wire():
            if isinstance(piece, Pause):
                await self._pause(piece.seconds)
                continue
            await self._send(piece)
            if self._observer.behind:
                self._read_up.clear()
                await self._read_up.wait()

    async def _pause(self, seconds: float) -> None:
        """Say nothing for so long; whoever is stopped waits no more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _send(self, data: bytes) -> None:
        if self._writer.is_closing():  # the client went while its answer was found
            raise _GoneError(How.CLIENT_RESET)
        self._writer.write(data)
        self._observer.hear(Side.SERVER, data)
        try:
            async with asyncio.timeout(self._idle) as patience:
                await self._writer.drain()
        except OSError:
            raise self._gone(patience) from None

    def _gone(self, patience: asyncio.Timeout) -> _GoneError:
        if patience.expired():
            return _GoneError(How.TIMEOUT, f"nobody spoke for {self._idle:g} s")
        return _GoneError(How.CLIENT_RESET)

    # -- how it ends ----------------------------------------------------------------------------

    async def _part(self, ending: Ending) -> None:
        """Wait until the client has taken everything, unless the end is not a peaceful one."""
        self._tell_closed(Side.CLIENT, self._reader.finished_at)
        if ending.how is How.SERVER_CLOSED:
            self._tell_closed(Side.SERVER, self._clock.now())
        if not self._writer.is_closing():
            self._writer.transport.abort()
        try:
            async with asyncio.timeout(self._idle):
                await self._writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            self._writer.transport.abort()
        self._tell_closed(Side.CLIENT, self._reader.reset_at, reset=True)
        self._ending = ending
        self._observer.soon()

    def _tell_closed(self, side: Side, at: float | None, *, reset: bool = False) -> None:
        """Tell, behind what was heard, that *side* closed, if it did."""
        if at is not None:
            self._observer.later(partial(self._observer.closed, Closing(side, at, reset)))

    def _caught_up(self) -> None:
        self._read_up.set()
        if self._ending is not None:
            ending, self._ending = self._ending, None
            self._ended(self)  # first: whatever fails in telling, nobody waits for this client
            self._observer.end(ending)
