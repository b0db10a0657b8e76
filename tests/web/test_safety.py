"""Who may look and act, and who may not: a table of requests, and of what they come to."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from pop3spy.web.answers import LARGEST
from pop3spy.web.routes import PAGES
from pop3spy.web.server import CONNECTIONS
from pop3spy.web.tokens import BROWSERS, Tokens
from web.browsing import Browser, until
from web.inspecting import inspecting

ACT = {"act": "note", "text": "x"}
EVIL = "http://evil.example"
HOSTS = [
    ("127.0.0.1:{port}", 200),
    ("localhost:{port}", 200),
    ("LOCALHOST:{port}", 200),
    ("[::1]:{port}", 200),
    ("evil.example:{port}", 421),  # a name that leads here: DNS rebinding
    ("evil.example", 421),
    ("127.0.0.1", 421),
    ("127.0.0.1:1", 421),
    ("127.0.0.1.evil.example:{port}", 421),
    ("127.0.0.2:{port}", 421),
    ("0.0.0.0:{port}", 421),
    ("user@127.0.0.1:{port}", 421),
    ("127.0.0.1:{port}.", 421),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
async def test_a_name_that_was_made_to_lead_here_is_not_ours(host: str, status: int) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        told = host.format(port=inspected.port)
        for path in ("/", "/api/snapshot", "/page/app.js"):
            assert (await browser.get(path, host=told)).status == status
        assert (await browser.post("/api/acts", ACT, host=told)).status == status


FOREIGN: list[dict[str, str]] = [
    {"origin": EVIL},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "https://127.0.0.1:{port}"},
    {"origin": "http://127.0.0.1:{port}.evil.example"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": "http://127.0.0.1:{port}", "sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_page_of_another_origin_can_neither_read_nor_act(headers: dict[str, str]) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        given = {name: value.format(port=inspected.port) for name, value in headers.items()}
        for method, path in (("GET", "/api/snapshot"), ("GET", "/api/events"), ("GET", "/")):
            assert (await browser.ask(method, path, None, **given)).status == 403
        assert (await browser.post("/api/acts", ACT, **given)).status == 403
        assert (await browser.post("/api/login", {"token": "x"}, **given)).status == 403
        assert inspected.steered.relayed.witness.events == [
            each for each in inspected.steered.relayed.witness.events if "noted" not in repr(each)
        ]


async def test_the_page_itself_may_ask() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        own = {"origin": f"http://127.0.0.1:{inspected.port}", "sec_fetch_site": "same-origin"}
        assert (await browser.get("/api/snapshot", **own)).status == 200
        assert (await browser.post("/api/acts", ACT, **own)).status == 200
        assert (await browser.get("/", sec_fetch_site="none")).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_form_of_any_page_could_post_is_refused(kind: str) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        assert (await browser.post("/api/acts", ACT, content_type=kind)).status == 415


async def test_no_answer_lets_another_origin_read_it() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        for path in ("/", "/api/snapshot", "/api/nothing"):
            headers = (await browser.get(path)).headers
            assert not [name for name in headers if name.startswith("access-control-")]
            assert headers["content-security-policy"].startswith(
                "default-src 'none'; script-src 'self'"
            )
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
        asked = await browser.ask("OPTIONS", "/api/acts", None, origin=EVIL)
        assert asked.status == 403


async def test_a_link_lets_one_browser_in_and_no_other() -> None:
    async with inspecting() as inspected:
        link = inspected.inspecting.link()
        first, second = Browser(inspected.port), Browser(inspected.port)
        assert (await first.get("/api/snapshot")).status == 401
        answer = await first.login(link)
        cookie = answer.headers["set-cookie"]
        assert answer.status == 204
        assert cookie.startswith(f"pop3spy-{inspected.port}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert (await second.login(link)).status == 403
        assert (await second.get("/api/snapshot")).status == 401
        assert (await second.post("/api/acts", ACT)).status == 401
        async with second.events() as page:
            assert page.status == 401
        assert (await first.get("/api/snapshot")).status == 200
        assert (await second.login(inspected.inspecting.link())).status == 204


async def test_a_new_link_takes_the_place_of_one_that_nobody_used() -> None:
    async with inspecting() as inspected:
        old, new = inspected.inspecting.link(), inspected.inspecting.link()
        assert (await Browser(inspected.port).login(old)).status == 403
        assert (await Browser(inspected.port).login(new)).status == 204
        assert ":web" in (await Browser(inspected.port).login(new)).json["error"]


def test_a_token_has_256_bits_and_is_kept_by_nobody() -> None:
    tokens = Tokens()
    token = tokens.new()
    assert len(token) >= 43
    cookie = tokens.exchange(token)
    assert cookie is not None
    kept = repr(vars(tokens))
    assert not [secret for secret in (token, cookie) if secret in kept]


def test_only_so_many_browsers_are_known() -> None:
    tokens = Tokens()
    cookies = [tokens.exchange(tokens.new()) or "" for _ in range(BROWSERS + 3)]
    assert [tokens.knows(cookie) for cookie in cookies] == [False] * 3 + [True] * BROWSERS


UNREADABLE = [
    (b"", 400),
    (b"[]", 400),
    (b"{", 400),
    (b'{"act": "note", "text": "\xff"}', 400),
    (b"[" * 60000, 400),
    (b'{"x": ' * 9000 + b"1" + b"}" * 9000, 400),
    (b'{"text": "' + b"x" * LARGEST + b'"}', 413),
    (b'{"act": "note", "text": 1}', 422),
]


@pytest.mark.parametrize(("body", "status"), UNREADABLE, ids=lambda each: str(each)[:20])
async def test_what_cannot_be_read_is_refused(body: bytes, status: int) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        assert (await browser.ask("POST", "/api/acts", body)).status == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/page/../../routes.py", 404),
        ("GET", "/page/..%2froutes.py", 404),
        ("GET", "/page/LICENSE-htm.txt", 404),
        ("GET", "/etc/passwd", 404),
        ("GET", "/api/control/", 404),
        ("GET", "/api/sessions/1/export/..%2f..%2fx/", 404),
        ("POST", "/api/snapshot", 405),
        ("GET", "/api/acts", 405),
        ("GET", "/api/sessions/99999999999999999999", 404),
        ("GET", "/api/sessions?before=x", 400),
        ("GET", "/api/sessions?before=-1", 400),
        ("GET", "/api/sessions?filter=verb%20%3D", 422),
    ],
)
async def test_a_path_that_leads_nowhere_leads_nowhere(method: str, path: str, status: int) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        body = b"{}" if method == "POST" else None
        assert (await browser.ask(method, path, body)).status == status


async def test_a_thousand_tabs_leave_the_proxy_alone() -> None:
    async with inspecting() as inspected, AsyncExitStack() as tabs:
        browser = await inspected.browser()
        statuses = []
        for _ in range(PAGES):
            page = await tabs.enter_async_context(browser.events())
            statuses.append(page.status)
        assert statuses == [200] * PAGES
        async with browser.events() as page:
            assert page.status == 503
        writers = []
        for _ in range(1000 - PAGES):
            _, writer = await asyncio.open_connection("127.0.0.1", inspected.port)
            writers.append(writer)
        client, server = await inspected.steered.relayed.greeted()
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        assert inspected.feed.pages == PAGES
        for writer in writers:
            writer.close()
        gone = inspected.feed
        await tabs.aclose()
        await until(lambda: not gone.pages)
        assert (await browser.get("/api/snapshot")).status == 200
        assert CONNECTIONS < 1000


async def test_nothing_that_is_said_becomes_markup() -> None:
    markup = b"<img src=x onerror=alert(1)>"
    async with inspecting() as inspected:
        browser = await inspected.browser()
        client, server = await inspected.steered.relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"-ERR " + markup + b"\x1b[2J\xe2\x80\xae\r\n")
        await client.line()
        await inspected.steered.relayed.caught_up(1)
        answer = await browser.get("/api/sessions/1")
        assert answer.headers["content-type"] == "application/json"
        [exchange] = answer.json["exchanges"]
        assert exchange["text"] == markup.decode() + "\\x1b[2J\\u202e"
