"""Giving root up, once everything that needs it has been done."""

import os
from contextlib import suppress
from dataclasses import dataclass

from pop3spy.errors import ConfigError, said_by_system
from pop3spy.protocol.text import escape


@dataclass(frozen=True, slots=True)
class SystemAccount:
    """Who the program is to be: a user with a group and a home folder."""

    user: str
    uid: int
    gid: int
    home: str


def is_root() -> bool:
    """Return whether the program may do anything."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def account_of(text: str) -> SystemAccount:
    """Return whom ``USER`` or ``USER:GROUP`` names; raise ConfigError if that is nobody."""
    if not is_root():
        raise ConfigError("--run-as needs root to begin with; leave it out, or start as root")
    import grp  # noqa: PLC0415 - there is none on Windows
    import pwd  # noqa: PLC0415

    user, _, group = text.partition(":")
    try:
        found = pwd.getpwnam(user)
    except (KeyError, ValueError):
        raise ConfigError(f"--run-as: there is no user {user!r} here") from None
    if found.pw_uid == 0:
        raise ConfigError(f"--run-as: {escape(user)} is root; name a user who is not")
    try:
        gid = grp.getgrnam(group).gr_gid if group else found.pw_gid
    except (KeyError, ValueError):
        raise ConfigError(f"--run-as: there is no group {group!r} here") from None
    return SystemAccount(user, found.pw_uid, gid, found.pw_dir)


def become(account: SystemAccount) -> None:
    """Be *account* from now on, with its groups and its home, and without a way back.

    Raise ConfigError if the system does not allow it, or would allow to be root again.
    """
    try:
        os.initgroups(account.user, account.gid)  # in place of those of root
        os.setgid(account.gid)
        os.setuid(account.uid)
    except OSError as error:
        raise ConfigError(f"--run-as {escape(account.user)}: {said_by_system(error)}") from None
    with suppress(PermissionError):
        os.setuid(0)
        raise ConfigError(f"--run-as {escape(account.user)}: root could be had again; not going on")
    os.environ.update(HOME=account.home, USER=account.user, LOGNAME=account.user)
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]  # they lead to folders of root's
