"""Run a program of this environment on a terminal of its own, from which everything is taken."""

import os
import pty
import sys
from pathlib import Path

_READ = 1 << 16


def main() -> None:
    """Become the command that the arguments are; a child takes what it shows."""
    ours, theirs = pty.openpty()
    if os.fork() == 0:
        os.close(theirs)
        os.setsid()  # so that its processor time is not the program's
        os.sched_setaffinity(0, others())
        try:
            while os.read(ours, _READ):
                pass
        except OSError:  # the last program on it has gone
            os._exit(0)
    for fd in (0, 1):
        os.dup2(theirs, fd)
    os.close(theirs)
    os.close(ours)
    os.environ["TERM"] = "xterm"
    program = Path(sys.executable).parent / sys.argv[1]  # or anywhere, if that is a whole path
    os.execv(program, sys.argv[1:])  # so that its memory is that of the program


def others() -> set[int]:
    """Return the cores that the command does not have, if there are any."""
    own = os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1)) - own or own


if __name__ == "__main__":
    main()
