"""Replies to CAPA that cannot be read, or that say one thing before login and another after it."""

import re
from math import inf
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import LONGEST, quoted_octets
from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_LONGEST_LINE: Final = 512
"""Octets of a line, its CRLF included (RFC 2449, section 3)."""
_PLAIN: Final = re.compile(rb"(?!SASL$|EXPIRE|LOGIN-DELAY)[!-,/-~]+(?: [!-~]+)*", re.IGNORECASE)
"""What needs no second look: a tag without a dot, and words with one blank before each."""
_DELAY: Final = re.compile(rb"LOGIN-DELAY [0-9]+(?: USER)?", re.IGNORECASE)
_EXPIRE: Final = re.compile(rb"EXPIRE (?:[0-9]+|NEVER)(?: USER)?", re.IGNORECASE)


def _before_login(seen: Observed) -> tuple[Capability, ...] | None:
    return seen.session.capabilities.get(State.AUTHORIZATION)


def _after_login(seen: Observed, event: Answered) -> tuple[Capability, ...] | None:
    """Return what the server listed, if this was asked behind the login."""
    here = event.exchange.state_before.phase is State.TRANSACTION and event.exchange.ok
    return seen.session.capabilities.get(State.TRANSACTION) if here else None


@rule(
    "capability-malformed",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 2449, sections 3, 6.5 and 6.7; RFC 5034, section 3",
    on=On.ANSWERED,
    verbs=("CAPA",),
    raises=(
        """
        C: CAPA
        S: +OK / LOGIN-DELAY soon / .
        """,
        r"""
        C: CAPA
        S: +OK / USER\tPLAIN / .
        """,
        """
        C: CAPA
        S: +OK / USER / (blank) / .
        """,
        """
        C: CAPA
        S: +OK / EXPIRE / .
        """,
        """
        C: CAPA
        S: +OK / SASL / .
        """,
        """
        C: CAPA
        S: +OK / X.Y / .
        """,
        """
        C: CAPA
        S: +OK / IMPLEMENTATION {x*600} / .
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / LOGIN-DELAY 900 USER / EXPIRE NEVER / IMPLEMENTATION a.b c / X-NEW 1 2 / .
        """,
    ),
)
def capability_malformed(_: Observed, event: Answered) -> Claims:
    """A line of the reply to CAPA cannot be understood.

    A capability is a word without a dot, and what follows it stands behind single blanks.  A client
    that cannot read the line may take the capability for missing.

    To do: correct the server, or the proxy that answers CAPA.
    """
    exchange, body = event.exchange, event.exchange.body
    if not exchange.ok or body is None or not body.complete or body.hidden:
        return
    lines = body.head.split(b"\n")[:-1]
    for ended in lines:
        line = line_of(ended + b"\n").removeprefix(b".")
        wrong = None if len(line) < LONGEST and _PLAIN.fullmatch(line) else _wrong_with(line)
        if wrong is not None:
            what, severity = wrong
            yield Claim(
                f"The capability line {quoted_octets(line)} {what}: correct the server.",
                severity=severity,
            )


def _wrong_with(line: bytes) -> tuple[str, Severity | None] | None:
    """Return what is wrong with a line, and how bad that is if not as bad as usual."""
    tag = line.partition(b" ")[0].upper()
    bare = line.rstrip()
    bad_delay = tag == b"LOGIN-DELAY" and not _DELAY.fullmatch(bare)
    bad_expire = tag == b"EXPIRE" and not _EXPIRE.fullmatch(bare)
    rows = (
        (not bare, "is empty", None),
        (line.startswith(b" "), "begins with a blank", None),
        (b"\t" in line, "holds a TAB", None),
        (b"." in tag, "has a dot in its name", None),
        (len(line) + 2 > _LONGEST_LINE, f"has more than {_LONGEST_LINE} octets", None),
        (bad_delay, "has no number of seconds", None),
        (bad_expire, "has neither a number of days nor NEVER", None),
        (bare.upper() == b"SASL", "names no mechanism", Severity.INFO),
        (line.endswith(b" "), "ends with a blank", Severity.INFO),
    )
    return next(((what, severity) for wrong, what, severity in rows if wrong), None)


