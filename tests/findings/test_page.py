"""The page of all findings says what the rules say."""

import os

from findings.page import END, GROUPS, PAGE, START, generated
from pop3spy.findings import own_rules
from pop3spy.findings.thresholds import ROWS


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    old, after = rest.split(END)
    made = generated()
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        PAGE.write_text(f"{before}{START}{made}{END}{after}", encoding="utf-8")
    else:
        assert old == made, "stale: run make docs"


LIMITS = ROWS.values()


def test_the_table_of_thresholds_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    start, end = "<!-- thresholds:start -->\n", "<!-- thresholds:end -->"
    before, rest = text.split(start)
    old, after = rest.split(end)
    rows = [
        f"| `{row.name}` | {row.default:g} | {row.unit} | {row.words} |" for row in ROWS.values()
    ]
    made = "\n".join(["| threshold | default | unit | meaning |", "|---|---|---|---|", *rows, ""])
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        PAGE.write_text(f"{before}{start}{made}{end}{after}", encoding="utf-8")
    else:
        assert old == made, "stale: run make docs"


def test_every_rule_is_of_a_group_that_the_page_has() -> None:
    assert {rule.group for rule in own_rules().values()} <= set(GROUPS)
