"""The page of all findings, made of the rules.

``POP3SPY_WRITE_DOCS=1 pytest tests/findings/test_page.py`` writes it anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pop3spy.findings import Rule, own_rules

PAGE = Path(__file__).parent.parent.parent / "docs" / "findings.md"
START, END = "<!-- findings:start -->\n", "<!-- findings:end -->"
GROUPS = {
    "framing": "Framing",
    "state": "State",
    "login": "Login",
    "security": "Security",
    "sizes": "Sizes and integrity",
    "identity": "Identity",
    "loss": "Loss of mail",
    "timing": "Session and timing",
    "pipelining": "Pipelining",
    "capabilities": "Capabilities",
    "efficiency": "Efficiency",
    "encoding": "Encoding",
}
"""The title of each group, in the order of the page."""


def generated() -> str:
    """Return the part of the page that the rules say."""
    rules = own_rules().values()
    parts = []
    for group, title in GROUPS.items():
        of_group = sorted((rule for rule in rules if rule.group == group), key=lambda rule: rule.id)
        if of_group:
            parts.append("\n".join([f"## {title}\n", *_table(of_group), "", *_all(of_group)]))
    return re.sub("(?<!`)``(?!`)", "`", "\n".join(parts))


def _table(rules: list[Rule]) -> Iterator[str]:
    yield "| finding | severity | side | what it means |"
    yield "|---|---|---|---|"
    for rule in rules:
        meaning = rule.meaning.replace("|", "\\|")
        link = f"[`{rule.id}`](#{rule.id})"
        yield f"| {link} | {rule.severity.word} | {_whose(rule)} | {meaning} |"


def _all(rules: list[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"{rule.severity.word}, side: {_whose(rule)}; {rule.basis}\n"
    yield f"{rule.meaning}\n"
    if rule.details:
        for paragraph in rule.details.split("\n\n"):
            yield f"{' '.join(paragraph.split())}\n"
    yield f"**To do:** {rule.remedy}\n"
    yield f"It is raised by:\n\n```\n{rule.raises[0]}\n```\n"
    if rule.silent:
        yield f"and not by:\n\n```\n{rule.silent[0]}\n```\n"


def _whose(rule: Rule) -> str:
    return " or ".join(fault.value for fault in rule.fault)
