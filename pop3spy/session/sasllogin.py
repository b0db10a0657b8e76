"""One AUTH as the redactor follows it: what each message tells, which challenges hide something."""

import binascii

from pop3spy.protocol import sasl

_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class SaslLogin:
    """Counts the messages of both sides and reads the client's."""

    def __init__(self, mechanism: bytes = b"") -> None:
        self._mechanism = sasl.mechanism_of(mechanism)
        self._messages = 0
        self._challenges = 0

    def hides_challenge(self) -> bool:
        """Return whether the server's next challenge may hold something secret."""
        self._challenges += 1
        return self._challenges > self._mechanism.shown

    def read(self, word: bytes) -> sasl.Told:
        """Return what the client's next message tells; *word* is how it was sent.

        A message of which nothing is known is secret as a whole, be it base64 or not.
        """
        step, self._messages = self._messages, self._messages + 1
        message = sasl.decode(word)
        if message is None:
            return sasl.Told(None, (text_in(word),))
        told = self._mechanism.read(message, step)
        if told.user is None or not _is_text(told.user):
            return sasl.Told(None, told.secrets or (message,))
        return told


def text_in(word: bytes) -> bytes:
    """Return the text that *word* is as base64, with its faults overlooked; empty if it is none."""
    try:
        message = binascii.a2b_base64(word.translate(_URL_SAFE) + b"==")
    except binascii.Error:
        return b""
    return message if _is_text(message.translate(None, b"\0\1")) else b""


def _is_text(octets: bytes) -> bool:
    """Return whether this is UTF-8 that prints; what never was base64 hardly decodes to that."""
    try:
        return octets.decode().isprintable()
    except UnicodeDecodeError:
        return False
