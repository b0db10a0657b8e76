"""What a wrong password costs: a wait that grows, and in the end the connection.

Rule: only a login that proves nothing counts, since only it may be a guess.  A maildrop in use, or
an answer that is no base64, costs nothing.
"""

from typing import Final

from pop3spy.postoffice.refusal import LoginFailed, Refused
from pop3spy.session.responder import Answer, Pause, Verbatim

MOST: Final = 5
"""How many logins may fail in one connection."""


class Attempts:
    """Counts the failed logins of one connection.

    The first is answered at once, for anybody may mistype; the second waits *delay* seconds, and
    each later one twice as long as the one before.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._failed = 0

    def answer_to(self, refused: Refused) -> Answer:
        """Return the reply to what was *refused*, with what it costs if a login failed."""
        if not isinstance(refused, LoginFailed):
            return refused.answer
        self._failed += 1
        close = self._failed >= MOST
        if close:
            refused = LoginFailed(f"{refused.text}; {MOST} logins have failed, good bye")
        line = refused.answer.line
        pause = self._delay * 2 ** (self._failed - 2) if self._failed > 1 else 0
        if not pause:
            return Answer(line, close=close)
        return Verbatim(line, close=close, pieces=(Pause(pause), line + b"\r\n"))
