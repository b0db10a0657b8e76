"""The console without a person: lines from a file or a pipe, rows to a stream."""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

from pop3spy.connect.console import Console
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowStream, write_rows

_COMMENT = "#"


class ScriptedPerson:
    """Who answers for a person: questions take the next *lines* of the script.

    *columns* tells how many the terminal has that rows are written to, None if it is none.
    """

    def __init__(
        self,
        lines: Iterable[str],
        stream: RowStream,
        *,
        colour: bool = False,
        columns: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._lines = deque(lines)
        self._stream = stream
        self._colour = colour
        self._columns = columns

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Return the next line; raise RefusalError if there is none."""
        del hidden  # nothing of it is shown in any case
        if not self._lines:
            raise RefusalError(f"the script ends where an answer is needed: {question}")
        return self._lines.popleft()

    def quiet(self) -> AbstractContextManager[None]:
        """Do nothing: nobody types."""
        return nullcontext()

    async def show(self, rows: list[Row]) -> None:
        """Write *rows*; the script ends where nobody reads them any more."""
        columns = self._columns()
        try:
            write_rows(rows, self._stream, columns, colour=self._colour)
        except BrokenPipeError:  # whoever read it has gone, as they may
            self._lines.clear()

    async def play(self, console: Console) -> None:
        """Do every line, until the console is left or the connection is gone.

        Empty lines and comments are passed over, but for those that a server waits for.
        """
        while self._lines and not console.leaving:
            line = self._lines.popleft()
            plain = not console.takes_everything
            if plain and (not line.strip() or line.startswith(_COMMENT)):
                continue
            await console.dispatch(line)
            if console.talk.connection is None and self._waits(console):
                console.broke = True
                return

    def _waits(self, console: Console) -> bool:
        """Return whether the script has something to say that nobody is there to hear."""
        rest = [line for line in self._lines if line.strip() and not line.startswith(_COMMENT)]
        return bool(rest) and not rest[0].startswith(":") and not console.leaving
