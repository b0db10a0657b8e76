"""The OpenAPI file is what the API is: its paths, its statuses, and the shape of each answer."""

import re
from functools import cache
from typing import Any

import jsonschema
import yaml

from pop3spy.errors import CaptureError
from pop3spy.export import EXPORTERS
from pop3spy.session.chunk import Clock
from pop3spy.web.acts import ACTS
from pop3spy.web.checks import CHECKS
from pop3spy.web.feed import Feed
from pop3spy.web.files import schema
from pop3spy.web.routes import About, InspectorApi
from pop3spy.web.tokens import Tokens
from pop3spy.web.watched import WatchedSession
from web.browsing import Answer, Browser
from web.inspecting import inspecting


@cache
def document() -> Any:
    return yaml.safe_load(schema())


def resolved(part: Any) -> Any:
    """Return *part* of the file, or what it refers to."""
    while "$ref" in part:
        found = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def documented(method: str, path: str) -> Any:
    """Return what the file says of the operation that a question is."""
    plain = path.partition("?")[0]
    for pattern, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\w+", pattern), plain):
            return operations[method.lower()]
    raise AssertionError(f"{plain} is not in the file")


def check(method: str, path: str, answer: Answer) -> None:
    """Fail unless *answer* is one that the file has."""
    responses = documented(method, path)["responses"]
    response = resolved(responses[str(answer.status)])
    if answer.status == 204:
        assert not answer.body
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in response["content"]
    if kind == "application/json":
        valid(answer.json, response["content"][kind]["schema"])


