"""What a page does is what the console does, and both see it."""

import asyncio

import pytest

from net.wires import Wire
from pop3spy.web.acts import ACTS, RATE
from web.inspecting import inspecting

pytestmark = pytest.mark.usefixtures("either_way")

HELD = [
    pytest.param("go", {"held": 1}, b"DELE 1\r\n", b"", id="let go"),
    pytest.param("go", {}, b"DELE 1\r\n", b"", id="all let go"),
    pytest.param("release", {}, b"DELE 1\r\n", b"", id="nothing held any more"),
    pytest.param("drop", {"held": 1}, b"", b"", id="dropped"),
    pytest.param("answer", {"held": 1, "text": "-ERR no"}, b"", b"-ERR no\r\n", id="answered"),
    pytest.param("edit", {"held": 1, "text": "STAT"}, b"STAT\r\n", b"", id="edited"),
    pytest.param(
        *("edit", {"held": 1, "text": "LIST", "confirm": True}, b"LIST\r\n", b""), id="reshaped"
    ),
]


@pytest.mark.parametrize(("act", "more", "server_hears", "client_hears"), HELD)
async def test_what_is_held_goes_on_as_a_page_decides(
    act: str, more: dict[str, object], server_hears: bytes, client_hears: bytes
) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.held(browser)
        [held] = (await browser.get("/api/control")).json["held"]
        assert (held["held"], held["line"], held["typed"]) == (1, "DELE 1", "DELE 1")
        await inspected.act(browser, act, **more)
        await client.send(b"NOOP\r\n")
        await server.expect(server_hears + b"NOOP\r\n")
        await client.expect(client_hears)
        assert (await browser.get("/api/control")).json["held"] == []


async def test_whoever_sits_at_the_terminal_sees_what_a_page_does() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await inspected.held(browser)
        await inspected.act(browser, "answer", held=1, text="-ERR no")
        assert "inspector: :hold not verb = NOOP" in inspected.steered.text
        assert ":answer" in inspected.steered.text
        assert "1 held" not in inspected.steered.console.prompt


async def test_a_page_sees_what_is_done_at_the_terminal() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            await page.named("reset")
            await inspected.steered.do(":hold verb = DELE")
            assert (await page.named("control")).data["hold"] == "verb = DELE"
            await inspected.steered.do(":fault delay time=2s")
            [fault] = (await page.named("control")).data["faults"]
            assert fault["text"] == "delay time=2s"


async def test_faults_are_set_and_taken_away() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        await inspected.act(browser, "fault", text='answer line="-ERR no" when verb = STAT')
        await client.send(b"STAT\r\n")
        await client.expect(b"-ERR no\r\n")
        await inspected.act(browser, "fault off", fault=1)
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")


async def test_a_command_is_sent_a_session_is_killed_and_a_note_is_written() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        await inspected.act(browser, "send", session=1, text="STAT")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 2\r\n")
        await inspected.act(browser, "note", text="here it broke")
        async with browser.events() as page:
            notes = (await page.named("reset")).data["notes"]
            assert "note: here it broke" in [note["text"] for note in notes]
            await inspected.act(browser, "kill", session=1)
            ended = await page.until(lambda told: bool(told.data.get("ending")))
        assert ended.data["ending"] == "gate"
        assert await client.rest() == b""


async def test_quit_stops_the_proxy() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await inspected.act(browser, "quit")
        assert inspected.stop.is_set()


REFUSED = [
    ({"act": "hold", "text": "verb = RETR and"}, 422, "column 16", 16),
    ({"act": "hold", "text": "  latency > 1s"}, 422, "latency is known only once", 3),
    ({"act": "fault", "text": "stal after=100"}, 422, "did you mean stall?", 1),
    ({"act": "hold", "text": " "}, 422, "text is empty", None),
    ({"act": "hold", "text": "verb = STAT\n:quit"}, 422, "one line", None),
    ({"act": "hold"}, 422, "text is missing", None),
    ({"act": "answer", "held": "1", "text": "+OK"}, 422, "whole number", None),
    ({"act": "answer", "held": True, "text": "+OK"}, 422, "whole number", None),
    ({"act": "answer", "held": -1, "text": "+OK"}, 422, "whole number", None),
    ({"act": "go", "session": 1}, 422, "no session for this act", None),
    ({"act": "go", "held": 9}, 409, "nothing is held by that number", None),
    ({"act": "drop", "held": 9}, 409, "nothing is held by that number", None),
    ({"act": "kill", "session": 9}, 409, "session 9 is over", None),
    ({"act": "fault off", "fault": 9}, 409, "no such fault", None),
    ({"act": "send", "session": 1, "text": "STAT\\r\\nSTAT"}, 422, "one command is one line", None),
    ({"act": "send", "session": 1, "text": "AUTH PLAIN"}, 422, "more than one line", None),
    ({"act": "send", "session": 1, "text": "PASS"}, 422, "write all of it at once", None),
    ({"act": "export"}, 422, "there is no such act", None),
    ({"act": ["go"]}, 422, "there is no such act", None),
    ({}, 422, "there is no such act", None),
    ({"act": "go", "id": "x" * 65}, 422, "an id is a text", None),
]


