"""Commands of the live console that look, and change nothing of what is said."""

import io
from pathlib import Path

from pop3spy.console.help import about, everything
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowTone, hint, note
from pop3spy.export import EXPORTERS, ExportSource, exporting
from pop3spy.filters.expression import compile_filter
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole
from pop3spy.live.exporting import FORGOTTEN, export_past
from pop3spy.protocol.text import count, escape
from pop3spy.redaction.typed import without_login
from pop3spy.session.events import Noted
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange, Session

_MOST_ROWS = 40
_A_MOMENT = 2.0
"""Seconds for which every server may think."""


@LIVE_COMMANDS.add("sessions", "", "lists the sessions that are open")
async def sessions(console: LiveConsole, _: str) -> None:
    """List sessions, the newest last."""
    found = list(console.sessions.open.values())
    if not found:
        console.tell(note("no session is open"))
    if len(found) > _MOST_ROWS:
        console.tell(note(f"{len(found) - _MOST_ROWS:,} older ones are not listed"))
    for session in found[-_MOST_ROWS:]:
        console.tell(Row(f"{f's{session.id}':>5}", _line(console, session), RowTone.BODY))


@LIVE_COMMANDS.add(
    "show", "N", "shows what was said in a session: its last commands and their replies"
)
async def show(console: LiveConsole, rest: str) -> None:
    """Show a session."""
    session = console.session(rest, ":show 1")
    console.tell(Row(f"{f's{session.id}':>5}", _line(console, session), RowTone.BODY))
    if session.greeting:
        console.tell(Row("S:", line_text(session.greeting), RowTone.SERVER))
    exchanges = list(session.exchanges)
    if len(exchanges) > _MOST_ROWS:
        console.tell(note(f"{len(exchanges) - _MOST_ROWS:,} earlier commands are not shown"))
    for exchange in exchanges[-_MOST_ROWS:]:
        console.tell(*_rows(exchange))
    if waiting := _waiting(console, session):
        console.tell(hint(waiting))


@LIVE_COMMANDS.add("follow", "N|off", "shows one session alone")
async def follow(console: LiveConsole, rest: str) -> None:
    """Follow a session, or all."""
    number = None if rest == "off" else console.session(rest, ":follow 1, or :follow off").id
    console.showing.follow(number)


@LIVE_COMMANDS.add("filter", "EXPR|off", "shows only the exchanges that a filter means")
async def filter_exchanges(console: LiveConsole, rest: str) -> None:
    """Show some exchanges, or all."""
    if not rest:
        raise RefusalError("which ones?  Write :filter verb = RETR and err, or :filter off")
    console.showing.filter(None if rest == "off" else compile_filter(rest))


@LIVE_COMMANDS.add(
    "stats", "", "tells how often each command was given, how it went, and how long it took"
)
async def stats(console: LiveConsole, _: str) -> None:
    """Tell a table of commands."""
    for line in console.stats.table().splitlines():
        console.tell(Row("  ", line, RowTone.BODY, None))


@LIVE_COMMANDS.add("export", "N FORMAT FILE", f"writes a session so far: {', '.join(EXPORTERS)}")
async def export(console: LiveConsole, rest: str) -> None:
    """Export a session to a new file, or into a folder for eml."""
    number, _, more = rest.partition(" ")
    name, _, path = more.strip().partition(" ")
    usage = ":export 1 dialogue FILE"
    session = console.session(number, usage)
    if name not in EXPORTERS or not path.strip():
        raise RefusalError(f"write {usage}; there are {', '.join(EXPORTERS)}")
    events = console.sessions.past(session.id)
    if events is None:
        raise RefusalError(FORGOTTEN)
    source = ExportSource(console.clock.started)
    out = Path(path.strip()).expanduser()  # noqa: ASYNC240 - it asks no disk
    with exporting(EXPORTERS[name], out, io.BytesIO(), source) as exporter:
        await export_past(exporter, session, events)
    console.tell(note(f"{exporter.summary} to {escape(without_login(str(out)))}"))


@LIVE_COMMANDS.add("note", "TEXT", "writes a text into the log, the recording and exports")
async def write_note(console: LiveConsole, rest: str) -> None:
    """Write a note."""
    if not rest:
        raise RefusalError("what is to be noted?  Write :note TEXT")
    console.bus.publish(Noted("noted", console.clock.now(), {"text": without_login(rest)}))


@LIVE_COMMANDS.add(
    "quit", "", "stops the proxy, as Ctrl-C and Ctrl-D do: replies on their way arrive"
)
async def leave(console: LiveConsole, _: str) -> None:
    """Stop the proxy."""
    console.leaving = True


@LIVE_COMMANDS.add("help", "[command]", "lists what there is, or tells of one command")
async def show_help(console: LiveConsole, rest: str) -> None:
    """Help."""
    console.tell(*(about(LIVE_COMMANDS, rest) if rest else everything(LIVE_COMMANDS, pop3=False)))


def _line(console: LiveConsole, session: Session) -> str:
    """Return a session in one line: from where, who, how far, since when."""
    held = sum(ticket.moment.session is session for ticket in console.holds.tickets.values())
    commands, octets = session.totals.commands, sum(session.totals.octets.values())
    parts = [
        escape(str(session.client)),
        escape(session.user or ""),
        session.ending.how.plain if session.ending else session.state.value,
        f"{count(commands, 'command')}, {octets:,} octets",
        f"since {console.clock.date(session.opened_at):%H:%M:%SZ}",
        f"{held:,} held" if held else "",
        _waiting(console, session),
    ]
    return "  ".join(filter(None, parts))


def _waiting(console: LiveConsole, session: Session) -> str:
    """Return what a session waits for, if it has for more than a moment."""
    now = console.clock.now()
    wait = console.waits.of(session)
    return wait.text(now) if wait and wait.lasted(now) >= _A_MOMENT else ""


def _rows(exchange: Exchange) -> list[Row]:
    rows = [Row("C»" if exchange.injected else "C:", line_text(exchange.said), RowTone.CLIENT)]
    if exchange.changed:
        rows.append(Row("C»", line_text(exchange.line), RowTone.CLIENT))
    if exchange.status is None:
        odd = exchange.odd
        return [*rows, Row("S:", line_text(odd), RowTone.HINT)] if odd else rows
    tone = RowTone.SERVER if exchange.ok else RowTone.REFUSAL
    facts = [f"{exchange.latency * 1000:,.1f} ms"] if exchange.latency is not None else []
    if exchange.body is not None:
        facts.append(f"{exchange.body.size:,} octets")
    facts_told = f"  ({', '.join(facts)})" if facts else ""
    mark = "S»" if exchange.kept else "S:"
    return [*rows, Row(mark, f"{line_text(exchange.status)}{facts_told}", tone)]
