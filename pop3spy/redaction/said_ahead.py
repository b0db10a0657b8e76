"""Secrets in what a client has said that is in no frame yet, and what a server repeats of them.

A server may say many lines while the same octets wait, so each line of the client is read once.
"""

from collections.abc import Iterator
from typing import Final, TypeVar

from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.frames import Frame, StatusLine
from pop3spy.redaction.masking import hide
from pop3spy.redaction.sasl_login import roughly_decoded
from pop3spy.redaction.secret_index import SecretIndex, words_of

F = TypeVar("F", bound=Frame)

_LINE_END: Final = 0x0A


class SaidAhead:
    """Remembers what waits, line by line; *before_login* says what may be secret there."""

    def __init__(self) -> None:
        self._lines = b""
        self._last = b""  # the line that has no end yet
        self._before_login = True
        self._secrets = SecretIndex()
        self._secrets_in_last = SecretIndex()

    def hide(self, frame: F, waiting: bytes, *, before_login: bool) -> F:
        """Hide what a line of the server repeats of *waiting*."""
        self._read(waiting, before_login=before_login)
        # What makes it a status line is no secret, and a recording without it would be none.
        text = frame.text if isinstance(frame, StatusLine) else line_of(frame.raw)
        end = len(line_of(frame.raw))
        start = end - len(text)
        indexes = (self._secrets, self._secrets_in_last)
        if any(index.overflown for index in indexes):
            return hide(frame, ((start, end),))
        found = [span for index in indexes for span in index.find(frame.raw[start:])]
        return hide(frame, tuple((start + first, start + last) for first, last in found))

    def _read(self, waiting: bytes, *, before_login: bool) -> None:
        """Read what has come of *waiting* since it was read last; what waits no more may stay."""
        end = waiting.rfind(b"\n") + 1
        known = _known(self._lines, waiting[:end])
        if before_login is not self._before_login or (self._lines and not known and end):
            self._last, self._secrets, known = b"", SecretIndex(), 0
            self._before_login = before_login
        _learn(self._secrets, waiting[known:end], before_login=before_login)
        if self._last != waiting[end:]:
            self._secrets_in_last = SecretIndex()
            _learn(self._secrets_in_last, waiting[end:], before_login=before_login)
        self._lines, self._last = waiting[:end], waiting[end:]


def _known(before: bytes, lines: bytes) -> int:
    """Return how many octets *lines* begin with that *before* ends with, in whole lines.

    The client's first lines have been read, or more has come, or both.
    """
    if lines.startswith(before):
        return len(before)
    if before.endswith(lines):
        return len(lines)
    first = lines[: lines.find(b"\n") + 1]
    at = before.find(first)
    while at >= 0:
        begins_line = at == 0 or before[at - 1] == _LINE_END
        if begins_line and lines.startswith(before[at:]):
            return len(before) - at
        at = before.find(first, at + 1)
    return 0


def _learn(secrets: SecretIndex, said: bytes, *, before_login: bool) -> None:
    for line in said.splitlines(keepends=True):
        for secret in _secrets_of(line, before_login=before_login):
            for word in words_of(secret):
                if secrets.overflown:
                    return
                secrets.add(word)


def _secrets_of(line: bytes, *, before_login: bool) -> Iterator[bytes]:
    """Yield what *line* may hold: it may be a command, or an answer inside AUTH."""
    command = parse_command(line)
    if command.spec is None:
        yield line_of(line)
    elif not (before_login or command.spec.secret):
        return
    else:
        yield command.rest
        if command.spec.hides:
            yield from command.spec.hides.findall(line)
    for word in line.split():
        yield roughly_decoded(word)
