"""What is found in recordings that hold less of the mail than there was."""

import pytest

from findings.doors import ids, in_a_recording, on_tape
from pop3spy.findings import own_rules
from pop3spy.findings.precedence import Precedence

RULES = own_rules()
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
