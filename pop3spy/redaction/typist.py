"""What a person who types commands has given as a secret, in all sessions of one run."""

from pop3spy.protocol.frames import Spans
from pop3spy.redaction.secret_index import SHORT, SecretIndex, words_of

_MOST_SHORT = 32


class Typist:
    """Remembers secrets from one session to the next.

    With ``recorded`` the lines were judged when they were recorded, and are shown as they stand.
    """

    def __init__(self, *, recorded: bool = False) -> None:
        self.recorded = recorded
        self._secrets = SecretIndex()
        self._short: set[bytes] = set()

    def learn(self, secret: bytes) -> None:
        """Hide *secret* from now on in what is typed; a short one where it is a whole word."""
        bare = secret.strip()
        if 0 < len(bare) < SHORT:
            self._short.add(bare.lower())
        for word in words_of(secret):
            self._secrets.add(word)

    def find(self, line: bytes) -> Spans | None:
        """Return where in *line* a secret stands; None where it may be anywhere."""
        many = self._secrets.overflown or len(self._short) > _MOST_SHORT
        if many or any(word in self._short for word in line.lower().split()):
            return None
        return self._secrets.find(line)

    def begun(self, line: bytes) -> int | None:
        """Return where at the end of *line*, while it is typed, a secret begins, if one does."""
        return self._secrets.begun(line)
