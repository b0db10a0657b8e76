"""What TLS came to on a connection: facts that anybody may see."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.certificate import few, is_among
from pop3spy.session.texts import recorded_facts, texts, texts_in

_NAME: Final = re.compile(r"(TLS|SSL) ?v?[0-9.]{1,4}|[A-Z0-9]+([_-][A-Za-z0-9]+)*")
"""What is in the standards; a recording may say anything."""


def known_name(name: str) -> str:
    """Return the name of a version or of a cipher suite; empty for what is none."""
    return name if _NAME.fullmatch(name) else ""


@dataclass(frozen=True, slots=True)
class Tls:
    """What was agreed on one leg: ``TLSv1.3``, a cipher, and whose certificate the server has.

    ``side`` is the peer that it was agreed with.  ``subject``, ``issuer``, ``since`` and ``until``
    (its first and last moment, in UTC) and ``names`` are the certificate's, ``sha256`` is its
    fingerprint in hexadecimal, and ``chain`` has the subjects of all that were sent.  Where
    ``verified`` says that nobody has checked them, they are no more than claims.  ``asked`` is the
    name that the server was asked for.  To a client we are the server: ``names`` are those that it
    was shown, and the others are empty.
    """

    version: str
    cipher: str
    verified: bool = True
    subject: str = ""
    issuer: str = ""
    since: str = ""
    until: str = ""
    names: tuple[str, ...] = texts()
    sha256: str = ""
    side: str = "server"
    chain: tuple[str, ...] = texts(between=" < ")
    asked: str = ""

    def __str__(self) -> str:
        """Return it for a person; names are as the certificate has them, not escaped."""
        parts = [self.version, self.cipher]
        if self.side == "client":
            asked = f", which asked for {self.asked}" if self.asked else ""
            other = asked and self.names and not is_among(self.asked, self.names)
            shown = f" and was shown a certificate for {few(self.names)}" if other else ""
            parts.append(f"with the client{asked}{shown}")
        elif not self.verified:
            names = f" ({few(self.names)})" if self.names else ""
            claims = f": {self.subject}{names} from {self.issuer}, {self.since} to {self.until}"
            parts.append(f"certificate NOT verified{claims * bool(self.since)}")
            parts.append(f"its SHA-256 is {self.sha256[:16]}..." * bool(self.sha256))
        elif self.subject or self.names:
            subject = self.subject or few(self.names)
            parts.append(f"certificate of {subject} from {self.issuer} until {self.until}")
        return ", ".join(filter(None, parts))

    def hidden(self) -> "Tls":
        """Return it without names of peers, nor what leads to them."""
        version, cipher = known_name(self.version), known_name(self.cipher)
        return Tls(version, cipher, self.verified, side=self.side)

    def facts(self) -> dict[str, object]:
        """Return it as a recording keeps it."""
        return recorded_facts(self)


def tls_from(facts: Mapping[str, object]) -> Tls:
    """Return what a recording kept; whatever is not text there counts as unknown."""
    read = texts_in(facts, Tls)
    read["side"] = read["side"] or "server"
    return Tls(**read, verified=facts.get("verified") is True)
