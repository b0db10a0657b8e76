"""The page as a person sees it: in a browser, with and without scripts, narrow and wide."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.chromium import browser
from cli.program import run_here
from report.browser import Shown, address_of, shown
from report.made import LOGIN, QUIT, Recorded, body, recorded

__all__ = ["browser"]

pytestmark = pytest.mark.lab

BUSY = (
    LOGIN
    + "    C: CAPA\n"
    + body(["UIDL", "TOP", "SASL PLAIN LOGIN", "IMPLEMENTATION a server of many words" * 3])
    + "    C: UIDL\n"
    + body(f"{number} {'x' * 60}" for number in range(1, 40))
    + "".join(
        f"    C: RETR {n}\n" + body([f"Subject: \\xd7\\xa9 {n} {'long ' * 40}", "", "x" * 900])
        for n in range(1, 4)
    )
    + f"    C: XFOO {'y' * 2000}\n    S(3): -ERR {'z' * 16_000}\n"
    + "".join(f"    C: NOOP\n    S: {'+OK' if n % 30 else '-ERR no'}\n" for n in range(120))
)


@pytest.fixture(scope="module", name="report")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three sessions, one of them long and odd."""
    folder = tmp_path_factory.mktemp("report")
    cut_off = LOGIN + "    C: RETR 1\n    S: +OK 500 octets\n    half\n"
    file = recorded(
        folder / "a.yaml", LOGIN + QUIT, Recorded(BUSY + QUIT, 5.0), Recorded(cut_off, 90.0, None)
    )
    out = folder / "report.html"
    assert run_here("report", str(file), "--bodies", "keep", "-o", str(out)).status == 0
    return out


@pytest.fixture(name="page")
def opened(browser: Browser, report: Path) -> Iterator[Shown]:
    with shown(browser, address_of(report)) as page:
        yield page


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everybody_can_read_it(browser: Browser, report: Path, width: int, dark: bool) -> None:  # noqa: FBT001 - a parameter
    with shown(browser, address_of(report), width=width, dark=dark) as page:
        page.unfold()
        assert page.violations() == []
        assert not page.wider_than_the_window()
        assert page.complaints == []


def test_without_scripts_nothing_is_missing(browser: Browser, report: Path) -> None:
    with shown(browser, address_of(report), script=False) as page:
        rows = page.page.locator(".said tr[id]")
        assert rows.count() == page.page.locator(".said tr[id]:not([hidden])").count() > 100
        assert page.page.locator("tbody.middle").first.is_visible()
        assert page.page.locator("[role=search]").count() == 0


def test_the_middle_of_a_long_transcript_unfolds(page: Shown) -> None:
    middle = page.page.locator("tbody.middle").first
    assert not middle.is_visible()
    page.page.get_by_role("button", name="Show them").first.click()
    assert middle.is_visible()
    page.page.get_by_role("button", name="Fold", exact=True).first.click()
    assert not middle.is_visible()


def test_a_link_into_what_is_folded_opens_it(browser: Browser, report: Path) -> None:
    with shown(browser, f"{address_of(report)}#r1-s2-60") as page:
        row = page.page.locator("#r1-s2-60")
        assert row.is_visible()
        assert row.bounding_box()["y"] < 900  # type: ignore[index]


def test_a_finding_leads_to_its_line_and_back(page: Shown) -> None:
    page.page.locator(".findings .where a[href^='#r1-s2-']").first.click()
    target = page.page.evaluate("location.hash")
    assert page.page.locator(target).is_visible()
    page.page.locator(f"{target} .refs a").first.click()
    assert page.page.evaluate("location.hash").startswith("#f1-")


def test_the_filter_shows_what_fits_and_counts_it(page: Shown) -> None:
    page.page.keyboard.press("/")
    page.page.keyboard.type("RETR 2")
    assert page.page.get_by_role("status").inner_text().startswith("1 of ")
    assert page.page.locator(".said tr[id]:visible").count() == 1
    assert page.page.locator(".session:visible").count() == 1
    page.page.keyboard.press("Escape")
    page.page.get_by_role("button", name="Refused").click()
    assert page.page.get_by_role("status").inner_text().startswith("6 of ")
    page.page.get_by_role("button", name="Refused").click()
    assert page.page.get_by_role("status").inner_text() == ""


def test_ladders_fold(page: Shown) -> None:
    assert page.page.locator(".ladder").first.is_visible()
    page.page.get_by_role("button", name="Fold ladders").click()
    assert page.page.locator(".ladder:visible").count() == 0


def test_what_a_peer_says_cannot_be_run(browser: Browser, report: Path) -> None:
    with shown(browser, address_of(report)) as page:
        page.page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<p id=odd style=\"color:red\">x</p>')"
        )
        assert (
            page.page.evaluate("getComputedStyle(document.getElementById('odd')).color")
            != "rgb(255, 0, 0)"
        )
        assert (
            page.page.evaluate("fetch('data:,x').then(() => 'sent', () => 'refused')") == "refused"
        )


def test_paper_has_all_of_it(page: Shown) -> None:
    page.page.emulate_media(media="print")
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.page.locator("tbody.middle").first.is_visible()
    assert not page.page.locator(".filter").is_visible()
    assert page.page.pdf().startswith(b"%PDF")
