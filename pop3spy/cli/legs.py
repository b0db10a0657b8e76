"""What the settings say about TLS: whom we believe, as whom we appear, what becomes of STLS."""

from collections.abc import Iterable

from pop3spy.authority import authority_in
from pop3spy.cli.authority import authority_folder, open_authority
from pop3spy.config.verbs import IdentitySettings, ProxySettings, TrustSettings
from pop3spy.errors import ConfigError
from pop3spy.gate.acts import Keeper
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.identity import Identity, Minted, Own
from pop3spy.net.leg import GRANT, Legs
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url

_STLS_FAULTS = {
    "refuse": ('answer line="-ERR STLS is refused by pop3spy" when verb = STLS',),
    "strip": (
        'answer line="-ERR STLS is refused by pop3spy" when verb = STLS',
        'changed-capa remove=STLS add="" when verb = CAPA',
    ),
}


def trust_of(settings: TrustSettings) -> Trust:
    """Return whom we believe; raise ConfigError, now and not later, if a file cannot be used."""
    trust = Trust(
        insecure=settings.insecure,
        ca=settings.upstream_ca,
        certificate=settings.client_cert,
        oldest=settings.tls_min,
    )
    trust.context()
    return trust


def proxy_legs(settings: ProxySettings, listen: Iterable[Url]) -> Legs:
    """Return how TLS is used by a proxy that listens at *listen*."""
    identity = _identity_of(settings, listen, wanted=settings.stls == "inspect")
    inspect = identity is not None and settings.stls in (None, "inspect")
    return Legs(
        trust_of(settings),
        identity,
        inspect=inspect,
        timeout=settings.connect_timeout,
        stls=settings.stls or ("inspect" if inspect else "pass"),
    )


def host_legs(
    settings: IdentitySettings,
    listen: Iterable[Url],
    *,
    grant: bytes = GRANT,
    lists_stls: bool = False,
) -> Legs:
    """Return how TLS is used in front of a host that listens at *listen*.

    STLS is granted by saying *grant*; a host may list it itself.
    """
    identity = _identity_of(settings, listen)
    inspect = identity is not None
    return Legs(identity=identity, inspect=inspect, grant=grant, lists_stls=lists_stls)


def stls_keepers(stls: str | None) -> list[Keeper]:
    """Return who keeps clients from STLS, if *stls* asks for that."""
    faults = _STLS_FAULTS.get(stls or "", ())
    return [FaultKeeper(read_fault(fault), 0) for fault in faults]


def _identity_of(
    settings: IdentitySettings, listen: Iterable[Url], *, wanted: bool = False
) -> Identity | None:
    """Return as whom we appear to clients that want TLS at *listen*, None if as nobody.

    An authority is made only if something needs one; one that is there is used.
    """
    oldest, folder = settings.tls_min, settings.ca_dir
    if settings.cert:
        return Own(settings.cert, settings.key, oldest)
    if settings.key:
        raise ConfigError("--key needs --cert, the certificate that it belongs to")
    wanted |= folder is not None or any(url.scheme != "pop3" for url in listen)
    try:
        if not (wanted or authority_in(authority_folder(None))):
            return None
    except ConfigError:  # there is no place for one, and nobody needs it
        return None
    return Minted(open_authority(folder), oldest)
