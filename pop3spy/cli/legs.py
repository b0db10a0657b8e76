"""What the settings say about TLS: whom we believe, as whom we appear, what becomes of STLS."""

from typing import Any

from pop3spy.authority import authority_in
from pop3spy.cli.authority import authority_folder, open_authority
from pop3spy.errors import ConfigError
from pop3spy.gate.acts import Keeper
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.identity import Identity, Minted, Own
from pop3spy.net.leg import Legs
from pop3spy.net.trust import Trust

_STLS_FAULTS = {
    "refuse": ('answer line="-ERR STLS is refused by pop3spy" when verb = STLS',),
    "strip": (
        'answer line="-ERR STLS is refused by pop3spy" when verb = STLS',
        'changed-capa remove=STLS add=""',
    ),
}


def trust_of(values: dict[str, Any]) -> Trust:
    """Return whom we believe; raise ConfigError, now and not later, if a file cannot be used."""
    trust = Trust(
        insecure=values["insecure"],
        ca=values["upstream_ca"],
        certificate=values["client_cert"],
        oldest=values["tls_min"],
    )
    trust.context()
    return trust


def legs_of(values: dict[str, Any]) -> Legs:
    """Return how TLS is used by a command that listens."""
    stls = values.get("stls")
    identity = _identity_of(values, wanted=stls == "inspect")
    return Legs(
        trust_of(values) if "insecure" in values else Trust(),
        identity,
        inspect=identity is not None and stls in (None, "inspect"),
        timeout=values.get("connect_timeout", 10.0),
    )


def stls_keepers(values: dict[str, Any]) -> list[Keeper]:
    """Return who keeps clients from STLS, if that was asked for."""
    faults = _STLS_FAULTS.get(values.get("stls") or "", ())
    return [FaultKeeper(read_fault(fault), 0) for fault in faults]


def _identity_of(values: dict[str, Any], *, wanted: bool) -> Identity | None:
    """Return as whom we appear to clients that want TLS, None if as nobody.

    An authority is made only if something needs one; one that is there is used.
    """
    oldest, folder = values["tls_min"], values["ca_dir"]
    if values["cert"]:
        return Own(values["cert"], values["key"], oldest)
    if values["key"]:
        raise ConfigError("--key needs --cert, the certificate that it belongs to")
    wanted |= folder is not None or any(url.scheme != "pop3" for url in values["listen"])
    try:
        if not (wanted or authority_in(authority_folder(None))):
            return None
    except ConfigError:  # there is no place for one, and nobody needs it
        return None
    return Minted(open_authority(folder), oldest)
