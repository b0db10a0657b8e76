"""Leaves: what is in them, who believes them for which names, and how many are kept."""

import gc
import ssl
import subprocess
import weakref
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from authority.tls import shake_hands, trusting
from lab.processes import need
from pop3spy.authority import Authority, Leaf
from pop3spy.authority.authority import MOST_LEAVES

DAY = timedelta(days=1)


class Calendar:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def certificates(leaf: Leaf) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(leaf.pem)


def openssl(*words: str | Path) -> str:
    command = [need("openssl"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


ASKED = [
    ("mail.example.org", "mail.example.org", ""),
    ("mail.example.org", "MAIL.example.org", ""),
    ("mail.example.org.", "mail.example.org", ""),
    ("müller.example", "xn--mller-kva.example", ""),
    ("*.example.org", "mail.example.org", ""),
    ("*.example.org", "a.mail.example.org", "mismatch"),
    ("127.0.0.1", "127.0.0.1", ""),
    ("::1", "::1", ""),
    ("fe80::1%eth0", "fe80::1", ""),
    ("127.0.0.1", "127.0.0.2", "mismatch"),
    ("mail.example.org", "imap.example.org", "mismatch"),
    ("mail.example.org", "example.org", "mismatch"),
    ("bad name", "localhost", "mismatch"),
    ("", "localhost", "mismatch"),
    ("a\0b", "localhost", "mismatch"),
    ("x" * 100_000, "localhost", "mismatch"),
]


@pytest.mark.parametrize(
    ("name", "asked", "refused"), ASKED, ids=[f"{n[:20]!r}, {a}" for n, a, _ in ASKED]
)
def test_a_client_believes_a_leaf_for_its_name_and_no_other(
    authority: Authority, name: str, asked: str, refused: str
) -> None:
    assert refused in shake_hands(authority.leaf([name]), trusting(authority), asked)
    assert bool(refused) == bool(shake_hands(authority.leaf([name]), trusting(authority), asked))


def test_a_client_that_does_not_know_the_authority_refuses_its_leaves(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority.open(tmp_path, "alice@laptop")
    assert stranger.subject == authority.subject
    leaf = authority.leaf(["localhost"])
    assert shake_hands(leaf, trusting(authority), "localhost") == ""
    assert shake_hands(leaf, trusting(stranger), "localhost") != ""
    assert shake_hands(leaf, ssl.create_default_context(), "localhost") != ""


def test_openssl_believes_a_leaf_for_its_names_only(authority: Authority, tmp_path: Path) -> None:
    leaf, ca = tmp_path / "leaf.pem", authority.certificate
    leaf.write_bytes(authority.leaf(["mail.example.org", "192.0.2.1"]).pem)
    verify = ("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca)
    assert openssl(*verify, leaf) == f"{leaf}: OK\n"
    assert openssl(*verify, "-verify_hostname", "mail.example.org", leaf) == f"{leaf}: OK\n"
    assert openssl(*verify, "-verify_ip", "192.0.2.1", leaf) == f"{leaf}: OK\n"
    assert "ostname mismatch" in openssl(*verify, "-verify_hostname", "example.org", leaf)
    assert "IP address mismatch" in openssl(*verify, "-verify_ip", "192.0.2.2", leaf)
    for purpose in ("sslclient", "smimesign", "timestampsign"):
        assert "error" in openssl("verify", "-purpose", purpose, "-CAfile", ca, leaf)


def test_a_leaf_cannot_sign_for_others(authority: Authority) -> None:
    leaf, ca = certificates(authority.leaf(["localhost"]))
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)


def test_the_authority_says_what_it_is_and_whose(authority: Authority) -> None:
    said = openssl("x509", "-in", authority.certificate, "-noout", "-text")
    assert f"pop3spy CA of alice@laptop since {datetime.now(UTC):%Y-%m}" in said
    assert "ASN1 OID: prime256v1" in said
    assert "CA:TRUE, pathlen:0" in said
    assert "X509v3 Key Usage: critical\n                Certificate Sign\n" in said
    assert "TLS Web Server Authentication" in said
    assert "X509v3 Subject Key Identifier" in said


OWNERS = {
    "long": "x" * 300,
    "nameless": "",
    "not ASCII": "é€😀" * 30,
    "with control characters": "a\x1b[1m\n\0@b",
    "with signs": "a,b=c+d\\",
    "no text": "\udcff",
}


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_an_owner_may_be_called_anything(tmp_path: Path, owner: str) -> None:
    made = Authority.open(tmp_path, owner)
    assert made.subject.isprintable()
    assert shake_hands(made.leaf(["localhost"]), trusting(made), "localhost") == ""


def test_a_leaf_is_valid_since_yesterday_and_as_long_as_clients_take(tmp_path: Path) -> None:
    calendar = Calendar()
    leaf = Authority.open(tmp_path, now=calendar).leaf(["localhost"])
    assert leaf.since == calendar.now - DAY
    assert leaf.until == calendar.now + 397 * DAY
    certificate = certificates(leaf)[0]
    assert certificate.not_valid_before_utc == leaf.since.replace(microsecond=0)
    assert certificate.not_valid_after_utc == leaf.until.replace(microsecond=0)


def test_a_leaf_is_kept_until_the_day_before_its_last(tmp_path: Path) -> None:
    calendar = Calendar()
    authority = Authority.open(tmp_path, now=calendar)
    first = authority.leaf(["localhost"])
    calendar.now += 395 * DAY
    assert authority.leaf(["localhost"]) is first
    calendar.now += 2 * DAY
    second = authority.leaf(["localhost"])
    assert second is not first
    assert second.until == calendar.now + 397 * DAY
    calendar.now -= 300 * DAY  # a clock may be set back, too
    assert authority.leaf(["localhost"]).since < calendar.now
    assert certificates(first)[0].serial_number != certificates(second)[0].serial_number


def test_no_leaf_outlives_its_authority_and_its_end_stops_nothing(tmp_path: Path) -> None:
    calendar = Calendar()
    authority = Authority.open(tmp_path, now=calendar)
    calendar.now = authority.until - DAY / 2
    assert authority.leaf(["localhost"]).until == authority.until
    calendar.now = authority.until + 1000 * DAY
    late = authority.leaf(["localhost"])
    assert late.since < late.until == authority.until


def test_the_same_names_get_the_same_leaf_and_others_another(authority: Authority) -> None:
    one = authority.leaf(["a.example", "b.example"])
    assert authority.leaf(["a.example", "b.example."]) is one
    assert authority.leaf(["a.example"]) is not one
    assert authority.leaf(["b.example", "a.example"]) is not one
    assert str(one.names) == "a.example, b.example"


def test_the_leaves_that_are_kept_are_those_that_were_asked_for_last(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    first, second = authority.leaf(["first"]), authority.leaf(["second"])
    for number in range(MOST_LEAVES - 2):
        authority.leaf([f"host{number}"])
    assert authority.leaf(["first"]) is first
    authority.leaf(["one.more"])
    assert authority.leaf(["first"]) is first
    assert authority.leaf(["second"]) is not second
    for number in range(3 * MOST_LEAVES):
        authority.leaf([f"more{number}"])
    assert len(authority._leaves) == MOST_LEAVES


def test_leaves_share_one_key_which_is_not_the_authoritys(authority: Authority) -> None:
    keys = [leaf.pem.partition(b"-----BEGIN CERT")[0] for leaf in map(authority.leaf, ["a", "b"])]
    assert keys[0] == keys[1] != authority.key.read_bytes()


def test_a_leaf_can_be_a_key_that_goes_with_it(tmp_path: Path) -> None:
    contexts = weakref.WeakKeyDictionary[Leaf, str]()
    authority = Authority.open(tmp_path)
    contexts[authority.leaf(["localhost"])] = "its context"
    gc.collect()
    assert contexts[authority.leaf(["localhost"])] == "its context"
    del authority
    gc.collect()
    assert len(contexts) == 0


@pytest.mark.parametrize("memory", [True, False], ids=["in memory", "in a folder"])
def test_the_file_of_a_leaf_is_private_and_then_gone(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, memory: bool
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not memory:
        monkeypatch.delattr("os.memfd_create")
    leaf = authority.leaf(["localhost"])
    with leaf.as_file() as file:
        assert file.read_bytes() == leaf.pem
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600] * (
            not memory
        )
    assert not file.exists()
    assert list(tmp_path.iterdir()) == []


def test_addresses_are_addresses_in_a_leaf(authority: Authority) -> None:
    (leaf, _) = certificates(authority.leaf(["192.0.2.1", "2001:db8::1", "mail.example.org"]))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.example.org"]
    expected = [ip_address("192.0.2.1"), ip_address("2001:db8::1")]
    assert names.get_values_for_type(x509.IPAddress) == expected
