"""What a page hears: everything once, whatever its connection does, or that it missed some."""

import json
import socket
from typing import Any

import pytest

from net.wires import Wire
from pop3spy.session.bus import Bus
from pop3spy.session.events import Noted
from pop3spy.web.feed import BEHIND, MOST
from pop3spy.web.ring import EventRing
from web.browsing import Events, until
from web.inspecting import Inspected, inspecting
from web.test_kept_sessions import play


async def said(client: Wire, server: Wire, count: int) -> None:
    """Let so many commands be said and answered, one after the other."""
    for _ in range(count):
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")


def exchanges(page: Events) -> dict[int, Any]:
    """Return what a page knows of each exchange: what it heard last."""
    return {told.data["number"]: told.data for told in page.heard if told.name == "exchange"}


@pytest.mark.usefixtures("either_way")
async def test_a_page_hears_sessions_exchanges_marks_and_findings_as_they_come() -> None:
    async with inspecting(judged=True) as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            first = await page.next()
            assert (first.name, first.data["sessions"]) == ("reset", [])
            client, server = await inspected.steered.relayed.greeted()
            await client.send(b"USER bob\r\n")
            await server.expect(b"USER bob\r\n")
            await server.send(b"-ERR go away\r\n")
            await client.line()
            greeting = await page.named("mark")
            assert greeting.data["text"] == "+OK ready"
            user = await page.knows(lambda told: told.name == "exchange" and not told.data["due"])
            assert (user.data["line"], user.data["text"]) == ("USER bob", "go away")
            await client.send(b"FOO\r\n")
            await server.expect(b"FOO\r\n")
            client.reset()
            ended = await page.until(lambda told: bool(told.data.get("ending")))
            assert ended.data["session"] == 1
            assert ended.data["counts"] == {"open": 0, "ended": 1, "forgotten": 0}


async def test_a_page_that_was_away_misses_nothing_and_hears_nothing_twice() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        async with browser.events() as page:
            await page.named("reset")
            await said(client, server, 3)
            last = await page.until(
                lambda told: told.name == "exchange" and told.data["number"] == 3
            )
        await said(client, server, 4)
        async with browser.events(since=last.id) as page:
            await page.until(lambda told: told.name == "exchange" and told.data["number"] == 7)
            assert "reset" not in {told.name for told in page.heard}
            assert list(exchanges(page)) == [4, 5, 6, 7]
            numbers = [int(told.id.partition(".")[2]) for told in page.heard]
            begun = int(last.id.partition(".")[2])
            assert numbers == list(range(begun + 1, begun + 1 + len(numbers)))


@pytest.mark.parametrize("since", ["00000000.1", "x", "", "{boot}.999999", "{boot}.-1", "{boot}."])
async def test_a_page_that_knows_nothing_of_this_run_is_told_everything(since: str) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events(since.format(boot=inspected.feed.ring.boot)) as page:
            assert (await page.next()).name == "reset"


async def test_while_nobody_looks_nothing_is_made() -> None:
    async with inspecting(linger=0.0) as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        async with browser.events() as page:
            await page.named("reset")
        await until(lambda: not inspected.feed.awake)
        before = inspected.feed.ring.last
        await said(client, server, 20)
        assert inspected.feed.ring.last == before
        async with browser.events(since=inspected.feed.ring.id) as page:
            reset = await page.next()
            assert (reset.name, reset.data["sessions"][0]["commands"]) == ("reset", 20)
            await said(client, server, 1)
            await page.until(lambda told: told.name == "exchange" and told.data["number"] == 21)
            assert list(exchanges(page)) == [21]


async def test_a_page_that_comes_back_at_once_hears_what_changes() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        async with browser.events() as page:
            await page.named("reset")
            await said(client, server, 1)
            await page.until(lambda told: told.name == "exchange")
        await until(lambda: not inspected.feed.pages and inspected.feed._turn is None)
        assert inspected.feed.awake
        async with browser.events() as page:
            await page.named("reset")
            await inspected.act(browser, "hold", text="verb = STAT")
            assert (await page.named("control")).data["hold"] == "verb = STAT"
            await said(client, server, 1)
            await page.until(lambda told: told.name == "exchange" and told.data["number"] == 2)