def valid(told: Any, part: Any) -> None:
    whole = {**part, "components": document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(told)


def test_every_route_is_in_the_file_and_nothing_else() -> None:
    api = InspectorApi(
        About(Clock().started, "", live=True),
        Feed(Clock().now),
        Tokens(),
        None,
        None,
        None,
        lambda _: None,
    )
    routes = {
        (method, re.sub(r":int", "", path))
        for method, path, _ in api.routes()
        if path.startswith("/api/")
    }
    in_file = {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
    }
    assert routes == in_file


def test_every_act_and_every_check_is_in_the_file() -> None:
    acts = document()["components"]["schemas"]["Act"]["oneOf"]
    assert {each["properties"]["act"]["const"]: each for each in acts}.keys() == ACTS.keys()
    for each in acts:
        act = ACTS[each["properties"]["act"]["const"]]
        assert set(each["properties"]) == {"id", "act", *act.needs, *act.may}
        assert set(each["required"]) == {"act", *act.needs}
    body = documented("POST", "/api/check")["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["kind"]["enum"] == list(CHECKS)


async def test_every_answer_is_as_the_file_says() -> None:
    async with inspecting(judged=True, report_of=a_page) as inspected:
        browser = await inspected.browser()
        await a_session(inspected.steered.relayed)
        await inspected.act(browser, "fault", text="delay time=1ms")
        await inspected.act(browser, "note", text="a note")
        await inspected.held(browser)
        seen: set[tuple[str, str, int]] = set()
        for method, path, body, headers in QUESTIONS:
            asking = Browser(browser.port, headers={**headers}, cookie=browser.cookie)
            answer = await asking.ask(method, path, body)
            check(method, path, answer)
            seen.add((method, path.partition("?")[0], answer.status))
        assert {status for _, _, status in seen} >= {200, 400, 403, 404, 409, 413, 415, 421, 422}
        for path in ("/api/snapshot", "/api/sessions"):
            check("GET", path, await Browser(browser.port).get(path))


async def a_page(watched: WatchedSession) -> str:
    return f"<!doctype html><p>{watched.session.id}"


JSON = {"content-type": "application/json"}
QUESTIONS: list[tuple[str, str, bytes | None, dict[str, str]]] = [
    ("GET", "/api/snapshot", None, {}),
    ("GET", "/api/sessions", None, {}),
    ("GET", "/api/sessions?limit=1", None, {}),
    ("GET", "/api/sessions?before=2", None, {}),
    ("GET", "/api/sessions?filter=verb%20%3D%20STAT", None, {}),
    ("GET", "/api/sessions?filter=verb%20%3D", None, {}),
    ("GET", "/api/sessions?before=x", None, {}),
    ("GET", "/api/sessions/1", None, {}),
    ("GET", "/api/sessions/1?from=3", None, {}),
    ("GET", "/api/sessions/1?filter=err", None, {}),
    ("GET", "/api/sessions/1?filter=(", None, {}),
    ("GET", "/api/sessions/2", None, {}),
    ("GET", "/api/sessions/9", None, {}),
    ("GET", "/api/sessions/1/report", None, {}),
    ("GET", "/api/sessions/9/report", None, {}),
    ("GET", "/api/sessions/9/export/jsonl", None, {}),
    ("GET", "/api/sessions/1/export/xml", None, {}),
    *(("GET", f"/api/sessions/1/export/{form}", None, {}) for form in EXPORTERS),
    ("GET", "/api/sessions/1/4/body", None, {}),
    ("GET", "/api/sessions/1/4/body?from=3", None, {}),
    ("GET", "/api/sessions/1/1/body", None, {}),
    ("GET", "/api/findings", None, {}),
    ("GET", "/api/findings?session=1", None, {}),
    ("GET", "/api/explain?about=IN-USE", None, {}),
    ("GET", "/api/explain?about=xyzzy", None, {}),
    ("GET", "/api/statistics", None, {}),
    ("GET", "/api/statistics?session=1", None, {}),
    ("GET", "/api/control", None, {}),
    ("GET", "/api/openapi.yaml", None, {}),
    ("GET", "/api/control", None, {"host": "evil.example"}),
    ("GET", "/api/control", None, {"origin": "http://evil.example"}),
    ("POST", "/api/check", b'{"kind": "filter", "text": "err"}', JSON),
    ("POST", "/api/check", b'{"kind": "hold", "text": "latency > 1s"}', JSON),
    ("POST", "/api/check", b'{"kind": "fault", "text": "stal"}', JSON),
    ("POST", "/api/check", b'{"kind": "line", "text": "a\\q"}', JSON),
    ("POST", "/api/check", b'{"kind": "line", "text": "STAT"}', JSON),
    ("POST", "/api/check", b'{"kind": "x", "text": "STAT"}', JSON),
    ("POST", "/api/check", b"{", JSON),
    ("POST", "/api/login", b'{"token": "x"}', JSON),
    ("POST", "/api/acts", b'{"act": "hold", "text": "verb ="}', JSON),
    ("POST", "/api/acts", b'{"act": "edit", "held": 1, "text": "UIDL"}', JSON),
    ("POST", "/api/acts", b'{"act": "go", "held": 77}', JSON),
    ("POST", "/api/acts", b'{"act": "go", "held": 1}', JSON),
    ("POST", "/api/acts", b"[]", JSON),
    ("POST", "/api/acts", b"{}", {"content-type": "text/plain"}),
    ("POST", "/api/acts", b'{"x": "' + b"x" * (64 << 10) + b'"}', JSON),
]


async def a_session(relayed: Any) -> None:
    """Let a session take place in which there is something of everything."""
    client, server = await relayed.greeted()
    for line, reply in (
        (b"USER bob\r\n", b"+OK\r\n"),
        (b"PASS tanstaaf\r\n", b"+OK logged in\r\n"),
        (b"STAT\r\n", b"+OK 1 20\r\n"),
        (b"RETR 1\r\n", b"+OK\r\nSubject: x\r\n\r\nhello\r\n.\r\n"),
        (b"LIST 9\r\n", b"-ERR [SYS/TEMP] no\r\n"),
        (b"FOO\r\n", b"odd\r\n-ERR what?\r\n"),
    ):
        await client.send(line)
        await server.expect(line)
        await server.send(reply)
        await client.expect(reply)
    await server.send(b"nobody asked\r\n")
    await client.line()
    await relayed.caught_up(1)


async def test_every_event_is_as_the_file_says() -> None:
    names = {
        "reset": "Snapshot",
        "exchange": "Exchange",
        "mark": "Mark",
        "finding": "Finding",
        "note": "Note",
        "control": "Control",
    }
    async with inspecting(judged=True) as inspected:
        browser = await inspected.browser()
        async with browser.events() as page:
            await page.named("reset")
            await a_session(inspected.steered.relayed)
            await inspected.act(browser, "fault", text="delay time=1ms")
            await inspected.act(browser, "kill", session=1)
            await page.knows(lambda told: bool(told.data.get("ending")))
            await page.knows(lambda told: told.name == "control")
            assert names.keys() <= {told.name for told in page.heard}
            for told in page.heard:
                if told.name in names:
                    valid(told.data, {"$ref": f"#/components/schemas/{names[told.name]}"})
                elif told.name == "session":
                    counts = told.data.pop("counts")
                    valid(counts, {"$ref": "#/components/schemas/Counts"})
                    valid(told.data, {"$ref": "#/components/schemas/Session"})


async def test_a_report_is_made_by_whoever_can() -> None:
    path = "/api/sessions/1/report"
    async with inspecting(report_of=a_page) as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        answer = await browser.get(path)
        assert (answer.status, answer.body) == (200, b"<!doctype html><p>1")
        assert answer.headers["content-disposition"] == 'attachment; filename="pop3spy-s1.html"'
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        assert (await browser.get(path)).status == 404
        assert (await browser.get("/api/snapshot")).json["report"] is False


async def test_a_report_that_cannot_be_made_is_told_in_one_line() -> None:
    async def refuses(_: WatchedSession) -> str:
        raise CaptureError("the recording is too large")

    async with inspecting(report_of=refuses) as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        answer = await browser.get("/api/sessions/1/report")
        assert (answer.status, answer.json["error"]) == (409, "the recording is too large")


async def test_what_fails_here_is_told_once_and_the_traffic_goes_on() -> None:
    async def fails(_: WatchedSession) -> str:
        raise ValueError("tanstaaf")

    async with inspecting(report_of=fails) as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        for _ in range(2):
            answer = await browser.get("/api/sessions/1/report")
            assert (answer.status, b"tanstaaf" in answer.body) == (500, False)
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        notes = [each for each in inspected.feed.notes if each["what"] == "inspector_failed"]
        assert len(notes) == 1
        assert "tanstaaf" not in notes[0]["text"]
