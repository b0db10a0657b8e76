"""The page of an audit has all that it found, loads nothing, and runs nothing of a server."""

import json
import stat
from pathlib import Path

import pytest

from check.made import EVERY, ODD, report_with
from cli.program import run, run_here
from pop3spy.check.earlier import read_audit
from pop3spy.check.forms import FORMS
from pop3spy.check.html import page
from pop3spy.check.ladder import ladder_of
from pop3spy.check.matrix import MATRIX_FORMS
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.transcript import TranscriptLine
from report.page import Page, policy_hash

PARTS = ["What is hidden, and what it cost", "What is not as it should be", "Groups"]


def made(*outcomes: CheckOutcome, note: str = ODD) -> Page:
    """Return the page of an audit in which the first checks ended so."""
    return Page(page(report_with(*outcomes, note=note)))


@pytest.fixture(name="matrix")
def of_two(tmp_path: Path) -> Page:
    """The page of two audits, the second of which had fewer checks."""
    for name, outcomes in (("old", EVERY), ("new & odd", EVERY[:3])):
        (tmp_path / f"{name}.json").write_text(FORMS["json"](report_with(*outcomes)))
    audits = [read_audit(tmp_path / f"{name}.json") for name in ("old", "new & odd")]
    return Page(MATRIX_FORMS["html"](audits))


def loads_nothing(page: Page) -> bool:
    """Return whether the policy of *page* lets run what is in it, and nothing is asked for."""
    policy = next(one for one in page.elements if "http-equiv" in one.attributes)
    allowed = policy.attributes["content"]
    assert allowed.startswith("default-src 'none'; ")
    for name in ("style", "script"):
        assert f"{name}-src {policy_hash(page.inside(name))}" in allowed
        assert sum(one.name == name for one in page.elements) == 1
    asking = {"src", "srcset", "style"}
    handlers = [name for one in page.elements for name in one.attributes if name.startswith("on")]
    return handlers == [] and not any(asking & set(one.attributes) for one in page.elements)


def test_it_has_its_parts_in_order_and_every_link_leads_somewhere(matrix: Page) -> None:
    audit = made(*EVERY)
    assert audit.headings[:3] == PARTS
    assert audit.headings[-3:] == ["All checks", "Facts", "How to read this"]
    for each in (audit, matrix):
        assert len(each.ids) == len(set(each.ids))
        assert [link for link in each.links if link[0] != "#" or link[1:] not in each.ids] == []


def test_it_loads_nothing_and_says_so_to_the_browser(matrix: Page) -> None:
    assert loads_nothing(made(*EVERY))
    assert loads_nothing(matrix)


def test_what_a_server_says_is_text_and_moves_no_cursor(matrix: Page) -> None:
    for each in (made(*EVERY), matrix):
        text = each.text()
        assert "<b>&amp;" in text
        assert r"\x1b[31m" in text
        assert not {"\x1b", "\u2028", "\ud83d"} & set(text)


@pytest.mark.parametrize("outcome", CheckOutcome)
def test_every_outcome_has_its_transcript(outcome: CheckOutcome) -> None:
    report = report_with(outcome, note="the-note")
    text = Page(page(report)).text()
    assert "the-note..." in text
    assert report.results[0].check.title in text


def test_each_check_stands_once_and_is_linked_from_its_cell() -> None:
    page = made(*EVERY)
    cells = [
        one.attributes["href"]
        for one in page.elements
        if "cell" in one.attributes.get("class", "") and "href" in one.attributes
    ]
    assert len(cells) == len(set(cells)) == len(EVERY)


def test_a_matrix_tells_for_each_check_what_came_where(matrix: Page) -> None:
    names = [text for one, text in matrix.texts if one.attributes.get("class") == "name"]
    assert names == ["old", "new & odd"]
    told = [text for one, text in matrix.texts if one.name == "pre"]
    assert len(told) == 5  # two are not strict or failed in both, and one broke off in the first


