"""A list of accounts is read row by row; what is wrong with it is told without what it holds."""

from pathlib import Path

import pytest

from pop3spy.errors import ConfigError
from pop3spy.migration.accounts_file import COLUMNS, ListedAccount, read_accounts

PASSWORD = "tanstaaf-Hunter2"


def test_rows_are_accounts(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text('﻿user,new_user,password_command\nbob,bob@x,"pass ""show"" bob"\n eve ,,\n')
    assert list(read_accounts(path)) == [
        ListedAccount("bob", "bob@x", 'pass "show" bob'),
        ListedAccount("eve"),
    ]


WRONG = [
    (f"user,password\nbob,{PASSWORD}\n", "passwords do not stand in a list"),
    (f"user,Pass\nbob,{PASSWORD}\n", "passwords do not stand in a list"),
    (f"bob,{PASSWORD}\n", "the first line names the columns, and one of them is: user"),
    ("", "the first line names the columns"),
    ("user,host\nbob,x\n", "there is no column host"),
    (f"user\nbob,{PASSWORD}\n", ":2: there are more fields than columns"),
    ("user\nbob\neve,\n", ":3: there are more fields than columns"),
    ("user,new_user\nbob,\n,x\n", ":3: there is no user"),
    ("user\nbob\nbob\n", ":3: bob is there twice"),
    ('user\n"bob\n', "this is no CSV"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        list(read_accounts(path))
    assert told in str(error.value)
    assert PASSWORD not in str(error.value)
    assert "\n" not in str(error.value)


def test_octets_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(b"user\nb\xffb\n")
    with pytest.raises(ConfigError, match="this is not UTF-8 text"):
        list(read_accounts(path))


def test_every_column_is_a_field_and_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
    assert list(COLUMNS) == list(ListedAccount.__slots__)
    assert [name for name, told in COLUMNS.items() if f"| `{name}` | {told} |" not in page] == []
