"""Where a password is due that no command of a login has announced."""

import pytest

from pop3spy.protocol.frames import Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.redaction.password_due import PasswordDue


@pytest.mark.parametrize(
    ("text", "due"),
    [
        pytest.param("Password:", True, id="a server that asks for one"),
        pytest.param("Username:", False, id="a server that asks for a name"),
        pytest.param("2 messages", False, id="another reply"),
    ],
)
def test_a_password_is_due_behind_a_reply_that_asks_for_one(text: str, *, due: bool) -> None:
    password = PasswordDue()
    assert not password.is_due(State.AUTHORIZATION, b"")

    password.heard(StatusLine(Side.SERVER, f"+OK {text}\r\n".encode(), 1, ok=True))

    assert password.is_due(State.AUTHORIZATION, b"") is due
    assert password.is_due(State.USER_GIVEN, b"")
    assert password.is_due(State.AUTHORIZATION, b"Pass")
