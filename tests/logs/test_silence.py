"""A server that never says a word may want TLS, and people are told so."""

import pytest

from logs.dialogue import Stage
from pop3spy.session.how import How

HINT = "the server sent no greeting; one that wants TLS from the start does that"


@pytest.mark.parametrize(
    ("said", "how", "at", "told"),
    [
        ("", How.CLIENT_CLOSED, 30.0, True),
        ("", How.TIMEOUT, 30.0, True),
        ("", How.CLIENT_CLOSED, 0.01, False),
        ("C: CAPA\n", How.SERVER_CLOSED, 0.01, True),
        ("", How.SERVER_CLOSED, 0.01, False),
        ("", How.UNREACHABLE, 30.0, False),
        ("", How.SHUTDOWN, 30.0, False),
        ("S: +OK\n", How.CLIENT_CLOSED, 30.0, False),
        ("S: 220 mail\n", How.CLIENT_CLOSED, 30.0, False),
    ],
)
def test_a_server_that_says_nothing_is_told_of(
    said: str, how: How, at: float, *, told: bool
) -> None:
    stage = Stage()
    play = stage.session()
    if said:
        play.play(said)
    play.at = at
    play.end(how)
    assert (HINT in "\n".join(stage.rows)) is told
    if told:
        assert "--upstream pop3s://" in "\n".join(stage.rows)
