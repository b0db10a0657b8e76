"""What a wrong password costs: a wait that grows, and in the end the connection.

Rule: only a login that proves nothing counts, since only it may be a guess.  A maildrop in use, or
an answer that is no base64, costs nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pop3spy.postoffice.phrases import CREDENTIALS, Phrase
from pop3spy.postoffice.refusal import Refused
from pop3spy.postoffice.reply_facts import Facts
from pop3spy.protocol.replies import text_of
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

    def answer_to(self, refused: Refused, say: Callable[[Phrase, Facts], Answer]) -> Answer:
        """Return the reply to what was *refused*, with what it costs if a login failed.

        *say* makes a reply of a phrase and its facts.
        """
        answer = say(refused.phrase, refused.facts)
        if refused.phrase not in CREDENTIALS:
            return answer
        self._failed += 1
        if self._failed >= MOST:
            text = text_of(answer.line).decode()
            answer = replace(say(Phrase.LAST_REFUSED, {"refused": text, "most": MOST}), close=True)
        line, close = answer.line, answer.close
        pause = self._delay * 2 ** (self._failed - 2) if self._failed > 1 else 0
        if not pause:
            return answer
        return Verbatim(line, close=close, pieces=(Pause(pause), line + b"\r\n"))
