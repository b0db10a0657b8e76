"""For the tests of rules: what a conversation raises, and whether a rule keeps its word."""

from collections.abc import Callable, Mapping

from pop3spy.findings.dialogue import read_dialogue
from pop3spy.findings.engine import Findings
from pop3spy.findings.rule import RULES, Rule
from pop3spy.session.bus import Reader
from pop3spy.session.events import Event, Raised, Told
from pop3spy.session.finding import Finding
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back


def raised_in(conversation: str, rules: Mapping[str, Rule] | None = None) -> list[Finding]:
    """Return what is raised in *conversation* (see ``findings.dialogue``), in order.

    All *rules* that were loaded are asked, unless some are given.  What a more specific finding
    explained is left out.  Raise what a rule raises.
    """
    found: list[Finding] = []

    def fail(_: Rule, error: Exception) -> None:
        raise error

    def gather(_: Session) -> Reader:
        def read(event: Event) -> None:
            if isinstance(event, Raised):
                found.append(event.finding)

        return read

    def judge(publish: Callable[[Told], None]) -> Findings:
        return Findings(publish, RULES if rules is None else rules, fail)

    play_back(read_dialogue(conversation).tape(), gather, judge=judge)
    return [finding for finding in found if finding.explained_by is None]


def check_rule(name: str) -> None:
    """Raise AssertionError unless the conversations of the rule *name* do what they should.

    Each of ``raises`` has to raise it, and none of ``silent`` may; no other rule is asked.
    """
    rule = RULES[name]
    alone = {name: rule}
    for conversation in rule.raises:
        assert raised_in(conversation, alone), f"{name} is not raised by:\n{conversation}"
    for conversation in rule.silent:
        assert not raised_in(conversation, alone), f"{name} is raised by:\n{conversation}"
