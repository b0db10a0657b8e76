"""A handshake in memory, between a server with a leaf and a client that trusts an authority."""

import ssl
from pathlib import Path

from pop3spy.authority import Authority, Leaf


def serve_with(leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.as_file() as file:
        context.load_cert_chain(file)
    return context


def trusting(authority: Authority | Path) -> ssl.SSLContext:
    """Return what a client needs that believes *authority* alone, and is strict."""
    path = authority if isinstance(authority, Path) else authority.certificate
    context = ssl.create_default_context(cafile=path)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def shake_hands(leaf: Leaf, client: ssl.SSLContext, name: str) -> str:
    """Return why *client*, which asks for *name*, refuses *leaf*; nothing if it does not."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    asked = serve_with(leaf).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (asking, asked):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    assert asking.version() == "TLSv1.3"
    return ""
