"""The inspector in a browser, driven as a person would drive it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Error, Locator
from playwright.sync_api import Page as Tab

from browser.chromium import complaints_of, overflow, violations

T = TypeVar("T")
PATIENCE = 60.0
SIZE = 1400, 900


class Page:
    """A tab that looks at one page; ``complaints`` are what went wrong in it."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.complaints = complaints_of(tab)

    def another(self) -> "Page":
        """Return another tab of the same browser."""
        return Page(self.tab.context.new_page())

    def open(self, url: str) -> None:
        self.tab.goto(url)
        self.until(lambda: self.find(".connection.live") or self.find("[role=alert]"))

    def find(self, selector: str) -> list[Locator]:
        return self.tab.locator(selector).all()

    def text(self, selector: str) -> str:
        """Return the text of the first such element; nothing if there is none."""
        script = "(selector) => (document.querySelector(selector) || {innerText: ''}).innerText"
        return str(self.tab.evaluate(script, selector))

    def value(self, selector: str) -> str:
        """Return what stands in a field."""
        return self.tab.locator(selector).input_value()

    def until(self, happens: Callable[[], T]) -> T:
        """Wait until something *happens*; return it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if found := happens():
                    return found
            except (Error, IndexError):
                pass  # it is drawn anew
            assert time.monotonic() < deadline, self.text("body")

    def shows(self, selector: str, text: str) -> None:
        self.until(lambda: text in self.text(selector))

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.tab.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type *text*, wherever the focus is."""
        self.tab.keyboard.type(text)

    def click(self, words: str, within: str = "body") -> None:
        """Click the first button that has these words."""
        button = self.tab.locator(f"{within} button:enabled", has_text=words).first
        button.click(timeout=PATIENCE * 1000)

    def fill(self, name: str, text: str, *, enter: bool = True) -> None:
        """Type *text* into the field that is called so."""
        field = self.tab.locator(f"#{name}")
        field.fill("", timeout=PATIENCE * 1000)
        field.press_sequentially(text)
        if enter:
            field.press("Enter")

    def saved(self, save: Callable[[], None]) -> tuple[str, bytes]:
        """Return the name and the octets of the file that the browser saves because of *save*."""
        with self.tab.expect_download(timeout=PATIENCE * 1000) as download:
            save()
        return download.value.suggested_filename, download.value.path().read_bytes()

    def dark(self) -> None:
        self.tab.emulate_media(color_scheme="dark")

    def width(self, pixels: int) -> None:
        self.tab.set_viewport_size({"width": pixels, "height": SIZE[1]})

    def violations(self) -> list[str]:
        """Return what axe finds against the page as it stands."""
        return violations(self.tab)

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return overflow(self.tab)

    def heights(self, selector: str) -> list[float]:
        """Return how many pixels high each of these elements is."""
        script = "(all) => all.map((each) => each.getBoundingClientRect().height)"
        found: list[float] = self.tab.locator(selector).evaluate_all(script)
        return found

    def overlapping(self, selector: str) -> list[tuple[str, str]]:
        """Return which of these elements lie over one another."""
        script = (
            "(all) => all.map((each) => {"
            " const box = each.getBoundingClientRect();"
            " return [each.tagName, box.left, box.top, box.right, box.bottom]; })"
        )
        boxes: Any = self.tab.locator(selector).evaluate_all(script)
        return [
            (one[0], other[0])
            for place, one in enumerate(boxes)
            for other in boxes[:place]
            if one[1] + 1 < other[3]
            and other[1] + 1 < one[3]
            and one[2] + 1 < other[4]
            and other[2] + 1 < one[4]
        ]


@contextmanager
def new_profile(browser: Browser) -> Iterator[Page]:
    """Give the only tab of a browser that was never used before."""
    width, height = SIZE
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
    try:
        yield Page(context.new_page())
    finally:
        context.close()
