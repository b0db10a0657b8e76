"""Verbs of other protocols that turn up where POP3 is expected, as one table.

Rule: a verb counts only if it stands first in its line, whole, with behind it what its standard
wants there: words of a language may begin a password.  Those that are such words count in capitals
only, as programs write them.  No verb of POP3 is here.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final


@dataclass(frozen=True, slots=True)
class ForeignVerbs:
    """One row: verbs of a protocol, and a pattern of what stands behind any of them.

    They count in ``any_case`` or in capitals; ``tagged`` ones stand behind a tag of the client's.
    """

    protocol: str
    verbs: str
    behind: bytes = b""
    any_case: bool = False
    tagged: bool = False
    reference: str = ""

    @property
    def alone(self) -> bytes:
        """The pattern of a verb of this row, its tag included."""
        tag = rb"[A-Za-z]{0,4}[0-9]{1,8}(?:\.[0-9]{1,8})?[ \t]+" if self.tagged else b""
        return b"(%b%b)" % (tag, self._cased(self.verbs.replace(" ", "|").encode()))

    @property
    def line(self) -> bytes:
        """The pattern of a whole line."""
        return self.alone + self._cased(self.behind) + rb"[ \t]*"

    def _cased(self, pattern: bytes) -> bytes:
        return b"(?%b:%b)" % (b"i" if self.any_case else b"", pattern)


_WORD: Final = rb"[ \t]+\S+"
_WORDS: Final = rb"[ \t]+\S.*"

# fmt: off
FOREIGN_VERBS: Final = (
    ForeignVerbs("SMTP", "EHLO HELO LHLO", rb"(?:[ \t]+\S+)?", any_case=True, reference="RFC 5321, section 4.1.1"),
    ForeignVerbs("POP2", "HELO", rb"[ \t]+\S+[ \t]+\S.*", any_case=True, reference="RFC 937"),
    ForeignVerbs("SMTP", "MAIL", rb"[ \t]+FROM:.*", any_case=True, reference="RFC 5321, section 4.1.1"),
    ForeignVerbs("SMTP", "RCPT", rb"[ \t]+TO:.*", any_case=True, reference="RFC 5321, section 4.1.1"),
    ForeignVerbs("SMTP", "DATA STARTTLS", reference="RFC 5321, section 4.1.1"),
    ForeignVerbs("SMTP", "EXPN VRFY", _WORDS, reference="RFC 5321, section 4.1.1"),
    ForeignVerbs("SMTP", "BDAT", rb"[ \t]+[0-9]+(?:[ \t]+LAST)?", reference="RFC 3030, section 2"),
    ForeignVerbs("HTTP", "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE", rb"[ \t]+\S+(?:[ \t]+HTTP/[0-9.]+)?", reference="RFC 9112, section 3"),
    ForeignVerbs("HTTP", "PRI", rb"[ \t]+\*[ \t]+HTTP/2\.0", reference="RFC 9113, section 3.4"),
    ForeignVerbs("SIP or RTSP", "DESCRIBE INVITE OPTIONS REGISTER SETUP", rb"[ \t]+\S+[ \t]+(?:SIP|RTSP)/[0-9.]+", reference="RFC 3261, section 7.1"),
    ForeignVerbs("IMAP", "AUTHENTICATE CAPABILITY ENABLE LOGIN LOGOUT NAMESPACE STARTTLS", rb"(?:[ \t].*)?", any_case=True, tagged=True, reference="RFC 9051, section 6"),
    ForeignVerbs("IMAP", "ID", rb"[ \t]+(?:NIL|\(.*)", any_case=True, tagged=True, reference="RFC 2971, section 3.1"),
    ForeignVerbs("ManageSieve", "CAPABILITY LOGOUT", reference="RFC 5804, section 2"),
    ForeignVerbs("ManageSieve", "AUTHENTICATE", rb"[ \t]+\".*", reference="RFC 5804, section 2"),
    ForeignVerbs("NNTP", "AUTHINFO", rb"[ \t]+(?:USER|PASS|SASL|GENERIC)(?:[ \t].*)?", any_case=True, reference="RFC 4643, section 2"),
    ForeignVerbs("NNTP", "ARTICLE BODY HEAD", rb"(?:[ \t]+(?:[0-9]+|<\S+>))?", reference="RFC 3977, section 6"),
    ForeignVerbs("NNTP", "GROUP HDR LISTGROUP NEWGROUPS NEWNEWS OVER XHDR XOVER", _WORDS, reference="RFC 3977, section 7"),
    ForeignVerbs("NNTP", "MODE", rb"[ \t]+(?:READER|STREAM)", reference="RFC 3977, section 5.3"),
    ForeignVerbs("NNTP", "CHECK IHAVE TAKETHIS", rb"[ \t]+<\S+>", reference="RFC 3977, section 6.3"),
    ForeignVerbs("FTP", "CDUP EPSV FEAT PASV PWD SYST", reference="RFC 959, section 4.1"),
    ForeignVerbs("FTP", "CWD MKD RMD STOR", _WORD, reference="RFC 959, section 4.1"),
    ForeignVerbs("FTP", "EPRT PORT", rb"[ \t]+[0-9.,|:]+", reference="RFC 959, section 4.1"),
    ForeignVerbs("FTP", "TYPE", rb"[ \t]+[AEIL](?:[ \t]+[A-Z0-9])?", reference="RFC 959, section 4.1"),
)
# fmt: on


def foreign_verb(line: bytes) -> tuple[str, int] | None:
    """Return the protocol whose verb begins *line*, and the octets of that verb with its tag."""
    for row, pattern in _lines():
        if (found := pattern.fullmatch(line)) is not None:
            return row.protocol, found.end(1)
    return None


def is_foreign_verb(words: bytes) -> bool:
    """Return whether *words* are such a verb, with its tag, and nothing else."""
    return _alone().fullmatch(words) is not None


# The patterns take a while to make, and hardly any session asks for them.
@cache
def _lines() -> list[tuple[ForeignVerbs, re.Pattern[bytes]]]:
    return [(row, re.compile(row.line, re.DOTALL)) for row in FOREIGN_VERBS]


@cache
def _alone() -> re.Pattern[bytes]:
    return re.compile(b"|".join([row.alone for row in FOREIGN_VERBS]))
