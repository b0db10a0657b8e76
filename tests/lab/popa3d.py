"""popa3d: mbox, USER and PASS only, and no word of CAPA.

It knows only the machine's own accounts. So it runs in a mount namespace of its own,
where /etc/passwd and the like are copies that hold ours, /var/mail is the lab's, and
/var/lib also has the empty folder into which popa3d locks itself.
The package conflicts with other POP3 servers: install.sh unpacks it beside the tests.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.corpus import with_body, write_mbox
from lab.loopback import address_of, listener
from lab.mailserver import MAIL, PASSWORD, MailServer, own_folder
from lab.processes import missing, need, need_root, running

UNPACKED = Path(__file__).parents[2] / ".venv" / "lab" / "popa3d"
INETD = Path(__file__).with_name("inetd.py")
FIRST_NUMBER = 4242

# Seen by popa3d and by nobody else; all of it is gone when the last process ends.
PRIVATE = """
set -eu
for each in etc/passwd etc/group etc/shadow etc/pam.d var/mail; do
    mount --bind "$1/$each" "/$each"
done
mount -t tmpfs lab "$1/lib"
mkdir -p "$1/lib/upper/popa3d" "$1/lib/work"
mount -t overlay lab -o "lowerdir=/var/lib,upperdir=$1/lib/upper,workdir=$1/lib/work" /var/lib
shift
exec "$@"
"""


@contextmanager
def running_popa3d() -> Iterator[MailServer]:
    """Run popa3d over the corpus until the block is left."""
    need_root("give popa3d accounts of its own")
    program = need("popa3d", UNPACKED / "usr" / "sbin")
    unshare = [need("unshare"), "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        missing("this machine allows no mount namespaces, not even to root")
    with (
        own_folder("popa3d") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        make_accounts(folder)
        for user, messages in MAIL.items():
            mbox = folder / "var" / "mail" / user
            write_mbox(mbox, messages())
            mbox.chmod(0o660)
            shutil.chown(mbox, numbers()[user], numbers()[user])
        inetd = [sys.executable, str(INETD), str(listening.fileno()), program]
        command = [*unshare, "sh", "-c", PRIVATE, "popa3d", str(folder), *inetd]
        # Between two messages of an mbox is a blank line, which ends headers without a body.
        server = MailServer("popa3d", address_of(listening), folder / "log", sends=with_body)
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server


def numbers() -> dict[str, int]:
    """Return a user and group number for everybody that popa3d must find."""
    return {name: FIRST_NUMBER + place for place, name in enumerate(("popa3d", *MAIL))}


def make_accounts(folder: Path) -> None:
    """Write copies of the account files in which our users, and popa3d's own, exist."""
    for part in ("etc", "var/mail", "lib"):
        (folder / part).mkdir(parents=True)
    (folder / "var" / "mail").chmod(0o1777)
    hashed = subprocess.run(
        [need("openssl"), "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    ours = numbers()
    lines = {
        "passwd": [
            f"{name}:x:{number}:{number}::/nonexistent:/bin/sh" for name, number in ours.items()
        ],
        "group": [f"{name}:x:{number}:" for name, number in ours.items()],
        "shadow": [f"{name}:{hashed if name in MAIL else '!'}:19000:0:99999:7:::" for name in ours],
    }
    for file, added in lines.items():
        kept = [
            line
            for line in Path("/etc", file).read_text().splitlines()
            if line.partition(":")[0] not in ours
        ]
        (folder / "etc" / file).write_text("\n".join([*kept, *added, ""]))
        (folder / "etc" / file).chmod(0o600 if file == "shadow" else 0o644)
    shutil.copytree("/etc/pam.d", folder / "etc" / "pam.d")
    (folder / "etc" / "pam.d" / "popa3d").write_text(
        "@include common-auth\n@include common-account\n"
    )
