"""A chain that lacks a certificate is completed with --aia, and nobody is believed for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import NameOID

from check.auditing import audited
from check.small_server import Wrong, running
from pop3spy.authority.bundles import certificates_in
from pop3spy.check.results import Result
from pop3spy.net.trust import Trust
from pop3spy.protocol.certificate import read_certificate

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

Key = ec.EllipticCurvePrivateKey
PEM, DER = Encoding.PEM, Encoding.DER


class Chain:
    """A root, an authority in between, and a server's certificate that says where that is."""

    def __init__(self, at: str, where: str = "http://{}/between.der") -> None:
        root, between, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.key = own
        self.root = made("root", root, "root", root)
        self.between = made("between", between, "root", root)
        self.stranger = made("between", between, "between", between)
        self.server = made("localhost", own, "between", between, where.format(at))

    def written(self, folder: Path) -> tuple[Path, Path]:
        """Write the root, and what the server has: its own certificate with its key."""
        ca, own = folder / "root.pem", folder / "server.pem"
        ca.write_bytes(self.root.public_bytes(PEM))
        secret = self.key.private_bytes(PEM, PrivateFormat.PKCS8, NoEncryption())
        own.write_bytes(secret + self.server.public_bytes(PEM))
        return ca, own


def made(name: str, key: Key, issuer: str, by: Key, where: str = "") -> x509.Certificate:
    """Return the certificate of *name*; without *where* its issuer is, it is an authority's."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=not where, path_length=None), critical=True)
    )
    if where:
        access = x509.AccessDescription(Access.CA_ISSUERS, x509.UniformResourceIdentifier(where))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder.sign(by, hashes.SHA256())


class Library:
    """What answers over HTTP; ``asked`` has the first line of each question."""

    def __init__(self) -> None:
        self.answer = b""
        self.asked: list[str] = []
        self.at = ""
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head.decode().split("\r\n")[0])
            writer.write(self.answer)
            if not self.answer:
                await reader.read()  # until the other side has had enough
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def library() -> AsyncIterator[Library]:
    opened = Library()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    opened.at = "{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield opened
    finally:
        server.close()
        await asyncio.gather(*opened.tasks, return_exceptions=True)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-cert\r\n\r\n" + body


async def result_of(chain: Chain, folder: Path, *, aia: bool = True) -> Result:
    ca, own = chain.written(folder)
    async with running(Wrong(), own) as server:
        report = await audited(server, "tls/13", aia=aia, trust=Trust(ca=ca))
    return report.results[0]


@pytest.mark.parametrize("form", ["der", "pem", "pkcs7"])
async def test_a_chain_that_lacks_one_is_not_strict(form: str, tmp_path: Path) -> None:
    async with library() as opened:
        chain = Chain(opened.at)
        body = {
            "der": chain.between.public_bytes(DER),
            "pem": chain.between.public_bytes(PEM),
            "pkcs7": pkcs7.serialize_certificates([chain.between], DER),
        }[form]
        opened.answer = ok(body)
        result = await result_of(chain, tmp_path)
    assert result.outcome.value == "non-strict"
    assert result.judgement.note.endswith(
        f"it is one with what is at http://{opened.at}/between.der"
    )
    assert set(opened.asked) == {"GET /between.der HTTP/1.0"}
    assert f"# GET http://{opened.at}/between.der" in map(str, result.transcript)


async def test_nothing_is_fetched_without_the_option(tmp_path: Path) -> None:
    async with library() as opened:
        result = await result_of(Chain(opened.at), tmp_path, aia=False)
    assert result.outcome.value == "fail"
    assert opened.asked == []


async def test_a_root_that_is_fetched_is_not_believed(tmp_path: Path) -> None:
    async with library() as opened:
        chain = Chain(opened.at)
        opened.answer = ok(chain.stranger.public_bytes(DER))
        result = await result_of(chain, tmp_path)
    assert result.outcome.value == "fail"
    assert "no certificate of an issuer in between is there" in str(result.transcript)


async def test_one_in_between_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    async with library() as opened:
        chain, other = Chain(opened.at), Chain(opened.at)
        opened.answer = ok(other.between.public_bytes(DER))
        result = await result_of(chain, tmp_path)
    assert result.outcome.value == "fail"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 'answered "HTTP/1.1 404 Not Found", not 200'),
        (b"+OK\x1b[31m\r\n", r'answered "+OK\x1b[31m", not 200'),
        (ok(b"x" * 70_000), "more than 64 KiB"),
        (ok(b"no certificate"), "no certificate of an issuer in between is there"),
        (b"", "no whole answer within"),
    ],
    ids=["404", "odd", "large", "none", "silent"],
)
async def test_what_cannot_be_had_is_told(answer: bytes, told: str, tmp_path: Path) -> None:
    async with library() as opened:
        opened.answer = answer
        result = await result_of(Chain(opened.at), tmp_path)
    assert result.outcome.value == "fail"
    assert told in "\n".join(map(str, result.transcript))


@pytest.mark.parametrize("url", ["https://{}/", "file:///{}", "http://user@{}/", "http://{}9999/"])
async def test_nothing_but_plain_http_is_asked(url: str, tmp_path: Path) -> None:
    async with library() as opened:
        result = await result_of(Chain(opened.at, url), tmp_path)
    assert "is no http:// address" in "\n".join(map(str, result.transcript))
    assert opened.asked == []


def test_a_certificate_says_where_its_issuer_is() -> None:
    chain = Chain("ca.example:80")
    read = read_certificate(chain.server.public_bytes(DER))
    assert read.issuer_at == ("http://ca.example:80/between.der",)
    assert read_certificate(chain.root.public_bytes(DER)).issuer_at == ()
    assert certificates_in(b"") == []
