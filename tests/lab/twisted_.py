"""Twisted: Maildir, USER and PASS, CRAM-MD5, and capabilities of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.corpus import write_maildir
from lab.loopback import address_of, listener
from lab.mailserver import MAIL, PASSWORD, MailServer, own_folder
from lab.processes import running

PROGRAM = Path(__file__).with_name("twisted_server.py")


@contextmanager
def running_twisted() -> Iterator[MailServer]:
    """Run the server of Twisted over the corpus until the block is left."""
    with (
        own_folder("twisted") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        for user, messages in MAIL.items():
            write_maildir(folder / "mail" / user, messages())
        command = [
            sys.executable,
            str(PROGRAM),
            str(listening.fileno()),
            str(folder / "mail"),
            PASSWORD,
        ]
        server = MailServer("twisted", address_of(listening), folder / "log")
        with running(command, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
