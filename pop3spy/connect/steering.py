"""Commands for the connection and the console itself."""

from pathlib import Path

from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.connect.stage import Stage
from pop3spy.console.explain import CODES
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowTone, entry, hint, note
from pop3spy.protocol.commands import COMMANDS, CommandSpec
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape

_NAMES = 35  # columns


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
    console.view.add(note(f"recording to {escape(path)}"))


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
    name = word.upper()
    lines: list[str] = []
    if not word:
        for row in _everything(console):
            console.view.add(row)
    elif spec := COMMANDS.get(name):
        lines = _one(spec)
    elif name.strip("[]") in CODES:
        lines = [f"[{name.strip('[]')}]: {CODES[name.strip('[]')]}"]
    else:
        console_command = console.console_commands.find(word.removeprefix(":"))
        lines = [f"{console_command.usage}: {console_command.summary}"]
    for line in lines:
        console.view.add(Row("  ", line, RowTone.BODY))


def _everything(console: Console) -> list[Row]:
    commands = [entry(spec.usage, spec.summary, _NAMES) for spec in COMMANDS.values()]
    console_commands = [
        entry(console_command.usage, console_command.summary, _NAMES)
        for console_command in console.console_commands
    ]
    return [
        Row("  ", "For the server:"),
        *commands,
        Row("  ", ""),
        Row("  ", "For the console:"),
        *console_commands,
    ]


def _one(spec: CommandSpec) -> list[str]:
    where = " and ".join(sorted({state.phase.value for state in spec.states}))
    if spec.states == {State.USER_GIVEN}:
        where += ", right behind USER"
    return [
        f"{spec.usage}: {spec.summary}",
        f"allowed in {where}; {spec.reference}",
    ]
