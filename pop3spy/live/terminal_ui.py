"""The live console at a terminal: prompt, completion, hidden input, paste, Ctrl-C, Ctrl-D."""

import asyncio
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from pop3spy.console.finding_rows import found_first
from pop3spy.console.history import KeptLines
from pop3spy.console.input_mask import Hides, InputMask
from pop3spy.console.pager import screen as size_of
from pop3spy.console.paste import Paste
from pop3spy.console.prompt import LINES, STYLE, Choice, without_echo
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import hint
from pop3spy.export import EXPORTERS
from pop3spy.gate.faults import FAULTS
from pop3spy.gate.faulttext import COMMON
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.live.console import LiveConsole
from pop3spy.live.screen import Screen
from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.text import count, escape
from pop3spy.session.lines import line_text
from pop3spy.spool import Stream

_MOST_CHOICES = 50
_FAULTS = [*((row.name, row.does) for row in FAULTS.values()), ("off", "takes faults away")]


class TerminalUi:
    """A person at the terminal behind *fd*, on whose *screen* the prompt is the last line.

    Lines that were typed are kept in the file *history*, if there is one.  Who is *sure* is not
    asked whether Ctrl-C is to end sessions that are open.
    """

    def __init__(
        self, screen: Screen, fd: int, history: Path | None, *, colour: bool, sure: bool = False
    ) -> None:
        self._screen = screen
        self._sure = sure
        self._history = KeptLines(history)
        self._paste = Paste()
        self._depth = None if colour else ColorDepth.DEPTH_1_BIT
        # Where the cursor is, is not asked: a terminal that is held up would not answer.
        self._output = Vt100_Output(
            cast(TextIO, _PromptOutput(screen.spool)),
            lambda: _size(fd),
            term=os.environ.get("TERM"),
            enable_bell=False,
            enable_cpr=False,
        )

    async def play(self, console: LiveConsole, stop: asyncio.Event) -> None:
        """Read lines and do them until the person has had enough."""
        console.person = self
        lines = self._session(
            InputMask(console.hides), history=self._history, completer=LiveCompleter(console)
        )
        with without_echo():
            asked = self._sure
            while not console.leaving:
                try:
                    line = await self._line(lines, console)
                except EOFError:
                    return
                except KeyboardInterrupt:  # the key
                    if lines.default_buffer.text:
                        continue  # which has cleared the line
                    if not asked and (number := len(console.sessions.open)):
                        console.tell(hint(_ends_sessions(number)))
                        asked = True
                        continue
                    signal.raise_signal(signal.SIGINT)
                    await stop.wait()
                    return
                asked = self._sure
                if await console.dispatch(line):
                    self._history.remember(line)

    async def answer(
        self, question: str, *, hidden: bool = False, begun: str = "", hides: Hides | None = None
    ) -> str:
        """Return the answer; one that is *hidden* is not seen."""
        if self._paste.lines:
            return self._paste.lines.popleft()
        mask = InputMask(hides)
        mask.everything = hidden
        session = self._session(mask, history=DummyHistory())
        with self._screen.above(session.app):
            try:
                return await self._ask(session, f"{question}: ", begun)
            except (KeyboardInterrupt, EOFError):
                raise RefusalError("given up") from None

    async def _line(self, lines: PromptSession[str], console: LiveConsole) -> str:
        if self._paste.lines:
            return self._paste.lines.popleft()
        with self._screen.above(lines.app):
            prompt = lambda: [("class:prompt", console.prompt)]  # noqa: E731 - it changes
            return await self._ask(lines, prompt, self._paste.begun())

    @staticmethod
    async def _ask(session: PromptSession[str], prompt: Any, begun: str) -> str:
        # The handler of prompt_toolkit's own would stop and show a traceback.
        return await session.prompt_async(
            prompt, default=begun, set_exception_handler=False, handle_sigint=False
        )

    def _session(self, mask: InputMask, **more: Any) -> PromptSession[str]:
        return PromptSession(
            output=self._output,
            input_processors=[mask],
            key_bindings=self._paste.keys(),
            erase_when_done=True,
            complete_while_typing=False,
            reserve_space_for_menu=LINES,
            style=STYLE,
            color_depth=self._depth,
            **more,
        )


def _ends_sessions(number: int) -> str:
    sessions = "a session" if number == 1 else f"{number:,} sessions"
    return f"Ctrl-C once more ends pop3spy, and {sessions} with it"


class LiveCompleter(Completer):
    """Completes lines for *console*; never anything secret."""

    def __init__(self, console: LiveConsole) -> None:
        self._console = console

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt_toolkit's
    ) -> Iterator[Completion]:
        """Yield what the word before the cursor may become."""
        *before, word = document.text_before_cursor.split(" ")
        for choice, told in self.choices(before):
            if choice.lower().startswith(word.lower()):
                yield Completion(choice, -len(word), display_meta=told)

    def choices(self, before: list[str]) -> Iterable[Choice]:
        """Return what may stand behind the words *before*."""
        if not before:
            return [(f":{row.name}", row.summary) for row in LIVE_COMMANDS]
        try:
            name = LIVE_COMMANDS.find(before[0].removeprefix(":")).name
        except RefusalError:
            return []
        match name, len(before):
            case (("show" | "follow" | "kill" | "send" | "export"), 1):
                return self._sessions()
            case (("findings" | "explain"), 1):
                return self._of_findings(name)
            case (("go" | "edit" | "drop" | "answer"), 1):
                return self._held()
            case "send", 2:
                return [(spec.name, spec.summary) for spec in COMMANDS.values() if not spec.turn]
            case "export", 2:
                return [(form, row.summary) for form, row in EXPORTERS.items()]
            case "fault", words:
                return self._of_fault(before[1:]) if words > 1 else _FAULTS
            case "help", 1:
                return [(row.name, row.summary) for row in LIVE_COMMANDS]
        return []

    def _of_fault(self, before: list[str]) -> Iterator[Choice]:
        name, *more = before
        if name == "off" and not more:
            for number, keeper in list(self._console.faults.set.items())[:_MOST_CHOICES]:
                yield str(number), escape(str(keeper.fault))
        elif (kind := FAULTS.get(name)) and "when" not in more:
            set_before = {word.partition("=")[0] for word in more}
            for param in kind.params:
                if param.name not in set_before:
                    yield f"{param.name}=", param.default
            yield from ((f"{each}=", "") for each in COMMON if each not in set_before)
            yield "when", "a filter: which exchanges"

    def _sessions(self) -> Iterator[Choice]:
        for session in list(self._console.sessions.open.values())[-_MOST_CHOICES:]:
            yield str(session.id), escape(f"{session.client} {session.user or ''}")

    def _of_findings(self, command: str) -> Iterable[Choice]:
        sessions = [each for each in self._console.sessions.all() if each.findings]
        if command == "explain":
            return found_first(sessions)
        return [
            (str(each.id), count(len(each.findings), "finding"))
            for each in sessions[-_MOST_CHOICES:]
        ]

    def _held(self) -> Iterator[Choice]:
        for ticket in list(self._console.holds.tickets.values())[:_MOST_CHOICES]:
            yield str(ticket.number), line_text(ticket.moment.shown)


class _PromptOutput:
    """What a prompt draws itself on: the spool, so that drawing never waits."""

    encoding = "utf-8"

    def __init__(self, spool: Stream) -> None:
        self._spool = spool

    def write(self, data: str) -> int:
        """Take *data*."""
        self._spool.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the spool writes as soon as it can."""


def _size(fd: int) -> Size:
    columns, rows = size_of(fd)
    return Size(rows=rows, columns=columns)