def test_an_audit_that_was_not_finished_says_so() -> None:
    assert "Not finished: " in made(CheckOutcome.ERROR, note="gone").text()
    assert "Not finished" not in made(CheckOutcome.FAIL).text()


# -- the ladder ----------------------------------------------------------------------------------


def test_a_listing_stands_below_its_status_line() -> None:
    said = [("C", "CAPA"), ("S", "+OK"), ("S", "TOP"), ("S", "."), ("S", "+OK unasked")]
    rows = ladder_of([TranscriptLine(0.0, who, text) for who, text in said])
    assert [(row.text, list(row.lines)) for row in rows] == [
        ("CAPA", []),
        ("+OK", ["TOP", "."]),
        ("+OK unasked", []),
    ]


def test_lines_that_are_not_kept_are_counted_where_they_stood() -> None:
    said = [("-", "4 lines before"), ("S", "UIDL"), ("-", "2 more lines"), ("S", "."), ("-", "TLS")]
    rows = ladder_of([TranscriptLine(0.0, who, text) for who, text in said])
    assert [(row.text, list(row.lines)) for row in rows] == [
        ("4 lines before", ["UIDL", "2 more lines", "."]),
        ("TLS", []),
    ]


def test_a_long_wait_for_a_reply_is_drawn_and_a_short_one_told() -> None:
    lines = [
        TranscriptLine(1.0, "C", "NOOP"),
        TranscriptLine(1.01, "S", "-ERR no"),
        TranscriptLine(9.0, "C", "QUIT"),
        TranscriptLine(14.0, "S", "+OK"),
    ]
    told = [(row.text, row.took, row.refused) for row in ladder_of(lines)]
    assert told == [
        ("NOOP", "", False),
        ("-ERR no", "10 ms", True),
        ("QUIT", "", False),
        ("waited 5.00 s for the server", "", False),
        ("+OK", "", False),
    ]


# -- the program ---------------------------------------------------------------------------------


def test_the_page_is_private_and_overwrites_nothing(upstream: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    args = ("check", upstream, "--select", "quit/4", "--format", "html", "--output", str(file))
    assert run(*args).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "QUIT x" in Page(file.read_text(encoding="utf-8")).text()
    before = file.read_bytes()
    again = run(*args)
    assert (again.status, again.out) == (2, "")
    assert again.err == f"pop3spy: {file} exists; nothing is overwritten\n"  # and no plan before it
    assert run_here(*args, "--plan").status == 2
    assert file.read_bytes() == before


def test_without_a_server_there_is_no_page(tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    assert run_here("check", ":9", "--format", "html", "--output", str(file)).status == 3
    assert not file.exists()


def test_a_table_of_files_is_a_page_too(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(FORMS["json"](report_with(*EVERY)))
    files = [str(tmp_path / f"{name}.json") for name in ("one", "two")]
    ended = run_here("check", "--matrix", *files, "--format", "html")
    assert "2 audits side by side" in Page(ended.out).text()
    out = tmp_path / "table.html"
    assert (
        run_here("check", "--matrix", *files, "--format", "html", "--output", str(out)).status == 0
    )
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = tmp_path / "table.txt"
    assert run_here("check", "--matrix", *files, "--output", str(text)).status == 0
    assert text.read_text().startswith("check ")


@pytest.mark.parametrize("harm", ["transcript", "note", "outcome"])
def test_a_file_that_was_changed_is_an_error_in_one_line(harm: str, tmp_path: Path) -> None:
    told = json.loads(FORMS["json"](report_with(*EVERY)))
    told["results"][0][harm] = {"a": 1} if harm == "outcome" else 7
    file = tmp_path / "one.json"
    file.write_text(json.dumps(told))
    ended = run_here("check", "--matrix", str(file))
    if harm == "note":
        assert ended.status == 0  # a note is shown as it is written
    else:
        assert (ended.status, ended.err.count("\n")) == (2, 1)