async def test_of_too_much_at_once_a_page_hears_that_there_is_more() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        async with browser.events() as page:
            await page.named("reset")
            count = 3 * MOST
            await client.send(b"NOOP\r\n" * count)
            await server.expect(b"NOOP\r\n" * count)
            await server.send(b"+OK\r\n" * count)
            await client.expect(b"+OK\r\n" * count)
            more = await page.named("more")
            assert more.data == {"session": 1}
            detail = (await browser.get("/api/sessions/1")).json
            assert len(detail["exchanges"]) == count


async def test_a_page_that_does_not_read_costs_nothing_and_is_told_everything_anew() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        slow = socket.create_connection(("127.0.0.1", inspected.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(browser.request("GET", "/api/events", None))
        client, server = await inspected.steered.relayed.greeted()
        async with browser.events() as quick:
            await quick.named("reset")
            for _ in range(20):
                await said(client, server, 100)
            await quick.until(lambda told: told.name == "session" and told.data["commands"] == 2000)
        ring = inspected.feed.ring
        assert len(ring._kept) <= 10_000
        assert ring.octets <= 8 << 20
        slow.close()


async def test_when_the_proxy_stops_its_pages_are_told_so() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            await page.named("reset")
            inspected.stop.set()
            await page.named("stopped")
            with pytest.raises(EOFError):
                await page.next()


async def test_two_pages_hear_the_same() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events() as one, browser.events() as other:
            for page in (one, other):
                await page.named("reset")
            client, server = await inspected.steered.relayed.greeted()
            await said(client, server, 5)
            for page in (one, other):
                await page.until(lambda told: told.name == "exchange" and told.data["number"] == 5)
            assert exchanges(one) == exchanges(other)


@pytest.mark.parametrize(("events", "octets"), [(3, 10_000), (100, 200)])
def test_a_ring_keeps_so_many_events_and_octets(events: int, octets: int) -> None:
    ring = EventRing(events, octets)
    for number in range(50):
        ring.add("exchange", json.dumps({"number": number}))
    assert ring.octets <= octets
    kept = len(ring._kept)
    assert kept <= events
    assert ring.after(ring.last, 1000) == []
    assert ring.after(ring.last - kept, 1000) == list(ring._kept)
    assert ring.after(ring.last - kept - 1, 1000) is None
    assert ring.after(ring.last + 1, 1000) is None
    assert ring.after(ring.last - kept, kept - 1) is None


def test_events_of_a_ring_that_was_cleared_are_missing() -> None:
    ring = EventRing()
    ring.add("exchange", "{}")
    before = ring.last
    ring.clear()
    ring.add("exchange", "{}")
    assert ring.after(before, 1000) is None


@pytest.mark.usefixtures("either_way")
async def test_a_reader_of_the_bus_that_the_inspector_is_never_fails() -> None:
    async with inspecting(judged=True) as inspected:
        assert isinstance(inspected.steered.console.bus, Bus)
        client, server = await inspected.steered.relayed.greeted()
        await client.send(b"\xff\x00 nonsense\r\n" + b"x" * 40_000 + b"\r\nSTLS\r\n")
        await server.some()
        await server.send(b"odd\r\n+OK begin TLS\r\n\x16\x03\x01" + b"\0" * 100)
        await client.some()
        client.reset()
        await settled(inspected)


async def settled(inspected: Inspected) -> None:
    """Wait until session 1 is over; that nothing failed is checked where it is steered."""
    await inspected.steered.relayed.witness.until(lambda: inspected.feed.sessions.ended == 1)


async def test_a_note_is_told_though_nothing_else_happens() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            await page.named("reset")
            inspected.feed.note(Noted("noted", 1.0, {"text": "hello"}))
            assert (await page.named("note")).data["text"] == "note: hello"


async def test_of_more_sessions_than_can_be_told_of_none_waits() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            await page.named("reset")
            play(inspected.feed.sessions, BEHIND + 1)  # in no time at all
            assert len(inspected.feed._changed) <= BEHIND
            assert (await page.named("reset")).data["counts"]["ended"] == BEHIND + 1
