"""``pop3spy serve``: the embedded post office."""

import os
import socket
import time
from pathlib import Path
from typing import Any

import click

from pop3spy.cli.environment import run
from pop3spy.cli.options import with_settings
from pop3spy.cli.telling import telling
from pop3spy.config import limits_of, load_yaml, without_tls
from pop3spy.net.host import Host
from pop3spy.postoffice import DEMO_ACCOUNTS, Account, PostOffice, accounts_from, maildrops_for
from pop3spy.session.chunk import Clock


@click.command(
    epilog="\b\nExamples:\n"
    "  pop3spy serve --listen :1110                  built-in messages, user demo, password demo\n"
    "  pop3spy serve ~/Maildir --listen :1110        a Maildir, an mbox or a folder of .eml files\n"
    "  pop3spy serve inbox.mbox --users users.yaml   with users and passwords of your own\n"
    "\b\n"
    "A file of users maps names to passwords, or to a password and a mailbox:\n"
    "  alice: wonderland\n"
    "  bob: {password: builder, mailbox: /home/bob/Maildir}"
)
@click.argument("mailbox", required=False, type=click.Path(path_type=Path))
@with_settings("serve")
def serve(mailbox: Path | None, **values: Any) -> int:
    """Serve a MAILBOX, or built-in messages, over POP3.

    Deleted messages are really removed from the mailbox when a client says QUIT.
    """
    listen = [without_tls("listen", url) for url in values["listen"]]
    clock = Clock()
    office = post_office(_accounts(values["users"]), mailbox)
    with telling(values, clock) as bus:
        strict = values["redact"] == "strict"
        host = Host(office.session, bus, clock, limits_of(values), strict=strict)
        return run(lambda stop: host.run(listen, stop), values["loop"])


def post_office(accounts: tuple[Account, ...], mailbox: Path | None) -> PostOffice:
    """Return a post office of this machine and process for *accounts*."""
    return PostOffice(
        accounts,
        maildrops_for(accounts, mailbox),
        hostname=socket.gethostname(),
        pid=os.getpid(),
        clock=time.time_ns,
    )


def _accounts(users: Path | None) -> tuple[Account, ...]:
    return DEMO_ACCOUNTS if users is None else accounts_from(load_yaml(users), str(users))
