"""In which order checks run: what needs no login, then what does, last what may be punished."""

from collections.abc import Iterable
from typing import Final

from pop3spy.check.needs import Need
from pop3spy.check.registry import Check

_LAST: Final = (
    *("auth/1", "auth/17", "auth/8", "auth/9", "auth/11", "auth/12", "oauth/2", "auth/10"),
    *("auth/18", "auth/19", "auth/20", "oauth/3", "limit/13", "state/19"),
)
"""What a server may count as a failed login, or punish: then each later login may be slow."""
_END: Final = ("limit/12", "state/20", "quit/2")
"""What is read off at the end of all that was said, before what may be punished."""
_BEFORE_AND_AFTER: Final = ("capa/2", "capa/3", "limit/11")
"""What needs no login, and looks further with one."""
_GROUPS: Final = (
    *("net", "greeting", "capa", "tls", "quit", "state", "auth", "limit", "pipe", "utf8", "lang"),
    *("oauth", "dns", "stat", "list", "uidl", "retr", "top", "rset", "timing", "lock", "dele"),
)
_FREE, _FIRST_LOGIN, _SHARED, _OWN, _DELE, _SUMS, _PUNISHED = range(7)
_SHARED_GROUPS: Final = (
    *("capa", "stat", "list", "uidl", "retr", "top", "rset", "pipe", "state", "limit", "timing"),
)

GROUPS: Final = {
    "net": "connecting, and being disconnected",
    "greeting": "the first line",
    "capa": "capabilities, before and after the login",
    "tls": "STLS, the port for TLS, certificates",
    "auth": "logging in, and being refused",
    "state": "commands where they have no place",
    "stat": "STAT",
    "list": "LIST, and sizes that are true",
    "uidl": "UIDL, and ids that stay",
    "retr": "messages, to the octet",
    "top": "TOP",
    "rset": "RSET",
    "dele": "DELE, which is taken back each time",
    "quit": "QUIT, and the end",
    "pipe": "several commands in one write",
    "limit": "long lines, odd line ends, odd octets",
    "lock": "two sessions of one account",
    "utf8": "UTF8",
    "lang": "LANG",
    "oauth": "tokens",
    "dns": "what the DNS says of the server",
    "timing": "figures for those who watch a server",
}
"""The groups in the order in which people read them, and what each is about."""


def by_group(checks: Iterable[Check]) -> list[Check]:
    """Return *checks* in the order in which people read them."""
    groups = list(GROUPS)
    return sorted(checks, key=lambda check: (groups.index(check.group), check.number))


def in_order(checks: list[Check]) -> list[Check]:
    """Return *checks* in the order in which they are run."""
    return sorted(checks, key=_place)


def _place(check: Check) -> tuple[int, int, int]:
    groups: tuple[str, ...] = _GROUPS
    stage = _stage(check)
    if stage == _SHARED and check.group in _SHARED_GROUPS:
        groups = _SHARED_GROUPS
    if stage in (_PUNISHED, _SUMS):
        return stage, (*_LAST, *_END).index(check.id), 0
    place = groups.index(check.group) if check.group in groups else len(groups)
    return stage, place, check.number


def _stage(check: Check) -> int:
    if check.id in _LAST:
        return _PUNISHED
    if check.id in _END:
        return _SUMS
    if check.id in _BEFORE_AND_AFTER:
        return _SHARED
    if Need.DELE in check.needs:
        return _DELE
    if check.id == "auth/4":
        return _FIRST_LOGIN
    if check.logins:
        return _OWN
    return _SHARED if Need.LOGIN in check.needs else _FREE
