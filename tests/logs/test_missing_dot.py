"""A message that came to its end, but for the dot, is told as just that."""

import pytest

from logs.dialogue import Stage
from pop3spy.session.how import How

SAID = "S: +OK\nC: {command}\nS: +OK {text}\nS: a: b\nS: \nS: ..c\n"
TOLD = "all 12 octets came, and the dot behind them did not"


@pytest.mark.parametrize(
    ("command", "text", "told"),
    [
        ("RETR 1", "12 octets", True),
        ("RETR 1", "(12 octets)", True),
        ("RETR 1", "13 octets", False),
        ("RETR 1", "here it is", False),
        ("TOP 1 9", "12 octets", False),
    ],
)
def test_a_missing_dot_is_told(command: str, text: str, *, told: bool) -> None:
    stage = Stage()
    stage.session().play(SAID.format(command=command, text=text)).end(How.SERVER_CLOSED)
    assert (TOLD in "\n".join(stage.rows)) is told


def test_a_message_that_came_whole_has_its_dot() -> None:
    stage = Stage()
    said = SAID.format(command="RETR 1", text="12 octets") + "S: .\n"
    stage.session().play(said).end()
    assert TOLD not in "\n".join(stage.rows)
