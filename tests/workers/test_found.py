"""What is found in the sessions of a worker stands in the console's transcript as in its own."""

import io
import json
import re

import pytest

from findings.doors import STARTED, fails
from pop3spy.findings import Findings, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.logs import Transcript
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.bus import Bus, all_of
from pop3spy.session.chunk import Clock
from pop3spy.session.finding import Severity
from pop3spy.session.playback import play_back
from pop3spy.workers.forwarding import Forwarding
from pop3spy.workers.retelling import Retelling

TRIGGERS = [
    pytest.param(dialogue, id=f"{rule.id} {number}")
    for rule in own_rules().values()
    for number, dialogue in enumerate(rule.raises, 1)
]


def complain(_: object, error: Exception) -> None:
    raise error


def transcripts(dialogue: str) -> tuple[list[str], list[str]]:
    """Return the lines of the worker's own transcript, and of the console's."""
    here, there = io.StringIO(), io.StringIO()
    bus = Bus(complain)
    bus.subscribe(Transcript(there, findings=Severity.INFO))
    retelling = Retelling(bus, Clock())
    play_back(
        read_dialogue(dialogue).tape(),
        all_of(
            Transcript(here, findings=Severity.INFO),
            Forwarding(lambda *said: retelling.tell(1, json.loads(json.dumps(said))), lambda: 0),
        ),
        memory=SecretMemory(STARTED),
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    return here.getvalue().splitlines(), there.getvalue().splitlines()


@pytest.mark.parametrize("dialogue", TRIGGERS)
def test_the_console_shows_findings_and_verdicts_as_the_worker_would(dialogue: str) -> None:
    here, there = transcripts(dialogue)
    # What a worker finds in a reply is told here when the state has moved already.
    assert sorted(map(stateless, there)) == sorted(map(stateless, here))


def test_what_is_found_because_no_reply_comes_stands_behind_that() -> None:
    here, there = transcripts("-- login\nC: STAT\n-- server closes")
    assert there == here
    assert any("reply-missing" in line for line in there)


def stateless(line: str) -> str:
    """Return a line without the state of the session."""
    return re.sub(r"^(.{15})[A-Z_]+ +", r"\1", line)


def test_what_was_found_again_is_counted_at_the_end() -> None:
    counts: list[int] = []
    bus = Bus(complain)
    bus.subscribe(
        lambda session: (
            lambda _: counts.append(session.findings[0].count if session.findings else 0)
        )
    )
    retelling = Retelling(bus, Clock())
    stat = "C: STAT\nS: +OK x y\n"
    play_back(
        read_dialogue(f"-- login\n{stat * 5}C: QUIT\nS: +OK").tape(),
        Forwarding(lambda *message: retelling.tell(1, message), lambda: 0),
        memory=SecretMemory(STARTED),
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    assert counts[-1] == 5
    assert max(counts[:-1]) == 1
