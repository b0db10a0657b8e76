"""Users from a file: what is read, and one line without secrets for what cannot be."""

from pathlib import Path

import pytest
import yaml

from pop3spy.errors import ConfigError
from pop3spy.postoffice import DEMO_ACCOUNTS, Account, accounts_from

SECRET = "hunter2"


def test_users_are_read_in_both_forms() -> None:
    text = "bob: tan staaf\nzoë: {password: '1234', mailbox: mail/zoë}\n"
    assert accounts_from(yaml.safe_load(text), "users.yaml") == (
        Account("bob", "tan staaf"),
        Account("zoë", "1234", Path("mail/zoë")),
    )


def test_without_a_file_there_is_the_demo_user() -> None:
    assert (Account("demo", "demo"),) == DEMO_ACCOUNTS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "users.yaml: must map user names", id="an empty file"),
        pytest.param(f"- {SECRET}", "users.yaml: must map user names", id="a list"),
        pytest.param(SECRET, "users.yaml: must map user names", id="a word"),
        pytest.param("bob: 1234567", "users.yaml: bob: the password must be text", id="a number"),
        pytest.param("bob: yes", "users.yaml: bob: the password must be text", id="a yes"),
        pytest.param("bob:", "users.yaml: bob: there must be a password", id="nothing"),
        pytest.param("bob: ''", "users.yaml: bob: there must be a password", id="empty"),
        pytest.param("bob: {mailbox: x}", "bob: password: there must be", id="only a mailbox"),
        pytest.param(f'bob: "{SECRET}\\n"', "bob: the password holds a line end", id="a line end"),
        pytest.param(f'bob: "{SECRET}\\ud800"', "bob: the password holds", id="half a character"),
        pytest.param(f"bob: {{{SECRET}}}", "bob: there is a key other than", id="in braces"),
        pytest.param(f"bob: [{SECRET}]", "bob: the password must be text", id="in brackets"),
        pytest.param(f"bob: {{pasword: {SECRET}}}",
            "bob: there is a key other than password and mailbox; did you", id="a misspelt key"),
        pytest.param(f"bob: {{size: {SECRET}}}",
            "bob: there is a key other than password and mailbox", id="an unknown key"),
        pytest.param(f"bob: {{password: {SECRET}, mailbox: 3}}", "bob: mailbox: must be a path",
            id="a mailbox that is no path"),
        pytest.param(f"12: {SECRET}", "a user name is no text", id="a number for a name"),
        pytest.param(f"a b: {SECRET}", "a b: a user name cannot", id="a blank in a name"),
        pytest.param(f'"": {SECRET}', "a user name cannot be empty", id="an empty name"),
        pytest.param(f'"\\ud800": {SECRET}', "a user name cannot", id="half a character in a name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line_without_a_secret(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        accounts_from(yaml.safe_load(text), "users.yaml")
    message = str(caught.value)
    assert says in message
    assert message.startswith("users.yaml: ")
    assert message.isprintable()
    assert SECRET not in message
    assert "1234567" not in message


def test_an_account_does_not_show_its_password() -> None:
    assert SECRET not in repr(Account("bob", SECRET))
