"""Courier: Maildir, SASL, STLS.

``courier-pop`` conflicts with other POP3 servers: install.sh unpacks it beside the tests, and the
rest of Courier is the machine's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.accounts import as_inetd, lay_accounts, lay_maildirs, number_of, privately
from lab.dovecot import make_certificate
from lab.loopback import HOST, address_of, listener
from lab.mailserver import MAIL, PASSWORD, MailServer, own_folder
from lab.processes import need, running

UNPACKED = Path(__file__).parents[2] / ".venv" / "lab" / "courier-pop"
PROGRAMS = UNPACKED / "usr" / "lib" / "courier" / "courier"

AUTHENTICATION = """
authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
"""

START = """
umask 077
mkdir -p /run/courier/authdaemon
chown -R courier:courier /run/courier
password={password}
crypted=$(openssl passwd -1 $password)
shared=$(echo $password | userdbpw -hmac-md5)
while read -r name number home; do
    printf '%s\\tuid=%s|gid=%s|home=%s|mail=%s/Maildir|systempw=%s|hmac-md5pw=%s\\n' \\
        $name $number $number $home $home "$crypted" "$shared"
done < {folder}/users > /etc/courier/userdb
makeuserdb
/usr/lib/courier/courier-authlib/authdaemond &
for _ in $(seq 200); do
    [ ! -S /run/courier/authdaemon/socket ] || exec "$@"
    sleep 0.05
done
exec "$@"
"""

SETTINGS = {
    "POP3AUTH": "PLAIN LOGIN CRAM-MD5",
    "POP3AUTH_TLS": "PLAIN LOGIN",
    "POP3_STARTTLS": "YES",
    "POP3_TLS_REQUIRED": "0",
    "COURIERTLS": "/usr/bin/couriertls",
    "TLS_VERIFYPEER": "NONE",
    "MAILDIRPATH": "Maildir",
    "PROTO": "TCP",
    "TCPLOCALIP": HOST,
    "TCPREMOTEIP": HOST,
    "TCPLOCALPORT": "110",
    "TCPREMOTEPORT": "50000",
}


@contextmanager
def running_courier() -> Iterator[MailServer]:
    """Run Courier over the corpus until the block is left."""
    for program in ("userdbpw", "makeuserdb", "couriertls"):
        need(program)
    login, maildrop = need("courierpop3login", PROGRAMS), need("courierpop3d", PROGRAMS)
    with (
        own_folder("courier") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        lay_accounts(folder)
        lay_maildirs(folder)
        (folder / "laid" / "etc" / "courier").mkdir()
        (folder / "laid" / "etc" / "courier" / "authdaemonrc").write_text(AUTHENTICATION)
        make_certificate(folder)
        both = folder / "both.pem"
        both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
        homes = ((user, number_of(user), folder / "home" / user) for user in MAIL)
        lines = (f"{user} {number} {home}\n" for user, number, home in homes)
        (folder / "users").write_text("".join(lines))
        settings = {**SETTINGS, "TLS_CERTFILE": str(both)}
        with_settings = ("env", *(f"{name}={value}" for name, value in settings.items()))
        each = as_inetd(listening.fileno(), *with_settings, login, maildrop, "Maildir")
        start = START.format(folder=folder, password=PASSWORD)
        command = privately(folder, "sh", "-c", start, "courier", *each)
        server = MailServer(
            "courier", address_of(listening), folder / "log", certificate=folder / "certificate.pem"
        )
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
