"""popa3d: mbox, USER and PASS only, and no word of CAPA.

It locks itself into a folder that it needs to be empty.
The package conflicts with other POP3 servers: install.sh unpacks it beside the tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.accounts import as_inetd, lay_accounts, lay_mboxes, lay_pam, privately
from lab.corpus import with_body
from lab.loopback import address_of, listener
from lab.mailserver import MailServer, own_folder
from lab.processes import need, running

UNPACKED = Path(__file__).parents[2] / ".venv" / "lab" / "popa3d"


@contextmanager
def running_popa3d() -> Iterator[MailServer]:
    """Run popa3d over the corpus until the block is left."""
    program = need("popa3d", UNPACKED / "usr" / "sbin")
    with (
        own_folder("popa3d") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        lay_accounts(folder, "popa3d")
        lay_pam(folder, "popa3d")
        (folder / "laid" / "var" / "lib" / "popa3d").mkdir()
        lay_mboxes(folder)
        # Between two messages of an mbox is a blank line, which ends headers without a body.
        server = MailServer("popa3d", address_of(listening), folder / "log", sends=with_body)
        command = privately(folder, *as_inetd(listening.fileno(), program))
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
