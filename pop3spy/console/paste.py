"""Pasted text: each of its lines is one that is entered."""

from collections import deque

from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys


class Paste:
    """Whole lines that are still to be done, and the beginning of one behind them."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque()
        self._begun = ""

    def forget(self) -> None:
        """Do none of them."""
        self.lines.clear()
        self._begun = ""

    def begun(self) -> str:
        """Return the beginning of a line, once."""
        begun, self._begun = self._begun, ""
        return begun

    def keys(self) -> KeyBindings:
        """Return what a prompt needs to take in pasted text."""
        keys = KeyBindings()
        keys.add(Keys.BracketedPaste)(self._take)
        return keys

    def _take(self, event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        first, *rest = text.split("\n")
        event.current_buffer.insert_text(first)
        if rest:
            self._begun = rest.pop()
            self.lines.extend(rest)
            event.current_buffer.validate_and_handle()
