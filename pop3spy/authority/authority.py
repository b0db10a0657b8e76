"""The authority of a folder, and the leaves that it has made."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pop3spy.authority.folder import CERTIFICATE, KEY, read_pair
from pop3spy.authority.leaf import Leaf
from pop3spy.authority.names import Names, names_from
from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape

if TYPE_CHECKING:  # cryptography takes longer to import than all else; most commands need none
    from pop3spy.authority.issuer import Issuer

STORE_PASSWORD: Final = "changeit"  # noqa: S105 - it is no secret
"""Java's own: it wants one, though there is nothing to hide."""
MOST_LEAVES: Final = 128
"""Leaves that are kept."""
_MARGIN: Final = timedelta(days=1)
"""How long a leaf must be valid yet to be given once more."""


def _now() -> datetime:
    return datetime.now(UTC)


class Authority:
    """Signs certificates that clients believe who trust ``certificate``, a file; use ``open``.

    ``key`` is the file of its private key.  ``subject`` is its name, ``sha256`` its fingerprint; it
    is valid from ``since`` until ``until``.  It was ``made`` by whoever opened it, or was there.
    It belongs to one thread.
    """

    made = False

    def __init__(self, folder: Path, issuer: "Issuer", now: Callable[[], datetime]) -> None:
        self.certificate = folder / CERTIFICATE
        self.key = folder / KEY
        self.subject = issuer.subject
        self.sha256 = issuer.sha256
        self.serial = issuer.serial
        self.since = issuer.since
        self.until = issuer.until
        self._issuer = issuer
        self._now = now
        self._leaves: dict[Names, Leaf] = {}  # the one that was asked for last is the last

    @classmethod
    def open(
        cls, folder: Path, owner: str = "somebody", now: Callable[[], datetime] = _now
    ) -> "Authority":
        """Return the authority in *folder*; make it, and the folder, if there is none yet.

        A new one names *owner*, such as ``alice@laptop``; *now* gives the date, with a time zone.
        Raise ConfigError if that cannot be, or if what is there is not to be used.
        """
        from pop3spy.authority import issuer, mirrored  # noqa: F401, PLC0415 - see above

        made: list[bytes] = []

        def certify(key: bytes) -> bytes:
            made.append(issuer.certify(key, owner, now()))
            return made[0]

        try:
            key, certificate = read_pair(folder, issuer.make_key, certify)
            authority = cls(folder, issuer.issuer_from(key, certificate, now()), now)
        except issuer.UnfitError as error:
            raise ConfigError(f"{escape(str(folder))}: {error}") from None
        authority.made = certificate in made  # else another process was faster
        return authority

    def leaf(self, names: Iterable[str]) -> Leaf:
        """Return a certificate for *names*: of hosts, or addresses; what is neither is left out."""
        return self._leaf(names_from(names))

    def mirror(self, der: bytes, otherwise: str) -> Leaf:
        """Return a certificate with the names that *der*, a server's certificate, has, and no more.

        If it has none, or cannot be read, the name is *otherwise*.
        """
        from pop3spy.authority.mirrored import names_of  # noqa: PLC0415 - see above

        return self._leaf(names_of(der) or names_from([otherwise]))

    def exported(self, form: str) -> bytes:
        """Return the certificate, never its key, as ``pem``, ``der`` or ``p12``.

        The last is a trust store for Java, whose password is STORE_PASSWORD.
        """
        match form:
            case "pem":
                return self._issuer.pem()
            case "der":
                return self._issuer.der()
            case "p12":
                return self._issuer.trust_store(STORE_PASSWORD)
        raise ValueError(form)

    def _leaf(self, names: Names) -> Leaf:
        now = self._now()
        leaf = self._leaves.pop(names, None)
        if leaf is None or not leaf.since <= now < leaf.until - _MARGIN:
            leaf = self._issuer.mint(names, now)
        self._leaves[names] = leaf
        if len(self._leaves) > MOST_LEAVES:
            del self._leaves[next(iter(self._leaves))]
        return leaf
