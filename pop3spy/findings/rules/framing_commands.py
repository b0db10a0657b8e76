"""Commands that are not written as the standard wants: too long, blank, open, with blanks."""

import re
from typing import Final

from pop3spy.findings.logins import lists_mechanisms
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import CommandLine, Opaque, Side
from pop3spy.protocol.why import Why
from pop3spy.session.events import Heard, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_LONGEST: Final = 255
"""Octets of a command with its CRLF (RFC 2449, section 4)."""
_LONGEST_ARGUMENT: Final = 40
"""Characters of an argument (RFC 1939, section 3)."""
_BLANKS: Final = re.compile(rb"\t|  | $")


@rule(
    "command-too-long",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.LINE,
    rank=2,
    basis="RFC 2449, section 4; RFC 1939, section 3",
    on=On.ODD_COMMAND,
    raises=(
        """
        C: USER {x*300}
        S: -ERR
        """,
        """
        C: USER {x*300}
        S: +OK
        """,
        """
        C: USER {x*60}
        S: -ERR
        """,
    ),
    silent=(
        """
        C: AUTH XOAUTH2
        S: +\x20
        C: {QUJD*500}
        S: +OK
        """,
        """
        C: USER {x*60}
        S: +OK
        """,
        """
        C: CAPA
        S: +OK / USER / .
        C: USER {x*60}
        S: -ERR
        """,
    ),
)
def command_too_long(seen: Observed, event: Heard) -> Claims:
    """A command is longer than a server must accept.

    A server need not take more than 255 octets with the line end, and one that knows no CAPA not
    more than 40 characters of an argument.  What is longer is refused, or cut without a word.

    To do: use a shorter login name, or send the secret behind the server's "+" and not with AUTH.
    """
    frame = event.frame
    if not isinstance(frame, CommandLine) or frame.command.verb == "AUTH":
        return ()
    facts = frame.facts
    octets = None if frame.masks or frame.truncated else len(frame.raw)
    if (octets or 0) > _LONGEST or frame.truncated or facts.get("over_255") is True:
        seen.when_answered(frame.number, _judge_line, octets)
    elif facts.get("argument_over_40") is True or (
        not frame.masks and any(len(word) > _LONGEST_ARGUMENT for word in frame.command.args)
    ):
        seen.when_answered(frame.number, _judge_argument)
    return ()


def _judge_line(_: Observed, exchange: Exchange, octets: int | None) -> Claims:
    size = "more" if octets is None else f"{octets:,}"
    many = f"{_named(exchange)} has {size} octets where 255 are the limit"
    if exchange.ok:
        yield Claim(f"{many}; this server took it, others need not.", severity=Severity.INFO)
    else:
        yield Claim(f"{many}: a server need not accept that.")


def _named(exchange: Exchange) -> str:
    """Return which command it was; a verb that nobody knows may be hidden."""
    command = exchange.command
    return f"The command {command.verb}" if command.spec else "A command that nobody knows"


def _judge_argument(seen: Observed, exchange: Exchange) -> Claims:
    knows_capa = seen.capa_asked > seen.capa_refused or seen.secured_at is not None
    if exchange.ok is False and not knows_capa:
        yield Claim(
            f"{_named(exchange)} has an argument of more than 40 characters, and the server refused"
            " it: an old one need not accept that."
        )


