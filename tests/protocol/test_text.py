import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.text import MASK, decode_text, escape, escape_lines, show


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        pytest.param(b"+OK ready", "+OK ready", id="plain text"),
        pytest.param(b"a\x1b[2Jb", r"a\x1b[2Jb", id="an escape sequence"),
        pytest.param(b"a\r\n\tb\0\x07", r"a\r\n\tb\x00\x07", id="controls"),
        pytest.param(b"a\x000", r"a\x000", id="NUL and a digit, which are no octal number"),
        pytest.param(b"a\x7fb", r"a\x7fb", id="delete"),
        pytest.param("grün".encode(), "grün", id="UTF-8"),
        pytest.param(b"gr\xfcn", r"gr\xfcn", id="an octet that is no UTF-8"),
        pytest.param("grün ".encode() + b"gr\xfcn", r"grün gr\xfcn", id="one beside UTF-8"),
        pytest.param("☃".encode()[:2] + b"x", r"\xe2\x98x", id="a character that breaks off"),
        pytest.param(b"\xc0\xaf", r"\xc0\xaf", id="more octets than UTF-8 takes for it"),
        pytest.param(b"\xed\xa0\x80", r"\xed\xa0\x80", id="half a pair of UTF-16"),
        pytest.param(b"\x9b2J", r"\x9b2J", id="an 8-bit control"),
        pytest.param("\u202eabc".encode(), r"\u202eabc", id="right to left override"),
        pytest.param("a\u200bb".encode(), r"a\u200bb", id="zero width space"),
        pytest.param("a\u2028b".encode(), r"a\u2028b", id="line separator"),
        pytest.param("\U000e0041".encode(), r"\U000e0041", id="an invisible tag"),
        pytest.param(rb"C:\new", r"C:\\new", id="a backslash cannot look like an escape"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_wire_data_is_shown_escaped(data: bytes, shown: str) -> None:
    assert show(data) == shown


@pytest.mark.parametrize(
    ("data", "masks", "shown"),
    [
        pytest.param(b"PASS hunter2\r\n", ((5, 12),), rf"PASS {MASK}\r\n", id="a password"),
        pytest.param(b"PASS x", ((5, 6),), f"PASS {MASK}", id="the same for a short one"),
        pytest.param(b"abcd", ((0, 1), (2, 3)), f"{MASK}b{MASK}d", id="two spans"),
        pytest.param(b"\xff\xc3\xbc", ((0, 1),), f"{MASK}ü", id="what is hidden decides nothing"),
        pytest.param(b"\xc3\xbc", ((0, 1),), rf"{MASK}\xbc", id="nor is half of it decoded"),
    ],
)
def test_a_mask_stands_for_a_secret(
    data: bytes, masks: tuple[tuple[int, int], ...], shown: str
) -> None:
    assert show(data, masks) == shown


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_nothing_that_acts_on_a_terminal_is_shown_and_nothing_is_lost(text: str) -> None:
    shown = escape(text)

    assert not any(unicodedata.category(char)[0] == "C" for char in shown)
    assert len(shown.splitlines()) <= 1
    assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == text


@given(st.binary())
def test_any_octets_are_shown_in_one_line(data: bytes) -> None:
    assert len(show(data).splitlines()) <= 1


@given(st.lists(st.sampled_from([b"x", b"\\", "é☃".encode(), b"\xe9", b"\xe2\x98", b"\x9b"])))
def test_octets_that_are_not_utf_8_are_shown_by_their_numbers(pieces: list[bytes]) -> None:
    letters = {b"x": "x", b"\\": r"\\", "é☃".encode(): "é☃"}
    numbers = {b"\xe9": r"\xe9", b"\xe2\x98": r"\xe2\x98", b"\x9b": r"\x9b"}
    separated = [piece + b" " for piece in pieces]  # so that no two of them are UTF-8 together

    assert show(b"".join(separated)) == "".join(f"{(letters | numbers)[each]} " for each in pieces)


@given(st.binary())
def test_lines_are_shown_as_each_of_them_is(data: bytes) -> None:
    lines = data.split(b"\n")

    assert escape_lines(decode_text(data)) == "\n".join(map(show, lines))
