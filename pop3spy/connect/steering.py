"""Commands for the connection and the console itself."""

from pathlib import Path

from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.connect.stage import Stage
from pop3spy.console.help import about, everything
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import hint, note
from pop3spy.protocol.text import escape
from pop3spy.redaction.typed import without_login


@CONNECT_COMMANDS.add("stls", "", "begins TLS on this connection (RFC 2595)", stage=Stage.TLS)
async def stls(console: Console, _: str) -> None:
    """Begin TLS."""
    if console.session and console.session.tls:
        console.view.add(hint("this connection has TLS already"))
        return
    await console.command(b"STLS")
    if console.session is None or console.session.tls is None:
        console.fail(Stage.TLS)


@CONNECT_COMMANDS.add(
    "reconnect",
    "",
    "connects anew; what was marked as deleted stays",
    stage=Stage.CONNECTION,
)
async def reconnect(console: Console, _: str) -> None:
    """Connect anew."""
    await console.open()


@CONNECT_COMMANDS.add("record", "FILE", "records this session in a new file, from its beginning on")
async def record(console: Console, rest: str) -> None:
    """Record the session."""
    if not rest.strip():
        raise RefusalError("in which file?  Write :record FILE")
    if console.recording is None:
        raise RefusalError("nothing can be recorded here")
    path = str(Path(rest.strip()).expanduser())  # noqa: ASYNC240 - it asks no disk
    console.recording.start(path)
    console.view.add(note(f"recording to {escape(without_login(path))}"))


@CONNECT_COMMANDS.add("time", "on|off", "tells with each reply how long it took")
async def time(console: Console, rest: str) -> None:
    """Tell latencies, or do so no more."""
    wanted = rest.strip() or ("off" if console.view.timed else "on")
    if wanted not in ("on", "off"):
        raise RefusalError("write :time on or :time off")
    console.view.timed = wanted == "on"
    console.view.add(note(f"times are {wanted}"))


@CONNECT_COMMANDS.add("quit", "", "leaves at once, without QUIT: marked messages stay")
async def leave(console: Console, _: str) -> None:
    """Leave."""
    console.leaving = True


@CONNECT_COMMANDS.add("help", "[command]", "lists what there is, or tells of one command")
async def show_help(console: Console, rest: str) -> None:
    """Help."""
    word = rest.strip()
    commands = console.console_commands
    for row in about(commands, word) if word else everything(commands, pop3=True):
        console.view.add(row)
