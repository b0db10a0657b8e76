"""What certificates say, also those that nobody should believe."""

import re
import ssl
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab.processes import need
from net.certificates import EXPIRED, Authority
from pop3spy.protocol.certificate import (
    LONGEST,
    MOST_NAMES,
    Certificate,
    is_among,
    read_certificate,
)


def der_of(file: Path) -> bytes:
    found = re.search("-----BEGIN.*?END CERTIFICATE-----", file.read_text(), re.DOTALL)
    assert found
    return ssl.PEM_cert_to_DER_cert(found[0])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("read") / "ca")


def test_a_certificate_says_whose_it_is_and_for_how_long(authority: Authority) -> None:
    names = "DNS:localhost,IP:127.0.0.1,IP:::1,email:a@b"
    read = read_certificate(der_of(authority.issue("mail", names=names, valid=EXPIRED).chain))
    assert (read.subject, read.issuer, read.own_issuer) == ("mail", "The test authority", False)
    assert (read.since, read.until) == ("2020-01-01 00:00:00Z", "2020-02-01 00:00:00Z")
    assert read.names == ("localhost", "127.0.0.1", "::1")


def test_an_authority_is_its_own_issuer_and_has_no_names(authority: Authority) -> None:
    read = read_certificate(der_of(authority.certificate))
    assert (read.subject, read.own_issuer, read.names) == ("The test authority", True, ())


@pytest.mark.parametrize(
    ("subject", "told"),
    [("/O=Example/OU=Mail", "Example"), ("/O=Example/CN=Zoë", "Zoë"), ("/OU=Mail", "")],
)
def test_the_most_telling_part_of_a_name_is_shown(subject: str, told: str, tmp_path: Path) -> None:
    new = ["req", "-x509", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-nodes", "-keyout", "key", "-out", "made.pem", "-days", "30000", "-subj", subject]
    subprocess.run([need("openssl"), *new, *files], cwd=tmp_path, check=True, capture_output=True)
    read = read_certificate(der_of(tmp_path / "made.pem"))
    assert read.subject == told
    assert read.until > "2050", "these have years of four digits"


def element(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x83)) + len(content).to_bytes(3) + content


def made(names: bytes) -> bytes:
    """Return what is a certificate as far as anybody looks, with alternative *names*."""
    extension = element(0x30, element(0x06, b"\x55\x1d\x11") + element(4, element(0x30, names)))
    parts = (
        [element(2, b"\1")] + [element(0x30, b"")] * 5 + [element(0xA3, element(0x30, extension))]
    )
    return element(0x30, element(0x30, b"".join(parts)))


def test_more_names_than_anybody_needs_are_left_out() -> None:
    assert read_certificate(made(element(0x82, b"a.example") * 20)).names == ("a.example",) * 20
    assert len(read_certificate(made(element(0x82, b"a") * 9999)).names) == MOST_NAMES
    assert len(read_certificate(made(element(0x82, b"a" * 9999))).names[0]) == 255


def test_a_name_with_a_comma_cannot_pose_as_two() -> None:
    read = read_certificate(made(element(0x82, b"a.example, b.example"))).names
    assert ", ".join(read).split(", ") == list(read)


def test_what_is_too_long_to_be_one_is_not_read() -> None:
    assert read_certificate(made(element(0x82, b"a" * LONGEST))) == Certificate()


@pytest.mark.parametrize(
    ("name", "names", "among"),
    [
        ("mail.example.org", ("a.example", "Mail.Example.org"), True),
        ("MAIL.example.org.", ("mail.example.org",), True),
        ("mail.example.org", ("*.example.org",), True),
        ("a.mail.example.org", ("*.example.org",), False),
        ("example.org", ("*.example.org",), False),
        ("org", ("*.",), False),
        ("mail.example.org", (), False),
    ],
)
def test_a_name_is_among_those_of_a_certificate(
    name: str, names: tuple[str, ...], *, among: bool
) -> None:
    assert is_among(name, names) is among


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x30\x80\x30\x80")
@example(b"\x30\x84\xff\xff\xff\xff")
def test_nothing_that_anybody_sends_is_an_error(data: bytes) -> None:
    for der in (data, made(data), element(0x30, data), element(0x30, element(0x30, data))):
        read = read_certificate(der)
        assert all(len(name) <= 255 for name in read.names)


@given(st.data())
def test_a_certificate_that_was_tampered_with_is_no_error(data: st.DataObject) -> None:
    der = bytearray(
        made(element(0x82, b"mail.example.org") + element(0x87, ip_address("::1").packed))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    read_certificate(bytes(der[: data.draw(st.integers(0, len(der)))]))
