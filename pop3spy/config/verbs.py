"""The settings of each verb as a dataclass, made of parts that several verbs have.

Rule: a field has the name of its setting and the type that the setting's kind reads; what it means
and its default stand in the row of the table.  A function takes the part that it needs.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pop3spy.config.address import Address
from pop3spy.config.route import Route
from pop3spy.filters.expression import Filter
from pop3spy.filters.pattern import LinePattern
from pop3spy.gate.faults import Fault
from pop3spy.gate.rewrite import Rewrite
from pop3spy.ledger.database import Database
from pop3spy.net.limits import Limits
from pop3spy.protocol.url import Url


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """What runs a verb that speaks to others."""

    loop: str


@dataclass(frozen=True, kw_only=True)
class AuthoritySettings:
    """Where the certificate authority is."""

    ca_dir: Path | None


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """What holds for TLS with servers and with clients."""

    tls_min: str


@dataclass(frozen=True, kw_only=True)
class IdentitySettings(AuthoritySettings, TlsSettings):
    """As whom we appear to clients that want TLS."""

    cert: Path | None
    key: Path | None


@dataclass(frozen=True, kw_only=True)
class TrustSettings(TlsSettings):
    """Which servers we believe in TLS, and what we show them."""

    insecure: bool
    upstream_ca: Path | None
    client_cert: Path | None


@dataclass(frozen=True, kw_only=True)
class DialSettings:
    """How a server is reached."""

    connect_timeout: float


@dataclass(frozen=True, kw_only=True)
class LoginSettings:
    """Who logs in, or may, and where the password is."""

    user: str | None
    password_file: Path | None
    password_env: str | None


@dataclass(frozen=True, kw_only=True)
class ClientLoginSettings(LoginSettings):
    """How we log in ourselves, and which commands print the secret for that."""

    password_command: str | None
    token_command: str | None


@dataclass(frozen=True, kw_only=True)
class RecordSettings:
    """Where sessions are recorded, and what of their messages."""

    record: str | None
    bodies: str | None

    @property
    def kept_of_bodies(self) -> str:
        """What a recording has of messages: ``keep``, ``mask`` or ``drop``."""
        return self.bodies or "keep"


@dataclass(frozen=True, kw_only=True)
class FindingsSettings:
    """What is looked for, from where on, and what is shown of it."""

    findings: str
    rules: tuple[Path, ...]
    threshold: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class OutputSettings(RecordSettings, FindingsSettings):
    """What a verb that listens tells, and where."""

    log: Path | None
    log_format: str
    log_file_size: int | None
    log_file_time: float
    rotate: int
    show: Filter | None
    ledger: Path | Database | None
    no_ledger: bool
    quiet: bool
    redact: str

    @property
    def judged(self) -> bool:
        """Whether somebody beyond this process is told what is found."""
        return False

    @property
    def kept_of_bodies(self) -> str:
        """What a recording has of messages; their headers have names, so strict asks for less."""
        return self.bodies or ("mask" if self.redact == "strict" else "keep")


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """What is changed or broken on the way."""

    rewrite: tuple[Rewrite, ...]
    fault: tuple[Fault, ...]
    dry_run_delete: bool


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """What bounds the sessions of a verb that listens."""

    idle_timeout: float
    max_sessions: int
    grace: float


@dataclass(frozen=True, kw_only=True)
class ListenSettings:
    """Where a verb listens, and as which user of the system it goes on."""

    listen: tuple[Url, ...]
    run_as: str | None


@dataclass(frozen=True, kw_only=True)
class ServerSettings(
    ListenSettings, LimitSettings, GateSettings, OutputSettings, IdentitySettings, LoopSettings
):
    """What every verb has that listens."""


@dataclass(frozen=True, kw_only=True)
class PlaySettings:
    """Which recorded session is played, and how fast."""

    session: int | None
    port: tuple[int, ...]
    speed: float | None


@dataclass(frozen=True, kw_only=True)
class ProxySettings(ServerSettings, TrustSettings, DialSettings):
    """The settings of ``pop3spy proxy``."""

    upstream: Url | None
    route: tuple[Route, ...]
    transparent: bool
    console: bool
    web: int | None
    web_control: bool
    yes: bool
    answer_when_down: bool
    accept_proxy_protocol: tuple[IPv4Network | IPv6Network, ...]
    send_proxy_protocol: str | None
    stls: str | None
    workers: int
    metrics: Address | None
    otlp: str | None

    @property
    def judged(self) -> bool:
        """Whether somebody beyond this process is told what is found."""
        return self.metrics is not None or self.otlp is not None


@dataclass(frozen=True, kw_only=True)
class ServeSettings(ServerSettings):
    """The settings of ``pop3spy serve``."""

    users: Path | None
    login_delay: float
    personality: str | None


@dataclass(frozen=True, kw_only=True)
class ReplayServerSettings(ServerSettings, PlaySettings, LoginSettings):
    """The settings of ``pop3spy replay server``."""

    users: Path | None
    cuts: bool
    strict: bool


@dataclass(frozen=True, kw_only=True)
class ConnectSettings(
    RecordSettings, FindingsSettings, TrustSettings, DialSettings, ClientLoginSettings, LoopSettings
):
    """The settings of ``pop3spy connect``."""

    auth: tuple[str, ...] | None
    script: Path | None
    quit_after: str | None
    drop_after: str | None
    retr: str | None
    expect: tuple[LinePattern, ...]
    hide_unknown: bool
    patience: float


@dataclass(frozen=True, kw_only=True)
class CheckSettings(
    RecordSettings, FindingsSettings, TrustSettings, DialSettings, ClientLoginSettings, LoopSettings
):
    """The settings of ``pop3spy check`` that other verbs have as well."""


def limits_of(settings: LimitSettings) -> Limits:
    """Return the limits that *settings* give."""
    return Limits(
        idle_timeout=settings.idle_timeout,
        max_sessions=settings.max_sessions,
        grace=settings.grace,
    )
