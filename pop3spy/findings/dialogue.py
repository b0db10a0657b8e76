r"""Conversations as rules show them, and what is found in one.

A conversation has a line for each thing that happens::

    C: USER bob                    a line of the client, and CRLF
    S: +OK / 1 11 / (blank) / .    lines of the server in one write; ``(blank)`` is an empty one
    C| PASS tanstaaf               in the same write as the line before
    S< +OK\nno                     these octets and nothing else
    -- 12 s                        nobody says anything for so long
    -- server closes               or resets; or the client does; inside TLS by close_notify first
    -- server closes without close_notify
    -- both clog                   neither side takes what is sent to it
    -- one takes again             and now one does
    -- refused                     there is no connection: the server refuses it, or is unanswered
    -- TLS                         both sides begin TLS; ``-- TLS TLSv1`` that version
    -- login                       USER, PASS, and +OK to both
    -- session 5 min later         the next connection, to the same server
    -- session meanwhile           the same, and the one before ends behind it

It begins with ``S: +OK ready`` unless the server speaks first in it, or its first line is ``-- no
greeting``.  It is inside TLS unless its first line is ``-- clear``; then it is between two hosts
far from each other.  ``-- server NAME`` says which server it is, ``-- port 995`` at which port.
``-- also ID`` says which other finding it raises, besides the one that it is to raise, or not.

Octets are written as in a Python string; ``{x*600}`` is 600 letters, ``{token aud=graph}`` a
message with a token (``dialogue_tokens``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import Final

from pop3spy.errors import Unreached
from pop3spy.findings.dialogue_tokens import with_tokens
from pop3spy.findings.rule import RuleError
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Closed, Item, Knew, Over, Spoke
from pop3spy.session.tls import Tls

STEP: Final = 0.001
"""Seconds between two writes."""
LOGIN: Final = "C: USER bob\nS: +OK\nC: PASS tanstaaf\nS: +OK logged in"
_CLIENT: Final = "192.0.2.10"
_SERVER: Final = "198.51.100.7"
_TLS: Final = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
_REPEATED: Final = re.compile(r"\{(.{1,40}?)\*(\d{1,7})\}")
_WAIT: Final = re.compile(r"([0-9.]+) (s|min|h|days?)")
_LATER: Final = re.compile(r"session(?: ([0-9.]+) (s|min|h|days?) later| meanwhile)?")
_CLOSES: Final = re.compile(r"(client|server) (closes|resets)(?: (without close_notify))?")
_UNREACHED: Final = {reason.value: reason for reason in Unreached}
_CLOGGED: Final = {"both clog": True, "one takes again": False}
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0, "days": 86400.0}


@dataclass(frozen=True, slots=True)
class Says:
    """One side says *data* in one write."""

    side: Side
    data: bytes


@dataclass(frozen=True, slots=True)
class Waits:
    """Nobody says anything for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Closes:
    """One side sends a FIN, or a RST; inside TLS, the former behind *close_notify*."""

    side: Side
    reset: bool = False
    close_notify: bool = True


@dataclass(frozen=True, slots=True)
class BeginsTls:
    """Both sides begin TLS."""

    version: str = "TLSv1.3"


@dataclass(frozen=True, slots=True)
class Clogs:
    """Neither side takes what is sent to it, or if not *both*, one does so again."""

    both: bool


Happens = Says | Closes | BeginsTls | Clogs
Step = Happens | Waits


@dataclass(slots=True)
class DialogueConnection:
    """One connection of a conversation, which begins *later* than the one before by seconds.

    It is ``unreached`` if there was no server; the one before ends behind it if it is
    ``meanwhile``.
    """

    later: float = 0.0
    steps: list[Step] = field(default_factory=list)
    unreached: Unreached | None = None
    meanwhile: bool = False

    @property
    def closes(self) -> bool:
        """Whether a side closes in it."""
        return any(isinstance(step, Closes) for step in self.steps)

    @property
    def left(self) -> Side | None:
        """The side that has not closed where the other one has, and nobody reset it."""
        closes = [step for step in self.steps if isinstance(step, Closes)]
        if len(closes) != 1 or closes[0].reset:
            return None
        return closes[0].side.other


@dataclass(slots=True)
class RuleDialogue:
    """A conversation, read; ``clear`` is whether it is not inside TLS.

    ``also`` are the other findings that it raises.
    """

    clear: bool = False
    also: tuple[str, ...] = ()
    server: Peer = field(default_factory=lambda: Peer(_SERVER, 110))
    client: Peer = field(default_factory=lambda: Peer(_CLIENT, 50000))
    connections: list[DialogueConnection] = field(default_factory=list)

    def tape(self) -> Iterator[Item]:
        """Yield what happens, as any recording gives it."""
        at = 0.0
        waiting: list[tuple[int, DialogueConnection]] = []
        for number, connection in enumerate(self.connections, 1):
            at += connection.later
            yield Began(number, at, self.client, self.server)
            if not self.clear:
                yield Knew(number, at, {"tls": _TLS.facts()})
            secured = not self.clear
            for step in connection.steps:
                at += STEP
                if isinstance(step, Waits):
                    at += step.seconds
                    continue
                secured = secured or isinstance(step, BeginsTls)
                yield _item(step, number, at, secured=secured)
            waiting.append((number, connection))
            if any(after.meanwhile for after in self.connections[number : number + 1]):
                continue
            while waiting:
                at += STEP
                ended, last = waiting.pop()
                yield Over(ended, at, _ending(last))


