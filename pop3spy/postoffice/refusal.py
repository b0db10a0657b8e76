"""Saying no: every -ERR of the post office is raised as one exception."""

import errno

from pop3spy.errors import MaildropError
from pop3spy.postoffice.maildrop import InUseError
from pop3spy.session.responder import Answer

_FOR_AN_OPERATOR = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}
)


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """A command that is answered -ERR, with a text and perhaps a response code."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code

    @property
    def answer(self) -> Answer:
        """The reply, cut to the 512 octets of RFC 2449, section 4."""
        words = f"-ERR [{self.code}] {self.text}" if self.code else f"-ERR {self.text}"
        return Answer(words.encode("ascii", "replace")[:510])


class LoginFailed(Refused):
    """Credentials that prove nothing (RFC 3206, section 4: [AUTH])."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "AUTH")


def refusal_of(error: OSError | MaildropError, what: str) -> Refused:
    """Return the refusal for a maildrop that fails; *what* says what cannot be done.

    What passes by itself is [SYS/TEMP], what somebody must mend is [SYS/PERM] (RFC 3206,
    section 4).  The name of the file is not told to the client.
    """
    if isinstance(error, InUseError):
        return Refused(str(error), "IN-USE")
    cause = error if isinstance(error, OSError) else error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    return Refused(what, "SYS/PERM" if number in _FOR_AN_OPERATOR else "SYS/TEMP")
