"""One AUTH as the redactor follows it: what each message tells, which challenges hide something."""

import binascii
import re

from pop3spy.protocol import sasl

_NEARLY_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class SaslLogin:
    """Counts the messages of both sides and reads the client's."""

    def __init__(self, mechanism: bytes = b"") -> None:
        self._mechanism = sasl.mechanism_of(mechanism)
        self._messages = 0
        self._challenges = 0
        self._asked = sasl.NAME
        self._named = False
        self._all_secret = False  # nobody knows what was asked for

    def hides_challenge(self, said: bytes) -> bool:
        """Take what the server's next challenge *said*, and return whether it may be secret.

        A server that asks for the name again has not understood, and most clients go on with the
        password whatever they are asked.
        """
        self._challenges += 1
        self._asked = sasl.asked_by(sasl.decode(said) or b"", self._messages)
        again = self._named and self._asked == sasl.NAME
        self._all_secret |= self._mechanism.prompts and (again or self._asked == sasl.UNKNOWN)
        return self._challenges > self._mechanism.shown

    def read(self, word: bytes) -> sasl.SaslContents | None:
        """Return what the client's next message tells, None if *word* is not base64.

        A message of which nothing is known is secret as a whole.
        """
        step, self._messages = self._messages, self._messages + 1
        self._named |= self._asked == sasl.NAME
        message = sasl.decode(word)
        if message is None:
            return None
        told = self._mechanism.read(message, self._asked if self._mechanism.prompts else step)
        if self._all_secret:
            return sasl.SaslContents(None, (message,))
        if told.user is None or not _is_text(told.user):
            return sasl.SaslContents(None, told.secrets or (message,))
        return told


def roughly_decoded(word: bytes) -> bytes:
    """Return what *word* says if the faults of its base64 are overlooked, empty if it is none."""
    if not _NEARLY_BASE64.fullmatch(word):
        return b""
    try:
        return binascii.a2b_base64(word.translate(_URL_SAFE) + b"==")
    except binascii.Error:
        return b""


def _is_text(name: bytes) -> bool:
    """Return whether *name* is UTF-8 that prints; what never was base64 hardly decodes to that."""
    try:
        return name.decode().isprintable()
    except UnicodeDecodeError:
        return False
