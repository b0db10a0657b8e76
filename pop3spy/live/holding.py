"""Commands of the live console for what is held at the gate."""

import re

from pop3spy.console.escapes import escaped, one_line
from pop3spy.console.registry import RefusalError, Words
from pop3spy.console.rows import Row, RowTone, hint, note
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.gate.holds import Ticket
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.text import escape
from pop3spy.redaction.pseudonyms import is_pseudonym
from pop3spy.redaction.typed import without_login
from pop3spy.session.lines import line_text

_MOST_ROWS = 40
_BETWEEN_NAMES = re.compile(rb"[\s@=:]+")


@LIVE_COMMANDS.add(
    "hold", "EXPR|off", "holds the commands that a filter means; alone, tells what is held"
)
async def hold(console: LiveConsole, rest: str) -> None:
    """Hold commands, or nothing any more."""
    if not rest:
        _tell_held(console)
        return
    if rest == "off":
        count = len(console.holds.tickets)
        console.end()
        console.tell(note(f"nothing is held any more; {count:,} let go"))
        return
    console.holds.hold(compile_filter(rest, Progress.ASKED))
    console.proxy.regate()
    console.tell(hint("what is held waits for :go, :edit, :drop or :answer"))


@LIVE_COMMANDS.add("go", "[N]", "lets go on what is held: one command, or all")
async def go(console: LiveConsole, rest: str) -> None:
    """Let held commands go."""
    numbers = [console.ticket(rest, ":go 1").number] if rest else list(console.holds.tickets)
    if not numbers:
        raise RefusalError("nothing is held")
    for number in numbers:
        console.holds.release(number)


@LIVE_COMMANDS.add(
    "edit",
    "N",
    r"asks for the line that is sent in place of what is held; \t \x00 are octets",
    Words.WIRE,
)
async def edit(console: LiveConsole, rest: str) -> None:
    """Send another line; one that had a secret, or a name to replace, begins empty."""
    ticket = console.ticket(rest, ":edit 1")
    shown = ticket.moment.shown
    text = await console.person.answer(
        f"in place of {line_text(shown)}",
        hidden=bool(shown.masks),
        begun=typed(ticket),
        hides=console.hides_in(ticket.moment.session),
    )
    line = one_line(text)
    console.ticket(rest, ":edit 1")  # it may have ended meanwhile
    if console.holds.changes_reply(ticket.number, line):
        console.tell(
            hint("the reply to this is framed in another way than the client expects"),
            hint("it may wait for ever, or take the rest of the reply for something else"),
        )
        if (await console.person.answer("send it? [y/N]")).strip().lower() not in ("y", "yes"):
            raise RefusalError(f"not sent; {ticket.number} is still held")
        console.ticket(rest, ":edit 1")
    console.holds.edit(ticket.number, line)


@LIVE_COMMANDS.add(
    "drop", "N", "lets the server never hear what is held; the client gets no answer"
)
async def drop(console: LiveConsole, rest: str) -> None:
    """Drop a held command."""
    console.holds.drop(console.ticket(rest, ":drop 1").number)


@LIVE_COMMANDS.add(
    "answer",
    "N TEXT",
    "answers in the server's place, which never hears what is held",
    Words.WIRE,
)
async def answer(console: LiveConsole, rest: str) -> None:
    """Answer a held command."""
    number, _, text = rest.partition(" ")
    usage = ":answer 1 -ERR [IN-USE] try later"
    ticket = console.ticket(number, usage)
    if not text.strip():
        raise RefusalError(f"what is the answer?  Write {usage}")
    line = one_line(text)
    if not line.startswith((b"+OK", b"-ERR")):
        console.tell(hint("this begins with neither +OK nor -ERR, as every answer should"))
    console.holds.answer(ticket.number, line)


def typed(ticket: Ticket) -> str:
    """Return a held line as somebody could have typed it; nothing if it is not shown as it is.

    What a worker holds is known as it is shown: a pseudonym tells that a name was replaced.
    """
    frame, shown = ticket.moment.frame, ticket.moment.shown
    names = _BETWEEN_NAMES.split(shown.raw)
    if shown.masks or shown.raw != frame.raw or any(map(is_pseudonym, names)):
        return ""
    text = line_of(frame.raw).decode("utf-8", "replace")
    return escaped(text) if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text else ""


def _tell_held(console: LiveConsole) -> None:
    tickets = list(console.holds.tickets.values())
    for ticket in tickets[:_MOST_ROWS]:
        waits = console.clock.now() - ticket.moment.at
        text = f"s{ticket.moment.session.id}  {line_text(ticket.moment.shown)}  since {waits:.1f} s"
        console.tell(Row(f"{ticket.number:>4}", text, RowTone.BODY))
    if len(tickets) > _MOST_ROWS:
        console.tell(note(f"and {len(tickets) - _MOST_ROWS:,} more"))
    wanted = console.holds.wanted
    text = f"held are: {escape(without_login(str(wanted)))}" if wanted else "no filter holds"
    console.tell(note(text))
