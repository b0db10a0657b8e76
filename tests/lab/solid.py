"""solid-pop3d: mbox, USER and PASS, a timestamp for APOP, and no word of CAPA.

The package conflicts with other POP3 servers: install.sh unpacks it beside the tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.accounts import as_inetd, lay_accounts, lay_mboxes, lay_pam, privately
from lab.loopback import address_of, listener
from lab.mailserver import MailServer, own_folder
from lab.processes import need, running

UNPACKED = Path(__file__).parents[2] / ".venv" / "lab" / "solid-pop3d"

CONFIGURATION = """
<Global>
  MailDropName "/var/mail/%s"
  MailDropType mailbox
  AllowAPOP yes
  APOPServerName "mail.example.org"
  AddBulletins no
  LogStatistics no
</Global>
"""


@contextmanager
def running_solid() -> Iterator[MailServer]:
    """Run solid-pop3d over the corpus until the block is left."""
    program = need("solid-pop3d", UNPACKED / "usr" / "sbin")
    with (
        own_folder("solid") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        lay_accounts(folder, "spop3d")
        lay_pam(folder, "solid-pop3d")
        (folder / "laid" / "var" / "lib" / "solid-pop3d" / "bulletins").mkdir(parents=True)
        (folder / "laid" / "etc" / "spop3d.conf").write_text(CONFIGURATION)
        lay_mboxes(folder)
        server = MailServer("solid-pop3d", address_of(listening), folder / "log")
        command = privately(folder, *as_inetd(listening.fileno(), program))
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
