"""What TLS came to on a connection: facts that anybody may see."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Tls:
    """What was agreed on one leg: ``TLSv1.3``, a cipher, and whose certificate the server has.

    ``side`` is the peer that it was agreed with.  ``subject``, ``issuer``, ``since`` and ``until``
    (its first and last moment) and ``names`` are empty where the certificate was not verified, as
    ``verified`` says: what it claims is then nobody's word.  ``sha256`` is its fingerprint in
    hexadecimal.  To a client we are the server, and none of them is told.
    """

    version: str
    cipher: str
    verified: bool = True
    subject: str = ""
    issuer: str = ""
    since: str = ""
    until: str = ""
    names: str = ""
    sha256: str = ""
    side: str = "server"

    def __str__(self) -> str:
        """Return it for a person; names are as the certificate has them, not escaped."""
        parts = [self.version, self.cipher]
        if self.side == "client":
            parts.append("with the client")
        elif not self.verified:
            parts.append("certificate NOT verified")
            parts.append(f"its SHA-256 is {self.sha256[:16]}..." * bool(self.sha256))
        elif self.subject:
            parts.append(f"certificate of {self.subject} from {self.issuer} until {self.until}")
        return ", ".join(filter(None, parts))

    def hidden(self) -> "Tls":
        """Return it without names of peers, nor what leads to them."""
        return Tls(self.version, self.cipher, self.verified, side=self.side)

    def facts(self) -> dict[str, object]:
        """Return it as a recording keeps it."""
        return asdict(self)


def tls_from(facts: Mapping[str, object]) -> Tls:
    """Return what a recording kept; whatever is not text there counts as unknown."""
    texts = {
        field.name: str(facts.get(field.name) or "") for field in fields(Tls) if field.type is str
    }
    texts["side"] = texts["side"] or "server"
    return Tls(**texts, verified=facts.get("verified") is True)
