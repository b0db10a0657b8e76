"""What the DNS says of a server is compared with the server."""

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from check.auditing import audited, certificate_in
from check.name_server import answering
from check.small_server import Wrong, running
from cli.program import run, run_here
from cli.without import without
from pop3spy.check.records import MOST_FOLLOWED
from pop3spy.check.registry import CheckOutcome, Judgement

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

HERE = """\
    _pop3s._tcp.example.org SRV 0 1 {tls} localhost.
    _pop3._tcp.example.org  SRV 10 1 {clear} localhost.
    localhost               A    127.0.0.1
"""
GONE = "_pop3s._tcp.example.org SRV 0 1 {tls} gone.example.org."
ALIAS = GONE.replace("gone", "alias") + "\nalias.example.org CNAME localhost."
OTHER = GONE.replace("gone", "new") + "\nnew.example.org A 192.0.2.7"
OTHER_NAME = GONE.replace("gone", "pop") + "\npop.example.org A 127.0.0.1"
CLEAR_ALONE = "_pop3._tcp.example.org SRV 0 1 {clear} localhost."
MANY = "\n".join(
    f"_pop3s._tcp.example.org SRV {rank} 1 {{tls}} pop{rank}.example.org.\n"
    f"pop{rank}.example.org A {'127.0.0.1' if rank < MOST_FOLLOWED else '192.0.2.7'}"
    for rank in range(MOST_FOLLOWED + 1)
)
CLOSED = "_pop3s._tcp.example.org SRV 0 1 9 localhost."
DENIED = HERE.replace(
    "_pop3._tcp.example.org  SRV 10 1 {clear} localhost", "_pop3._tcp.example.org SRV 0 0 0 "
)
OWN, KEY = "_{tls}._tcp.localhost TLSA 3 0 1 {own}", "_{tls}._tcp.localhost TLSA 3 1 2 {key}"
ISSUER = "_{tls}._tcp.localhost TLSA 2 0 0 {issuer}"
STALE = "_{tls}._tcp.localhost TLSA 3 1 1 " + "00" * 32
UNKNOWN = "_{tls}._tcp.localhost TLSA 9 1 1 " + "00" * 32

ROWS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("dns/1", "pass", HERE, {}),
    ("dns/1", "pass", OTHER_NAME, {}),
    ("dns/1", "pass", MANY, {}),  # beyond the first nobody looks, however many there are
    ("dns/1", "missing", "", {}),
    ("dns/1", "fail", GONE, {}),
    ("dns/1", "fail", ALIAS, {}),
    ("dns/1", "fail", OTHER, {}),
    ("dns/1", "fail", CLOSED, {}),
    ("dns/1", "non-strict", CLEAR_ALONE, {}),
    ("dns/1", "non-strict", DENIED, {}),
    ("dns/1", "skipped", HERE, {"domain": ""}),
    ("dns/1", "skipped", HERE, {"dns": False}),
    ("dns/2", "pass", HERE, {}),
    ("dns/2", "pass", OTHER_NAME, {"certificate": "service"}),
    ("dns/2", "fail", OTHER_NAME, {}),
    ("dns/2", "missing", OTHER, {}),
    ("dns/3", "pass", OWN, {}),
    ("dns/3", "pass", KEY, {}),
    ("dns/3", "pass", STALE + "\n" + OWN, {}),
    ("dns/3", "fail", STALE, {}),
    ("dns/3", "fail", ISSUER, {}),  # which is not sent
    ("dns/3", "non-strict", OWN, {"signed": False}),
    ("dns/3", "missing", UNKNOWN, {}),
    ("dns/3", "missing", "", {}),
    ("dns/3", "skipped", OWN, {"host": "127.0.0.1"}),
)


async def judged(
    id_: str,
    zone: str,
    certificates: Path,
    *,
    certificate: str = "good",
    signed: bool = True,
    **given: object,
) -> Judgement:
    """Return what *id_* finds where the DNS has *zone*."""
    with certificate_in(certificates, certificate) as file:
        shown = x509.load_pem_x509_certificate(file.read_bytes())
        der = shown.public_bytes(Encoding.DER)
        key = shown.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        async with running(Wrong(), file) as server:
            text = zone.format(
                tls=server.tls_port,
                clear=server.port,
                own=hashlib.sha256(der).hexdigest(),
                key=hashlib.sha512(key).hexdigest(),
                issuer=der.hex(),
            )
            async with answering(text, signed=signed) as asked:
                options = {"host": "localhost", "dns": True, "domain": "example.org"}
                report = await audited(server, id_, **{**options, "dns_server": asked, **given})
    (result,) = report.results
    if result.outcome in (CheckOutcome.FAIL, CheckOutcome.NON_STRICT):
        assert any("of _" in line.text for line in result.transcript)
    return result.judgement


@pytest.mark.parametrize(
    ("id_", "outcome", "zone", "given"),
    ROWS,
    ids=[f"{row[0]}-{row[1]}-{n}" for n, row in enumerate(ROWS)],
)
async def test_the_dns_is_compared_with_the_server(
    id_: str, outcome: str, zone: str, given: dict[str, object], certificates: Path
) -> None:
    judgement = await judged(id_, zone, certificates, **given)  # type: ignore[arg-type]
    assert judgement.outcome.value == outcome, judgement.note


async def test_a_dns_that_does_not_answer_leaves_the_audit_unfinished(certificates: Path) -> None:
    judgement = await judged("dns/1", HERE, certificates, dns_server=("127.0.0.1", 9))
    assert judgement.outcome is CheckOutcome.ERROR
    assert judgement.note.startswith("SRV of _pop3s._tcp.example.org: ")


async def test_a_domain_that_no_dns_can_have_is_said(certificates: Path) -> None:
    judgement = await judged("dns/1", HERE, certificates, domain="x" * 70)
    assert judgement.outcome is CheckOutcome.ERROR
    assert "is no name that the DNS can have" in judgement.note


def test_without_the_extra_it_is_skipped_and_one_line_says_why(
    upstream: str, tmp_path: Path
) -> None:
    options = ("--select", "dns/1", "--dns", "--domain", "example.org", "--pause", "0")
    ended = run("check", upstream, *options, **without(tmp_path, "dns"))
    assert ended.status == 0
    told = " ".join(ended.out.split())
    assert "s dns/1" in told
    assert "(it needs dns.resolver; to install: pip install 'pop3spy[dns]')" in told


@pytest.mark.parametrize("text", ["mail", "192.0.2.1:x", ":5353:1", "[::1", ""])
def test_an_address_of_a_dns_server_is_one(text: str) -> None:
    ended = run_here("check", ":1", "--dns-server", text)
    assert ended.status == 2
    assert "DNS server" in ended.err or "no value" in ended.err
