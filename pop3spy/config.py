"""Every setting, as one table, and reading them from a YAML file.

Rule: a setting has one row; the command line, the configuration file and ``docs/config.md`` are
made from it.  Where a value is wrong the message names the file, the setting and what would do.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import yaml

from pop3spy.errors import ConfigError
from pop3spy.net.limits import Limits
from pop3spy.protocol.url import Url, parse_url


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: how it is called in help, and how it is read.

    ``read`` takes what stands on the command line (always str) or in YAML (what YAML made of it)
    and raises ValueError with what would be right.
    """

    metavar: str
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: an option of the command line and a key of the configuration file.

    ``verbs`` are the commands that have it; ``many`` says that it may be given several times.
    """

    name: str
    kind: Kind
    verbs: tuple[str, ...]
    help: str
    default: Any = None
    many: bool = False

    def value(self, given: Any) -> Any:
        """Return what *given* means; raise ValueError if it means nothing."""
        if not self.many:
            return self.kind.read(given)
        items = given if isinstance(given, list | tuple) else [given]
        return tuple(self.kind.read(item) for item in items)


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is no text; put it in quotes")


def _url(value: Any) -> Url:
    if isinstance(value, Url):
        return value
    return parse_url(str(value) if isinstance(value, int) else _word(value))


def _listen_url(value: Any) -> Url:
    if isinstance(value, Url):
        return value
    return parse_url(_word(value), default_host="127.0.0.1")


def _path(value: Any) -> Path:
    return value if isinstance(value, Path) else Path(_word(value)).expanduser()


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    text = str(value).strip()
    number = text.rstrip("msh")
    try:
        seconds = float(number) * _UNITS[text[len(number) :] or "s"]
    except (ValueError, KeyError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{text!r} is no time; write seconds, or 500ms, 30s, 10m, 1h")
    return seconds


def _count(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 - enough for any count
        raise ValueError(f"{text!r} is no count; write a number from 0 up")
    return int(text)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is neither true nor false")


def _one_of(*words: str) -> Kind:
    def read(value: Any) -> str:
        if value in words:
            return str(value)
        near = difflib.get_close_matches(str(value), words, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{value!r} is not one of {', '.join(words)}{hint}")

    return Kind("|".join(words), read)


URL = Kind("URL", _url)
LISTEN = Kind("URL", _listen_url)
PATH = Kind("PATH", _path)
SECONDS = Kind("SECONDS", _seconds)
COUNT = Kind("COUNT", _count)
FLAG = Kind("", _flag)

_PROXY, _SERVE, _DEMO = "proxy", "serve", "demo"
_ALL = (_PROXY, _SERVE, _DEMO)
_SERVERS = (_PROXY, _SERVE)

# fmt: off
SETTINGS: Final = {row.name: row for row in (
    Setting("upstream", URL, (_PROXY,), "The server that clients are relayed to."),
    Setting("listen", LISTEN, _SERVERS, "Where clients connect to; port 0 takes a free one.", (parse_url("127.0.0.1:110"),), many=True),
    Setting("users", PATH, (_SERVE,), "A YAML file of users and their passwords.  [default: the user demo with the password demo]"),
    Setting("log", PATH, _SERVERS, "Also write the log to this file; - is stdout, in place of the transcript."),
    Setting("log-format", _one_of("text", "json"), _SERVERS, "How the log is written: for people or for machines.", "text"),
    Setting("quiet", FLAG, _SERVERS, "Print no transcript.", default=False),
    Setting("redact", _one_of("secrets", "strict"), _SERVERS, "What is hidden: secrets, or user names and addresses too.", "secrets"),
    Setting("connect-timeout", SECONDS, (_PROXY,), "How long each address of the server may take to answer.", 10.0),
    Setting("idle-timeout", SECONDS, _SERVERS, "End a session in which nobody spoke for so long; 0: never.", 0.0),
    Setting("max-sessions", COUNT, _SERVERS, "How many sessions may be open at once; 0: any number.", 0),
    Setting("grace", SECONDS, _SERVERS, "How long replies on their way may take when pop3spy is stopped.", 5.0),
    Setting("answer-when-down", FLAG, (_PROXY,), "Answer -ERR when the server cannot be reached, instead of just closing.", default=False),
    Setting("loop", _one_of("auto", "uvloop", "asyncio"), _ALL, "Which event loop runs it; auto: uvloop where there is one.", "auto"),
)}
# fmt: on


def settings_of(verb: str) -> list[Setting]:
    """Return the settings that *verb* has, in the order of the table."""
    return [setting for setting in SETTINGS.values() if verb in setting.verbs]


def read_config(path: Path, verb: str) -> dict[str, Any]:
    """Return the values that the YAML file at *path* gives for *verb*, by setting.

    Raise ConfigError if the file cannot be read, or holds a key or value that means nothing.
    """
    loaded = load_yaml(path)
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path}: a configuration is made of lines like 'upstream: mail:110'")
    known = {setting.name: setting for setting in settings_of(verb)}
    values = {}
    for key, given in loaded.items():
        if key not in known:
            raise ConfigError(f"{path}: {key}: {_unknown(str(key), known, verb)}")
        try:
            values[key] = known[key].value(given)
        except ValueError as error:
            raise ConfigError(f"{path}: {key}: {error}") from None
    return values


def load_yaml(path: Path) -> object:
    """Return what the YAML file at *path* holds; plain data only, nothing in it is run.

    Raise ConfigError, with the line where it is known.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return yaml.safe_load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: this is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = f"{error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{path}:{line} {error.problem or 'this is not YAML'}") from None
    except (yaml.YAMLError, RecursionError):
        raise ConfigError(f"{path}: this is not YAML") from None


def _unknown(key: str, known: Iterable[str], verb: str) -> str:
    if near := difflib.get_close_matches(key, known, n=1):
        return f"there is no such setting; did you mean {near[0]!r}?"
    if key in SETTINGS:
        return f"this is a setting of {', '.join(SETTINGS[key].verbs)}, not of {verb}"
    return f"there is no such setting; {verb} has {', '.join(known)}"


def without_tls(name: str, url: Url) -> Url:
    """Return *url*, or raise ConfigError if it asks for TLS, which pop3spy does not speak."""
    if url.scheme != "pop3":
        plain = Url("pop3", url.host, url.port)
        raise ConfigError(
            f"--{name} {url}: pop3spy does not speak TLS; with {plain} an STLS of the client's"
            " passes through unread"
        )
    return url


def limits_of(values: dict[str, Any]) -> Limits:
    """Return the limits that the settings *values* give."""
    names = [field.name for field in fields(Limits)]
    return Limits(**{name: values[name] for name in names if name in values})
