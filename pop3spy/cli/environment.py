"""What a command runs in: its folders, its event loop, its signals."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.standard_streams import Unbuffered
from pop3spy.errors import ConfigError
from pop3spy.net.listen import raise_file_limit
from pop3spy.session.failure import describe
from pop3spy.spool import Spool, Stream

try:
    import uvloop
except ImportError:  # pragma: no cover - there is none on Windows
    uvloop = None  # type: ignore[assignment]


Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""What runs on an event loop until the event that it is given is set."""


def history_file() -> Path | None:
    """Return where lines that were typed are kept: in the user's state folder."""
    folder = _own_folder("XDG_STATE_HOME", ".local/state")
    return folder and folder / "history"


def ledger_file() -> Path | None:
    """Return where earlier sessions are remembered: in the user's state folder."""
    folder = _own_folder("XDG_STATE_HOME", ".local/state")
    return folder and folder / "ledger.sqlite3"


def settings_folder() -> Path | None:
    """Return where the user's programs keep what is set up once."""
    return _own_folder("XDG_CONFIG_HOME", ".config")


def _own_folder(variable: str, otherwise: str) -> Path | None:
    """Return the folder in that which *variable* names, or in *otherwise* of the user's home."""
    folder = os.environ.get(variable, "")
    if not folder.startswith("/"):
        home = os.path.expanduser("~")  # noqa: PTH111 - pathlib's raises where there is none
        if not home.startswith("/"):
            return None
        folder = f"{home}/{otherwise}"
    return Path(folder) / "pop3spy"


def run(
    work: Work,
    loop: str,
    complaints: Stream | None = None,
    *,
    stops: Sequence[signal.Signals] | None = None,
) -> ExitStatus:
    """Run *work* on an event loop until it is done.

    The first of the signals *stops*, or of those that ask a program to end, sets the event that
    *work* is given, so that it ends in order; the second ends the program at once.  What concerns
    no session is told to *complaints*, or stderr.
    """
    if loop == "uvloop" and uvloop is None:
        raise ConfigError("--loop uvloop: uvloop is not installed; leave the option out")
    if loop == "asyncio" or uvloop is None:
        new_loop = asyncio.new_event_loop
    else:
        new_loop = uvloop.new_event_loop
    raise_file_limit()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        heeded = _asking_to_end() if stops is None else stops
        return runner.run(_with_signals(work, complaints, heeded))


def _asking_to_end() -> tuple[signal.Signals, ...]:
    """Return the signals that ask to end; nohup has SIGHUP ignored, and so it stays."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, hangup


async def _with_signals(
    work: Work,
    stream: Stream | None,
    stops: Sequence[signal.Signals],
) -> ExitStatus:
    stop = asyncio.Event()
    status = ExitStatus.DONE
    loop = asyncio.get_running_loop()
    complaints = _Complaints(stream)
    loop.set_exception_handler(complaints)

    def stopped(number: signal.Signals) -> None:
        nonlocal status
        if number is signal.SIGINT:
            status = ExitStatus.INTERRUPTED
        for each in stops:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        stop.set()

    for number in stops:
        loop.add_signal_handler(number, stopped, number)
    try:
        await work(stop)
    finally:
        complaints.close()
    return status


class _Complaints:
    """Tells what concerns no session: each thing once, and without being held up.

    It is told to *stream*, or to stderr.
    """

    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream
        self._told: set[str] = set()
        self._spool: Spool | None = None

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        what = _what(context)
        if what in self._told:
            return
        self._told.add(what)
        if self._stream is None:
            self._stream = self._spool = Spool(Unbuffered(sys.stderr), lambda _: "")
        with suppress(OSError):  # there is no other place to say it
            self._stream.write(f"pop3spy: {what}\n")

    def close(self) -> None:
        """Write what is waiting, if anybody takes it."""
        if self._spool is not None:
            with suppress(OSError):
                self._spool.close()


def _what(context: dict[str, Any]) -> str:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return (
            "too many files are open: new clients wait, or are turned away, until others have gone"
            " (ulimit -n tells how many there may be)"
        )
    return describe(error) if error else context.get("message", "something went wrong")
