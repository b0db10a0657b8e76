"""The inspector of a real proxy, and browsers that look at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from live.steering import Steered, steering
from net.wires import Wire
from pop3spy.cli.inspecting import Inspecting, loopback
from pop3spy.cli.session_report import LiveReports
from pop3spy.findings import own_rules
from pop3spy.report.past import LiveSource
from pop3spy.session.chunk import Clock
from pop3spy.web.feed import Feed
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.routes import About
from pop3spy.web.saving import LiveExports, Report
from web.browsing import Browser


@dataclass
class Inspected:
    """A proxy, what steers it, and its inspector at ``port``."""

    steered: Steered
    feed: Feed
    inspecting: Inspecting
    port: int
    stop: asyncio.Event

    async def browser(self) -> Browser:
        """Return one that was let in."""
        browser = Browser(self.port)
        assert (await browser.login(self.inspecting.link())).status == 204
        return browser

    async def act(self, browser: Browser, name: str, **more: object) -> dict[str, object]:
        """Do an act that is done; return what is told of it."""
        answer = await browser.post("/api/acts", {"act": name, **more})
        assert answer.status == 200, answer.body
        told: dict[str, object] = answer.json
        return told

    async def held(self, browser: Browser, line: bytes = b"DELE 1\r\n") -> tuple[Wire, Wire]:
        """Return a client of which *line* is held as number 1, and its server."""
        client, server = await self.steered.relayed.greeted()
        await self.act(browser, "hold", text="not verb = NOOP")
        await client.send(line)
        await self.steered.relayed.witness.until(lambda: self.steered.holds.tickets)
        return client, server


@asynccontextmanager
async def inspecting(  # noqa: PLR0913 - whatever an inspector can be told
    *,
    control: bool = True,
    dry_run: bool = False,
    strict: bool = False,
    judged: bool = False,
    report_of: Report | None = None,
    reported: bool = False,
    linger: float = 30.0,
) -> AsyncIterator[Inspected]:
    """Inspect a proxy while the block lasts; *reported*: reports are made as a proxy makes them."""
    async with steering(dry_run=dry_run, strict=strict, judged=judged) as steered:
        console = steered.console
        feed = Feed(console.clock.now, linger=linger)
        console.bus.subscribe(feed.sessions)
        console.bus.subscribe_to_notes(feed.note)
        with loopback(0) as sockets:
            inspector = Inspecting(feed, sockets, console.clock, console.bus)
            acts = inspector.steered_by(console, control=control)
            about = About(console.clock.started, "here → there", live=True)
            stop, begun = asyncio.Event(), asyncio.Event()

            async def work(stopped: asyncio.Event) -> None:
                begun.set()
                await stopped.wait()

            past = console.sessions.past
            if reported:
                source = LiveSource(console.clock.started, own_rules(), strict)
                report_of = LiveReports(source, console.clock.now, past)
            exports = LiveExports(past, console.clock.started)
            run = inspector.around(work, about, acts, report_of, exports)
            async with asyncio.TaskGroup() as group:
                group.create_task(run(stop))
                await begun.wait()
                port = sockets[0].getsockname()[1]
                try:
                    yield Inspected(steered, feed, inspector, port, stop)
                finally:
                    stop.set()


@asynccontextmanager
async def beside(kept: KeptSessions) -> AsyncIterator[Browser]:
    """Give a browser that looks at sessions that are all over, as those of a recording."""
    clock, stop, begun = Clock(), asyncio.Event(), asyncio.Event()

    async def work(stopped: asyncio.Event) -> None:
        begun.set()
        await stopped.wait()

    with loopback(0) as sockets:
        inspector = Inspecting(Feed(clock.now, kept), sockets, clock)
        run = inspector.around(work, About(clock.started, "a recording", live=False))
        async with asyncio.TaskGroup() as group:
            group.create_task(run(stop))
            await begun.wait()
            browser = Browser(sockets[0].getsockname()[1])
            try:
                assert (await browser.login(inspector.link())).status == 204
                yield browser
            finally:
                stop.set()
