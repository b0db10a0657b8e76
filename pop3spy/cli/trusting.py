"""How programs come to believe the authority, and how they stop: one row a place."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.authority import STORE_PASSWORD, Authority
from pop3spy.protocol.text import escape


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Where trust can be put, and the lines that do and undo it.

    In them ``{pem}`` is the path of the certificate, ``{sha256}`` and ``{serial}`` are of it, and
    ``{export}`` is the command that makes copies of it.
    """

    name: str
    trust: tuple[str, ...]
    undo: tuple[str, ...] = ("# nothing: it was believed for once",)


_DEBIAN: Final = "/usr/local/share/ca-certificates/pop3spy.crt"
_FEDORA: Final = "/etc/pki/ca-trust/source/anchors/pop3spy.pem"

# fmt: off
TRUST_STORES: Final = (
    TrustStore(
        "Debian, Ubuntu: what uses the system's store",
        (f"sudo install -m 644 {{pem}} {_DEBIAN}", "sudo update-ca-certificates"),
        (f"sudo rm {_DEBIAN}", "sudo update-ca-certificates --fresh"),
    ),
    TrustStore(
        "Fedora, RHEL: what uses the system's store",
        (f"sudo install -m 644 {{pem}} {_FEDORA}", "sudo update-ca-trust"),
        (f"sudo rm {_FEDORA}", "sudo update-ca-trust"),
    ),
    TrustStore(
        "macOS: Mail and whatever uses the keychain, for this user",
        ("security add-trusted-cert -r trustRoot -p ssl \\", "  -k ~/Library/Keychains/login.keychain-db {pem}"),
        ("security remove-trusted-cert {pem}", "security delete-certificate -Z {sha256} ~/Library/Keychains/login.keychain-db"),
    ),
    TrustStore(
        "Windows: Outlook and whatever uses the system's store, for this user",
        ("# Make the file here, and take it there: {export} --format der -o pop3spy.crt", "certutil -user -addstore Root pop3spy.crt"),
        ("certutil -user -delstore Root {serial}",),
    ),
    TrustStore(
        "Thunderbird, which has a store of its own",
        ("# Settings, Privacy & Security, Manage Certificates..., Authorities, Import...:", "# choose {pem} and tick only: Trust this CA to identify websites."),
        ("# in the same place choose it below pop3spy, then Delete or Distrust...",),
    ),
    TrustStore(
        "iPhone, iPad: Mail",
        ("# Make the file here, and send it there by AirDrop or mail: {export} --format der -o pop3spy.crt", "# Settings, General, VPN & Device Management, pop3spy, Install", "# Settings, General, About, Certificate Trust Settings: switch pop3spy on"),
        ("# Settings, General, VPN & Device Management, pop3spy, Remove Profile",),
    ),
    TrustStore(
        "Android: programs that believe authorities of the user's",
        ("# Make the file here, and take it there: {export} --format der -o pop3spy.crt", "# Settings, Security, Encryption & credentials, Install a certificate, CA certificate"),
        ("# Settings, Security, Encryption & credentials, User credentials, pop3spy, Remove",),
    ),
    TrustStore(
        "Java: all programs of one installation",
        (f"keytool -importcert -noprompt -cacerts -storepass {STORE_PASSWORD} -alias pop3spy -file {{pem}}",),
        (f"keytool -delete -cacerts -storepass {STORE_PASSWORD} -alias pop3spy",),
    ),
    TrustStore(
        "Java: one program, which then believes nobody else",
        ("{export} --format p12 -o pop3spy.p12", f"java -Djavax.net.ssl.trustStore=pop3spy.p12 -Djavax.net.ssl.trustStorePassword={STORE_PASSWORD} ..."),
    ),
    TrustStore("curl: one command", ("curl --cacert {pem} ...",)),
    TrustStore("What uses OpenSSL or Python: one command", ("SSL_CERT_FILE={pem} ...",)),
)
# fmt: on


def fingerprint(authority: Authority) -> str:
    """Return the SHA-256 fingerprint of the certificate as certificate viewers show it."""
    return authority.sha256.hex(":").upper()


def steps(authority: Authority) -> str:
    """Return all the lines by which programs come to believe *authority*, and back."""
    facts = {
        "pem": quoted(authority.certificate),
        "export": f"pop3spy ca export --ca-dir {quoted(authority.certificate.parent)}",
        "sha256": authority.sha256.hex().upper(),
        "serial": f"{authority.serial:x}",
    }
    head = (
        f"The certificate is {escape(str(authority.certificate))}\n"
        f"Its SHA-256 fingerprint is {fingerprint(authority)}\n"
        "Compare it wherever you are asked.  Take the trust back when you are done.\n"
    )
    return head + "".join(_section(place, facts) for place in TRUST_STORES)


def _section(place: TrustStore, facts: dict[str, str]) -> str:
    lines = [f"  {line}" for line in place.trust]
    lines += ["and back:", *(f"  {line}" for line in place.undo)]
    return f"\n{place.name}\n" + "".join(f"{line}\n" for line in lines).format_map(facts)


def quoted(path: Path) -> str:
    """Return *path* as a shell and a terminal take it."""
    return escape(shlex.quote(str(path)))
