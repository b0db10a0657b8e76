"""A report in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from browser.chromium import complaints_of, overflow, violations


@dataclass
class Shown:
    """A page that is shown, and what went wrong in it."""

    page: Page
    complaints: list[str]

    def violations(self) -> list[str]:
        """Return what axe-core finds against it."""
        return violations(self.page)

    def wider_than_the_window(self) -> bool:
        """Return whether the page itself has to be scrolled sideways."""
        return overflow(self.page) > 0

    def unfold(self) -> None:
        """Open all that is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@contextmanager
def shown(
    browser: Browser, address: str, *, width: int = 1400, dark: bool = False, script: bool = True
) -> Iterator[Shown]:
    """Give the page at *address* in a profile of its own, *width* pixels wide."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
    )
    try:
        page = context.new_page()
        seen = Shown(page, complaints_of(page))
        page.on("requestfailed", lambda request: seen.complaints.append(request.url))
        page.goto(address)
        yield seen
    finally:
        context.close()


def address_of(file: Path) -> str:
    """Return the address of a file."""
    return file.resolve().as_uri()
