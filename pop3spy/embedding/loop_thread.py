"""A thread with an event loop of its own, in which a server runs.

So a test may block, as clients of the standard library do, or have a loop of whatever kind.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

Ready = TypeVar("Ready")
Work = Callable[[asyncio.Event, Callable[[Ready], None]], Coroutine[Any, Any, None]]
"""What runs until the event is set; it says what it is *ready* with."""


class LoopThread(Generic[Ready]):
    """Runs *work* in a thread from ``start`` to ``stop``."""

    def __init__(self, work: Work[Ready]) -> None:
        self._work = work
        self._ready: Future[Ready] = Future()
        self._over: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="pop3spy", daemon=True)

    def start(self) -> Ready:
        """Return what *work* is ready with; raise what keeps it from that."""
        self._thread.start()
        return self._ready.result()

    def stop(self) -> None:
        """Let it end, and wait for that; raise what went wrong in it."""
        assert self._loop is not None
        assert self._stop is not None
        if not self._over.done():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._over.result()

    def soon(self, call: Callable[[], None]) -> None:
        """Let the thread call *call* before long."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(call)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - it is raised where it can be seen
            self._fail(error)
        else:
            self._over.set_result(None)

    def _fail(self, error: BaseException) -> None:
        if self._ready.done():
            self._over.set_exception(error)
        else:
            self._ready.set_exception(error)
            self._over.set_result(None)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        await self._work(self._stop, self._is_ready)

    def _is_ready(self, ready: Ready) -> None:
        if not self._ready.done():
            self._ready.set_result(ready)