@pytest.mark.parametrize(("given", "status", "told", "column"), REFUSED)
async def test_what_cannot_be_done_is_refused_as_the_console_refuses_it(
    given: dict[str, object], status: int, told: str, column: int | None
) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        answer = await browser.post("/api/acts", given)
        assert answer.status == status
        assert told in answer.json["error"]
        assert answer.json.get("column") == column


async def test_of_two_who_decide_the_second_is_told_so() -> None:
    async with inspecting() as inspected:
        first, second = await inspected.browser(), await inspected.browser()
        await inspected.held(first)
        await inspected.act(first, "go", held=1)
        late = await second.post("/api/acts", {"act": "drop", "held": 1})
        assert (late.status, "somebody has decided" in late.json["error"]) == (409, True)


async def test_an_act_that_comes_twice_happens_once() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        _, server = await inspected.steered.relayed.greeted()
        act = {"id": "a", "act": "send", "session": 1, "text": "NOOP"}
        answers = [await browser.post("/api/acts", act) for _ in range(3)]
        assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
        await inspected.act(browser, "send", session=1, text="STAT")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await server.expect(b"STAT\r\n")


async def test_an_edit_that_changes_the_shape_of_the_reply_is_asked_about() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        _, server = await inspected.held(browser)
        edit = {"act": "edit", "held": 1, "text": "UIDL"}
        asked = await browser.post("/api/acts", edit)
        assert (asked.status, asked.json["confirm"]) == (422, True)
        assert any("another way" in line for line in asked.json["told"])
        sure = await browser.post("/api/acts", {**edit, "confirm": True})
        assert sure.status == 200
        await server.expect(b"UIDL\r\n")


async def test_a_dry_run_holds_for_pages_too() -> None:
    async with inspecting(dry_run=True) as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        told = await browser.post("/api/acts", {"act": "send", "session": 1, "text": "DELE 1"})
        assert (told.status, "dry run" in told.json["error"]) == (422, True)


async def test_without_control_nothing_can_be_done() -> None:
    async with inspecting(control=False) as inspected:
        browser = await inspected.browser()
        assert (await browser.get("/api/control")).json["control"] is False
        for act in ACTS:
            answer = await browser.post("/api/acts", {"act": act})
            assert (answer.status, "--web-control" in answer.json["error"]) == (403, True)


async def test_so_many_acts_a_second_and_no_more() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        asked = (browser.post("/api/acts", {"act": "note", "text": "x"}) for _ in range(2 * RATE))
        answers = await asyncio.gather(*asked)
        assert 429 in {answer.status for answer in answers}
        assert sum(answer.status == 200 for answer in answers) >= RATE


async def test_a_secret_that_is_held_is_edited_without_being_shown() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        await exchange(client, server, b"USER bob\r\n", b"+OK\r\n")
        await inspected.act(browser, "hold", text="verb = PASS")
        await client.send(b"PASS tanstaaf-Hunter2\r\n")
        await inspected.steered.relayed.witness.until(lambda: inspected.steered.holds.tickets)
        control = await browser.get("/api/control")
        [held] = control.json["held"]
        assert (held["secret"], held["typed"]) == (True, "")
        assert b"Hunter2" not in control.body
        done = await browser.post("/api/acts", {"act": "edit", "held": 1, "text": "PASS other-9"})
        assert (done.status, b"other-9" in done.body) == (200, False)
        await server.expect(b"PASS other-9\r\n")
        assert "other-9" not in inspected.steered.text


async def exchange(client: Wire, server: Wire, line: bytes, reply: bytes) -> None:
    await client.send(line)
    await server.expect(line)
    await server.send(reply)
    await client.expect(reply)