@rule(
    "capa-refused-after-login",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 2449, section 5",
    on=On.REFUSED,
    verbs=("CAPA",),
    raises="""
        C: CAPA
        S: +OK / UIDL / .
        -- login
        C: CAPA
        S: -ERR
    """,
    silent="""
        C: CAPA
        S: -ERR
        -- login
        C: CAPA
        S: -ERR
    """,
)
def capa_refused_after_login(seen: Observed, event: Answered) -> Claims:
    """CAPA works before login and is refused after it.

    It has to work in both states, and what a server can do may differ.  Clients that ask again may
    give up.

    To do: correct the server; until then let the client ask before login only.
    """
    after = event.exchange.state_before.phase is State.TRANSACTION
    if after and _before_login(seen) is not None:
        yield Claim("The server answers CAPA before login only; a client that asks again may fail.")


@rule(
    "capability-value-contradicts",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 2449, sections 6.5 and 6.7",
    on=On.ANSWERED,
    verbs=("CAPA",),
    raises=(
        """
        C: CAPA
        S: +OK / UIDL / EXPIRE 60 / .
        -- login
        C: CAPA
        S: +OK / UIDL / TOP / EXPIRE 30 / .
        """,
        """
        C: CAPA
        S: +OK / UIDL / LOGIN-DELAY 60 / .
        -- login
        C: CAPA
        S: +OK / UIDL / TOP / LOGIN-DELAY 900 / .
        """,
    ),
    silent="""
        C: CAPA
        S: +OK / UIDL / EXPIRE 5 USER / LOGIN-DELAY 900 USER / .
        -- login
        C: CAPA
        S: +OK / UIDL / TOP / EXPIRE NEVER / LOGIN-DELAY 60 / .
    """,
)
def capability_value_contradicts(seen: Observed, event: Answered) -> Claims:
    """The server announces a stricter limit after login than it promised before.

    Before login it has to name the strictest of all users: the longest delay between logins, and
    the shortest time for which mail is kept.  A client that trusts the first may lose mail.

    To do: correct the values that the server gives before login.
    """
    before, after = _before_login(seen), _after_login(seen, event)
    for tag, sign in (("LOGIN-DELAY", 1), ("EXPIRE", -1)):
        promised, now = _value(before, tag), _value(after, tag)
        if promised is not None and now is not None and sign * now > sign * promised:
            yield Claim(
                f"The server announced {tag} {_said(promised)} before login and the stricter"
                f" {tag} {_said(now)} after it.",
            )


def _value(listed: tuple[Capability, ...] | None, tag: str) -> float | None:
    line = next((cap for cap in listed or () if cap.tag == tag), None)
    if line is None or not line.params:
        return None
    if line.params[0].upper() == "NEVER":
        return inf
    word = line.params[0]
    return float(word) if word.isascii() and word.isdigit() and len(word) < 10 else None


def _said(value: float) -> str:
    return "NEVER" if value == inf else str(int(value))


@rule(
    "sasl-dropped-after-login",
    Severity.INFO,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 5034, section 3",
    on=On.ANSWERED,
    verbs=("CAPA",),
    raises="""
        C: CAPA
        S: +OK / UIDL / SASL PLAIN / .
        -- login
        C: CAPA
        S: +OK / UIDL / TOP / .
    """,
    silent="""
        C: CAPA
        S: +OK / UIDL / SASL PLAIN / .
        -- login
        C: CAPA
        S: +OK / UIDL / TOP / SASL PLAIN / .
    """,
)
def sasl_dropped_after_login(seen: Observed, event: Answered) -> Claims:
    """The server no longer lists SASL after login.

    The standard wants it to stay, so that a client can compare and see whether somebody on the way
    took a mechanism out of the first list.  Widespread servers leave it out.

    To do: nothing in practice.
    """
    before, after = _before_login(seen), _after_login(seen, event)
    if before is None or after is None:
        return
    if any(cap.tag == "SASL" for cap in before) and all(cap.tag != "SASL" for cap in after):
        yield Claim("After login the server no longer lists SASL, so nobody can compare the lists.")
