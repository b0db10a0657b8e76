"""Rows, a screenful at a time."""

import os
from collections.abc import Callable
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from pop3spy.console.rows import Row, height

_MORE: Final = ("enter", "space", "c-m", "pagedown", "down")
_STOP: Final = ("q", "Q", "c-c", "c-d", "escape")
_ALL: Final = ("a", "A", "end")


def screen(fd: int) -> tuple[int, int]:
    """Return columns and lines of the terminal behind *fd*; 80 and 24 if it does not say."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24


async def page(rows: list[Row], write: Callable[[list[Row]], None], fd: int) -> None:
    """Write *rows*, and wait behind each screenful for a key; stop when that is wanted."""
    while rows:
        columns, lines = screen(fd)
        count = 0
        taken = 0
        while count < len(rows):
            taken += height([rows[count].painted(colour=False)], columns)
            if taken >= lines - 1 and count:
                break
            count += 1
        write(rows[:count])
        rows = rows[count:]
        if not rows:
            return
        answer = await _ask(f"-- {len(rows):,} more: Enter goes on, a shows all, q no more --")
        if answer == "all":
            write(rows)
            return
        if answer == "stop":
            # What happened behind a long reply is no part of it.
            write([row for row in rows if row.mark != "S|"])
            return


async def _ask(question: str) -> str:
    keys = KeyBindings()

    def leads_to(answer: str) -> Callable[[KeyPressEvent], None]:
        def press(event: KeyPressEvent) -> None:
            event.app.exit(result=answer)

        return press

    for names, answer in ((_MORE, "more"), (_STOP, "stop"), (_ALL, "all")):
        for name in names:
            keys.add(" " if name == "space" else name, eager=True)(leads_to(answer))
    keys.add(Keys.Any)(lambda _: None)
    keys.add(Keys.BracketedPaste)(lambda _: None)
    session: PromptSession[str] = PromptSession(key_bindings=keys, erase_when_done=True)
    return await session.prompt_async(question, handle_sigint=False)
