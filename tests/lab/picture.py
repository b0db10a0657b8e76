"""Draws ``docs/terminal.svg``: the proxy in a real terminal, while a client talks through it.

``make picture`` runs this as root, in name spaces of its own: the machine is called
mail.example.org, and nobody else uses its ports.  The terminal is tmux's; rich draws what stands
there.
"""

import os
import poplib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from cli.program import PATIENCE, serving

PICTURE = Path(__file__).parents[2] / "docs" / "terminal.svg"
COLUMNS, LINES = 80, 28
TYPED = "pop3spy proxy --upstream mail.example.org:1100 --listen :1110"

_THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)
# rich's own frame asks a server for its font; this one takes what the reader has.
_FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
  aria-label="pop3spy in a terminal, showing a session as it happens">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono",
  monospace; line-height: {line_height}px; white-space: pre }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}"
  height="{terminal_height}"/></clipPath>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def talk(port: int) -> None:
    """Read mail as a client does, and ask for a message that is not there."""
    client = poplib.POP3("127.0.0.1", port, timeout=PATIENCE)
    client.user("demo")
    client.pass_("demo")
    client.stat()
    client.retr(1)
    with suppress(poplib.error_proto):
        client.retr(9)
    client.dele(1)
    client._shortcmd("QUIT")  # type: ignore[attr-defined]
    assert client.sock.recv(1) == b""  # so that the server is seen to close
    client.close()


class Tmux:
    """A terminal of 80 columns in which a shell runs."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]

    def run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def shows(self, text: str) -> str:
        """Wait until *text* is on the screen, and return the screen with its colours."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.run("capture-pane", "-p"):
            assert time.monotonic() < deadline, self.run("capture-pane", "-p")
        return self.run("capture-pane", "-p", "-e")


@contextmanager
def terminal() -> Iterator[Tmux]:
    with tempfile.TemporaryDirectory() as folder:
        tmux = Tmux(Path(folder) / "tmux")
        size = ("-x", str(COLUMNS), "-y", str(LINES))
        path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
        shell = ("env", path, f"HOME={folder}", "PS1=$ ", "TERM=tmux-256color", "sh")
        tmux.run("new-session", "-d", *size, *shell)
        try:
            yield tmux
        finally:
            tmux.run("kill-server")


def drawn(screen: str) -> str:
    """Return the picture of a *screen* as tmux gives it, with its escape sequences."""
    # tmux writes colours as it was told them; an empty line of the end is no part of the picture.
    text = Text.from_ansi(screen.rstrip("\n"))
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, highlight=False
    )
    console.print(text, no_wrap=True, crop=True)
    svg = console.export_svg(theme=_THEME, code_format=_FRAME, unique_id="t")
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def picture() -> str:
    """Run the proxy in a terminal, talk to it, and return what it looks like."""
    with terminal() as tmux, serving_at(1100):
        tmux.shows("$")
        tmux.run("send-keys", "-l", TYPED)
        tmux.run("send-keys", "Enter")
        tmux.shows("0 open>")
        talk(1110)
        return drawn(tmux.shows("ended by QUIT"))


@contextmanager
def serving_at(port: int) -> Iterator[None]:
    with serving("--listen", f"127.0.0.1:{port}"):
        yield


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
