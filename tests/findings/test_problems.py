"""The 25 problems: what is found in each, and the paragraph that people read and paste.

``POP3SPY_WRITE_DOCS=1`` writes the paragraphs into ``docs/troubleshooting.md``.
"""

import os
import re
from pathlib import Path

import pytest

from findings.conversations import is_anywhere
from findings.doors import fails
from findings.live_door import relayed_by_proxy
from findings.live_tls import Certificates
from findings.problems import PROBLEMS
from pop3spy.findings import Findings, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.findings.verdict import verdict_of
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back

ON_THIS_MACHINE = {9: "a password in clear is no more than an info here"}
RELAYED = [
    number
    for number, problem in PROBLEMS.items()
    if is_anywhere(problem.said) and number not in ON_THIS_MACHINE
]
"""The others are about port 995."""
PAGE = Path(__file__).parent.parent.parent / "docs" / "troubleshooting.md"


def sessions_of(number: int) -> list[Session]:
    """Return the sessions of a problem, judged, when they are over."""
    over: list[Session] = []

    def gather(_: Session) -> Reader:
        def read(event: Event) -> None:
            if isinstance(event, Ended):
                over.append(event.session)

        return read

    play_back(
        read_dialogue(PROBLEMS[number].said).tape(),
        gather,
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    return over


def paragraphs(number: int) -> str:
    """Return the verdicts of the sessions in which something was found, as the page has them."""
    told = [f"> {verdict_of(each)}\n" for each in sessions_of(number) if each.findings]
    return ">\n".join(told)


@pytest.mark.parametrize("number", PROBLEMS)
def test_what_must_be_found_is_found_and_nothing_that_misleads(number: int) -> None:
    problem = PROBLEMS[number]
    found = {
        finding.id
        for session in sessions_of(number)
        for finding in session.findings
        if finding.explained_by is None
    }
    assert found >= set(problem.must)
    assert found - set(problem.must) <= set(problem.may)


@pytest.mark.parametrize("number", RELAYED)
async def test_a_proxy_that_relays_it_finds_the_same_and_says_the_same(
    number: int, certificates: Certificates
) -> None:
    sessions = (await relayed_by_proxy(PROBLEMS[number].said, certificates)).over
    sessions.sort(key=lambda session: session.id)
    told = []
    for session, on_tape in zip(sessions, sessions_of(number), strict=True):
        alike = {finding.id for finding in on_tape.findings}
        session.findings = [each for each in session.findings if each.id in alike]
        verdict = verdict_of(session).replace(f"port {session.server.port}", "port 110")
        told += [f"> {verdict}\n"] * bool(session.findings)
    assert ">\n".join(told) == paragraphs(number)


@pytest.mark.parametrize("number", PROBLEMS)
def test_the_page_has_the_verdict_word_by_word(number: int) -> None:
    text = PAGE.read_text(encoding="utf-8")
    start, end = f"<!-- verdict {number}:start -->\n", f"<!-- verdict {number}:end -->"
    before, rest = text.split(start)
    shown, after = rest.split(end)
    made = paragraphs(number)
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        PAGE.write_text(f"{before}{start}{made}{end}{after}", encoding="utf-8")
    else:
        assert shown == made, "stale: run make docs"


def test_all_problems_of_the_page_are_here_by_their_titles() -> None:
    titles = re.findall(r"^### (\d+)\. (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(number): title for number, title in titles} == {
        number: problem.title for number, problem in PROBLEMS.items()
    }
