"""The console at a terminal: prompt, completion, hidden input, paste, Ctrl-C, Ctrl-D.

Rules: 1. a line vanishes when it is entered, and comes back as those who read along see it; 2. the
terminal echoes nothing of its own accord, so what is typed ahead is not seen either; 3. what comes
while a line is being typed is written above it.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_or_none, run_in_terminal
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.output.color_depth import ColorDepth

from pop3spy.connect.completion import ConnectCompleter
from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.console.history import KeptLines
from pop3spy.console.input_mask import InputMask, hidden_behind_half_a_line, hidden_from
from pop3spy.console.pager import page, screen
from pop3spy.console.paste import Paste
from pop3spy.console.prompt import LINES, STYLE, without_echo
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowStream, write_rows
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape


class Terminal:
    """A person at a terminal, to whom rows are written on *stream*, which leads to *fd*.

    Lines that were typed are kept in the file *history*, if there is one.
    """

    def __init__(self, stream: RowStream, fd: int, history: Path | None, *, colour: bool) -> None:
        self._stream = stream
        self._fd = fd
        self._history = KeptLines(history)
        self._colour = colour
        self._mask = InputMask(self._hides)
        self._console: Console | None = None
        self._inside = False  # AUTH asks, or has asked while this line was being typed
        self._paste = Paste()
        self._plays = False  # somebody is there to turn pages
        self._depth = None if colour else ColorDepth.DEPTH_1_BIT

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let the terminal show nothing of its own accord; leave it as it was."""
        with without_echo():
            yield

    async def play(self, console: Console) -> None:
        """Read lines and do them until the person has had enough."""
        self._plays = True
        self._console = console
        lines = self._session(self._history, completer=ConnectCompleter(console))
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            self._paste.forget()
            console.talk.interrupt()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            while not console.leaving:
                try:
                    line = await self._read(lines, lambda: _prompt(console))
                except KeyboardInterrupt:
                    self._paste.forget()
                    continue
                except EOFError:
                    return
                if await console.dispatch(line):
                    self._history.remember(line)
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Ask, without showing the answer if it is to be *hidden*."""
        if self._paste.lines:
            return self._paste.lines.popleft()
        session = self._session(DummyHistory())
        self._mask.everything = hidden
        try:
            return await session.prompt_async(f"{question}: ", handle_sigint=False)
        except (KeyboardInterrupt, EOFError):
            raise RefusalError("given up") from None
        finally:
            self._mask.everything = False

    async def show(self, rows: list[Row]) -> None:
        """Write *rows*: above the line that is being typed, else a screenful at a time."""
        columns, _ = screen(self._fd)
        rows = [part for row in rows for part in row.within(columns)]
        if get_app_or_none() is not None:
            await run_in_terminal(lambda: self._write(rows))
        elif not self._plays:
            self._write(rows)
        else:
            await page(rows, self._write, self._fd)

    def _write(self, rows: list[Row]) -> None:
        write_rows(rows, self._stream, None, colour=self._colour)

    async def _read(self, lines: PromptSession[str], prompt: Callable[[], Any]) -> str:
        if self._paste.lines:
            return self._paste.lines.popleft()
        self._inside = False
        return await lines.prompt_async(prompt, default=self._paste.begun(), handle_sigint=False)

    def _hides(self, text: str) -> int | None:
        """Return where in *text* begins what must not be seen; the server may speak any time."""
        if (console := self._console) is None:
            return hidden_from(text, None, CONNECT_COMMANDS.wire)
        self._inside |= console.takes_everything and console.state is not State.XMIT
        if console.half_said and not console.takes_everything:
            return hidden_behind_half_a_line(text, CONNECT_COMMANDS.wire)
        state = State.SASL if self._inside else console.state
        judge = None if console.typist is None else console.hidden_of
        found = hidden_from(text, state, CONNECT_COMMANDS.wire, judge)
        return CONNECT_COMMANDS.beyond_words(text) if found is None else found

    def _session(self, history: Any, **more: Any) -> PromptSession[str]:
        return PromptSession(
            history=history,
            input_processors=[self._mask],
            key_bindings=self._paste.keys(),
            erase_when_done=True,
            complete_while_typing=False,
            reserve_space_for_menu=LINES,
            style=STYLE,
            color_depth=self._depth,
            **more,
        )


def _prompt(console: Console) -> list[tuple[str, str]]:
    """Return the prompt: where, in which state, with how much mail."""
    session = console.session
    parts = [console.url.host]
    if session is not None and session.tls and console.connected:
        parts.append("TLS")
    parts.append(console.state.value if console.state else "CLOSED")
    if mail := str(console.view.maildrop):
        parts.append(mail)
    if console.pipeline is not None:
        parts.append("pipeline")
    return [("class:prompt", f"{escape(' '.join(parts))}> ")]
