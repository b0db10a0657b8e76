"""Running checks against a server of the tests, and what came of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from check.small_server import PASSWORD, USER, SmallServer
from pop3spy.check.audit import Audit
from pop3spy.check.doors import target_of
from pop3spy.check.loading import chosen_checks
from pop3spy.check.options import AuditOptions
from pop3spy.check.plan import Plan
from pop3spy.check.registry import Check
from pop3spy.check.results import AuditReport, Result
from pop3spy.check.runner import Runner
from pop3spy.check.timing import Timing
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock


class Watcher:
    """Remembers what was told while an audit ran."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.results: list[Result] = []

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    def begun(self, check: Check, number: int, of: int) -> None:
        pass

    def ended(self, result: Result) -> None:
        self.results.append(result)


def _raise(_: object, error: Exception) -> None:
    raise error


def runner_of(
    server: SmallServer,
    *select: str,
    patience: float = 0.04,
    long_second: float = 1.0,
    ignore: tuple[str, ...] = (),
    **given: Any,
) -> Runner:
    """Return what runs the checks *select* on *server*, as the user of that."""
    bus, clock = Bus(_raise), Clock()
    host = given.pop("host", "127.0.0.1")
    tls_port = server.tls_port if server.wrong.pop3s else 0
    target = target_of(Url("pop3", host, server.port), None, tls_port)
    target.address = "127.0.0.1"
    options = AuditOptions(
        **{
            "user": USER,
            "password": PASSWORD.encode(),
            "trust": Trust(insecure=True),
            "ignore_login_delay": True,
            **given,
        }
    )
    timing = Timing(patience, silence=3.0, pause=0.0, connect=5.0, long_second=long_second)
    audit = Audit(target, options, timing, bus, clock)
    return Runner(audit, chosen_checks(select, ignore), Watcher())


async def audited(server: SmallServer, *select: str, **given: Any) -> AuditReport:
    """Return what the checks *select* find at *server*."""
    addresses = given.pop("addresses", ())
    runner = runner_of(server, *select, **given)
    await runner.prepare()
    if addresses:  # what a name has that no name has here
        runner.report.target.addresses = addresses
    await runner.run()
    return runner.report


@contextmanager
def certificate_in(folder: Path, kind: str) -> Iterator[Path]:
    """Give the PEM file of a certificate with its key, of one of the kinds below."""
    path = folder / f"{kind}.pem"
    if not path.exists():
        write_certificate(path, kind)
    yield path


def write_certificate(path: Path, kind: str) -> None:
    key = rsa.generate_private_key(65537, 1024 if kind == "weak" else 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    days = {"expired": -1, "soon": 3}.get(kind, 100)
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    if kind == "service":
        service = b"\x16\x12_pop3s.example.org"  # an IA5String (RFC 4985, section 2)
        names = [x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), service)]
    if kind == "other":
        names = [x509.DNSName("other.example")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=200))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
