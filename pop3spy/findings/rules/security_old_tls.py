"""Versions of TLS that are out of use."""

from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.session.events import Glimpsed, Secured
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.glimpse import Glimpse

_OLD: Final = {
    "SSLv2": "SSL 2",
    "SSLv3": "SSL 3",
    "TLSv1": "TLS 1.0",
    "TLSv1.0": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "SSL 2": "SSL 2",
    "SSL 3": "SSL 3",
    "TLS 1.0": "TLS 1.0",
    "TLS 1.1": "TLS 1.1",
}
"""Versions that must not be used (RFC 8996), as OpenSSL and the standards call them."""
_REFUSES: Final = ("protocol_version", "insufficient_security", "handshake_failure")


@rule(
    "tls-old-version",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 8996, sections 4 and 5; RFC 8997, section 3",
    opaque_too=True,
    raises=(
        """
        -- clear
        C: STLS
        S: +OK
        -- TLS TLSv1.1
        """,
        r"""
        -- clear
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01{r*32}\x00\x00\x2f\x00
        S< \x16\x03\x01\x00\x04\x0e\x00\x00\x00
        """,
        r"""
        -- clear
        -- also stls-handshake-failed
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01{r*32}\x00\x00\x2f\x00
        C< \x15\x03\x01\x00\x02\x02\x46
        """,
        r"""
        -- clear
        -- also stls-handshake-failed
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x15\x03\x01\x00\x02\x02\x46
        """,
    ),
    silent=(
        """
        -- clear
        C: STLS
        S: +OK
        -- TLS TLSv1.2
        """,
        r"""
        -- clear
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        S< \x16\x03\x03\x00\x04\x0e\x00\x00\x00
        """,
    ),
)
class TlsOldVersion:
    """One side can do no more than a version of TLS that is out of use.

    SSL 3, TLS 1.0 and TLS 1.1 have known weaknesses, and must not be used any more.  Newer programs
    refuse them, and then there is no TLS at all.

    To do: update the side that can do no more; do not lower what the other insists on.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._offered: tuple[str, ...] = ()

    @on(On.SECURED)
    def _secured(self, event: Secured) -> Claims:
        tls = event.tls
        if version := _OLD.get(tls.version):
            yield _claim(
                f"TLS with the {tls.side} came to {version}, which is out of use.", version
            )

    @on(On.GLIMPSED)
    def _glimpse(self, event: Glimpsed) -> Claims:
        glimpse = event.glimpse
        if glimpse.kind == "hello":
            yield from self._hello(glimpse)
        elif (
            glimpse.side == "server"
            and glimpse.alert in _REFUSES
            and (version := self._most_of_client())
        ):
            yield _claim(f"The client can do no more than {version}: update it.", version)

    def _hello(self, glimpse: Glimpse) -> Iterator[Claim]:
        if glimpse.side == "client":
            self._offered = glimpse.versions
        elif glimpse.versions and (version := _OLD.get(glimpse.versions[0])):
            old = "client" if self._most_of_client() else "server" if self._offered else None
            who = f": update the {old}, which can do no more" if old else ""
            yield _claim(f"The server chose {version}, which is out of use{who}.", version)

    def _most_of_client(self) -> str | None:
        """Return the newest version that the client offered, if that is an old one."""
        return _OLD.get(self._offered[0]) if self._offered else None


def _claim(text: str, version: str) -> Claim:
    return Claim(text, evidence={"version": version})
