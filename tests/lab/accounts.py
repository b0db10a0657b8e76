"""Accounts of the lab for servers that know only those of the machine, and nobody else learns of.

Such a server runs in a mount namespace of its own.  There ``laid`` of its folder is laid over the
machine's own /etc, /run, /var/lib and /var/mail; all of it is gone when the last process ends.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from lab.corpus import write_maildir, write_mbox
from lab.mailserver import MAIL, PASSWORD
from lab.processes import missing, need, need_root

INETD = Path(__file__).with_name("inetd.py")
FIRST_NUMBER = 4242

PRIVATE = """
set -eu
folder=$1
shift
mkdir "$folder/private"
mount -t tmpfs lab "$folder/private"
for each in etc run var/lib var/mail; do
    upper=$folder/private/$each/upper work=$folder/private/$each/work
    mkdir -p "$folder/laid/$each" "$upper" "$work"
    cp -a "$folder/laid/$each/." "$upper"
    mount -t overlay lab -o "lowerdir=/$each,upperdir=$upper,workdir=$work" "/$each"
done
exec "$@"
"""


def lay_accounts(folder: Path, *own: str) -> None:
    """Make accounts for all who have mail, and for the users *own* that a server runs as."""
    laid = folder / "laid"
    for part in ("etc", "run", "var/lib", "var/mail"):
        (laid / part).mkdir(parents=True)
    (laid / "var" / "mail").chmod(0o1777)
    hashed = subprocess.run(
        [need("openssl"), "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    ours = _numbers(*own)
    lines = {
        "passwd": [
            f"{name}:x:{number}:{number}::{folder}/home/{name}:/bin/sh"
            for name, number in ours.items()
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
        (laid / "etc" / file).write_text("\n".join([*kept, *added, ""]))
        (laid / "etc" / file).chmod(0o600 if file == "shadow" else 0o644)
    for name in ours:
        (folder / "home" / name).mkdir(parents=True)
        shutil.chown(folder / "home" / name, ours[name], ours[name])


def lay_pam(folder: Path, service: str) -> None:
    """Let *service* ask for the password of an account, and for nothing else."""
    (folder / "laid" / "etc" / "pam.d").mkdir()
    text = "@include common-auth\n@include common-account\n"
    (folder / "laid" / "etc" / "pam.d" / service).write_text(text)


def lay_mboxes(folder: Path) -> None:
    """Put everybody's mail into /var/mail."""
    for user, messages in MAIL.items():
        mbox = folder / "laid" / "var" / "mail" / user
        write_mbox(mbox, messages())
        mbox.chmod(0o660)
        shutil.chown(mbox, _numbers()[user], _numbers()[user])


def lay_maildirs(folder: Path) -> None:
    """Put everybody's mail into a Maildir at home."""
    for user, messages in MAIL.items():
        home = folder / "home" / user
        write_maildir(home / "Maildir", messages())
        for path in home.rglob("*"):
            shutil.chown(path, _numbers()[user], _numbers()[user])


def number_of(user: str) -> int:
    """Return the number of *user*, who has mail, and of the group of that name."""
    return _numbers()[user]


def privately(folder: Path, *command: str | Path) -> list[str]:
    """Return *command* as it runs where the accounts of *folder* are those of the machine."""
    need_root("give a server accounts of its own")
    unshare = [need("unshare"), "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        missing("this machine allows no mount namespaces, not even to root")
    return [*unshare, "sh", "-c", PRIVATE, "lab", str(folder), *map(str, command)]


def as_inetd(listening: int, *command: str | Path) -> list[str]:
    """Return what runs *command* for each connection to the socket *listening*."""
    return [sys.executable, str(INETD), str(listening), *map(str, command)]


def _numbers(*own: str) -> dict[str, int]:
    """Return a user and group number for everybody that a server must find."""
    return {name: FIRST_NUMBER + place for place, name in enumerate((*MAIL, *own))}