def _item(step: Happens, number: int, at: float, *, secured: bool) -> Item:
    match step:
        case Says(side, data):
            return Spoke(number, Chunk(side, data, at))
        case Closes(side, reset, close_notify):
            told = close_notify if secured and not reset else None
            return Closed(number, at, side, reset, told)
        case Clogs(both):
            return Knew(number, at, {"clogged": both})
        case BeginsTls(version):
            return Knew(number, at, {"tls": replace(_TLS, version=version).facts()})


def _ending(connection: DialogueConnection) -> Ending:
    closes = [step for step in connection.steps if isinstance(step, Closes)]
    if connection.unreached is not None:
        return Ending(How.UNREACHABLE, "no server", unreached=connection.unreached)
    if not closes:
        return Ending(How.CUT)
    return Ending(How.by_peer(closes[0].side, reset=closes[0].reset))


def read_dialogue(text: str) -> RuleDialogue:
    """Return the conversation *text*; raise RuleError for a line that is none of the above."""
    dialogue = RuleDialogue()
    lines = [line for line in cleandoc(text).split("\n") if line.strip()]
    connection = DialogueConnection()
    dialogue.connections.append(connection)
    greets = True
    for line in _expanded(lines):
        if line.startswith("--"):
            told = line.removeprefix("--").strip()
            if told == "no greeting":
                greets = False
            elif _is_setting(told, dialogue):
                pass
            elif later := _LATER.fullmatch(told):
                seconds = float(later[1]) * _SECONDS[later[2]] if later[1] else 1.0
                connection = DialogueConnection(seconds, meanwhile=told.endswith("meanwhile"))
                dialogue.connections.append(connection)
            elif told in _UNREACHED:
                connection.unreached = _UNREACHED[told]
            else:
                connection.steps.append(_direction(told, line))
        else:
            if greets and not connection.steps and not line.startswith("S"):
                connection.steps.append(Says(Side.SERVER, b"+OK ready\r\n"))
            _say(line, connection.steps)
    return dialogue


def _is_setting(told: str, dialogue: RuleDialogue) -> bool:
    """Set in *dialogue* what *told* says of all of it; return whether it says such a thing."""
    if told == "clear":
        dialogue.clear = True
    elif found := re.fullmatch(r"also (\S+)", told):
        dialogue.also += (found[1],)
    elif found := re.fullmatch(r"server (?!closes|resets)(\S+)", told):
        dialogue.server = Peer(found[1], dialogue.server.port)
    elif found := re.fullmatch(r"client (\S+[.:]\S+)", told):
        dialogue.client = Peer(found[1], dialogue.client.port)
    elif found := re.fullmatch(r"port (\d+)", told):
        dialogue.server = Peer(dialogue.server.host, int(found[1]))
    else:
        return False
    return True


def _expanded(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line.removeprefix("--").strip() == "login" and line.startswith("--"):
            yield from LOGIN.split("\n")
        else:
            yield line


def _direction(told: str, line: str) -> Step:
    if tls := re.fullmatch(r"TLS(?: (\S+))?", told):
        return BeginsTls(tls[1]) if tls[1] else BeginsTls()
    if told in _CLOGGED:
        return Clogs(_CLOGGED[told])
    if wait := _WAIT.fullmatch(told):
        return Waits(float(wait[1]) * _SECONDS[wait[2]])
    if closes := _CLOSES.fullmatch(told):
        return Closes(Side[closes[1].upper()], closes[2] == "resets", closes[3] is None)
    raise RuleError(f"cannot read {line!r} in a conversation: see pop3spy.findings.dialogue")


def _say(line: str, steps: list[Step]) -> None:
    kind, text = line[1:2], line[2:].removeprefix(" ")
    if line[:1] not in ("C", "S") or kind not in (":", "|", "<"):
        raise RuleError(f"cannot read {line!r} in a conversation: see pop3spy.findings.dialogue")
    side = Side(line[0])
    text = with_tokens(text)
    text = _REPEATED.sub(lambda found: found[1] * int(found[2]), text)
    if kind == "<":
        steps.append(Says(side, _octets(text)))
        return
    words = ("" if part == "(blank)" else part for part in text.split(" / "))
    data = b"".join(_octets(word) + b"\r\n" for word in words)
    before = steps[-1] if steps else None
    if kind == "|" and isinstance(before, Says) and before.side is side:
        steps[-1] = Says(side, before.data + data)
    else:
        steps.append(Says(side, data))


def _octets(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
