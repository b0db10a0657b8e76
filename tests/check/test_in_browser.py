"""The pages of audits as a person sees them: narrow and wide, light and dark, without scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.chromium import browser
from check.made import EVERY, report_with
from pop3spy.check.earlier import read_audit
from pop3spy.check.forms import FORMS
from pop3spy.check.matrix import MATRIX_FORMS
from report.browser import address_of, shown

__all__ = ["browser"]

pytestmark = pytest.mark.lab

LONG = "<b> \\x1b" + "x" * 300 + " and more" * 20


@pytest.fixture(scope="module", name="pages")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of an audit, and one of four."""
    folder = tmp_path_factory.mktemp("audits")
    report = report_with(*EVERY * 4, note=LONG)
    (folder / "audit.html").write_text(FORMS["html"](report), encoding="utf-8")
    files = [folder / f"a-server-with-a-long-name-{number}.json" for number in range(4)]
    for file in files:
        file.write_text(FORMS["json"](report), encoding="utf-8")
    table = MATRIX_FORMS["html"]([read_audit(file) for file in files])
    (folder / "matrix.html").write_text(table, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in ("audit", "matrix")}


@pytest.mark.parametrize("name", ["audit", "matrix"])
@pytest.mark.parametrize(("width", "dark"), [(360, True), (1400, False)])
def test_everybody_can_read_it(
    browser: Browser,
    name: str,
    width: int,
    dark: bool,  # noqa: FBT001 - a parameter
    pages: dict[str, Path],
) -> None:
    with shown(browser, address_of(pages[name]), width=width, dark=dark) as page:
        page.unfold()
        assert page.violations() == []
        assert not page.wider_than_the_window()
        assert page.complaints == []


def test_a_listing_stands_between_the_two_sides(browser: Browser, pages: dict[str, Path]) -> None:
    with shown(browser, address_of(pages["audit"])) as page:
        page.unfold()
        lane, listing = page.page.locator(".lane").nth(1), page.page.locator(".listing").first
        edges = [
            box and (box["x"], box["width"])
            for box in (lane.bounding_box(), listing.bounding_box())
        ]
        assert edges[0] == edges[1] is not None


def test_without_scripts_nothing_is_missing(browser: Browser, pages: dict[str, Path]) -> None:
    with shown(browser, address_of(pages["audit"]), script=False) as page:
        rows = page.page.locator(".checks tbody tr")
        assert rows.count() == page.page.locator(".checks tbody tr:visible").count() == 28
        assert page.page.locator("[role=search]").count() == 0


def test_the_filter_shows_what_failed_and_counts_it(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with shown(browser, address_of(pages["audit"])) as page:
        page.page.get_by_role("button", name="Failed").click()
        assert page.page.get_by_role("status").inner_text() == "4 of 28 lines"
        assert page.page.locator(".checks tbody tr:visible").count() == 4


def test_a_cell_leads_to_its_check(browser: Browser, pages: dict[str, Path]) -> None:
    with shown(browser, address_of(pages["audit"])) as page:
        page.page.locator("a.cell").first.click()
        target = page.page.evaluate("location.hash")
        assert page.page.locator(target).bounding_box()["y"] < 900  # type: ignore[index]


def test_paper_has_all_of_it(browser: Browser, pages: dict[str, Path]) -> None:
    with shown(browser, address_of(pages["audit"])) as page:
        page.page.emulate_media(media="print")
        page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.page.locator(".talk pre").first.is_visible()
        assert not page.page.locator(".filter").is_visible()
        assert page.page.pdf().startswith(b"%PDF")
