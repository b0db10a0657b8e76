"""Where a database is, of which the password is shown to nobody."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

SCHEMES = ("postgresql", "postgres")
_SECRET = ("password", "sslpassword", "passfile")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database: ``url`` is what its library takes, and may have a password.

    As text it is where it is, without users and passwords.
    """

    url: str = field(repr=False)
    shown: str
    has_password: bool = field(repr=False)

    def __str__(self) -> str:
        """Return where it is: ``postgresql://db.example.org/mail``."""
        return self.shown


def is_database(text: str) -> bool:
    """Return whether *text* is meant for the URL of a database."""
    return text.partition("://")[0].strip().lower() in SCHEMES


def read_database(text: str) -> Database:
    """Return the database of a URL; raise ValueError, which repeats nothing, for what is none.

    A password with signs that a URL has for itself would be taken for something else, and shown as
    that; so whatever is odd is refused.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        parts, port, options = urlsplit(""), "", {}
    name = parts.path.removeprefix("/")
    odd = "/" in name or "@" in name or parts.fragment or parts.netloc.count("@") > 1
    if parts.scheme not in SCHEMES or odd or not text.isprintable() or " " in text:
        raise ValueError(
            "that is no URL of a database; write postgresql://USER@HOST/DATABASE, and signs in a"
            " password as %2F"
        )
    host = parts.hostname or options.get("host", "")
    host = f"[{host}]" if ":" in host else host.replace("/", "%2F")
    secret = parts.password is not None or any(name in options for name in _SECRET[:2])
    return Database(text, f"{parts.scheme}://{host}{port}/{name}", secret)
