"""Commands that tell what was found in the session, and what that means."""

from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.console.finding_rows import explanation_rows, found_in, listed_row
from pop3spy.console.rows import note


@CONNECT_COMMANDS.add("findings", "", "lists what was found in this session, however bad it is")
async def findings(console: Console, _: str) -> None:
    """List findings."""
    session = console.session
    found = session.findings if session else []
    if not console.judges:
        console.view.add(note("nothing is looked for; leave out --findings off"))
    elif not found:
        console.view.add(note(found_in(1)))
    for finding in found:
        console.view.add(listed_row(finding))


@CONNECT_COMMANDS.add(
    "explain",
    "ID|TEXT",
    "tells what a finding, a response code, a refusal or an error means, and what to do",
)
async def explain(console: Console, rest: str) -> None:
    """Explain a finding, or what somebody said."""
    for row in explanation_rows(rest.strip()):
        console.view.add(row)
