"""Certificates for tests of TLS, made by openssl: good ones, and each kind of bad one."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.processes import need

CONFIGURATION = """
[ca]
default_ca = default
[default]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = policy
copy_extensions = copy
unique_subject = no
[policy]
commonName = supplied
"""
VALID = ("20200101000000Z", "20990101000000Z")
EXPIRED = ("20200101000000Z", "20200201000000Z")
FUTURE = ("20980101000000Z", "20990101000000Z")


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, and who is behind it, in files."""

    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a server needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """Issues certificates in *folder*; its own is ``certificate``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "conf").write_text(CONFIGURATION)
        (folder / "index").write_text("")
        self.certificate = folder / "ca.pem"
        made = ["-x509", "-days", "1000", "-out", "ca.pem", "-keyout", "ca.key"]
        names = ["-subj", "/CN=The test authority", "-addext", "basicConstraints=critical,CA:TRUE"]
        self._run("req", *_NEW_KEY, *made, *names)

    def issue(
        self,
        name: str,
        *,
        names: str = "DNS:localhost,IP:127.0.0.1",
        valid: tuple[str, str] = VALID,
        issuer: "Certificate | None" = None,
        is_authority: bool = False,
    ) -> Certificate:
        """Return a certificate called *name*; an intermediate *issuer* is left out of its chain."""
        extras = ["-addext", f"subjectAltName={names}"]
        if is_authority:
            extras = ["-addext", "basicConstraints=critical,CA:TRUE"]
        request = ["-out", f"{name}.csr", "-keyout", f"{name}.key", "-subj", f"/CN={name}"]
        self._run("req", *_NEW_KEY, *request, *extras)
        by = (issuer.chain, issuer.key) if issuer else ("ca.pem", "ca.key")
        files = ["-config", "conf", "-cert", by[0], "-keyfile", by[1]]
        when = ["-startdate", valid[0], "-enddate", valid[1]]
        self._run(
            "ca", "-batch", "-notext", *files, *when, "-in", f"{name}.csr", "-out", f"{name}.pem"
        )
        return Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")

    def _run(self, *words: str | Path) -> None:
        command = [need("openssl"), *map(str, words)]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def self_signed(folder: Path) -> Certificate:
    """Return a certificate that nobody but itself vouches for."""
    files = ["-keyout", f"{folder}/self.key", "-out", f"{folder}/self.pem"]
    what = ["-x509", "-days", "1000", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    command = [need("openssl"), "req", *_NEW_KEY, *what, *files, *names]
    subprocess.run(command, check=True, capture_output=True)
    return Certificate(folder / "self.pem", folder / "self.key")
