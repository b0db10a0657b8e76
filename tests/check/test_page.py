"""The page of all checks says what the checks say."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pop3spy.check.loading import all_checks
from pop3spy.check.order import GROUPS, by_group
from pop3spy.check.registry import Check

PAGE = Path(__file__).parent.parent.parent / "docs" / "checks.md"
START, END = "<!-- checks:start -->\n", "<!-- checks:end -->"


def generated() -> str:
    return "\n".join(_lines(by_group(all_checks().values())))


def _lines(checks: list[Check]) -> Iterator[str]:
    for group, about in GROUPS.items():
        yield f"## {group}: {about}\n"
        yield "| check | level | what a server should do |\n|---|---|---|"
        of_group = [check for check in checks if check.group == group]
        for check in of_group:
            yield f"| [`{check.id}`](#{check.anchor}) | {check.level.value} | {check.title} |"
        yield ""
        for check in of_group:
            yield from _section(check)


def _section(check: Check) -> Iterator[str]:
    yield f'<a id="{check.anchor}"></a>\n'
    yield f"**{check.id}**: {check.title}. {check.level.value}; {check.reference}.\n"
    yield f"{check.harm}\n"
    for paragraph in check.details.split("\n\n"):
        yield re.sub(r"([*<])", r"\\\1", paragraph) + "\n"
    if check.needs:
        yield f"Skipped where {'; or '.join(need.value for need in check.needs)}.\n"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    old, after = rest.split(END)
    made = f"{generated()}\n"
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        PAGE.write_text(f"{before}{START}{made}{END}{after}", encoding="utf-8")
    else:
        assert old == made, "stale: run make docs"


def test_every_check_is_of_a_group_that_has_a_place() -> None:
    assert {check.group for check in all_checks().values()} == set(GROUPS)
