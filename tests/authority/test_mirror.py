"""A leaf that stands for a server has that server's names, where they stand, and no more."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from authority.tls import shake_hands, trusting
from net.certificates import Authority as OpenSSL
from pop3spy.authority import Authority, Leaf
from pop3spy.authority.mirrored import names_of
from pop3spy.authority.names import MOST_NAMES, MOST_OCTETS, Names

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC)
OTHERWISE = "otherwise.example"


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def addresses(*texts: str) -> list[x509.GeneralName]:
    return [x509.IPAddress(ip_address(text)) for text in texts]


def certificate(
    common: Sequence[str] = (), alternatives: Sequence[x509.GeneralName] | None = None
) -> bytes:
    """Return a certificate that nobody signed but itself, as DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common])
    end = NOW + timedelta(days=9)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, NOW, end)
    if alternatives is not None:
        names = x509.SubjectAlternativeName(alternatives)
        builder = builder.add_extension(names, critical=False)
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.DER)


MIRRORED = [
    pytest.param(
        certificate((), dns("a.example", "*.b.example")), "a.example, *.b.example", id="hosts"
    ),
    pytest.param(certificate((), addresses("192.0.2.1", "::1")), "192.0.2.1, ::1", id="addresses"),
    pytest.param(certificate(["a.example"]), "a.example", id="a common name"),
    pytest.param(certificate(["a.example", "b.example"]), "a.example, b.example", id="two of them"),
    pytest.param(certificate(["c.example"], dns("a.example")), "a.example, c.example", id="both"),
    pytest.param(certificate(), OTHERWISE, id="nothing"),
    pytest.param(certificate(["Mail server of Bob"]), OTHERWISE, id="a common name of no host"),
    pytest.param(certificate(["müller.example"]), OTHERWISE, id="a common name that is not ASCII"),
    pytest.param(
        certificate((), [x509.RFC822Name("a@b.example")]), OTHERWISE, id="only an address of mail"
    ),
    pytest.param(
        certificate(["a.example"], [x509.RFC822Name("a@b.example")]), "a.example", id="and a name"
    ),
    pytest.param(certificate((), dns("a.example\0.evil.example")), OTHERWISE, id="NUL"),
    pytest.param(
        certificate((), dns("a.example\0.evil", "b.example")), "b.example", id="NUL and a name"
    ),
    pytest.param(
        certificate(["a.example"], dns("a.example\0.evil")),
        OTHERWISE,
        id="a common name in place of NUL",
    ),
    pytest.param(
        certificate(["a.example"], [*dns("\x1b[1m"), *addresses("::1")]),
        "::1",
        id="an escape sequence",
    ),
    pytest.param(certificate((), dns("", " ", "a b", ".", "-")), OTHERWISE, id="no names"),
    pytest.param(certificate((), dns("x" * 254)), OTHERWISE, id="too long a name"),
    pytest.param(
        certificate((), [x509.IPAddress(ip_network("10.0.0.0/8"))]), OTHERWISE, id="a network"
    ),
    pytest.param(b"", OTHERWISE, id="no octets"),
    pytest.param(b"\x30\x80", OTHERWISE, id="no certificate"),
    pytest.param(certificate((), dns("a.example"))[:-20], OTHERWISE, id="half a certificate"),
    pytest.param(b"\x30" * 200_000, OTHERWISE, id="too long a certificate"),
]


@pytest.mark.parametrize(("der", "names"), MIRRORED)
def test_a_leaf_has_the_names_of_the_server(authority: Authority, der: bytes, names: str) -> None:
    leaf = authority.mirror(der, OTHERWISE)
    assert str(leaf.names) == names
    (made, _) = x509.load_pem_x509_certificates(leaf.pem)
    alternatives = [
        *map(x509.DNSName, leaf.names.hosts),
        *map(x509.IPAddress, leaf.names.addresses),
    ]
    try:
        extension = made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        assert alternatives == []
    else:
        assert list(extension.value) == alternatives
    common = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert tuple(each.value for each in common) == leaf.names.common


NAMES = ["a.example", "b.example", "x.a.example", "192.0.2.1", "192.0.2.2", OTHERWISE]
SHAPES: list[tuple[list[str], list[x509.GeneralName] | None]] = [
    (["b.example"], dns("a.example")),
    (["b.example"], addresses("192.0.2.1")),
    (["a.example"], None),
    (["a.example"], [x509.RFC822Name("a@b.example")]),
    (["192.0.2.1"], None),
    (["a.example", "b.example"], None),
    ([], [*dns("*.a.example"), *addresses("192.0.2.2")]),
]


