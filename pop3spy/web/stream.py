"""One page that is told what changes, as server-sent events.

Rules: 1. a page that was here before gets what it missed, or ``reset`` and everything anew; 2. what
is told waits for the page to take it, and nothing waits for the page.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from pop3spy.session.json_text import json_text
from pop3spy.web.feed import Feed

MOST: Final = 1000
"""Events that a page may be behind; of one that is further, all is told anew."""
COMMENT: Final = 15.0
"""Seconds of silence after which a comment keeps the connection."""
RETRY: Final = 1000
"""Milliseconds after which a browser is to come back."""
_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8")]


class EventStream:
    """An answer that goes on for as long as the page is there, or *feed* is not over.

    *last* is the id of the last event that the page knows, if it was here; *everything* is what
    there is to know.
    """

    def __init__(
        self,
        feed: Feed,
        last: str,
        everything: Callable[[], dict[str, Any]],
        *,
        comment: float = COMMENT,
    ) -> None:
        self._feed = feed
        self._last = last
        self._everything = everything
        self._comment = comment

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Tell until the page is gone."""
        more = asyncio.Event()
        self._feed.join(more)
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(send, more))
                watching = group.create_task(_gone(receive))
                await asyncio.wait((telling, watching), return_when=asyncio.FIRST_COMPLETED)
                telling.cancel()
                watching.cancel()
        finally:
            self._feed.leave(more)

    async def _tell(self, send: Send, more: asyncio.Event) -> None:
        ring = self._feed.ring
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await _write(send, f"retry: {RETRY}\n\n".encode())
        place = ring.number_of(self._last)
        while True:
            more.clear()
            events = None if place is None else ring.after(place, MOST)
            if events is None:
                told = json_text(self._everything())
                events = [f"id: {ring.id}\nevent: reset\ndata: {told}\n\n".encode()]
            place = ring.last
            if events:
                await _write(send, b"".join(events))
            if self._feed.over and place == ring.last:
                break
            if not more.is_set():
                try:
                    async with asyncio.timeout(self._comment):
                        await more.wait()
                except TimeoutError:
                    await _write(send, b":\n\n")
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _write(send: Send, octets: bytes) -> None:
    await send({"type": "http.response.body", "body": octets, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return when the page has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
