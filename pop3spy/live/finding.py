"""Commands of the live console that tell what was found, and what that means."""

from typing import Final

from pop3spy.console.finding_rows import (
    explanation_rows,
    found_in,
    listed_row,
    verdict_rows,
)
from pop3spy.console.rows import note
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole
from pop3spy.session.finding import Severity

_MOST_ROWS: Final = 40


@LIVE_COMMANDS.add(
    "findings",
    "[N]",
    "lists what was found in a session, or in those that are open and the last that are not",
)
async def findings(console: LiveConsole, rest: str) -> None:
    """List findings, the latest last; of one session, with the verdict."""
    if not console.judges:
        console.tell(note("nothing is looked for; leave out --findings off"))
        return
    one = console.session(rest, ":findings, or :findings 1") if rest else None
    sessions = [one] if one else console.sessions.all()
    found = sorted(
        ((session, finding) for session in sessions for finding in session.findings),
        key=lambda each: each[1].at,
    )
    if not found:
        console.tell(note(found_in(len(sessions))))
    if len(found) > _MOST_ROWS:
        console.tell(note(f"{len(found) - _MOST_ROWS:,} earlier ones are not listed"))
    console.tell(*(listed_row(finding, session) for session, finding in found[-_MOST_ROWS:]))
    if one and one.ending:
        console.tell(*verdict_rows(one, Severity.INFO))


@LIVE_COMMANDS.add(
    "explain",
    "ID|TEXT",
    "tells what a finding, a response code, a refusal or an error means, and what to do",
)
async def explain(console: LiveConsole, rest: str) -> None:
    """Explain a finding, or what somebody said."""
    console.tell(*explanation_rows(rest))