@pytest.mark.parametrize(("common", "alternatives"), SHAPES, ids=str)
def test_a_client_accepts_and_refuses_the_names_that_it_would_with_the_server(
    authority: Authority,
    tmp_path: Path,
    common: list[str],
    alternatives: list[x509.GeneralName] | None,
) -> None:
    """Common names stay common names: a client that wants alternatives gets to see the fault."""
    der = certificate(common, alternatives)
    (tmp_path / "server.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
    leaf = authority.mirror(der, OTHERWISE)
    for name in NAMES:
        believed = shake_hands(leaf, trusting(authority), name) == ""
        assert believed == believes(tmp_path / "server.pem", name), name


def believes(path: Path, name: str) -> bool:
    """Return whether a client that trusts the certificate at *path* accepts it for *name*."""
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server = Leaf(Names(), NOW, NOW, key + path.read_bytes())
    return shake_hands(server, ssl.create_default_context(cafile=path), name) == ""


def test_the_names_of_a_real_certificate_are_found(authority: Authority, tmp_path: Path) -> None:
    issued = OpenSSL(tmp_path / "openssl").issue("server", names="DNS:mail.example.org,IP:10.0.0.1")
    der = ssl.PEM_cert_to_DER_cert(issued.chain.read_text())
    assert str(authority.mirror(der, OTHERWISE).names) == "mail.example.org, 10.0.0.1, server"


def test_a_certificate_of_very_many_names_is_cut(authority: Authority) -> None:
    many = names_of(certificate((), dns(*(f"h{number}.example" for number in range(3000)))))
    assert len(many.hosts) == MOST_NAMES
    long = names_of(certificate((), dns(*(f"{number:0>250}" for number in range(300)))))
    assert 0 < sum(map(len, long.hosts)) <= MOST_OCTETS
    networks = addresses(*(f"10.0.{number >> 8}.{number & 255}" for number in range(3000)))
    leaf = authority.mirror(certificate(["x"] * 100, networks), OTHERWISE)
    assert len(leaf.names.addresses) == MOST_NAMES
    assert len(leaf.names.common) < 10


def test_what_the_library_warns_of_is_not_printed(authority: Authority) -> None:
    """Warnings are errors in this suite, so one of them would show as no name."""
    der = certificate(["a.example"])
    serial = bytes([2, 1, 1])  # as an integer; the first one is the serial number
    at = der.index(serial)
    negative = der[:at] + bytes([2, 1, 0x80]) + der[at + 3 :]
    assert str(authority.mirror(negative, OTHERWISE).names) in ("a.example", OTHERWISE)


TEMPLATES = [
    certificate(["a.example"], [*dns("a.example", "*.b.example"), *addresses("192.0.2.1", "::1")]),
    certificate(["müller.example"]),
    certificate((), [x509.RFC822Name("a@b.example"), x509.UniformResourceIdentifier("x:y")]),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a certificate in which some octets are others, are missing, or are too many."""
    der = bytearray(draw(st.sampled_from(TEMPLATES)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(der)))
        der[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(der)


@given(der=damaged() | st.binary(max_size=300))
def test_no_certificate_fails_and_none_brings_a_name_that_does_not_print(
    authority: Authority, der: bytes
) -> None:
    leaf = authority.mirror(der, OTHERWISE)
    assert leaf.names
    assert str(leaf.names).isascii()
    assert str(leaf.names).isprintable()
    assert len(x509.load_pem_x509_certificates(leaf.pem)) == 2


@given(texts=st.lists(st.text(max_size=300) | st.text("ab.*-%:1", max_size=20), max_size=20))
def test_no_text_fails_as_a_name(authority: Authority, texts: list[str]) -> None:
    leaf = authority.leaf(texts)
    assert str(leaf.names).isascii()
    assert str(leaf.names).isprintable()


@given(
    hosts=st.lists(st.text("ab.\0* é", max_size=12), max_size=6),
    common=st.lists(st.text("ab.\0* é", min_size=1, max_size=12), max_size=3),
)
def test_a_leaf_never_has_a_name_that_the_server_has_not(
    authority: Authority, hosts: list[str], common: list[str]
) -> None:
    ascii_hosts = [host for host in hosts if host.isascii()]
    leaf = authority.mirror(certificate(common, dns(*ascii_hosts) or None), OTHERWISE)
    if str(leaf.names) == OTHERWISE:
        return
    assert set(leaf.names.hosts) <= set(ascii_hosts)
    assert set(leaf.names.common) <= set(common)
    assert leaf.names.hosts or not ascii_hosts, "common names do not take the place of others"
