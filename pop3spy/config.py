"""Every setting, as one table, and reading them from a YAML file.

Rule: a setting has one row; the command line, the configuration file and ``docs/config.md`` are
made from it.  Where a value is wrong the message names the file, the setting and what would do.
In a file, as on the command line, every value is text that its kind makes sense of: YAML types
nothing, so ``bob: 0123`` is the password 0123.
"""

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import yaml

from pop3spy.errors import ConfigError
from pop3spy.net.limits import Limits
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import PORTS, Url, parse_url

STDOUT: Final = Path("-")
"""What stands for standard output in place of a path."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: how it is called in help, and how it is read.

    ``read`` takes the text of the command line or of YAML, where a list or mapping may stand in its
    place, and raises ValueError with what would be right.  What it has made it takes as it is.
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
        if not items:
            raise ValueError("the list is empty")
        return tuple(self.kind.read(item) for item in items)


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


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _flag(value: Any) -> bool:
    text = _word(value)
    if text.lower() not in _FLAGS:
        raise ValueError(f"{text!r} is neither true nor false")
    return _FLAGS[text.lower()]


def _one_of(*words: str) -> Kind:
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
SIZE = Kind("SIZE", _size)
FLAG = Kind("", _flag)

_PROXY, _SERVE, _DEMO = "proxy", "serve", "demo"
_REPLAY = "replay server"
_ALL = (_PROXY, _SERVE, _REPLAY, _DEMO)
_SERVERS = (_PROXY, _SERVE, _REPLAY)

# fmt: off
SETTINGS: Final = {row.name: row for row in (
    Setting("upstream", URL, (_PROXY,), "The server that clients are relayed to."),
    Setting("listen", LISTEN, _SERVERS, "Where clients connect to; :1110 is a port of this machine only, port 0 takes a free one.", (parse_url("127.0.0.1:110"),), many=True),
    Setting("users", PATH, (_SERVE, _REPLAY), "A YAML file of users and their passwords.  [default: the user demo with the password demo; in a replay, anybody]"),
    Setting("log", PATH, _SERVERS, "Also write the log to this file; - is stdout, in place of the transcript."),
    Setting("log-format", _one_of("text", "json"), _SERVERS, "How the log is written: for people or for machines.", "text"),
    Setting("record", PLACE, _SERVERS, "Record every session in this new file, or each in a file of its own in this folder (PATH/)."),
    Setting("bodies", _one_of("keep", "mask", "drop"), _SERVERS, "What a recording has of messages: all, their shape, or their sizes.", "keep"),
    Setting("rotate", SIZE, _SERVERS, "Begin a new recording with the first session after one has this size; 0: never.", 0),
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

    A relative path in it is one from the file's folder.  Raise ConfigError if the file cannot be
    read, or holds a key or value that means nothing.
    """
    loaded = load_yaml(path)
    where = escape(str(path))
    if loaded is None or loaded == "":
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(f"{where}: a configuration is made of lines like 'upstream: mail:110'")
    known = {setting.name: setting for setting in settings_of(verb)}
    values = {}
    for key, given in loaded.items():
        if key not in known:
            raise ConfigError(f"{where}: {escape(key)}: {_unknown(key, known, verb)}")
        try:
            values[key] = known[key].value(given)
        except ValueError as error:
            raise ConfigError(f"{where}: {key}: {error}") from None
        if known[key].kind is PATH and values[key] != STDOUT:
            values[key] = path.parent / values[key]
        if known[key].kind is PLACE:
            values[key] = os.path.join(path.parent, values[key])  # noqa: PTH118 - keeps a last slash
    return values


class _Loader(yaml.BaseLoader):
    """Makes text, lists and mappings: nothing is run, typed, repeated or silently replaced."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # as PyYAML has it
        if isinstance(event, yaml.AliasEvent):
            raise _wrong("what begins with * must stand in quotes", event)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _wrong("what begins with & must stand in quotes", event)
        if getattr(event, "tag", None) is not None:
            raise _wrong("what begins with ! must stand in quotes", event)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong("a list or a mapping cannot be a key", key)
            if key.value in keys:
                raise _wrong("this key has stood before", key)
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def _wrong(problem: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


def load_yaml(path: Path) -> object:
    """Return what the YAML file at *path* holds: text, lists and mappings, None if it is empty.

    Raise ConfigError, with the line where it is known; it repeats nothing of the file, which may
    hold passwords.
    """
    where = escape(str(path))
    try:
        with path.open(encoding="utf-8") as file:
            return yaml.load(file, _Loader)  # noqa: S506 - it makes nothing but plain data
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: this is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = f"{error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise ConfigError(f"{where}:{line} {_harmless(error.problem or '')}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{where}: this is not YAML text") from None
    except RecursionError:
        raise ConfigError(f"{where}: this is nested too deeply") from None


def _harmless(problem: str) -> str:
    """Return what PyYAML says is wrong, unless it quotes the file; a tab is no secret."""
    if problem.startswith("sequence entries"):
        return "what begins with - must stand in quotes"
    if "'" in problem.replace("'\\t'", ""):
        return "this is not YAML"
    return problem.removeprefix("but ")


def _unknown(key: str, known: Iterable[str], verb: str) -> str:
    if near := difflib.get_close_matches(key, known, n=1):
        return f"there is no such setting; did you mean {near[0]!r}?"
    if key in SETTINGS:
        return f"this is a setting of {', '.join(SETTINGS[key].verbs)}, not of {verb}"
    return f"there is no such setting; {verb} has {', '.join(known)}"


def limits_of(values: dict[str, Any]) -> Limits:
    """Return the limits that the settings *values* give."""
    names = [field.name for field in fields(Limits)]
    return Limits(**{name: values[name] for name in names if name in values})
