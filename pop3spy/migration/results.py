"""What accounts came to, kept in a file, so that a comparison that was stopped can go on.

The file is JSON, a line each: the first says what is compared, each other what an account came to.
Rules: 1. each line is written whole, at once; 2. what is said of an account later counts; 3. a last
line that is broken off is cut away.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from pop3spy.errors import ConfigError, said_by_system
from pop3spy.migration.account import KINDS, NEW, OLD, AccountOutcome
from pop3spy.newfile import new_file
from pop3spy.protocol.text import escape

FORMAT: Final = "pop3spy comparison 1"
_MOST: Final = 1 << 63
Facts = Mapping[str, Any]
Fits = Callable[[object], bool]


class Results:
    """Writes results to a new file at *path*, or goes on with one (*resume*); close it.

    *compared* says what is compared; raise ConfigError if the file is about something else.
    ``done`` are the accounts that need not be looked at again.
    """

    def __init__(self, path: Path, compared: Mapping[str, str], *, resume: bool) -> None:
        self._path = path
        self.done: set[str] = set()
        header = {"format": FORMAT, **compared}
        if resume and path.exists():
            end = self._read(header)
            self._stream = self._opened(end)
            return
        self._stream = new_file(path)
        self._write(header)

    def add(self, facts: Facts) -> None:
        """Keep what an account came to."""
        self._write(facts)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _write(self, facts: Mapping[str, object]) -> None:
        try:
            self._stream.write(json.dumps(facts).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise ConfigError(f"{escape(str(self._path))}: {said_by_system(error)}") from None

    def _read(self, header: Mapping[str, str]) -> int:
        """Learn what is done; return where the last whole line ends."""
        where = escape(str(self._path))
        end = 0
        try:
            with self._path.open("rb") as stream:
                for number, line in enumerate(stream, 1):
                    if not line.endswith(b"\n"):
                        break
                    if number > 1:
                        self._learn(_result_in(line, f"{where}:{number}"))
                    elif _object_in(line) != header:
                        raise ConfigError(f"{where}: this is about other servers, or other content")
                    end += len(line)
        except OSError as error:
            raise ConfigError(f"{where}: {said_by_system(error)}") from None
        if not end:
            raise ConfigError(f"{where}: this holds no results to go on with")
        return end

    def _learn(self, facts: Facts) -> None:
        name = str(facts["account"])
        if facts["outcome"] == AccountOutcome.FAILED.value:
            self.done.discard(name)
        else:
            self.done.add(name)

    def _opened(self, end: int) -> BinaryIO:
        try:
            stream = self._path.open("r+b")
            stream.truncate(end)
            stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise ConfigError(f"{escape(str(self._path))}: {said_by_system(error)}") from None
        return stream


def results_in(path: Path) -> Iterator[Facts]:
    """Yield what accounts came to, by the file at *path*, each once: what was said of it last.

    Raise ConfigError if a line is no result.
    """
    last = {str(facts["account"]): number for number, facts in _lines(path)}
    for number, facts in _lines(path):
        if last[str(facts["account"])] == number:
            yield facts


def _lines(path: Path) -> Iterator[tuple[int, Facts]]:
    """Yield each result in the file with its line, without one that is broken off."""
    where = escape(str(path))
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if number > 1 and line.endswith(b"\n"):
                yield number, _result_in(line, f"{where}:{number}")


def write_map(path: Path, results: Path, *, alone: bool) -> None:
    """Write which unique-id each message had, and which it has, to the new file *path*.

    *alone* is whether there is but one account, whose name is then left out.
    """
    with new_file(path) as stream:
        rows = ((str(facts["account"]), facts.get("ids") or ()) for facts in results_in(results))
        if path.suffix == ".json":
            _write_json(stream, rows, alone=alone)
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["old", "new"] if alone else ["account", "old", "new"])
        for name, ids in rows:
            writer.writerows(ids if alone else [(name, *pair) for pair in ids])
            stream.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
        stream.write(text.getvalue().encode())


def _write_json(stream: BinaryIO, rows: Iterator[tuple[str, Any]], *, alone: bool) -> None:
    """Write one account after the other, so that there is never more than one in memory."""
    if alone:
        ids = {old: new for _, pairs in rows for old, new in pairs}
        stream.write(json.dumps(ids, indent=2).encode() + b"\n")
        return
    between = "{"
    for name, pairs in rows:
        stream.write(f"{between}\n{json.dumps(name)}: {json.dumps(dict(pairs))}".encode())
        between = ","
    stream.write(b"{}\n" if between == "{" else b"\n}\n")


def _object_in(line: bytes) -> Facts | None:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _result_in(line: bytes, where: str) -> Facts:
    """Return the result that *line* is; somebody may have changed the file."""
    facts = _object_in(line)
    if facts is None or not all(name in facts and fits(facts[name]) for name, fits in _FIT.items()):
        raise ConfigError(f"{where}: this is no result of a comparison")
    unread = facts["outcome"] == AccountOutcome.FAILED.value and not facts["both"]
    for name, fits in _OF_COMPARED.items():
        if not (fits(facts.get(name)) or (unread and facts.get(name) == {})):
            raise ConfigError(f"{where}: this is no result of a comparison")
    return facts


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST


def _text(value: object) -> bool:
    return isinstance(value, str)


def _list_of(fits: Fits) -> Fits:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _all_in(names: Iterable[str], fits: Fits) -> Fits:
    wanted = set(names)
    return lambda value: (
        isinstance(value, dict) and value.keys() == wanted and all(map(fits, value.values()))
    )


def _outcome(value: object) -> bool:
    return value in [each.value for each in AccountOutcome]  # a set would want a hash


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_text, value))  # noqa: PLR2004 - old and new


_NUMBERS: Final = _list_of(_number)
_FIT: Final[Mapping[str, Fits]] = {
    **dict.fromkeys(("account", "why", "found_by", "looked_at", "why_less", "advice"), _text),
    **dict.fromkeys(("messages", "octets", "both", "moved", "ids_known", "ids_changed"), _number),
    **dict.fromkeys(KINDS, _NUMBERS),
    **dict.fromkeys(("capabilities", "retrieved"), _list_of(_text)),
    "outcome": _outcome,
    "ids": _list_of(_pair),
}
"""What a result has, and what each of it must be like."""
_OF_COMPARED: Final[Mapping[str, Fits]] = {
    "counts": _all_in(KINDS, _number),
    "tls": _all_in((OLD, NEW), _text),
}
"""What one has besides where the account could be read."""
