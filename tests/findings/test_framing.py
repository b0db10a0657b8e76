"""What conversations beside the rules about framing cannot say."""

import time
from collections.abc import Callable

import pytest

from findings.doors import Found, ids, in_a_recording, judged, on_tape
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.session.tape import Closed


@pytest.mark.parametrize("door", [on_tape, in_a_recording])
def test_a_client_that_waits_in_clear_at_the_port_of_tls_is_told_so(
    door: Callable[[str], Found],
) -> None:
    found = door("""
        -- clear
        -- port 995
        -- no greeting
        -- 30 s
        -- client closes
    """)
    assert ids(found) == ["clear-on-tls-port"]


def test_a_recording_that_tells_no_closes_tells_who_ended_it() -> None:
    said = """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x
        -- server closes
    """
    items = [item for item in read_dialogue(said).tape() if not isinstance(item, Closed)]
    assert "multiline-unterminated" in ids(judged(items))


def test_a_long_command_that_is_hidden_is_not_called_by_an_empty_name() -> None:
    found = on_tape("""
        -- login
        C: FROB {a *200}b
        S: -ERR
    """)
    text = next(finding.text for _, finding in found if finding.id == "command-too-long")
    assert text.startswith("A command that nobody knows has more octets where 255 are the limit")


def test_a_listing_of_nothing_but_wrong_lines_costs_no_more_a_line() -> None:
    empty = "\\n" * 16_000
    begun = time.process_time()
    found = on_tape(f"""
        C: CAPA
        S< +OK\\n{empty}.\\n
    """)
    assert time.process_time() - begun < 4  # comparing each with each takes longer
    assert [one.count for _, one in found if one.id == "capability-malformed"] == [16_000]
