"""JSON as the text that ``json.dumps`` makes: on one line, in ASCII.

Its pieces are for what is written so often that a dictionary and an encoder cost too much.
"""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Final

json_text: Final = json.JSONEncoder(default=str).encode  # json.dumps would make one for each line
"""Returns a value as JSON; what JSON cannot hold as text."""

quoted: Final = encode_basestring_ascii
"""Returns a text in quotes, with its escapes."""
TRUTH: Final = {True: "true", False: "false", None: "null"}
"""What stands for a truth, or for one that is not known."""


def members(facts: Mapping[str, object]) -> str:
    """Return *facts* as an object's members, without its braces; what JSON cannot hold as text."""
    return json_text(facts)[1:-1]


def quoted_or_null(text: str | None) -> str:
    """Return *text* in quotes, and null for None."""
    return "null" if text is None else quoted(text)


def number_or_null(number: int | None) -> str:
    """Return a whole number, and null for None."""
    return "null" if number is None else repr(number)


def seconds_or_null(seconds: float | None) -> str:
    """Return *seconds*, finite, in whole microseconds, and null for None."""
    return "null" if seconds is None else repr(round(seconds, 6))
