"""What of a line is hidden while it is being typed, so that no password is ever on the screen."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Command, Turn, parse_command
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.session.allowed import beyond_the_table

_WIRE: Final = re.compile(r"(?i):(?:sen?d?|sp(?:l|li|lit)? +\d+) +")
"""Commands of the console that hold a line for the server."""
_ESCAPED: Final = re.compile(r"(?i)(?:pass|rpop|apop|auth)(?:[ \t]|\\t|\\x(?:20|09))")
_WITH_NUMBER: Final = re.compile(r"\s*:(\w*) *(\d*) *")
_IN_HEX: Final = re.compile(
    r"(?i):hex? .*?(?:[57]0 *[46]1 *[57]3 *[57]3|[57]2 *[57]0 *[46]f *[57]0)"
)


def hidden_from(text: str, state: State) -> int | None:
    """Return where in a line that is typed in *state* begins what must not be seen, if anywhere."""
    if state is State.SASL:
        return 0 if text and text != "*" else None
    if state is State.XMIT:
        return None
    if text.startswith(":"):
        return _in_meta(text, state)
    return _in_command(text, state)


def _in_meta(text: str, state: State) -> int | None:
    if match := _IN_HEX.match(text):
        return match.end()
    match = _WIRE.match(text)
    if match is None:
        return None
    found = _ESCAPED.search(text, match.end())
    inner = _in_command(text[match.end() :], state)
    starts = [match.end() + inner] if inner is not None else []
    return min([*starts, *([found.end()] if found else [])], default=None)


def _in_command(text: str, state: State) -> int | None:
    line = text.encode("utf-8", "surrogateescape")
    command = parse_command(line)
    if command.spec is None:
        verb = text.replace("\t", " ").partition(" ")[0]
        return len(verb) + 1 if len(verb) < len(text) else None
    if _begins_mechanism(command):
        return None
    spans = beyond_the_table(command, command.spec, line, state, strict=False)
    if not spans:
        return None
    start = min(start for start, _ in spans)
    return len(line[:start].decode("utf-8", "surrogateescape"))


def _begins_mechanism(command: Command) -> bool:
    """Return whether the only argument of AUTH may become the name of a mechanism."""
    if command.spec is None or command.spec.turn is not Turn.SASL or len(command.args) != 1:
        return False
    word = command.args[0].decode("latin-1").upper()
    return any(name.startswith(word) for name in sasl.MECHANISMS)


def hidden_from_live(
    text: str, commands: Mapping[str, bool], states: Callable[[int], State]
) -> int | None:
    """Return the same for a line of the proxy's console, which may be ``:send N COMMAND``.

    *commands* tells of which there may be a line for a server behind the number, and *states* in
    which state a session is.
    """
    match = _WITH_NUMBER.match(text)
    if match is None:
        return _in_command(text, State.AUTHORIZATION)
    name = match[1].lower()
    meant = [wire for each, wire in commands.items() if each.startswith(name)]
    if meant and not any(meant):
        return None
    start = match.end()
    inner = _in_command(text[start:], states(int(match[2][:9] or 0)))
    found = _ESCAPED.search(text, start)
    starts = [start + inner] if inner is not None else []
    return min([*starts, *([found.end()] if found else [])], default=None)


class Veil(Processor):
    """Shows a mask of always the same length in place of what is hidden.

    *hides* tells where that begins, if it is not a line for a server in ``state``.
    """

    def __init__(self, hides: Callable[[str], int | None] | None = None) -> None:
        self._hides = hides or (lambda text: hidden_from(text, self.state))
        self.state = State.CLOSED
        self.everything = False  # an answer to a question, and it is a secret

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return what is shown of the line."""
        text = transformation_input.document.text
        start = 0 if self.everything else self._hides(text)
        if start is None or start >= len(text):
            return Transformation(transformation_input.fragments)
        shown: StyleAndTextTuples = [("", text[:start]), ("class:mask", MASK)]
        end = start + len(MASK)
        return Transformation(
            shown,
            source_to_display=lambda at: at if at <= start else end,
            display_to_source=lambda at: at if at <= start else len(text),
        )
