"""What is found in recordings that hold less of the mail than there was.

They have facts about it, so that as much is found as in the mail; never is more found.
"""

from typing import Final

import pytest

from findings.doors import ids, in_a_recording, on_tape
from pop3spy.findings import own_rules
from pop3spy.findings.precedence import Precedence

RULES = own_rules()
LOST: Final = {
    "content-changed-between-sessions": "which messages are the same is told of one session alone",
    "uidl-changed": "the same",
    "uidl-reused": "the same",
    "error-inside-body": "the error is a line of the mail",
    "pipelining-broken": "the reply that stands in the mail is a line of it",
    "unsolicited-response": "what was not asked for looks like mail, and is not kept either",
    "terminator-glued": "it is about the last line of the mail",
    "split-terminator": "of mail that breaks off nothing is told",
}
"""What is not found without the mail, and why."""
WITH_MAIL = [
    pytest.param(text, id=f"{rule.id}-{number}")
    for rule in RULES.values()
    for number, text in enumerate(rule.raises + rule.silent)
    if "RETR" in text or "TOP" in text
]


@pytest.mark.parametrize("bodies", ["mask", "drop"])
@pytest.mark.parametrize("text", WITH_MAIL)
def test_mail_that_is_not_recorded_is_accused_of_nothing(text: str, bodies: str) -> None:
    told = set(ids(on_tape(text)))
    precedence = Precedence(RULES)
    for more in set(ids(in_a_recording(text, bodies))) - told:
        assert any(precedence.beats(known, more) for known in told), more


@pytest.mark.parametrize("bodies", ["mask", "drop"])
@pytest.mark.parametrize("text", WITH_MAIL)
def test_what_is_found_in_mail_is_found_in_the_facts_about_it(text: str, bodies: str) -> None:
    recorded = set(ids(in_a_recording(text, bodies)))
    precedence = Precedence(RULES)
    for less in set(ids(on_tape(text))) - recorded:
        assert less in LOST or any(precedence.beats(known, less) for known in recorded), less


def test_only_what_needs_the_mail_is_lost() -> None:
    lost = {
        rule.id
        for rule in RULES.values()
        for text in rule.raises
        if ("RETR" in text or "TOP" in text) and rule.id not in ids(in_a_recording(text, "drop"))
    }
    assert lost == set(LOST)
