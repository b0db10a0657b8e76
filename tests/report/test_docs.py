"""What the page about reports shows is what the program makes."""

import os
import re
from pathlib import Path

from report.made import reported

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "captures" / "dovecot-cut-off.yaml"
WRITE = bool(os.environ.get("POP3SPY_WRITE_DOCS"))


def test_the_ladder_in_the_docs_is_current() -> None:
    picture, made = ROOT / "docs" / "ladder.svg", reported(SAMPLE, "--format", "svg")
    if WRITE:
        picture.write_text(made, encoding="utf-8")
    assert picture.read_text(encoding="utf-8") == made, "stale: run make docs"


def test_the_ticket_in_the_docs_is_current() -> None:
    page = ROOT / "docs" / "report.md"
    text = page.read_text(encoding="utf-8")
    ticket = f"````markdown\n{reported(SAMPLE, '--format', 'markdown')}````"
    marked = re.compile(r"(<!-- ticket:start -->\n).*(<!-- ticket:end -->)", re.DOTALL)
    current = marked.sub(lambda found: f"{found[1]}{ticket}\n{found[2]}", text)
    if WRITE:
        page.write_text(current, encoding="utf-8")
    assert text == current or WRITE, "stale: run make docs"
