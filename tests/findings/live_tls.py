"""TLS for conversations that are played live: whom the proxy believes, and what peers show it."""

import ssl
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from net.certificates import Authority
from pop3spy.net.identity import Own
from pop3spy.net.leg import Legs
from pop3spy.net.trust import Trust

NEWEST: Final = "TLSv1.3"
NAMED: Final = ("outlook.office365.com", "mail.example.org")
"""The servers that have names."""
_VERSIONS: Final = {
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    NEWEST: ssl.TLSVersion.TLSv1_3,
}


@dataclass(frozen=True)
class Certificates:
    """One certificate, for the server and the proxy alike, and who vouches for it; files."""

    ca: Path
    chain: Path
    key: Path

    @classmethod
    def issued(cls, folder: Path, *addresses: str) -> "Certificates":
        """Make them in *folder*, also for servers at *addresses*."""
        authority = Authority(folder)
        names = [*(f"DNS:{name}" for name in ("localhost", *NAMED))]
        names += [f"IP:{address}" for address in ("127.0.0.1", *addresses)]
        made = authority.issue("peer", names=",".join(names))
        return cls(authority.certificate, made.chain, made.key)

    @cache  # noqa: B019 - there is one of these
    def legs(self) -> Legs:
        """Return how a proxy uses TLS that takes old versions too, and STLS apart."""
        with _old_versions():
            trust, identity = Trust(ca=self.ca, oldest="1.1"), Own(self.chain, self.key, "1.1")
            trust.context()
        return Legs(trust, identity, inspect=True, stls="inspect")

    @cache  # noqa: B019
    def server(self, version: str = NEWEST) -> ssl.SSLContext:
        """Return what a server needs that knows only *version* of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return _only(context, version)

    @cache  # noqa: B019
    def client(self, version: str = NEWEST) -> ssl.SSLContext:
        """Return what a client needs that knows only *version* of TLS."""
        return _only(ssl.create_default_context(cafile=self.ca), version)


def _only(context: ssl.SSLContext, version: str) -> ssl.SSLContext:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with _old_versions():
        context.minimum_version = context.maximum_version = _VERSIONS[version]
    return context


def _old_versions() -> AbstractContextManager[object]:
    """Let nobody warn of versions that are out of use: they are what is tried."""
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)
