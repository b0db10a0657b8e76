"""Inputs that are nearly right: seeds with something changed, cut, doubled or put in between.

Rule: the same random numbers make the same input, so each can be had again by its number.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

_LINE = 16_000
LONGEST = 1 << 16
"""Octets of an input: what costs a reader more than that is found by small ones too."""

_TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_]+|[\[{][^\[\]{}\n]*[\]}]'
)
_ODD_TOKENS = [
    *(b"0", b"-1", b"1", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648"),
    *(b"-2147483649", b"4294967296", b"9007199254740993", b"9223372036854775807", b"1e15"),
    *(b"9223372036854775808", b"18446744073709551616", b"1e999", b"-1e999", b"NaN", b"Infinity"),
    *(b"1e-400", b"0.5", b"00", b"0x10", b"1_000", b"9" * 400, b"9" * 5000, b"-0", b".5", b"+1"),
    *(b"null", b"true", b"[]", b"{}", b'""', b"[[]]", b'{"":{}}', b"~", b"'", b'"', b"|", b">"),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\\uffff"', b"\\ud800", b"2026-02-30"),
    *(b"0000-00-00", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"12:60:61"),
    *(b"[" * 200, b"{" * 200, b"(" * 200, b"[" * 3000 + b"]" * 3000, b'{"a":' * 100 + b"1"),
    *(b"x" * 300, b"x" * 20000, b"!!int 1", b"&a b", b"*a", b"!!binary x", b"? a", b"<<: *a"),
    *("٣".encode(), "²".encode(), "३".encode(), "İ".encode(), "ﬁ".encode(), "█".encode() * 8),
]
"""What stands where a number, a word, a text or a list should."""
_ODD_OCTETS = [
    *(b"\0", b"\n", b"\r", b"\r\n", b"\n\n", b"\t", b" ", b".", b"\r\n.\r\n", b"..", b"\x1b[2J"),
    *(b"\xff", b"\xfe", b"\x80", b"\xed\xa0\x80", b"\xc3", "\u2028".encode(), "\u202e".encode()),
    *("\ufeff".encode(), "\x85".encode(), b"\\", b"\\x", b"\\u", b"%", b"=", b",", b":", b"#"),
    *(b'"', b"'", b"[", b"]", b"{", b"}", b"(", b")", b"- ", b"&", b"*", b"\x1a", b"\x7f"),
]
_SIZES = (1, 2, 3, 4, 8)
_TIMES = (*(1,) * 10, 2, 3, 5, 30, 100, 1000)
_PARTS = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]
"""Makes another input of one; the third are all seeds that there are."""


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """Return one of *seeds*, changed in one place or in a few."""
    data = random.choice(seeds)
    for _ in range(1 + int(random.expovariate(0.7))):
        change = _fill if random.randrange(_SELDOM) == 0 else random.choice(MUTATIONS)
        data = change(random, data, seeds)
    return data[:LONGEST]


def _place(random: Random, data: bytes) -> tuple[int, int]:
    """Return where a piece begins and ends, which is short more often than long."""
    start = random.randint(0, len(data))
    size = int(random.expovariate(1 / random.choice((1, 4, 30, 300))))
    return start, min(len(data), start + size)


def _flip(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :]


def _overwrite(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Put a number in binary, one at a boundary, in either order of octets."""
    size, part = random.choice(_SIZES), random.choice(_PARTS)
    number = bytes((part,)) + bytes((random.choice((0, 0xFF, part)),)) * (size - 1)
    at = random.randint(0, len(data))
    return data[:at] + (number if random.random() < 0.5 else number[::-1]) + data[at + size :]


def _cut_out(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(random, data)
    return data[:start] + data[end:]


def _double(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Repeat a piece: once, or so often that it counts."""
    start, end = _place(random, data)
    times = random.choice(_TIMES)
    return data[:end] + (data[start:end] * times)[:LONGEST] + data[end:]


def _insert(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(_ODD_OCTETS) + data[at:]


def _fill(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Make a line as long as is read of one, of a short piece: what goes back in it takes long."""
    at = random.randint(0, len(data))
    piece = data[at : at + random.randint(1, 4)] or random.choice(_ODD_OCTETS)
    if random.random() < 0.5:
        piece = random.choice(_ODD_OCTETS) + piece[1:]
    return data[:at] + piece * (_LINE // len(piece)) + data[at:]


def _truncate(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: random.randint(0, len(data))]


def _splice(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Go on as another seed does."""
    other = random.choice(seeds)
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _borrow(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Put a piece of another seed into the middle."""
    other = random.choice(seeds)
    start, end = _place(random, other)
    at = random.randint(0, len(data))
    return data[:at] + other[start:end] + data[at:]


def _lines(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Lose a line, say it twice, or move it."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    line = lines[random.randrange(len(lines))]
    if random.random() < 0.6:
        lines.remove(line)
    if random.random() < 0.6:
        lines.insert(random.randint(0, len(lines)), line)
    return b"".join(lines)


def _token(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Put something odd, or a word of a seed, where a word, a number, a text or a list was."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return _insert(random, data, seeds)
    other = _ODD_TOKENS
    if random.random() < 0.4:
        other = _TOKEN.findall(random.choice(seeds)) or _ODD_TOKENS
    token = random.choice(tokens)
    return data[: token.start()] + random.choice(other) + data[token.end() :]


MUTATIONS: Sequence[Mutation] = (
    *(_flip, _overwrite, _cut_out, _double, _insert, _truncate, _splice, _borrow, _lines),
    *(_token, _token, _token),
)
_SELDOM = 30
"""One of so many inputs has a line that is filled."""
