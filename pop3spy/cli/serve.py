"""``pop3spy serve``: the embedded post office."""

import os
import socket
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pop3spy.cli.arriving import arriving
from pop3spy.cli.environment import run
from pop3spy.cli.gating import hosting
from pop3spy.cli.legs import host_legs
from pop3spy.cli.options import ValueType, with_settings
from pop3spy.cli.outputs import outputs
from pop3spy.cli.secret import tell_if_open
from pop3spy.cli.verb import Verb
from pop3spy.config.kinds import PATH
from pop3spy.config.personality import read_personality
from pop3spy.config.verbs import ServeSettings
from pop3spy.config.yamlfile import load_yaml
from pop3spy.errors import ConfigError
from pop3spy.postoffice import DEMO_ACCOUNTS, Account, PostOffice, accounts_from, maildrops_for
from pop3spy.postoffice.personality import Personality
from pop3spy.postoffice.phrases import Phrase
from pop3spy.protocol.text import escape
from pop3spy.session.chunk import Clock


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy serve --listen :1110              messages of its own, user demo\n"
    "  pop3spy serve ~/Maildir --listen :1110    a Maildir, an mbox or .eml files\n"
    "  pop3spy serve mbox --users users.yaml     with users of your own\n"
    "  pop3spy serve --personality gmail         as Gmail speaks\n"
    "\n\b\n"
    "A file of users maps names to passwords, or to a password and a mailbox,\n"
    "whose path starts from the folder that the file is in:\n"
    "  alice: wonderland\n"
    "  bob: {password: builder, mailbox: mail/bob}",
)
@click.argument("mailbox", required=False, type=ValueType(PATH, "MAILBOX"))
@with_settings("serve", ServeSettings)
def serve(settings: ServeSettings, mailbox: Path | None) -> int:
    """Serve a MAILBOX, or built-in messages, over POP3.

    Deleted messages are really removed from the mailbox when a client says QUIT.
    """
    clock = Clock()
    accounts = _accounts(settings.users)
    personality = read_personality(settings.personality) if settings.personality else Personality()
    grant = personality.answer(Phrase.STLS).line + b"\r\n"
    legs_at = partial(host_legs, settings, grant=grant, lists_stls=personality.lists_stls)
    with arriving(settings, legs_at) as front:
        if front.legs.identity is None:
            personality = personality.without_stls
        office = post_office(accounts, mailbox, settings.login_delay, personality)
        with outputs(settings, clock, hosts=True) as bus:
            return run(hosting(office.session, front, settings, bus, clock), settings.loop)


def post_office(
    accounts: tuple[Account, ...],
    mailbox: Path | None,
    login_delay: float = 1.0,
    personality: Personality | None = None,
) -> PostOffice:
    """Return a post office of this machine and process for *accounts*.

    A client waits *login_delay* seconds for the answer to its second failed login.
    """
    return PostOffice(
        accounts,
        maildrops_for(accounts, mailbox),
        hostname=socket.gethostname(),
        pid=os.getpid(),
        clock=time.time_ns,
        login_delay=login_delay,
        personality=personality,
    )


def _accounts(users: Path | None) -> tuple[Account, ...]:
    """Return who may log in; a relative mailbox is one in the folder of the file of *users*."""
    if users is None:
        return DEMO_ACCOUNTS
    where = escape(str(users))
    accounts = []
    for account in accounts_from(load_yaml(users), where):
        try:
            mailbox = account.mailbox and users.parent / PATH.read(str(account.mailbox))
        except ValueError as error:
            raise ConfigError(f"{where}: {escape(account.name)}: mailbox: {error}") from None
        accounts.append(replace(account, mailbox=mailbox))
    tell_if_open(users)
    return tuple(accounts)
