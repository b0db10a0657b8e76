"""GNU mailutils: mbox, USER and PASS, APOP, STLS."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from lab.accounts import as_inetd, lay_accounts, lay_mboxes, privately
from lab.dovecot import make_certificate
from lab.loopback import address_of, listener
from lab.mailserver import MAIL, PASSWORD, MailServer, own_folder
from lab.processes import need, running

CONFIGURATION = """
mode inetd;
timeout 600;
auth {{ authentication "generic:system"; authorization "system"; }};
logging {{ syslog no; }};
mailbox {{ mailbox-pattern "mbox:/var/mail/${{user}}"; }};
apop-database-file "{folder}/apop.db";
apop-database-owner "root";
apop-database-safety "none";
tcp-wrappers {{ enable no; }};
mandatory-locking {{ enable yes; lock-directory "{folder}/locks"; }};
tls-mode ondemand;
tls-file-checks {{ key-file "none"; cert-file "none"; ca-file "none"; }};
tls {{
  ssl-certificate-file "{folder}/certificate.pem";
  ssl-key-file "{folder}/key.pem";
}};
"""


@contextmanager
def running_mailutils() -> Iterator[MailServer]:
    """Run the server of GNU mailutils over the corpus until the block is left."""
    program, popauth = need("pop3d"), need("popauth")
    with (
        own_folder("mailutils") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        lay_accounts(folder)
        lay_mboxes(folder)
        make_certificate(folder)
        (folder / "locks").mkdir()
        (folder / "locks").chmod(0o1777)
        for user in MAIL:
            added = ["--add", "--file", f"{folder}/apop.db", "--user", user, "--password", PASSWORD]
            subprocess.run([popauth, *added], check=True, capture_output=True, umask=0o077)
        (folder / "pop3d.conf").write_text(CONFIGURATION.format(folder=folder))
        server = MailServer(
            "mailutils",
            address_of(listening),
            folder / "log",
            certificate=folder / "certificate.pem",
        )
        each = as_inetd(listening.fileno(), program, f"--config-file={folder}/pop3d.conf")
        command = privately(folder, *each)
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
