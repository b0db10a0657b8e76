"""Dovecot without systemd: Maildir, every SASL mechanism it knows, STLS and a TLS port.

It is given sockets that listen already, the way systemd would give them, so that
there is no race for a port; as another user than root it serves mail as that user.
"""

import base64
import getpass
import grp
import hashlib
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from lab.corpus import Message, write_maildir
from lab.loopback import HOST, Address, address_of, listener
from lab.mailserver import MAIL, PASSWORD, USER, MailServer, own_folder
from lab.processes import need, running

# The two sockets become descriptors 3 and 4 of a process that knows they are meant for it.
HAND_OVER = 'exec 3<&"$1" 4<&"$2"; LISTEN_PID=$$ LISTEN_FDS=2 exec "$3" -F -c "$4"'

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = {folder.name}
protocols = pop3
listen = {host}
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
mail_privileged_group =
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop xoauth2 oauthbearer{more}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/mail
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    address = {host}
    port = {port}
  }}
  inet_listener pop3s {{
    address = {host}
    port = {tls_port}
    ssl = yes
  }}
}}
{settings}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

# Unique-ids count from here in every run.
UIDLIST = "3 V1672628400 N1\n"

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = username
"""


@contextmanager
def running_dovecot(
    *more: str, mail: Mapping[str, Callable[[], Iterable[Message]]] = MAIL, ids: str = UIDLIST
) -> Iterator[MailServer]:
    """Run Dovecot over the corpus until the block is left, with *more* mechanisms than usual.

    *mail* is what people have, and *ids* the beginning of a file of UIDs, for other unique-ids.
    """
    with own_folder("dovecot") as folder, listener() as plain, listener() as tls:
        dovecot = Dovecot.prepared(
            folder, address_of(plain), address_of(tls), *more, mail=mail, ids=ids
        )
        sockets = (plain.fileno(), tls.fileno())
        with running(dovecot.command(*sockets), pass_fds=sockets):
            plain.close()
            tls.close()
            dovecot.server.assert_ready()
            yield dovecot.server


class Dovecot(NamedTuple):
    """A folder with all that Dovecot needs, which may be started there more than once."""

    server: MailServer
    configuration: Path

    @classmethod
    def prepared(  # noqa: PLR0913 - what a server has
        cls,
        folder: Path,
        plain: Address,
        tls: Address,
        *more: str,
        mail: Mapping[str, Callable[[], Iterable[Message]]] = MAIL,
        ids: str = UIDLIST,
        settings: str = "",
    ) -> Self:
        """Fill *folder* for a server at these addresses; *settings* are put into its own."""
        make_certificate(folder)
        (folder / "oauth2.conf").write_text(OAUTH2.format(folder=folder))
        (folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in mail))
        token = make_token(folder / "keys")
        for user, messages in mail.items():
            write_maildir(folder / "mail" / user, messages())
            (folder / "mail" / user / "dovecot-uidlist").write_text(ids)
        facts = {
            "port": plain.port,
            "tls_port": tls.port,
            "more": "".join(f" {mechanism}" for mechanism in more),
            "settings": settings,
            **identities(folder / "mail"),
        }
        configuration = folder / "dovecot.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, host=HOST, **facts))
        certificate = folder / "certificate.pem"
        log = folder / "log"
        return cls(MailServer("dovecot", plain, log, tls, certificate, token), configuration)

    def command(self, plain: int, tls: int) -> list[str]:
        """Return what runs it with two descriptors of sockets that listen."""
        program, bash = need("dovecot"), need("bash")
        sockets = (str(plain), str(tls))
        return [bash, "-c", HAND_OVER, "dovecot", *sockets, program, str(self.configuration)]


def identities(mail: Path) -> dict[str, str]:
    """Return who runs what, having given *mail* to its owner: Dovecot reads none as root."""
    if os.geteuid() != 0:
        me, mine = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
        owner, group, internal, internal_group, login = me, mine, me, mine, me
    else:
        owner, group = "nobody", "nogroup"
        internal, internal_group, login = "dovecot", "dovecot", "dovenull"
        for path in (mail, *mail.rglob("*")):
            shutil.chown(path, owner, group)
    return {
        "owner": owner,
        "owner_group": group,
        "internal": internal,
        "internal_group": internal_group,
        "login": login,
    }


def make_certificate(folder: Path) -> None:
    """Write key.pem and a self-signed certificate.pem for this machine."""
    subject = ["-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}"]
    files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    subprocess.run(
        [need("openssl"), "req", *kind, *subject, *files], check=True, capture_output=True
    )


def make_token(keys: Path) -> str:
    """Return a JWT (RFC 7519) for alice, and write the key that proves it below *keys*."""
    secret = b"not secret, but long enough for HS256"
    key = keys / "default" / "HS256" / "default"
    key.parent.mkdir(parents=True)
    key.write_bytes(base64.b64encode(secret))
    claims = {"sub": USER, "username": USER, "iat": 1600000000, "nbf": 1600000000}
    parts = [{"typ": "JWT", "alg": "HS256"}, {**claims, "exp": 4000000000}]
    signed = b".".join(base64url(json.dumps(part).encode()) for part in parts)
    signature = base64url(hmac.new(secret, signed, hashlib.sha256).digest())
    return (signed + b"." + signature).decode()


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
