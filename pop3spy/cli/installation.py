"""What this installation can do, and what would make it do more.

A check is a function with a row of ``CHECKS``; it looks, and changes nothing.
"""

import asyncio
import os
import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from importlib.util import find_spec
from typing import Final

from pop3spy import __version__
from pop3spy.authority import Authority, authority_in
from pop3spy.cli.authority import authority_folder
from pop3spy.cli.environment import ledger_file
from pop3spy.cli.version import is_compiled
from pop3spy.errors import ConfigError, ListenError
from pop3spy.extras import to_install
from pop3spy.findings import RuleError
from pop3spy.findings.loading import all_rules
from pop3spy.ledger import counts_in
from pop3spy.net.listen import listen
from pop3spy.protocol.text import count, escape
from pop3spy.protocol.url import parse_url
from pop3spy.readers import outside_readers

FOR_DEVELOPERS: Final = frozenset({"compiled", "dev", "fuzz", "packages", "picture"})
"""Extras that somebody needs who changes pop3spy; they add nothing to what it does."""

_REQUIREMENT: Final = re.compile(r"([\w.-]+).*;.*\bextra == ['\"]([\w.-]+)['\"]")


class Condition(Enum):
    """How something is: what is missing is nobody's fault, what is broken keeps from work."""

    THERE = "ok"
    MISSING = "no"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class InstalledPart:
    """One line: a part of the installation, how it is, and what to do, if there is anything."""

    name: str
    condition: Condition
    text: str
    remedy: str = ""


def installed_parts() -> list[InstalledPart]:
    """Return what there is, in the order of the table."""
    return [part for check in CHECKS for part in check()]


def _program() -> Iterable[InstalledPart]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield InstalledPart("pop3spy", Condition.THERE, f"{__version__}, on {python}")


def _uvloop() -> Iterable[InstalledPart]:
    if find_spec("uvloop") is None:
        text = "sessions run on asyncio's own loop, which is slower"
        yield InstalledPart("uvloop", Condition.MISSING, text, to_install("uvloop"))
    else:
        text = f"{metadata.version('uvloop')}, which sessions run on"
        yield InstalledPart("uvloop", Condition.THERE, text)


def _compiled() -> Iterable[InstalledPart]:
    if is_compiled():
        yield InstalledPart("compiled", Condition.THERE, "what handles every line is machine code")
    else:
        text = "what handles every line is Python"
        remedy = "make wheels in a checkout, and install the one for this Python"
        yield InstalledPart("compiled", Condition.MISSING, text, remedy)


def _extras() -> Iterable[InstalledPart]:
    try:
        about = metadata.distribution("pop3spy").metadata
    except metadata.PackageNotFoundError:
        text = "it runs from its sources, so nobody knows its extras"
        yield InstalledPart("extras", Condition.MISSING, text, "pip install .")
        return
    yield from extras_of(about.get_all("Provides-Extra", []), about.get_all("Requires-Dist", []))


def extras_of(extras: Iterable[str], requirements: Iterable[str]) -> Iterable[InstalledPart]:
    """Yield each of *extras* that is for users; *requirements* are what a package says it needs."""
    needed = [match.groups() for each in requirements if (match := _REQUIREMENT.match(each))]
    for extra in sorted(set(extras) - FOR_DEVELOPERS):
        lacking = [name for name, of in needed if of == extra and not _is_installed(name)]
        name = f"extra {extra}"
        if lacking:
            text = f"it needs {' and '.join(lacking)}"
            yield InstalledPart(name, Condition.MISSING, text, to_install(f"pop3spy[{extra}]"))
        else:
            yield InstalledPart(name, Condition.THERE, "all that it needs is there")


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _authority() -> Iterable[InstalledPart]:
    try:
        folder = authority_folder(None)
        if not authority_in(folder):
            text = "there is no authority, so what is said inside TLS cannot be read"
            yield InstalledPart("authority", Condition.MISSING, text, "pop3spy ca trust")
            return
        authority = Authority.open(folder)
    except ConfigError as error:
        yield InstalledPart("authority", Condition.BROKEN, str(error))
        return
    where = escape(str(authority.certificate))
    yield InstalledPart(
        "authority", Condition.THERE, f"{where}, valid until {authority.until:%Y-%m-%d}"
    )


def _port() -> Iterable[InstalledPart]:
    url = parse_url("pop3://127.0.0.1:110")
    try:
        for sock in asyncio.run(listen((url,))).values():
            sock.close()
    except ListenError as error:
        text, _, remedy = str(error).partition(": ")
        yield InstalledPart("port 110", Condition.MISSING, text, remedy)
    else:
        yield InstalledPart("port 110", Condition.THERE, "it can be listened on")


def _ledger() -> Iterable[InstalledPart]:
    path = ledger_file()
    if path is None:
        text = "there is no home folder, so nothing is remembered of earlier sessions"
        yield InstalledPart("ledger", Condition.MISSING, text, "name a file with --ledger FILE")
    elif not path.exists():
        yield InstalledPart(
            "ledger", Condition.THERE, "nothing is remembered yet of earlier sessions"
        )
    else:
        try:
            accounts, messages = counts_in(path)
        except ConfigError as error:
            remedy = "the next proxy sets it aside and begins anew"
            yield InstalledPart("ledger", Condition.BROKEN, str(error), remedy)
        else:
            known = f"{count(accounts, 'account')} and {count(messages, 'message')}"
            yield InstalledPart("ledger", Condition.THERE, f"{escape(str(path))} remembers {known}")


def _workers() -> Iterable[InstalledPart]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if hasattr(os, "fork"):
        yield InstalledPart(
            "workers", Condition.THERE, f"--workers can use {count(cores or 1, 'core')}"
        )
    else:
        text = "this system cannot fork, so a proxy is one process"
        yield InstalledPart("workers", Condition.MISSING, text)


def _rules() -> Iterable[InstalledPart]:
    try:
        rules = all_rules()
    except RuleError as error:
        yield InstalledPart(
            "rules", Condition.BROKEN, str(error), "mend that package, or remove it"
        )
    else:
        yield InstalledPart("rules", Condition.THERE, f"{len(rules)} are asked")


def _readers() -> Iterable[InstalledPart]:
    failed: list[tuple[str, str]] = []
    for reader in outside_readers(lambda name, why: failed.append((name, why))):
        yield InstalledPart("reader", Condition.THERE, f"{reader.name} reads along")
    for name, why in failed:
        remedy = "mend that package, or remove it"
        yield InstalledPart("reader", Condition.BROKEN, f"{name}: {why}", remedy)


CHECKS: Final[tuple[Callable[[], Iterable[InstalledPart]], ...]] = (
    _program,
    _uvloop,
    _compiled,
    _extras,
    _workers,
    _port,
    _authority,
    _ledger,
    _rules,
    _readers,
)
"""Every check, in the order in which it is told."""
