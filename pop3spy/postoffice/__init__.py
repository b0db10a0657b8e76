"""A POP3 server without sockets, for the demo, for tests and for `pop3spy serve`.

``maildrop`` says what a maildrop is; ``folders``, ``mbox`` and ``memory`` are the kinds there are,
and ``recognise`` tells which one a path holds.  ``server`` is the post office that all
connections share, ``clerk`` the conversation with one client.
"""

from pop3spy.postoffice.accounts import DEMO_ACCOUNTS, Account, accounts_from
from pop3spy.postoffice.maildrop import InUseError, Maildrop, StoredMessage
from pop3spy.postoffice.recognise import maildrops_for, open_maildrop
from pop3spy.postoffice.server import PostOffice

__all__ = [
    "DEMO_ACCOUNTS",
    "Account",
    "InUseError",
    "Maildrop",
    "PostOffice",
    "StoredMessage",
    "accounts_from",
    "maildrops_for",
    "open_maildrop",
]
