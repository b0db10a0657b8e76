"""What happened in a session, in the form of another program: for a console and for a page."""

import asyncio
from collections.abc import Iterable

from pop3spy.export.exporter import Exporter
from pop3spy.session.events import Noted, Told
from pop3spy.session.model import Session

_AT_ONCE = 200
"""Events that are exported before others have their turn."""
FORGOTTEN = "too much was said in it to be kept; --record keeps everything"
"""Why a session cannot be exported, or not any more."""


async def export_past(exporter: Exporter, session: Session, events: Iterable[Told]) -> None:
    """Let *exporter* have all *events* of *session*, and what was noted meanwhile."""
    read = exporter(session)
    for place, told in enumerate(events):
        if isinstance(told, Noted):
            exporter.note(told)
        else:
            read(told)
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
