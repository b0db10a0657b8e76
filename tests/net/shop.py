"""Certificates and TLS of every kind that a peer may have, for tests of what becomes of them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from net.certificates import EXPIRED, FUTURE, Authority, Certificate, self_signed
from pop3spy.net.identity import Own
from pop3spy.net.leg import Legs
from pop3spy.net.trust import Trust


@dataclass(frozen=True)
class Shop:
    """One certificate of each kind, and who vouches for them."""

    ca: Path
    between: Certificate
    kinds: dict[str, Certificate]

    def legs(self, *, shown: str = "proxy", timeout: float = 5.0, **trust: object) -> Legs:
        identity = Own(self.kinds[shown].chain, self.kinds[shown].key)
        believed = Trust(**{"ca": self.ca, **trust})  # type: ignore[arg-type]
        return Legs(believed, identity, inspect=True, timeout=timeout)

    def client(self) -> ssl.SSLContext:
        """Return what a client has that believes whom it should."""
        return ssl.create_default_context(cafile=self.ca)


def opened(folder: Path) -> Shop:
    """Return a shop whose goods are made in *folder*."""
    authority, other = Authority(folder / "ca"), Authority(folder / "other")
    between = authority.issue("between", is_authority=True)
    good = authority.issue("good")
    by_no_authority = authority.issue("under", issuer=good)
    with by_no_authority.chain.open("a") as chain:
        chain.write(good.chain.read_text())
    old_issuer = authority.issue("old issuer", is_authority=True, valid=EXPIRED)
    by_expired = authority.issue("young", issuer=old_issuer)
    with by_expired.chain.open("a") as chain:
        chain.write(old_issuer.chain.read_text())
    stranger = other.issue("stranger")
    with stranger.chain.open("a") as chain:  # its root is sent as well
        chain.write(other.certificate.read_text())
    kinds = {
        "good": good,
        "proxy": authority.issue("proxy", names="DNS:proxy.example"),
        "expired": authority.issue("expired", valid=EXPIRED),
        "future": authority.issue("future", valid=FUTURE),
        "other name": authority.issue("other", names="DNS:mail.example.org,DNS:pop.example.org"),
        "alone": authority.issue("leaf", issuer=between),
        "stranger": stranger,
        "self-signed": self_signed(folder),
        "by one that expired": by_expired,
        "nameless": authority.issue("common", is_authority=True),
        "by no authority": by_no_authority,
    }
    return Shop(authority.certificate, between, kinds)


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let *context* take no TLS that is safe."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def not_the_newest(context: ssl.SSLContext) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def odd_cipher(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let *context* take only a cipher that is no longer offered."""
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    return not_the_newest(context)


def wants_certificate(context: ssl.SSLContext, ca: Path) -> ssl.SSLContext:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca)
    return context


def knows_no_name(context: ssl.SSLContext) -> ssl.SSLContext:
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return context


def bundle(shop: Shop, kind: str, folder: Path) -> Path:
    """Return a file with a certificate and its key."""
    pair = shop.kinds[kind]
    file = folder / "pair.pem"
    file.write_text(pair.chain.read_text() + pair.key.read_text())
    return file
