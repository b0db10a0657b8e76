"""Chromium without a window, and what holds for every page of ours that it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lab.processes import need

_SWITCHES: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser, which reaches nothing but what it is given, while the block lasts."""
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_SWITCHES])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module, each of which has a profile of its own in it."""
    with chromium() as found:
        yield found


def complaints_of(page: Page) -> list[str]:
    """Return what is going to grow by what *page* complains of: errors, what a policy kept away."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def violations(page: Page) -> list[str]:
    """Return what axe-core finds against *page* as it stands.

    The protocol of the browser's tools runs it: the policy of a page would not.
    """
    script = (files("axe_playwright_python") / "axe.min.js").read_text()
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": script})
    asked = {"expression": "axe.run()", "awaitPromise": True, "returnByValue": True}
    found: Any = session.send("Runtime.evaluate", asked)
    session.detach()
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["result"]["value"]["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels *page* is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
