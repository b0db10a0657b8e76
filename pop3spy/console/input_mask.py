"""What of a line is hidden while it is being typed, so that no password is ever on the screen."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from pop3spy.console.placed import Placed, unescaped, unhexed
from pop3spy.protocol import sasl
from pop3spy.protocol.commands import COMMANDS, Command, Turn, parse_command
from pop3spy.protocol.frames import Spans
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.redaction.given_away import begins_login
from pop3spy.redaction.password_due import logs_in
from pop3spy.redaction.typed import login_in
from pop3spy.redaction.visible_args import beyond_the_table

Hides = Callable[[str], int | None]
"""Tells where in a line begins what must not be seen, if anywhere."""
Judge = Callable[[bytes], Spans]
"""Tells what would be hidden of a line if it were said now."""

_STATUS: Final = ("+OK", "-ERR")
_NONE: Final[Mapping[str, bool]] = {}
_ESCAPED: Final = re.compile(r"(?i)(?:pass|rpop|apop|auth)(?:[ \t]|\\t|\\x(?:20|09))")
_CONSOLE_COMMAND: Final = re.compile(r"\s*:(\w*) *(\d*) *")
_IN_HEX: Final = re.compile(
    r"(?i).*?(?:[57]0 *[46]1 *[57]3 *[57]3|[57]2 *[57]0 *[46]f *[57]0)"  # PASS, RPOP
)


def hidden_from(
    text: str,
    state: State | None,
    commands: Mapping[str, bool] = _NONE,
    judge: Judge | None = None,
    *,
    held: bool = False,
) -> int | None:
    """Return where in a line that is typed in *state* begins what must not be seen, if anywhere.

    Without a state, as without a connection, as much is hidden as before a login.  *commands* are
    those of the console, and whether octets for a server stand behind them.  Without a *judge*,
    what stands behind a verb that nobody knows is hidden, and so are words that a command before a
    login does not take.  *held* is whether a command with a
    secret is: then of what is for the wire the verb alone is seen.
    """
    if state is State.SASL:
        return 0 if text and text != "*" else None
    if state is State.XMIT and not held:
        return None
    return hidden_from_live(
        text, commands, lambda _: state or State.AUTHORIZATION, judge, held=held
    )


def hidden_behind_half_a_line(text: str, commands: Mapping[str, bool] = _NONE) -> int | None:
    """Return the same for a line that goes on with what was said: its beginning may be a login."""
    match = _CONSOLE_COMMAND.match(text)
    if match is None:
        return 0 if text else None
    meant = [wire for each, wire in commands.items() if each.startswith(match[1].lower())]
    if meant and not any(meant):
        return login_in(text, match.end(1))
    return match.end(1) if match.end(1) < len(text) else None


def hidden_from_live(
    text: str,
    commands: Mapping[str, bool],
    states: Callable[[int], State],
    judge: Judge | None = None,
    *,
    held: bool = False,
) -> int | None:
    """Return the same for a line which may be ``:send N COMMAND``, of the proxy's console.

    *states* tells in which state a session is.  A command that is shortened, or misspelt, is taken
    for any that it may be.
    """
    match = _CONSOLE_COMMAND.match(text)
    if match is None:
        return _in_line(text, 0, states(0), judge, held=held)
    name = match[1].lower()
    meant = {each: wire for each, wire in commands.items() if each.startswith(name)}
    if meant and not any(meant.values()):
        return login_in(text, match.end(1))
    if meant.keys() == {"answer"} and not held:
        return login_in(text, match.end())
    state = states(int(match[2][:9] or 0))
    if name and set(meant) <= {"headers", "help", "hex"} and meant:
        found = _IN_HEX.match(text, match.end(1))
        decoded = unhexed(text, match.end(1)) if "hex" in meant else []
        return _least(found and found.end(), _in_lines(decoded, state, judge))
    start = match.end()
    if not meant and parse_command(_octets(text[match.start(1) :])).spec:
        start = match.start(1)  # a colon where none belongs
    # What is misspelt is not said, and never shown again.
    judge = judge if meant else None
    return _in_line(text, start, state, judge, held=held)


def _in_line(text: str, start: int, state: State, judge: Judge | None, *, held: bool) -> int | None:
    if held:
        return _behind_verb(text, start)
    inner = _in_command(text[start:], state, judge)
    escaped = [
        found.end()
        for found in _ESCAPED.finditer(text, start)
        if found.start() > start or found[0][-1] not in " \t"  # else it is the command itself
    ]
    decoded = unescaped(text, start) if "\\" in text else []
    return _least(
        *escaped, None if inner is None else start + inner, _in_lines(decoded, state, judge)
    )


def _in_lines(chars: Placed, state: State, judge: Judge | None) -> int | None:
    """Return where in a text begins what must not be seen of the lines that *chars* are.

    Behind one that begins a login, all is hidden: a password is due there.
    """
    at = 0
    while at < len(chars):
        end = next((n for n in range(at, len(chars)) if chars[n][0] in "\r\n"), len(chars))
        line = "".join(char for char, _ in chars[at:end])
        if (inner := _in_command(line, state, judge)) is not None:
            return chars[at + inner][1] if at + inner < len(chars) else chars[-1][1] + 1
        octets = _octets(line)
        login = logs_in(parse_command(octets)) or begins_login(octets)
        if login and end + 1 < len(chars):
            return chars[end + 1][1]
        at = end + 1
    return None


def _least(*places: int | None) -> int | None:
    return min((place for place in places if place is not None), default=None)


def _behind_verb(text: str, start: int) -> int | None:
    """Return where a line goes on behind its verb, which is one of POP3's or else hidden as well.

    What of it is the secret that is held is not looked for: whoever saw a word vanish would know.
    """
    word = text[start:].partition(" ")[0]
    known = any(verb.startswith(word.upper()) for verb in (*COMMANDS, *_STATUS))
    at = start + len(word) + 1 if known else start
    return at if at < len(text) else None


def _in_command(text: str, state: State, judge: Judge | None) -> int | None:
    line = _octets(text)
    command = parse_command(line)
    if command.spec is None:
        verb = text.replace("\t", " ").partition(" ")[0]
        behind = len(verb) + 1 if len(verb) < len(text) else None
        return behind if judge is None else _judged(line, command.verb, behind, judge)
    if _begins_mechanism(command):
        return None
    spans = beyond_the_table(command, command.spec, line, state, hide_names=False)
    judged = spans if judge is None else judge(line)
    if not (spans and judged):
        return None
    return max(_first(line, spans), _first(line, judged))


def _judged(line: bytes, verb: str, behind: int | None, judge: Judge) -> int | None:
    """Return what *judge* hides; what may become a verb that is known can be seen."""
    spans = judge(line) if line.strip() else ()
    if not spans:
        return None
    if spans[0] != (0, len(line)):
        return _first(line, spans)
    return behind if any(known.startswith(verb) for known in COMMANDS) else 0


def _first(line: bytes, spans: Iterable[tuple[int, int]]) -> int:
    """Return at which character of *line* the first of *spans* begins."""
    start = min(start for start, _ in spans)
    return len(line[:start].decode("utf-8", "surrogateescape"))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _begins_mechanism(command: Command) -> bool:
    """Return whether the only argument of AUTH may become the name of a mechanism."""
    if command.spec is None or command.spec.turn is not Turn.SASL or len(command.args) != 1:
        return False
    word = command.args[0].decode("latin-1").upper()
    return any(name.startswith(word) for name in sasl.MECHANISMS)


def _same(text: Iterable[str], other: Iterable[str]) -> int:
    """Return how many characters both begin with."""
    pairs = zip(text, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _still_hidden(text: str, before: str, start: int) -> int:
    """Return from where on *text* is still hidden, which was *before* and hidden from *start* on.

    What is, or may become, a verb alone is not.
    """
    if any(verb.startswith(text.upper()) for verb in COMMANDS):
        return len(text)
    begun = _same(text, before)
    ended = min(_same(reversed(text), reversed(before)), len(before) - start)
    return start if begun > start else len(text) - ended


class InputMask(Processor):
    """Shows a mask of always the same length in place of what is hidden.

    *hides* tells where that begins, if it is not a line for a server in ``state``.  What was hidden
    once stays so while the words before it are edited: ``PASS`` may be taken away from a password.
    """

    def __init__(self, hides: Hides | None = None) -> None:
        self._hides = hides or (lambda text: hidden_from(text, self.state))
        self._before = ("", 0)  # what was shown last, and from where on it was hidden
        self.state: State | None = None
        self.everything = False  # an answer to a question, and it is a secret

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return what is shown of the line."""
        text = transformation_input.document.text
        start = 0 if self.everything else self._hides(text)
        start = min(len(text) if start is None else start, _still_hidden(text, *self._before))
        self._before = text, start
        if start == len(text):
            return Transformation(transformation_input.fragments)
        shown: StyleAndTextTuples = [("", text[:start]), ("class:mask", MASK)]
        end = start + len(MASK)
        return Transformation(
            shown,
            source_to_display=lambda at: at if at <= start else end,
            display_to_source=lambda at: at if at <= start else len(text),
        )
