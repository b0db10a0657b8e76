"""A list of accounts as CSV: who logs in at either server, and which command prints the password.

Rule: a password never stands in the list, which lies around longer than a migration takes; a column
that looks like one is refused.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.errors import ConfigError, said_by_system
from pop3spy.protocol.text import escape

COLUMNS: Final = {
    "user": "the name at the old server, by which the account is called",
    "new_user": "the name at the new server, if that is another",
    "password_command": "the command that prints the password",
    "new_password_command": "the one for the new server, if the password is another there",
    "token_command": "the command that prints an OAuth token",
    "new_token_command": "the one for the new server",
}
"""What a list may have, and what it means; the first column must be there."""

_FORBIDDEN: Final = frozenset({"password", "pass", "passwd", "secret", "token", "new_password"})


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """A row of the list; what is empty is as for all others."""

    user: str
    new_user: str = ""
    password_command: str = ""
    new_password_command: str = ""
    token_command: str = ""
    new_token_command: str = ""


def read_accounts(path: Path) -> Iterator[ListedAccount]:
    """Yield the accounts of the list at *path*, one after the other.

    Raise ConfigError, with the line, if it cannot be read or a row makes no sense; nothing of a row
    is repeated but its user.
    """
    where, seen = escape(str(path)), set[str]()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            _check_columns(reader.fieldnames or (), where)
            for row in reader:
                user = (row.get("user") or "").strip()
                if not user or None in row:
                    what = "there is no user" if not user else "there are more fields than columns"
                    raise ConfigError(f"{where}:{reader.line_num}: {what}")
                if user in seen:
                    raise ConfigError(f"{where}:{reader.line_num}: {escape(user)} is there twice")
                seen.add(user)
                yield ListedAccount(**{name: (row.get(name) or "").strip() for name in COLUMNS})
    except OSError as error:
        raise ConfigError(f"{where}: {said_by_system(error)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: this is not UTF-8 text") from None
    except csv.Error as error:
        raise ConfigError(f"{where}: this is no CSV: {escape(str(error))}") from None


def _check_columns(names: Sequence[str], where: str) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if any(name.strip().lower() in _FORBIDDEN for name in unknown):
        raise ConfigError(
            f"{where}: passwords do not stand in a list; a column password_command has the command"
            " that prints each"
        )
    if "user" not in names:
        raise ConfigError(f"{where}: the first line names the columns, and one of them is: user")
    if unknown:
        raise ConfigError(
            f"{where}: there is no column {escape(unknown[0])}; there are {', '.join(COLUMNS)}"
        )
