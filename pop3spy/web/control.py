"""What a person has set, as pages see it: what is held, and which faults."""

from typing import Any

from pop3spy.live.console import LiveConsole
from pop3spy.live.holding import typed
from pop3spy.protocol.text import escape
from pop3spy.redaction.typed import without_login
from pop3spy.session.facts import rounded
from pop3spy.session.lines import line_text


def state_of(console: LiveConsole | None, *, control: bool) -> dict[str, Any]:
    """Return what is set; *control* says whether pages may change it.

    Without a console there is nothing to set: a recording is what it is.
    """
    if console is None:
        return {"control": False, "hold": None, "held": [], "faults": []}
    wanted = console.holds.wanted
    return {
        "control": control,
        "hold": escape(without_login(str(wanted))) if wanted else None,
        "held": [
            {
                "held": ticket.number,
                "session": ticket.moment.session.id,
                "exchange": ticket.moment.frame.number,
                "at": rounded(ticket.moment.at),
                "line": line_text(ticket.moment.shown),
                "secret": bool(ticket.moment.shown.masks),
                "typed": typed(ticket),
            }
            for ticket in console.holds.tickets.values()
        ],
        "faults": [
            {"fault": number, "text": escape(str(keeper.facts["fault"]))}
            for number, keeper in console.faults.set.items()
        ],
    }
