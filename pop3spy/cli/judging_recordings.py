"""Who looks for findings in recordings, and which of them are shown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import click

from pop3spy.findings import Findings, Rule
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.thresholds import Thresholds
from pop3spy.session.events import Told
from pop3spy.session.failure import describe
from pop3spy.session.finding import Severity

SHOWN: Final = {
    "off": None,
    "errors": Severity.ERROR,
    "warnings": Severity.WARNING,
    "all": Severity.INFO,
}
"""The least severity that is shown, by what ``--findings`` says."""


def judge_of(
    started: datetime,
    history: History | None = None,
    rules: Mapping[str, Rule] | None = None,
    thresholds: Thresholds | None = None,
) -> Callable[[Callable[[Told], None]], Findings]:
    """Return what judges the sessions of a recording that *started* then, for ``play_back``.

    It asks all rules, unless *rules* are those that are to be asked.
    """

    def complain(rule: Rule, error: Exception) -> None:
        text = f"the rule {rule.id} failed and is left out, the others go on: {describe(error)}"
        click.echo(f"pop3spy: {text}", err=True)

    def judge(publish: Callable[[Told], None]) -> Findings:
        epoch = started.timestamp()
        asked = all_rules() if rules is None else rules
        return Findings(
            publish, asked, complain, thresholds=thresholds, history=history, epoch=epoch
        )

    return judge
