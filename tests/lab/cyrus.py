"""Cyrus: a store of its own, SASL with and without a digest, STLS and a TLS port.

The package conflicts with other POP3 servers, so install.sh unpacks it beside the tests.  Its
master takes no sockets that listen already, so it is told ports that were free a moment ago.
"""

import getpass
import grp
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.clients import PatientPOP3
from lab.corpus import Message
from lab.dovecot import make_certificate
from lab.loopback import HOST, Address, address_of, listener, until
from lab.mailserver import FEW_USER, MAIL, PASSWORD, MailServer, own_folder
from lab.processes import missing, need, running

UNPACKED = Path(__file__).parents[2] / ".venv" / "lab" / "cyrus"
PROGRAMS = UNPACKED / "usr" / "lib" / "cyrus" / "bin"
REALM = "mail.example.org"

CONFIGURATION = f"""
configdirectory: {{folder}}/conf
partition-default: {{folder}}/spool
defaultpartition: default
cyrus_user: {{owner}}
cyrus_group: {{group}}
servername: {REALM}
autocreate_quota: 0
mailbox_legacy_dirs: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {{folder}}/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5
tls_server_cert: {{folder}}/certificate.pem
tls_server_key: {{folder}}/key.pem
"""

SERVICES = """
START {{ }}
SERVICES {{
  pop3 cmd="{pop3d} -C {settings}" listen="{host}:{port}" proto="tcp4" prefork=0
  pop3s cmd="{pop3d} -s -C {settings}" listen="{host}:{tls_port}" proto="tcp4" prefork=0
}}
EVENTS {{ }}
"""


@contextmanager
def running_cyrus() -> Iterator[MailServer]:
    """Run Cyrus until the block is left; it takes no mail with NUL, so only bob has some."""
    if not (PROGRAMS / "pop3d").exists():
        missing("Cyrus is not there (tests/lab/install.sh unpacks it)")
    with own_folder("cyrus") as folder, (folder / "log").open("wb") as log:
        make_certificate(folder)
        owner, group = identity()
        settings, services = folder / "imapd.conf", folder / "cyrus.conf"
        settings.write_text(CONFIGURATION.format(folder=folder, owner=owner, group=group))
        with listener() as plain, listener() as tls:
            addresses = address_of(plain), address_of(tls)
        facts = {"port": addresses[0].port, "tls_port": addresses[1].port, "host": HOST}
        services.write_text(SERVICES.format(pop3d=PROGRAMS / "pop3d", settings=settings, **facts))
        for made in ("conf", "spool"):
            (folder / made).mkdir()
        for path in (folder, *folder.iterdir()):
            chown(path)
        saslpasswd2 = UNPACKED / "usr" / "sbin" / "saslpasswd2"
        named = ("-u", REALM, FEW_USER)
        tell(saslpasswd2, "-c", "-p", "-f", folder / "sasldb2", *named, text=PASSWORD)
        files = ("-C", settings, "-M", services, "-p", folder / "pid")
        with running(as_owner(PROGRAMS / "master", *files), stdout=log, stderr=log):
            until(lambda: answers(addresses[0]), "Cyrus listens", 20)
            fill(folder, addresses[0], FEW_USER, MAIL[FEW_USER]())
            server = MailServer(
                "cyrus",
                addresses[0],
                folder / "log",
                addresses[1],
                folder / "certificate.pem",
            )
            server.assert_ready()
            yield server


def fill(folder: Path, address: Address, user: str, messages: Iterable[Message]) -> None:
    """Let *user* log in, which makes the maildrop, and put *messages* there."""
    client = PatientPOP3(address.host, address.port, timeout=20)
    client.user(user)
    client.pass_(PASSWORD)
    client.quit()
    client.close()
    (header,) = (folder / "spool").rglob(f"{user}/cyrus.header")
    for number, each in enumerate(messages, start=1):
        file = header.with_name(f"{number}.")
        file.write_bytes(each.wire)
        chown(file)
    tell(PROGRAMS / "reconstruct", "-C", folder / "imapd.conf", f"user/{user}")


def answers(address: Address) -> bool | None:
    try:
        PatientPOP3(address.host, address.port, timeout=20).close()
    except OSError:
        return None
    return True


def as_owner(*command: str | Path) -> list[str | Path]:
    """Return *command* as the owner of the mail runs it, with the libraries of Cyrus."""
    libraries = os.pathsep.join(
        str(each.parent) for each in UNPACKED.glob("usr/lib/*/libcyrus.so.0")
    )
    owner, group = identity()
    become = [need("setpriv"), f"--reuid={owner}", f"--regid={group}", "--clear-groups"]
    return [*(become if os.geteuid() == 0 else ()), "env", f"LD_LIBRARY_PATH={libraries}", *command]


def chown(path: Path) -> None:
    """Give *path* to the owner of the mail."""
    if os.geteuid() == 0:
        shutil.chown(path, *identity())


def tell(*command: str | Path, text: str = "") -> None:
    """Run a program of Cyrus to its end, with *text* as its input."""
    whole = [*map(str, as_owner(*command))]
    done = subprocess.run(whole, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        pytest.fail(f"{done.args}: {done.stdout}{done.stderr}", pytrace=False)


def identity() -> tuple[str, str]:
    """Return as whom Cyrus runs: never as root."""
    if os.geteuid() == 0:
        return "nobody", "nogroup"
    return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
