"""What is told where a database fails: words of ours, since in its own there may be a password."""

from typing import Final

import psycopg

from pop3spy.ledger.postgres_tables import LedgerVersionError

_CONNECTING: Final = (
    ("password authentication failed", "it refuses the user or the password"),
    ("no password supplied", "it wants a password; PGPASSWORD or PGPASSFILE may have it"),
    ("pg_hba.conf", "it lets nobody in from here as that user"),
    ("authentication failed", "it refuses the user"),
    ("does not exist", "it has no such database, or no such user"),
    ("could not translate host name", "the name of its host is not known"),
    ("resolve host", "the name of its host is not known"),
    ("connection refused", "nobody listens there"),
    ("no such file or directory", "nobody listens there"),
    ("timeout", "it does not answer"),
    ("certificate", "its certificate is not to be believed"),
    ("ssl", "it does not agree about TLS"),
    ("too many", "it has too many connections"),
    ("starting up", "it is starting"),
    ("shutting down", "it is shutting down"),
)
"""Words of a failed connection, in any case, and what is told of it; the first that fits."""
_STATES: Final = {
    "57P01": "it is shutting down",
    "57P02": "it was shut down",
    "57P03": "it is starting",
    "57014": "it is too slow",
    "53100": "its disk is full",
    "53300": "it has too many connections",
    "25006": "it can only be read",
    "42501": "it does not let this user do that",
    "42P01": "its tables are not those of pop3spy",
    "42703": "its tables are not those of pop3spy",
}
"""What is told of a statement that failed, by its SQLSTATE (PostgreSQL, appendix A)."""


def words_for(error: Exception) -> str:
    """Return in a few words what went wrong."""
    if isinstance(error, LedgerVersionError):
        return "its tables are of another version of pop3spy"
    if not isinstance(error, psycopg.Error):
        return f"what stands in it makes no sense ({type(error).__name__})"
    if error.sqlstate is not None:
        return _STATES.get(error.sqlstate, f"{type(error).__name__} ({error.sqlstate})")
    said = str(error).lower()
    told = (words for sign, words in _CONNECTING if sign in said)
    return next(told, "the connection cannot be had, or was lost")
