"""The words that rules use."""

import pytest

from pop3spy.findings.wording import LONGEST, cut, quoted, seconds
from pop3spy.protocol.frames import Junk, Side, StatusLine
from pop3spy.protocol.why import Why


def test_a_quotation_shows_no_line_end_and_no_secret() -> None:
    said = Junk(Side.SERVER, b"no ******** here\r\n", why=Why.UNASKED, masks=((3, 11),))
    assert quoted(said) == "'no ████████ here'"


@pytest.mark.parametrize(("length", "last"), [(LONGEST, "x"), (LONGEST + 1, "…")])
def test_a_quotation_has_at_most_sixty_characters(length: int, last: str) -> None:
    text = cut("x" * length)
    assert len(text) == LONGEST
    assert text[-1] == last


@pytest.mark.parametrize("words", [1, 20, 100])
def test_a_refusal_is_quoted_whole_and_no_other_line(words: int) -> None:
    text = "-ERR [SYS/PERM] " + " ".join(["because"] * words)
    refusal = StatusLine(Side.SERVER, f"{text}\r\n".encode(), ok=False, has_body=False)
    assert quoted(refusal) == f"'{text}'"
    other = Junk(Side.SERVER, f"{text}\r\n".encode(), why=Why.UNASKED)
    assert quoted(other) == f"'{cut(text)}'"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0.04, "0 s"),
        (0.5, "0.5 s"),
        (9.96, "10 s"),
        (12.4, "12 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3600, "1 h"),
    ],
)
def test_a_time_is_said_as_people_say_it(duration: float, text: str) -> None:
    assert seconds(duration) == text
