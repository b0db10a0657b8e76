"""How many arguments a command may have: what its row in the command table says."""

from typing import Final

from pop3spy.postoffice.phrases import Phrase
from pop3spy.postoffice.refusal import Refused
from pop3spy.protocol.commands import Command, CommandSpec

_TO_THE_LINES_END: Final = "string"  # PASS: "spaces may be part of it" (RFC 1939, section 7)


def check_arguments(spec: CommandSpec, command: Command) -> None:
    """Raise Refused if *command* has fewer or more arguments than *spec* takes."""
    given = len(command.args)
    if spec.syntax == _TO_THE_LINES_END:
        given = min(1, len(command.rest))  # a password may be nothing but blanks
    if given < spec.required:
        raise Refused(Phrase.TOO_FEW, command=spec.name, usage=spec.usage)
    if given > len(spec.syntax.split()):
        raise Refused(Phrase.TOO_MANY, command=spec.name, usage=spec.usage)
