"""The kinds of values that settings have: how each is called in help, and how it is read.

In a file, as on the command line, every value is text that its kind makes sense of.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from pop3spy.config.address import (
    SCRAPED,
    Address,
    read_address,
    read_collector,
    read_name_server,
    read_own_port,
)
from pop3spy.config.route import Route
from pop3spy.errors import ConfigError
from pop3spy.filters.expression import Filter, compile_filter
from pop3spy.filters.pattern import LinePattern
from pop3spy.filters.tokens import FilterError
from pop3spy.filters.units import count_of, octets_of, seconds_of
from pop3spy.findings.thresholds import ROWS, read_threshold
from pop3spy.gate.faults import FAULTS
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.ledger.database import Database, is_database, read_database
from pop3spy.protocol.sasl import MECHANISMS
from pop3spy.protocol.url import Url, parse_url

MOST_WORKERS = 256
"""More processes than this are a slip: each of them takes the memory of a program."""


@dataclass(frozen=True, slots=True)
class ValueKind:
    """A kind of value: how it is called in help, and how it is read.

    ``read`` takes the text of the command line or of YAML, where a list or mapping may stand in its
    place, and raises ValueError with what would be right.  What it has made it takes as it is.
    ``words`` are what a shell offers where nothing or a beginning was typed; ``file`` says that it
    offers names of files.  ``found`` returns words that take some looking for.
    """

    metavar: str
    read: Callable[[Any], Any]
    words: tuple[str, ...] = ()
    file: bool = False
    found: Callable[[], tuple[str, ...]] = tuple

    def offered(self, beginning: str) -> list[str]:
        """Return the words that begin as what was typed."""
        return [word for word in (*self.words, *self.found()) if word.startswith(beginning)]


def wrong(where: str, error: ValueError) -> ConfigError:
    """Return what to tell of a value that means nothing, and where in it the mistake is."""
    told = ConfigError(f"{where}: {error}")
    told.pointer = error.pointer if isinstance(error, FilterError) else ""
    return told


def _word(value: Any) -> str:
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise ValueError(f"{kind} stands where one value belongs")  # noqa: TRY004 - see Kind
    if not value.strip():
        raise ValueError("there is no value")
    return str(value)


def _url(value: Any) -> Url:
    """Read the URL of a server, which may be on this machine: ``:1110``."""
    if isinstance(value, Url):
        return value
    text = _word(value)
    if text.isdigit():
        raise ValueError(f"{text!r} names no host; write host:port")
    return parse_url(text, default_host="127.0.0.1")


def _listen_url(value: Any) -> Url:
    if isinstance(value, Url):
        return value
    text = _word(value)
    return parse_url(f":{text}" if text.isdigit() else text, default_host="127.0.0.1")


def _route(value: Any) -> Route:
    if isinstance(value, Route):
        return value
    text = _word(value)
    listen, equals, upstream = text.partition("=")
    if not (listen and equals and upstream):
        raise ValueError(f"{text!r} is no route; write LISTEN=UPSTREAM, as in :1110=mail:110")
    return Route(_listen_url(listen), _url(upstream))


def _path(value: Any) -> Path:
    if isinstance(value, Path):
        return value
    text = _word(value)
    if "\0" in text:
        raise ValueError("a path cannot hold NUL")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text!r} begins with a home folder that is not known") from None


def _place(value: Any) -> str:
    """Read a path of which the last slash matters: it says that this is a folder."""
    if isinstance(value, str):
        return f"{_path(value)}{'/' * value.endswith('/')}"
    return _word(value)


def _personality(value: Any) -> str:
    """Read the name of a personality, or a path to one."""
    return value if value in _personalities() else str(_path(value))


def _personalities() -> tuple[str, ...]:
    from pop3spy.config.shipped import shipped  # noqa: PLC0415 - hardly anybody asks

    return tuple(shipped())


def _network(value: Any) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    text = _word(value)
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is no address or network; write 192.0.2.1 or 10.0.0.0/8"
        ) from None


def _seconds(value: Any) -> float:
    if isinstance(value, float):
        return value
    return seconds_of(_word(value))


def _patience(value: Any) -> float:
    seconds = _seconds(value)
    if not seconds:
        raise ValueError("0 waits for nobody; write seconds, or 500ms, 30s, 10m, 1h")
    return seconds


def _count(value: Any) -> int:
    if isinstance(value, int):
        return value
    return count_of(_word(value))


def _workers(value: Any) -> int:
    number = value if isinstance(value, int) else int(_count(value))
    if not 0 < number <= MOST_WORKERS:
        raise ValueError(f"{value!r} is no number of processes; write 1 to {MOST_WORKERS}")
    return number


def _port(value: Any) -> int:
    number = value if isinstance(value, int) else int(_count(value))
    if not 0 < number < 1 << 16:
        raise ValueError(f"{value!r} is no TCP port; write a number from 1 to 65535")
    return number


def _own_port(value: Any) -> int:
    return value if isinstance(value, int) else read_own_port(_word(value))


def _ledger(value: Any) -> Path | Database:
    if isinstance(value, Database):
        return value
    if isinstance(value, str) and is_database(value):
        return read_database(value)
    return _path(value)


def _collector(value: Any) -> str:
    return read_collector(_word(value))


def _scraped(value: Any) -> Address:
    return value if isinstance(value, Address) else read_address(_word(value), SCRAPED)


def _name_server(value: Any) -> Address:
    return value if isinstance(value, Address) else read_name_server(_word(value))


def _size(value: Any) -> int:
    if isinstance(value, int):
        return value
    return octets_of(_word(value))


def _threshold(value: Any) -> tuple[str, float]:
    if isinstance(value, tuple):  # what this has made
        return value
    return read_threshold(_word(value))


def _filter(value: Any) -> Filter:
    return value if isinstance(value, Filter) else compile_filter(_word(value))


def _factor(value: Any) -> float:
    if isinstance(value, float):
        return value
    text = _word(value).strip()
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.001 <= factor <= 1e6:  # noqa: PLR2004 - beyond that it is a slip
        raise ValueError(f"{text!r} is no factor; write 1, 0.5 or 10")
    return factor


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _flag(value: Any) -> bool:
    text = _word(value)
    if text.lower() not in _FLAGS:
        raise ValueError(f"{text!r} is neither true nor false")
    return _FLAGS[text.lower()]


def one_of(*words: str) -> ValueKind:
    """Return the kind of a value that is one of *words*."""

    def read(value: Any) -> str:
        text = _word(value)
        if text in words:
            return text
        near = difflib.get_close_matches(text, words, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{text!r} is not one of {', '.join(words)}{hint}")

    return ValueKind("|".join(words), read, words)


def _mechanisms(value: Any) -> tuple[str, ...]:
    """Read ways to log in: SASL mechanisms, APOP, and USER for USER with PASS."""
    if isinstance(value, tuple):
        return value
    names = tuple(word.strip().upper() for word in _word(value).split(","))
    for name in names:
        if name not in WAYS_TO_LOG_IN:
            near = difflib.get_close_matches(name, WAYS_TO_LOG_IN, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{name!r} is no way to log in; write PLAIN or XOAUTH2,PLAIN{hint}")
    return names


def _pattern(value: Any) -> LinePattern:
    return value if isinstance(value, LinePattern) else LinePattern(_word(value))


def _message(value: Any) -> str:
    """Read which message is meant: a number, or the first or last that is listed."""
    text = _word(value).strip()
    number = text if text in ("first", "last") else text.lstrip("0")
    if number in ("first", "last") or (number.isascii() and number.isdigit()):
        return number[:_LONGEST_NUMBER]
    raise ValueError(f"{text!r} is no message; write a number from 1 up, first or last")


_LONGEST_NUMBER = 20
WAYS_TO_LOG_IN = ("USER", "APOP", *MECHANISMS)
URL = ValueKind("URL", _url)
WORD = ValueKind("NAME", _word)
COMMAND = ValueKind("COMMAND", _word)
AUTH = ValueKind("MECH[,MECH]", _mechanisms, WAYS_TO_LOG_IN)
ACCOUNT = ValueKind("USER[:GROUP]", _word)
LISTEN = ValueKind("URL", _listen_url)
ROUTE = ValueKind("LISTEN=UPSTREAM", _route)
PATH = ValueKind("PATH", _path, file=True)
PLACE = ValueKind("PATH", _place, file=True)
FILE = ValueKind("FILE", _word, file=True)
PERSONALITY = ValueKind("NAME|FILE", _personality, file=True, found=_personalities)
NETWORK = ValueKind("NETWORK", _network)
SECONDS = ValueKind("SECONDS", _seconds)
PATIENCE = ValueKind("SECONDS", _patience)
COUNT = ValueKind("COUNT", _count)
PORT = ValueKind("PORT", _port)
WORKERS = ValueKind("COUNT", _workers)
OWN_PORT = ValueKind("[PORT]", _own_port)
LEDGER = ValueKind("PATH|URL", _ledger, file=True)
COLLECTOR = ValueKind("URL", _collector)
SCRAPES = ValueKind("[[HOST:]PORT]", _scraped)
NAME_SERVER = ValueKind("IP[:PORT]", _name_server)
SIZE = ValueKind("SIZE", _size)
FILTER = ValueKind("EXPR", _filter)
THRESHOLD = ValueKind("NAME=VALUE", _threshold, tuple(f"{name}=" for name in ROWS))
FAULT = ValueKind("FAULT", read_fault, tuple(FAULTS))
REWRITE = ValueKind("REWRITE", read_rewrite)
FACTOR = ValueKind("FACTOR", _factor)
PATTERN = ValueKind("REGEX", _pattern)
MESSAGE = ValueKind("N|first|last", _message, ("first", "last"))
PROBED = one_of(
    "connect", "tls", "capa", "auth", "stat", "list", "uidl", "top", "retr", "dele+rset"
)
FLAG = ValueKind("", _flag)
