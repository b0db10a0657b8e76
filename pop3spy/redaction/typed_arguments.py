"""What a person who types sees of words that the row of a known command does not allow.

Rules: 1. behind a command that logs in, nothing more than its row says: a password belongs there;
2. else all but the secrets that are known, unless the form of the line gives one away.
"""

from pop3spy.protocol.commands import Command, CommandSpec
from pop3spy.protocol.frames import Spans
from pop3spy.redaction.given_away import gives_secret
from pop3spy.redaction.password_due import logs_in
from pop3spy.redaction.typist import Typist
from pop3spy.redaction.visible_args import behind


def hidden_of_typed(
    command: Command, spec: CommandSpec, line: bytes, typist: Typist
) -> Spans | None:
    """Return what is hidden of *line*, which *typist* typed; None: whatever the row of it says.

    No password may be due when it is said.
    """
    if spec.secret or spec.hides or logs_in(command) or b"\r" in line or gives_secret(line):
        return None
    if typist.recorded:
        return ()
    start = behind(line, spec, 0)
    found = typist.find(line[start:])
    return None if found is None else tuple((start + at, start + end) for at, end in found)
