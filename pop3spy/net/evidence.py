"""What a handshake shows of the peer, also where it fails, for those who have to explain it."""

import _ssl
import ssl
from typing import Any

from pop3spy.protocol.certificate import Certificate, read_certificate


class RefusedCertificateError(ssl.SSLCertVerificationError):
    """A server's certificate was refused; ``chain`` has all that it sent, its own first."""

    chain: tuple[Certificate, ...] = ()


class Evidence(ssl.SSLObject):
    """One side of TLS that remembers what its peer showed.

    Once a client has said its hello, it is ``met``, and ``asked`` is the name in that.
    """

    met = False
    asked = ""

    def do_handshake(self) -> None:
        """Do some of the handshake, as an SSLObject does."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            refused = RefusedCertificateError(*error.args)
            refused.verify_code, refused.verify_message = error.verify_code, error.verify_message
            refused.chain = chain_of(self)
            raise refused from None
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            error.identified = bool(sent_by(self))  # type: ignore[attr-defined]
            raise


def remember(tls: ssl.SSLObject, name: str | None) -> None:
    """Keep the *name* that a client asks for in its hello."""
    if isinstance(tls, Evidence):
        tls.met, tls.asked = True, name or ""


def sent_by(tls: Any) -> list[bytes]:
    """Return the certificates that the peer of an SSLObject sent, in DER form, its own first.

    They are verified only if the handshake was done.  Before Python 3.13 there is no public way to
    them; where the private one is not there either, it is the peer's own at most.
    """
    try:
        if hasattr(tls, "get_unverified_chain"):
            return list(tls.get_unverified_chain())
        sent = tls._sslobj.get_unverified_chain() or ()  # noqa: SLF001 - as above
        return [each.public_bytes(_ssl.ENCODING_DER) for each in sent]
    except (AttributeError, TypeError, ValueError):
        own = tls.getpeercert(binary_form=True)
        return [own] if own else []


def chain_of(tls: Any) -> tuple[Certificate, ...]:
    """Return what the certificates say that the peer of an SSLObject sent."""
    return tuple(map(read_certificate, sent_by(tls)))
