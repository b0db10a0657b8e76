"""What of a line may be shown whose verb nobody knows.

Rules: 1. where a password is due, nothing; 2. of what a person typed as a command, all but the
secrets that are known, unless its form gives one away; 3. of a verb of another protocol, the verb;
4. else nothing: people type passwords.
"""

from pop3spy.protocol.foreign_verbs import foreign_verb, is_foreign_verb
from pop3spy.protocol.frames import Spans
from pop3spy.protocol.states import State
from pop3spy.redaction.given_away import gives_secret
from pop3spy.redaction.password_due import PasswordDue
from pop3spy.redaction.secret_index import SecretIndex, merged
from pop3spy.redaction.typist import Typist


class UnknownLines:
    """Judges the lines of one session, whose *secrets* are known; *typist* is who typed them."""

    def __init__(self, secrets: SecretIndex, typist: Typist | None) -> None:
        self.due = PasswordDue()
        self._secrets = secrets
        self._typist = typist

    def hidden_of(self, line: bytes, state: State, prompt: bytes) -> Spans:
        """Return where in *line*, said in *state*, stands what may not be shown.

        *prompt* is what the server has begun to say.
        """
        whole = ((0, len(line)),)
        if self._secrets.overflown or self.due.is_due(state, prompt):
            return whole
        if self._typist is not None and not gives_secret(line):
            found = self._typist.find(line)
            return whole if found is None else merged([*self._secrets.find(line), *found])
        foreign = foreign_verb(line)
        if foreign is None or self._is_secret(line[: foreign[1]]):
            return whole
        start = foreign[1] + 1
        return ((start, len(line)),) if line[start:].strip() else ()

    def is_judged(self, line: bytes, masks: Spans) -> bool:
        """Return whether *line*, of a recording, has its *masks* where they belong."""
        if self._typist is not None and self._typist.recorded:
            return masks != ((0, len(line)),)
        if len(masks) != 1 or masks[0][1] != len(line):
            return False
        return is_foreign_verb(line[: masks[0][0]].rstrip())

    def _is_secret(self, verb: bytes) -> bool:
        known = self._typist.find(verb) if self._typist is not None else ()
        return known != () or bool(self._secrets.find(verb))
