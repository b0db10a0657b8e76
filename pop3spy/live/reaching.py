"""Commands of the live console that reach into a session."""

from pop3spy.console.escapes import escaped, one_line
from pop3spy.console.registry import RefusalError, Words
from pop3spy.console.rows import note
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole
from pop3spy.live.injected import BY
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.states import State
from pop3spy.session.how import Ending, How

_UNREADABLE = (State.TLS, State.OPAQUE)


@LIVE_COMMANDS.add(
    "send",
    "N COMMAND",
    r"says a command to the server once it owes no reply, which is shown here; \t \x00 are octets",
    Words.WIRE,
)
async def send(console: LiveConsole, rest: str) -> None:
    """Inject a command, one line; PASS alone asks for the password."""
    number, _, text = rest.partition(" ")
    usage = ":send 1 STAT"
    session, link = console.link(number, usage)
    if not text.strip():
        raise RefusalError(f"what is to be said?  Write {usage}")
    if session.blind or session.state in _UNREADABLE:
        raise RefusalError("what is said in that session cannot be read, so nothing is sent")
    if session.said_goodbye:
        raise RefusalError("QUIT was answered in that session, and nothing behind it ever is")
    if text.strip().upper() == "PASS":
        password = await console.person.answer("Password", hidden=True)
        text = escaped(f"{text.strip()} {password}")
    line = one_line(text)
    spec = parse_command(line).spec
    if spec is not None and spec.turn is not None:
        raise RefusalError(f"{spec.name} is more than one line and its reply; it is not sent")
    console.must_be_safe(line)
    if any(ticket.moment.session is session for ticket in console.holds.tickets.values()):
        console.tell(note("it goes when what is held in this session has gone"))
    console.expects(session)
    link.inject(line, BY)


@LIVE_COMMANDS.add("kill", "N", "ends a session at once, on both sides")
async def kill(console: LiveConsole, rest: str) -> None:
    """End a session."""
    session, link = console.link(rest, ":kill 1")
    link.abort(Ending(How.GATE, "by hand"))
    console.tell(note(f"session {session.id} is ended"))
