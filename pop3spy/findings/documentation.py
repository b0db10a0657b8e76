"""What there is to tell of a rule: what it finds, why it matters, what to do, how it looks."""

from collections.abc import Iterator
from typing import Final

from pop3spy.findings.rule import Rule
from pop3spy.findings.wording import plain

INDENT: Final = "    "
"""What a line of a conversation begins with, which is shown as it stands."""


def documentation(rule: Rule) -> Iterator[str]:
    """Yield paragraphs, which may be wrapped, empty ones between them, and lines of dialogues."""
    whose = " or ".join(fault.value for fault in rule.fault)
    yield f"{rule.id}: {rule.severity.word}, side: {whose}"
    yield ""
    yield plain(rule.meaning)
    for paragraph in filter(None, rule.details.split("\n\n")):
        yield ""
        yield plain(" ".join(paragraph.split()))
    yield ""
    yield f"To do: {plain(rule.remedy)}"
    yield ""
    yield f"Rests on: {rule.basis}"
    for title, conversations in (("It is raised by", rule.raises), ("It is not by", rule.silent)):
        for conversation in conversations:
            yield ""
            yield f"{title}:"
            yield from (f"{INDENT}{line}" for line in conversation.split("\n"))
