"""What one session leaves behind for later ones."""

import pytest

from findings.doors import fails
from pop3spy.findings import Findings, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.findings.history import History
from pop3spy.session.playback import play_back

SERVER = "198.51.100.7", 110


def remembered(talk: str) -> History:
    """Return what is known behind *talk*."""
    history = History()
    play_back(
        read_dialogue(talk).tape(),
        judge=lambda publish: Findings(publish, own_rules(), fails, history=history),
    )
    return history


UIDL = "-- login\nC: UIDL\nS: +OK / 1 a / 2 b / .\nC: QUIT\nS: +OK\n-- server closes"
LATER = "-- login\nC: UIDL\nS: +OK / 1 a / 2 c / .\nC: QUIT\nS: +OK\n-- server closes"


def test_each_new_message_of_a_listing_has_the_time_of_its_session() -> None:
    history = remembered(f"{UIDL}\n-- session 10 min later\nS: +OK ready\n{LATER}")
    messages = history.account(*SERVER, "bob").messages
    listed = {unique_id: known.first_listed_at for unique_id, known in messages.items()}
    first = listed[b"a"]
    assert first is not None
    assert listed[b"b"] == first
    assert listed[b"c"] == pytest.approx(first + 600, abs=1)


@pytest.mark.parametrize(
    ("end", "ages"),
    [
        ("C: STAT\n-- server closes", 1),
        ("C: QUIT\n-- server closes", 0),
        ("-- 20 min\n-- server closes", 0),
        ("-- client closes", 0),
    ],
)
def test_the_age_at_which_a_server_closes_a_busy_session_is_known(end: str, ages: int) -> None:
    history = remembered(f"-- login\nC: NOOP\nS: +OK\n{end}")
    assert len(history.server(*SERVER).ages) == ages


@pytest.mark.parametrize(
    ("talk", "refused"),
    [
        ("-- clear\nC: STLS\nS: -ERR no", 1),
        ("-- clear\nC: STLS\nS: +OK", 0),
        ("-- clear\nC: NOOP\nS: -ERR no", 0),
        ("C: STLS\nS: -ERR no", 0),
    ],
)
def test_a_client_that_was_refused_tls_is_known(talk: str, refused: int) -> None:
    assert len(remembered(talk).server(*SERVER).stls_refused) == refused