@rule(
    "command-blank-start",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.LINE,
    rank=2,
    basis="RFC 2449, section 3",
    raises=(
        """
        -- login
        C: (blank)
        S: -ERR Unknown command.
        """,
        r"""
        -- login
        C< \t\r\n
        S: -ERR Unknown command.
        """,
    ),
    silent=(
        """
        C: AUTH DIGEST-MD5
        S: + cmVhbG09Im9yZyIsbm9uY2U9Im4i
        C: dXNlcm5hbWU9ImJvYiI=
        S: + cnNwYXV0aD0wMQ==
        C: (blank)
        S: +OK
        """,
    ),
)
class CommandBlankStart:
    """A line of the client is empty, or begins with a blank.

    A command begins with its keyword.  The server answers an empty line as well, mostly with -ERR,
    and a client that did not mean to send one takes that for the answer to its next command: from
    there each reply is one too early.

    To do: correct the line ends of the client; often each is sent twice.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._credential = -1  # which ended without CR: what follows is its rest, and no command

    @on(On.ODD_COMMAND)
    def command(self, event: Heard) -> Claims:
        """Judge a line that is not plain."""
        frame = event.frame
        if not isinstance(frame, CommandLine):
            return
        if frame.command.verb in ("USER", "PASS") and not frame.raw.endswith(b"\r\n"):
            self._credential = frame.number
        line = line_of(frame.raw)
        if line.strip(b" \t") and line[:1] not in (b" ", b"\t"):
            return
        if self._credential != frame.number - 1:
            what = "begins with a blank" if line.strip(b" \t") else "is empty"
            yield Claim(
                f"A command of the client {what}, and the server answers it too: from here the"
                " client may take each reply for that to the wrong command."
            )


@rule(
    "command-extra-blanks",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3",
    on=On.ODD_COMMAND,
    raises=(
        """
        -- login
        C: LIST 2  \x20
        S: -ERR Noise after message number:
        """,
        r"""
        -- login
        C: RETR\t2
        S: -ERR unknown command
        """,
    ),
    silent=(
        """
        C: AUTH\x20
        S: +OK / PLAIN / .
        """,
        """
        -- login
        C: LIST  2
        S: +OK 2 11
        """,
        """
        -- login
        C: LIST 2
        S: -ERR no such message
        """,
    ),
)
def command_extra_blanks(seen: Observed, event: Heard) -> Claims:
    """A command with more blanks than it needs was refused.

    One blank stands between two words, and none in front of the line end.  Some servers take the
    second one, or a tab, for part of an argument.

    To do: let the client send one blank between words, and none at the end.
    """
    frame = event.frame
    if not isinstance(frame, CommandLine) or frame.masks or frame.command.spec is None:
        return ()
    free = frame.command.verb in ("USER", "PASS")
    if not free and _BLANKS.search(line_of(frame.raw)):
        seen.when_answered(frame.number, _judge_blanks)
    return ()


def _judge_blanks(_: Observed, exchange: Exchange) -> Claims:
    if exchange.ok is False and not lists_mechanisms(exchange):
        yield Claim(
            f"{asked(exchange).rstrip()} was refused and has surplus blanks: one between words and"
            " none at the end are right."
        )


@rule(
    "telnet-negotiation",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.LINE,
    rank=3,
    basis="RFC 854",
    on=On.OPAQUE,
    needs_start=True,
    raises=r"""
        C< \xff\xfd\x03USER bob\r\n
        S: +OK
    """,
    silent=r"""
        -- login
        C< \xff\xfd\x03NOOP\r\n
        S: +OK
    """,
)
def telnet_negotiation(seen: Observed, event: Heard) -> Claims:
    """A program for Telnet speaks, and negotiates its options.

    The octets 255, 251 to 254 and an option mean something in Telnet alone; a server takes them for
    the beginning of a command.  Such a program may also change text that is not ASCII.

    To do: use a program that sends what is typed, such as nc or openssl s_client.
    """
    frame = event.frame
    if (
        isinstance(frame, Opaque)
        and frame.why is Why.TELNET
        and frame.side is Side.CLIENT
        and not seen.session.totals.commands
    ):
        yield Claim("A Telnet program negotiates its options: it may garble text beyond ASCII.")


@rule(
    "command-unterminated",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 3",
    beats=("quit-missing", "reply-missing", "client-gave-up"),
    raises=(
        """
        -- login
        C< QUIT
        -- 1 s
        -- client closes
        """,
        """
        -- login
        C< QUIT
        -- 630 s
        -- server closes
        -- client closes
        """,
    ),
    silent=(
        """
        -- login
        C: QUIT
        S: +OK bye
        -- client closes
        """,
        """
        -- login
        C: NOOP
        S: +OK
        C< STA
        -- server closes
        -- client closes
        """,
    ),
)
class CommandUnterminated:
    """The last command of the client has no line end.

    A command counts only once its CRLF has come.  The server waited for it, the client for the
    reply, and nobody ever got it; a QUIT of this kind deletes nothing.

    To do: let the client send CRLF behind each command.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._left: tuple[Heard, float] | None = None

    @on(On.OPAQUE)
    def left_over(self, event: Heard) -> Claims:
        """Take in what a client left open; that it closes is told next."""
        frame = event.frame
        if isinstance(frame, Opaque) and frame.why is Why.UNFINISHED and frame.side is Side.CLIENT:
            self._left = event, event.at
        return ()

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Judge what was left over, unless the server closed while the client was writing it."""
        left, self._left = self._left, None
        first = self._seen.first_close
        if left is None or first is None:
            return
        heard, at = left
        if first.side is Side.SERVER and first.at - at < self._seen.thresholds.gave_up:
            return
        verb = heard.frame.facts.get("unread_verb")
        named = f" ({verb})" if isinstance(verb, str) and verb.isupper() else ""
        yield Claim(
            f"The client's last line{named} had no line end, so the server never got it: the client"
            " must send CRLF behind it.",
            at=event.at,
        )
