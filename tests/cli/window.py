"""A window of tmux: a real terminal, which a person could look at."""

import re
import subprocess
from pathlib import Path

from cli.program import COMMAND, PATIENCE, environment
from lab.loopback import until
from lab.processes import need


class Window:
    """The program in a window of tmux: a real terminal, which a person could look at."""

    def __init__(
        self, socket: Path, *args: str, size: tuple[int, int] = (100, 60), **changes: str
    ) -> None:
        self._environment = environment(LC_ALL="C.UTF-8", **changes)
        self._tmux = [need("tmux"), "-S", str(socket), "-f", "/dev/null"]
        # The shell tells how the program ended, and keeps the window open.
        script = 'trap : INT; "$@"; echo "exit status $?"; exec cat'
        command = ("sh", "-c", script, "sh", *COMMAND, *args)
        width, height = map(str, size)
        self._ask("new-session", "-d", "-x", width, "-y", height, "-s", "w", *command)

    def _ask(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self._environment,
            check=True,
        )
        return done.stdout

    def press(self, key: str) -> None:
        self._ask("send-keys", "-t", "w", key)

    def type(self, text: str) -> None:
        """Press the keys of *text*, and nothing behind them."""
        self._ask("send-keys", "-l", "-t", "w", text)

    def enter(self, text: str) -> None:
        self.type(text)
        self.press("Enter")

    def paste(self, text: str) -> None:
        """Paste as terminals do it that mark what is pasted."""
        self._ask("set-buffer", text)
        self._ask("paste-buffer", "-p", "-t", "w")

    def resize(self, columns: int, lines: int) -> None:
        self._ask("resize-window", "-t", "w", "-x", str(columns), "-y", str(lines))

    def keep_stream(self, path: Path) -> None:
        """Write every octet that the program writes from now on to a file as well."""
        self._ask("pipe-pane", "-o", "-t", "w", f"exec cat > {path}")

    def rows(self) -> list[str]:
        return self._ask("capture-pane", "-p", "-t", "w").rstrip().splitlines()

    def shows(self, pattern: str) -> re.Match[str]:
        return until(lambda: re.search(pattern, "\n".join(self.rows())), pattern, PATIENCE)

    def close(self) -> None:
        self._ask("kill-server")
