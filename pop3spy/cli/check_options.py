"""The options of ``pop3spy check`` that no other verb has."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final

import click

from pop3spy.check.forms import FORMS
from pop3spy.check.matrix import MATRIX_FORMS
from pop3spy.check.results import FAIL_ON
from pop3spy.cli.options import ValueType
from pop3spy.config.address import Address
from pop3spy.config.kinds import FACTOR, NAME_SERVER, PATH, PORT
from pop3spy.config.verbs import CheckSettings


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What is checked, what it may cost, and what is told of it."""

    what: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    form: str
    output: Path | None
    baseline: Path | None
    matrix: bool
    schema: bool
    fail_on: str
    strict: bool
    listing: bool
    explain: str | None
    plan: bool
    pop3_port: int | None
    pop3s_port: int | None
    address: str | None
    clear_login: bool
    wrong_login: bool
    allow_dele: str
    dele_message: int
    retr: bool
    stress: bool
    slow: bool
    auth: str
    probe_user: str | None
    probe_login_delay: bool
    ignore_login_delay: bool
    max_wait: float
    max_logins: int
    pause: float
    patience: float
    deadline: float
    cert_days: int
    sample: str
    dot_message: int
    domain: str | None
    dns: bool
    aia: bool
    dns_server: Address | None


_OPTIONS: Final = (
    click.option(
        "--select",
        multiple=True,
        metavar="ID",
        help="Run this check, or this group, alone; may be given several times.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="ID",
        help="Do not run this check, or this group; may be given several times.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(list(dict.fromkeys(["text", *FORMS, *MATRIX_FORMS]))),
        default="text",
        metavar="FORMAT",
        help=f"text, {', '.join(FORMS)}; of a --matrix {', '.join(MATRIX_FORMS)}.  [default: text]",
    ),
    click.option(
        "-o",
        "--output",
        type=ValueType(PATH, "--output"),
        metavar="FILE",
        help="Write that to this file, which is replaced when all is done; html goes to a new one."
        "  [default: stdout]",
    ),
    click.option(
        "--baseline",
        type=ValueType(PATH, "--baseline"),
        metavar="FILE",
        help="Tell, and count, only what has changed since this audit (--format json).",
    ),
    click.option(
        "--matrix",
        is_flag=True,
        help="Make a table of audits that are in files (--format json), and run none.",
    ),
    click.option("--schema", is_flag=True, help="Print the schema of --format json, and end."),
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        default="must",
        metavar="LEVEL",
        help="End with status 1 if something fails at this level or above: must, should, practice,"
        " non-strict or never.  [default: must]",
    ),
    click.option("--strict", is_flag=True, help="The same as --fail-on should."),
    click.option("--list", "listing", is_flag=True, help="List the checks, and run none."),
    click.option("--explain", metavar="ID", help="Explain this check, and run none."),
    click.option("--plan", is_flag=True, help="Say what it will cost the server, and end."),
    click.option(
        "--pop3-port",
        type=ValueType(PORT, "--pop3-port"),
        metavar="PORT",
        help="The port without TLS, where the URL does not tell.",
    ),
    click.option(
        "--pop3s-port",
        type=ValueType(PORT, "--pop3s-port"),
        metavar="PORT",
        help="The port with TLS, where the URL does not tell.",
    ),
    click.option(
        "--address",
        metavar="IP",
        help="Of the addresses of the host, connect to this one.  [default: the first that greets]",
    ),
    click.option(
        "--clear-login",
        is_flag=True,
        help="Send the password over clear text to another machine, if there is no verified TLS.",
    ),
    click.option(
        "--wrong-login",
        is_flag=True,
        help="Also log in wrongly, with an invented name; a server may ban this address for it.",
    ),
    click.option(
        "--allow-dele",
        type=click.Choice(["no", "reset", "drop"]),
        is_flag=False,
        flag_value="reset",
        default="no",
        metavar="[reset|drop]",
        help="Mark a message as deleted and take that back with RSET; drop: also by losing the"
        " connection.  Never is it followed by QUIT.",
    ),
    click.option(
        "--dele-message",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="The message that is marked.  [default: the smallest]",
    ),
    click.option("--retr", is_flag=True, help="Retrieve messages although EXPIRE 0 deletes them."),
    click.option("--stress", is_flag=True, help="Also do what might trouble a weak server."),
    click.option("--slow", is_flag=True, help="Also wait for what takes minutes."),
    click.option(
        "--auth",
        type=click.Choice(["first", "all"]),
        default="first",
        metavar="first|all",
        help="Log in by each mechanism that the server lists, or not.  [default: first]",
    ),
    click.option(
        "--probe-user",
        metavar="NAME",
        help="An account whose password may be given wrongly once; it may be locked for that.",
    ),
    click.option(
        "--probe-login-delay",
        is_flag=True,
        help="Log in too soon on purpose, once.",
    ),
    click.option(
        "--ignore-login-delay", is_flag=True, help="Do not wait as long as LOGIN-DELAY says."
    ),
    click.option(
        "--max-wait",
        type=click.FloatRange(min=0),
        default=30.0,
        metavar="SECONDS",
        help="The longest LOGIN-DELAY that is waited for; beyond it there is one login."
        "  [default: 30]",
    ),
    click.option(
        "--max-logins",
        type=click.IntRange(min=0),
        default=0,
        metavar="COUNT",
        help="Log in no more often than this.",
    ),
    click.option(
        "--pause",
        type=click.FloatRange(min=0),
        default=0.2,
        metavar="SECONDS",
        help="What lies between two connections.  [default: 0.2]",
    ),
    click.option(
        "--patience",
        type=ValueType(FACTOR, "--patience"),
        default=1.0,
        metavar="FACTOR",
        help="Wait so many times as long: a command has 25 s, a login 60 s.  [default: 1]",
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="End after so long, unfinished; 0: never.",
    ),
    click.option(
        "--cert-days",
        type=click.IntRange(min=0),
        default=14,
        metavar="DAYS",
        help="For how long a certificate should still be valid.  [default: 14]",
    ),
    click.option(
        "--sample",
        type=click.Choice(["some", "all"]),
        default="some",
        metavar="some|all",
        help="Retrieve at most 50 messages and 4 MiB, or all up to 1 MiB.  [default: some]",
    ),
    click.option(
        "--dot-message",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="A message in which a line begins with a dot.",
    ),
    click.option(
        "--domain",
        metavar="DOMAIN",
        help="The domain whose mail this is; a certificate for it is a near miss.",
    ),
    click.option(
        "--aia",
        is_flag=True,
        help="Fetch a certificate that a chain lacks, from the http:// address that the one before"
        " it names.",
    ),
    click.option(
        "--dns",
        is_flag=True,
        help="Also ask the DNS for SRV records of the --domain, and for TLSA records of the server"
        " (it needs the extra dns).",
    ),
    click.option(
        "--dns-server",
        type=ValueType(NAME_SERVER, "--dns-server"),
        metavar="IP[:PORT]",
        help="Ask this server of the DNS.  [default: those of the system]",
    ),
)


_TOLD: Final = (
    *("select", "ignore", "fail_on", "strict", "clear_login", "wrong_login", "allow_dele"),
    *("dele_message", "retr", "stress", "slow", "auth", "probe_user", "probe_login_delay"),
    *("ignore_login_delay", "max_wait", "max_logins", "pause", "patience", "sample"),
    *("domain", "dns", "aia"),
)


def told(options: CheckOptions, settings: CheckSettings) -> dict[str, str | float]:
    """Return what was allowed, for the report; no secret is among it."""
    found: dict[str, str | float] = {"user": settings.user or "", "insecure": settings.insecure}
    for name in _TOLD:
        value = getattr(options, name)
        found[name] = ",".join(value) if isinstance(value, tuple) else value or ""
        if isinstance(value, bool | int | float):
            found[name] = value
    return found


def check_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an audit, in the order of the table."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), function)
