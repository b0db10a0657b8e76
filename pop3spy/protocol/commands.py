"""What POP3 says about each command, as one table.

Rule: everything that differs from command to command is a column here.  The decoder, the redactor,
the server, the console and the docs read it; none keeps a list of its own.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pop3spy.protocol.states import Effect, State


class Shape(Enum):
    """How a positive reply to a command is framed (RFC 1939, section 3)."""

    LINE = "line"  # the status line is all
    LISTING = "listing"  # multi-line: entries
    BARE_LISTING = "bare listing"  # multi-line when no optional argument was given
    MESSAGE = "message"  # multi-line: a message or the top of one
    UNKNOWN = "unknown"  # nobody knows: the server's next octets tell


class Turn(Enum):
    """What the client's octets may become when the reply comes; until then they wait unread."""

    SASL = "sasl"  # answers to challenges (RFC 5034, section 4)
    TLS = "tls"  # a handshake (RFC 2595, section 4)
    DATA = "data"  # a message, ended by a lone dot (XTND XMIT)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One row: what there is to know about one command.

    ``states`` are those in which the standard allows it; ``required`` is the number of arguments
    without which it is not whole.  ``shows`` is the number of arguments that may be shown before
    login, and with ``secret`` that holds after login as well; ``hides`` is a pattern whose first
    group is never shown; ``identity`` says that the arguments name a user or an address.
    ``entry`` is what a one-line reply about a message holds, its number first: with anything else
    behind ``+OK``, some servers begin a whole listing.
    """

    name: str
    syntax: str
    states: frozenset[State]
    shape: Shape = Shape.LINE
    required: int = 0
    shows: int = 0
    secret: bool = False
    effect: Effect = Effect.NONE
    turn: Turn | None = None
    reference: str = "RFC 1939, section 5"
    summary: str = ""
    identity: bool = False
    hides: re.Pattern[bytes] | None = None
    entry: re.Pattern[bytes] | None = None

    @property
    def usage(self) -> str:
        """The command with its arguments, as a person types it: ``TOP message lines``."""
        return f"{self.name} {self.syntax}".rstrip()


_A = frozenset({State.AUTHORIZATION, State.USER_GIVEN})
_FIRST = frozenset({State.AUTHORIZATION})
_PASS = frozenset({State.USER_GIVEN})
_T = frozenset({State.TRANSACTION})
_ANY = _A | _T

_SIZE_ENTRY = re.compile(rb"\s*([0-9]{1,20})\s+[0-9]{1,20}(?:\s|$)")
_ID_ENTRY = re.compile(rb"\s*([0-9]{1,20})\s+(?!messages?\s*$)\S+\s*$", re.IGNORECASE)

# fmt: off
_ROWS = (
    # name, syntax, states, shape, required, shows, secret, effect, turn, reference, summary
    CommandSpec("USER", "name", _A, Shape.LINE, 1, 1, True, Effect.NAME, None, "RFC 1939, section 7", "names the maildrop; PASS must follow", identity=True),
    CommandSpec("PASS", "string", _PASS, Shape.LINE, 1, 0, True, Effect.LOGIN, None, "RFC 1939, section 7", "gives the password and opens the maildrop"),
    CommandSpec("APOP", "name digest", _FIRST, Shape.LINE, 2, 1, True, Effect.LOGIN, None, "RFC 1939, section 7", "logs in with a digest of the greeting's timestamp", identity=True),
    CommandSpec("AUTH", "[mechanism [initial-response]]", _FIRST, Shape.BARE_LISTING, 0, 1, True, Effect.LOGIN, Turn.SASL, "RFC 5034, section 4", "logs in with SASL; bare, it lists mechanisms on many servers"),
    CommandSpec("CAPA", "", _ANY, Shape.LISTING, 0, 0, False, Effect.NONE, None, "RFC 2449, section 5", "lists what the server can do"),
    CommandSpec("STLS", "", _FIRST, Shape.LINE, 0, 0, False, Effect.TLS, Turn.TLS, "RFC 2595, section 4", "begins TLS on this connection"),
    CommandSpec("UTF8", "", _FIRST, Shape.LINE, 0, 0, False, Effect.NONE, None, "RFC 6856, section 2", "switches to UTF-8 mode"),
    CommandSpec("LANG", "[language]", _ANY, Shape.BARE_LISTING, 0, 1, False, Effect.NONE, None, "RFC 6856, section 3", "lists or sets the language of reply texts"),
    CommandSpec("STAT", "", _T, effect=Effect.PROOF, summary="counts the messages and their octets"),
    CommandSpec("LIST", "[message]", _T, Shape.BARE_LISTING, shows=1, effect=Effect.PROOF, summary="lists messages with their sizes", entry=_SIZE_ENTRY),
    CommandSpec("RETR", "message", _T, Shape.MESSAGE, 1, 1, effect=Effect.PROOF, summary="retrieves a message"),
    CommandSpec("DELE", "message", _T, Shape.LINE, 1, 1, effect=Effect.PROOF, summary="marks a message as deleted"),
    CommandSpec("NOOP", "", _T, summary="does nothing"),
    CommandSpec("RSET", "", _T, summary="unmarks all deleted messages"),
    CommandSpec("TOP", "message lines", _T, Shape.MESSAGE, 2, 2, effect=Effect.PROOF, reference="RFC 1939, section 7", summary="retrieves the headers and the first lines of a message"),
    CommandSpec("UIDL", "[message]", _T, Shape.BARE_LISTING, shows=1, effect=Effect.PROOF, reference="RFC 1939, section 7", summary="lists unique-ids", entry=_ID_ENTRY),
    CommandSpec("QUIT", "", _ANY, effect=Effect.QUIT, reference="RFC 1939, sections 4 and 6", summary="ends the session; after login, marked messages are removed"),
    CommandSpec("LAST", "", _T, reference="RFC 1460", summary="gives the highest message number accessed (obsolete)"),
    CommandSpec("RPOP", "user", _PASS, Shape.LINE, 1, 0, True, Effect.LOGIN, None, "RFC 1225", "logs in from a trusted port (obsolete); some clients put the password here"),
    CommandSpec("XTND", "[extension]", _T, Shape.UNKNOWN, 0, 1, reference="RFC 1082", summary="asks for an extension (obsolete)"),
    CommandSpec("XTND BBOARDS", "[name]", _T, Shape.LISTING, 0, 1, reference="RFC 1082", summary="lists bulletin boards or opens one (obsolete)"),
    CommandSpec("XTND ARCHIVE", "name", _T, Shape.LISTING, 1, 1, reference="RFC 1082", summary="opens an archive (obsolete)"),
    CommandSpec("XTND X-BBOARDS", "name", _T, Shape.LISTING, 1, 1, reference="RFC 1082", summary="opens a bulletin board (obsolete)"),
    CommandSpec("XTND XLST", "header [message]", _T, Shape.BARE_LISTING, 1, 2, reference="popper", summary="gives one header field of every message"),
    CommandSpec("XTND XMIT", "", _T, Shape.LINE, 0, 0, False, Effect.XMIT, Turn.DATA, "popper", "lets the client send a message"),
    CommandSpec("XCLIENT", "attributes", _FIRST, Shape.LINE, 1, 99, True, reference="Dovecot", summary="a proxy tells whom it speaks for", identity=True, hides=re.compile(rb"(?i)\bFORWARD=([^ \t]+)")),
    CommandSpec("XOIP", "address", _FIRST, Shape.LINE, 1, 1, reference="Zimbra", summary="a proxy tells the client's address", identity=True),
    CommandSpec("XSENDER", "message", _T, Shape.LINE, 1, 1, reference="Netscape", summary="gives the authenticated sender of a message"),
    CommandSpec("*ENV", "message", _T, Shape.LISTING, 1, 1, reference="Demon SDPS", summary="gives the envelope of a message"),
    CommandSpec("HELP", "[topic]", _ANY, Shape.UNKNOWN, reference="Mercury", summary="asks what the server understands"),
    CommandSpec("MSG", "message", _T, Shape.UNKNOWN, 1, 1, reference="vendor", summary="vendor extension"),
    CommandSpec("MBOX", "name", _T, Shape.UNKNOWN, 1, 1, reference="vendor", summary="vendor extension: selects a mailbox"),
)
# fmt: on

COMMANDS: Final = {row.name: row for row in _ROWS}
"""Every command there is a row for, by its name in upper case."""

_FAMILIES: Final = frozenset(name.split(" ")[0] for name in COMMANDS if " " in name)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Command:
    """One line of the client, read: ``RETR 2`` is verb ``RETR`` with arguments ``(b"2",)``.

    ``verb`` is upper-cased and may be empty; ``spec`` is its row, or None for a verb nobody knows.
    ``args`` are the words behind the verb (for ``XTND XLST``, behind both words); ``rest`` is all
    that stands behind the first word and one blank, as sent: a password may hold blanks.

    What follows from the row is worked out once: ``bare`` is whether no optional argument was
    given, ``shape`` how a positive reply will be framed (LINE, LISTING, MESSAGE or UNKNOWN),
    ``effect`` what the reply does to the session, and ``turn`` what the client's next octets may
    become.  A bare AUTH only asks for a listing, and has no effect and no turn.  With ``one_line``
    the reply is its status line for certain; ``public`` is a known verb with nothing behind it, in
    which nothing can be secret.

    One object may stand for many lines, so nobody can change it.
    """

    verb: str
    args: tuple[bytes, ...]
    spec: CommandSpec | None
    rest: bytes
    bare: bool
    shape: Shape
    effect: Effect
    turn: Turn | None
    one_line: bool
    public: bool

    def __eq__(self, other: object) -> bool:
        """Return whether *other* says the same in the same words."""
        return isinstance(other, Command) and self._said == other._said

    def __hash__(self) -> int:
        """Return a hash of what is said."""
        return hash((self.verb, self.args, self.rest))

    def __repr__(self) -> str:
        """Return the verb alone: what stands behind it may be a secret."""
        return f"Command({self.verb!r})"

    @property
    def _said(self) -> tuple[object, ...]:
        return self.verb, self.args, self.spec, self.rest


def command_of(
    verb: str, args: tuple[bytes, ...], spec: CommandSpec | None, rest: bytes = b""
) -> Command:
    """Return the command of these words, with what follows from its row *spec*."""
    if spec is None:
        unknown = Shape.UNKNOWN, Effect.NONE, None
        return Command(verb, args, None, rest, not args, *unknown, one_line=False, public=False)
    bare = len(args) <= spec.required
    effect, turn = spec.effect, spec.turn
    if bare and turn is Turn.SASL:
        effect, turn = Effect.NONE, None
    shape = _BARE_SHAPES[bare] if spec.shape is Shape.BARE_LISTING else spec.shape
    one_line = spec.shape is Shape.LINE
    return Command(verb, args, spec, rest, bare, shape, effect, turn, one_line, public=not rest)


_BARE_SHAPES = (Shape.LINE, Shape.LISTING)  # with an argument, without


def line_of(raw: bytes) -> bytes:
    r"""Return *raw* without its line end: LF and every CR right before it."""
    return raw[:-1].rstrip(b"\r") if raw.endswith(b"\n") else raw


def parse_command(raw: bytes) -> Command:
    """Read one line of the client, with or without its line end.

    The verb is every octet up to the first space or tab; runs of both separate arguments
    (RFC 1939, section 3, and what servers take).  Any octets give a Command; none raise.
    """
    if (known := _VERB_ALONE.get(raw)) is not None:
        return known
    line = line_of(raw)
    head, *words = line.replace(b"\t", b" ").split(b" ")
    rest = line[len(head) + 1 :]
    verb = head.decode("latin-1").upper() if head.isascii() else head.decode("latin-1")
    args = tuple([word for word in words if word])
    if verb in _FAMILIES and args:
        full = f"{verb} {args[0].decode('latin-1').upper()}"
        if full in COMMANDS:
            return command_of(full, args[1:], COMMANDS[full], rest)
    return command_of(verb, args, COMMANDS.get(verb), rest)


_VERB_ALONE: Final = {
    f"{name}\r\n".encode(): command_of(name, (), row)
    for name, row in COMMANDS.items()
    if " " not in name
}
"""What most lines of clients are: a verb of the table and nothing else."""
