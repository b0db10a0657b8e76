"""Commands with too few arguments, too many, or a message number that is none."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, count, quoted_octets
from pop3spy.protocol.commands import Command
from pop3spy.protocol.frames import CommandLine
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_TAKES: Final = {
    **dict.fromkeys(("STAT", "NOOP", "RSET", "QUIT", "CAPA", "STLS", "UTF8", "LAST"), 0),
    **dict.fromkeys(("LIST", "UIDL", "RETR", "DELE", "LANG"), 1),
    "TOP": 2,
    "APOP": 2,
}
"""How many arguments each command takes at most."""
_NAMES_MESSAGE: Final = ("RETR", "DELE", "TOP", "LIST", "UIDL")
_DIGITS: Final = 10
"""A message number has no more digits (RFC 1939 gives no limit; 32 bits have ten)."""


@rule(
    "argument-missing",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, sections 5 and 7",
    on=On.ODD_COMMAND,
    verbs=("RETR", "DELE", "TOP", "USER", "PASS", "APOP"),
    beats=("login-failed", "retr-refused"),
    raises=(
        """
        -- login
        C: TOP 1
        S: -ERR Noise after message number:
        """,
        """
        -- login
        C: RETR
        S: -ERR missing argument
        """,
        """
        C: USER
        S: +OK
        """,
        """
        C: USER bob
        S: +OK
        C: PASS
        S: -ERR no password
        """,
    ),
    silent="""
        -- login
        C: LIST
        S: +OK / .
    """,
)
def argument_missing(seen: Observed, event: Heard) -> Claims:
    """A command lacks an argument that it cannot do without.

    RETR and DELE need a message number, TOP a number and a count of lines, USER and PASS a word,
    APOP a name and a digest.  The server has to refuse what is not whole.

    To do: correct the client, which forgot to put the value into the command.
    """
    if isinstance(event.frame, CommandLine):
        seen.when_answered(event.frame.number, _judge_missing)
    return ()


def _judge_missing(_: Observed, exchange: Exchange) -> Claims:
    spec, given = exchange.command.spec, _given(exchange)
    if spec is None or given is None or given >= spec.required or exchange.ok is None:
        return
    text = f"The client sent {asked(exchange)} without all its arguments ({spec.usage})"
    if exchange.ok:
        yield Claim(f"{text}; this server took it.", severity=Severity.INFO)
    else:
        yield Claim(f"{text}, and the server refused it.")


def _given(exchange: Exchange) -> int | None:
    """Return how many arguments a command has; None if what is hidden does not tell."""
    line = exchange.line
    if not line.masks:
        return len(line.command.args)
    words = line.facts.get("words")
    if isinstance(words, int):
        return words
    return None if line.command.verb == "APOP" else len(line.command.args)


@rule(
    "argument-surplus",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 1939, sections 3 and 5",
    on=On.ODD_COMMAND,
    raises=(
        """
        -- login
        C: STAT x
        S: +OK 4 174
        """,
        """
        -- login
        C: RETR 1 2
        S: -ERR too many arguments
        """,
    ),
    silent=(
        """
        -- login
        C: LIST 2
        S: +OK 2 39
        """,
        """
        C: USER bob
        S: +OK
        C: PASS two words
        S: +OK
        """,
    ),
)
def argument_surplus(seen: Observed, event: Heard) -> Claims:
    """A command has arguments that nobody reads.

    The standard gives the command fewer arguments, and wants a malformed command refused.  Servers
    differ: some ignore what is too much, some refuse the command.

    To do: let the client leave the surplus out.
    """
    frame = event.frame
    if isinstance(frame, CommandLine):
        most = _TAKES.get(frame.command.verb)
        if most is not None and len(frame.command.args) > most:
            seen.when_answered(frame.number, _judge_surplus, most)
    return ()


def _judge_surplus(_: Observed, exchange: Exchange, most: int) -> Claims:
    if exchange.ok is not None:
        did = "took" if exchange.ok else "refused"
        takes = count(most, "argument") if most else "no arguments"
        yield Claim(f"{exchange.command.verb} takes {takes} and got more; the server {did} it.")


@rule(
    "message-number-bad",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 4",
    beats=("retr-refused",),
    raises=(
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: RETR 3
        S: -ERR no such message
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 00a1 / 2 00a2 / .
        C: DELE 00a2
        S: -ERR no such message
        """,
        """
        -- login
        C: RETR 0
        S: -ERR no such message
        """,
        """
        -- login
        C: LIST -1
        S: -ERR no such message
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 3
        S: -ERR no such message
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: LIST 2
        S: +OK 2 11
        """,
        """
        C: RETR abc
        S: -ERR log in first
        -- also command-wrong-state
        """,
    ),
)
class MessageNumberBad:
    """The client names a message that does not exist.

    Messages have the numbers 1 to the count of this session.  The client keeps numbers of an older
    session, reads the listing wrongly, or gives a unique-id where the number belongs; a DELE of
    that kind may hit the wrong mail one day.

    To do: correct the client, which has to take message numbers from a listing of this session.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._told = False

    @on(On.ODD_COMMAND, *_NAMES_MESSAGE)
    def command(self, event: Heard) -> Claims:
        """Judge the syntax of a number that is not plain."""
        frame = event.frame
        if not isinstance(frame, CommandLine) or frame.masks or frame.truncated:
            return
        args = frame.command.args
        if not args or event.state is not State.TRANSACTION or _is_number(args[0]):
            return
        first, self._told = not self._told, True
        if first and args[0] in self._ids():
            yield Claim(
                f"The client gives a unique-id where {frame.command.verb} takes the number of the"
                " message."
            )
        else:
            yield Claim(f"The client named message {quoted_octets(args[0])}, which is no number.")

    def _ids(self) -> set[bytes]:
        maildrop = self._seen.maildrop
        listed = maildrop.last_uidl.ids.values() if maildrop.last_uidl else ()
        return {*listed, *maildrop.single_ids.values()}

    @on(On.REFUSED, *_NAMES_MESSAGE)
    def refused(self, event: Answered) -> Claims:
        """Judge whether there is such a message."""
        exchange = event.exchange
        number = _plain_number(exchange.command)
        highest = self._seen.maildrop.highest
        if number is not None and highest is not None and number > highest:
            there = f"there are 1 to {highest:,}" if highest else "the maildrop is empty"
            yield Claim(
                f"The client named message {number:,}, which does not exist in this session:"
                f" {there}.",
                evidence={"number": number, "highest": highest},
            )


def _plain_number(command: Command) -> int | None:
    return int(command.args[0]) if command.args and _is_number(command.args[0]) else None


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) <= _DIGITS and int(word) > 0
