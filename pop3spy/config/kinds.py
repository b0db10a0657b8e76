"""The kinds of values that settings have: how each is called in help, and how it is read.

In a file, as on the command line, every value is text that its kind makes sense of.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pop3spy.protocol.url import PORTS, Url, parse_url


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: how it is called in help, and how it is read.

    ``read`` takes the text of the command line or of YAML, where a list or mapping may stand in its
    place, and raises ValueError with what would be right.  What it has made it takes as it is.
    """

    metavar: str
    read: Callable[[Any], Any]


def _word(value: Any) -> str:
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise ValueError(f"{kind} stands where one value belongs")  # noqa: TRY004 - see Kind
    if not value.strip():
        raise ValueError("there is no value")
    return str(value)


def _url(value: Any) -> Url:
    if isinstance(value, Url):
        return value
    text = _word(value)
    if text.isdigit():
        raise ValueError(f"{text!r} names no host; write host:port")
    return _plain(parse_url(text))


def _listen_url(value: Any) -> Url:
    if isinstance(value, Url):
        return value
    text = _word(value)
    return _plain(parse_url(f":{text}" if text.isdigit() else text, default_host="127.0.0.1"))


def _plain(url: Url) -> Url:
    """Return *url*, or raise ValueError if it asks for TLS."""
    if url.scheme != "pop3":
        plain = Url("pop3", url.host, PORTS["pop3"])
        raise ValueError(
            f"{url} asks for TLS, which pop3spy does not speak; with {plain} an STLS of the"
            " client's passes through unread"
        )
    return url


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


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(value: Any) -> float:
    if isinstance(value, float):
        return value
    text = _word(value).strip()
    number = text.rstrip("msh")
    try:
        seconds = float(number) * _UNITS[text[len(number) :] or "s"]
    except (ValueError, KeyError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{text!r} is no time; write seconds, or 500ms, 30s, 10m, 1h")
    return seconds


def _count(value: Any) -> int:
    if isinstance(value, int):
        return value
    text = _word(value).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 - enough for any count
        raise ValueError(f"{text!r} is no count; write a number from 0 up")
    return int(text)


def _port(value: Any) -> int:
    number = value if isinstance(value, int) else int(_count(value))
    if not 0 < number < 1 << 16:
        raise ValueError(f"{value!r} is no TCP port; write a number from 1 to 65535")
    return number


_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _size(value: Any) -> int:
    if isinstance(value, int):
        return value
    text = _word(value).strip().lower().removesuffix("b").removesuffix("i")
    number = text.rstrip("kmg")
    unit = text[len(number) :]
    if not (number.isascii() and number.isdigit()) or len(number) > 9 or unit not in _SIZES:  # noqa: PLR2004 - enough for any size
        raise ValueError(f"{value!r} is no size; write octets, or 500K, 10M, 1G")
    return int(number) * _SIZES[unit]


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


def one_of(*words: str) -> Kind:
    """Return the kind of a value that is one of *words*."""

    def read(value: Any) -> str:
        text = _word(value)
        if text in words:
            return text
        near = difflib.get_close_matches(text, words, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{text!r} is not one of {', '.join(words)}{hint}")

    return Kind("|".join(words), read)


URL = Kind("URL", _url)
LISTEN = Kind("URL", _listen_url)
PATH = Kind("PATH", _path)
PLACE = Kind("PATH", _place)
SECONDS = Kind("SECONDS", _seconds)
COUNT = Kind("COUNT", _count)
PORT = Kind("PORT", _port)
SIZE = Kind("SIZE", _size)
FACTOR = Kind("FACTOR", _factor)
FLAG = Kind("", _flag)
