"""The certificate that clients are shown, as its file has it, and what is kept of handshakes."""

import os
import resource
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from net.shop import Shop
from pop3spy.authority import Authority
from pop3spy.net.identity import Identity, Minted, Own

Made = Callable[[Path, Shop], Identity]
in_memory = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files are in memory")


def own(folder: Path, shop: Shop) -> Identity:
    """Return what shows a certificate whose files are gone by then."""
    shown = shop.kinds["good"]
    files = [Path(shutil.copy(file, folder)) for file in (shown.chain, shown.key)]
    identity = Own(files[0], files[1])
    for file in files:
        file.unlink()
    return identity


def own_in_one_file(folder: Path, shop: Shop) -> Identity:
    """Return the same, with the key in front of the certificate."""
    shown = shop.kinds["good"]
    file = folder / "both.pem"
    file.write_bytes(shown.key.read_bytes() + shown.chain.read_bytes())
    identity = Own(file, None)
    file.unlink()
    return identity


def minted(folder: Path, _: Shop) -> Identity:
    return Minted(Authority.open(folder / "authority", "alice@laptop"))


def visit(identity: Identity, asking: ssl.SSLContext) -> bytes:
    """Let a client come and go, both with close_notify; return the certificate that it saw."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    shown = identity.context(b"", "localhost")
    server = shown.wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(3):
        for side in (client, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    for side in (client, server, client):
        with suppress(ssl.SSLWantReadError):
            side.unwrap()
    return client.getpeercert(binary_form=True) or b""


@pytest.fixture
def asking() -> ssl.SSLContext:
    """What a client of TLS 1.2 has that takes no tickets, and believes everybody."""
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    asking.maximum_version = ssl.TLSVersion.TLSv1_2
    asking.options |= ssl.OP_NO_TICKET
    return asking


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open no file while the block lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def fill(identity: Identity, asking: ssl.SSLContext) -> ssl.SSLContext:
    """Let clients come until the context is full that they are shown; return that."""
    first = identity.context(b"", "localhost")
    while not first.is_full:
        visit(identity, asking)
    return first


@in_memory
@pytest.mark.promise("files")
@pytest.mark.parametrize("made", [own, minted])
def test_without_files_for_another_the_context_that_is_full_serves_as_well(
    made: Made, tmp_path: Path, shop: Shop, asking: ssl.SSLContext
) -> None:
    identity = made(tmp_path, shop)
    first = fill(identity, asking)
    with no_more_files():
        assert identity.context(b"", "localhost") is first
        assert visit(identity, asking)
    assert identity.context(b"", "localhost") is not first


def test_where_files_cannot_be_in_memory_a_key_of_ones_own_is_in_none(
    tmp_path: Path, shop: Shop, asking: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.memfd_create", raising=False)
    identity = own(tmp_path, shop)
    first = fill(identity, asking)
    assert identity.context(b"", "localhost") is first


@in_memory
@pytest.mark.promise("memory")
@pytest.mark.parametrize("made", [own, own_in_one_file, minted])
def test_sessions_of_clients_without_tickets_are_not_remembered_without_end(
    made: Made, tmp_path: Path, shop: Shop, asking: ssl.SSLContext
) -> None:
    identity = made(tmp_path, shop)
    first = visit(identity, asking)
    remembered = []
    for _ in range(300):
        assert visit(identity, asking) == first
        remembered.append(identity.context(b"", "localhost").session_stats()["number"])
    assert max(remembered) == 256 - 1  # the one that is full is asked no more
    assert remembered[-1] < 300 - 256 + 2


@pytest.mark.parametrize("odd", [b"\x8b", b"\xff\xfe", b" ", b"\r"])
def test_octets_that_belong_in_no_pem_file_are_passed_over_as_openssl_does(
    odd: bytes, shop: Shop, tmp_path: Path
) -> None:
    shown = shop.kinds["good"]
    chain = tmp_path / "chain.pem"
    chain.write_bytes(shown.chain.read_bytes().replace(b"\n-----END", odd + b"\n-----END", 1))
    names = Own(shown.chain, shown.key).context(b"", "").names
    assert names
    assert Own(chain, shown.key).context(b"", "").names == names
