"""Logins by APOP, and the timestamp in the greeting that they answer."""

import re
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.protocol.replies import timestamp_of
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity

_BRACKETS: Final = re.compile(rb"<[^<>]*@[^<>]*>")
_ATOM: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM: Final = _ATOM + rb"(?:\." + _ATOM + rb")*"
_TIMESTAMP: Final = re.compile(
    b"<" + _DOT_ATOM + rb"@(?:" + _DOT_ATOM + rb"|\[[\x21-\x5a\x5e-\x7e]*\])>"
)
_FOREIGN: Final = re.compile(rb"[^\x21-\x7e]")


@rule(
    "apop-timestamp-malformed",
    Severity.ERROR,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 7; RFC 5322, section 3.6.4",
    on=On.GREETING,
    beats=("eight-bit-status",),
    raises=(
        r"""
        S: +OK <\xbf\xbf\xbf@\xbf\xbf>
        """,
        """
        S: +OK ready <1.2@h..example>
        """,
    ),
    silent=(
        """
        S: +OK Dovecot ready. <2283.1.6b03d03c.lB/dgzsUu+P+w5CGoKmt7g==@vm>
        """,
        """
        S: +OK <1.2@[192.0.2.1]> ready
        """,
        """
        S: +OK <no timestamp>
        """,
    ),
)
def apop_timestamp_malformed(_: Observed, event: Heard) -> Claims:
    """The challenge in the greeting is no valid message-id, and no client must answer it with APOP.

    Octets beyond ASCII are the mark of an attack that finds out the password from several answers
    (CVE-2007-1558).  Anything else is a mistake of the server's.

    To do: correct the greeting; if it holds octets beyond ASCII, look who is between client and
    server.
    """
    raw = event.frame.raw
    found = _BRACKETS.findall(raw)
    if not found or _TIMESTAMP.search(raw):
        return
    if any(not one.isascii() for one in found):
        why = "it holds octets beyond ASCII, which is how the attack of CVE-2007-1558 looks"
    elif any(_FOREIGN.search(one) for one in found):
        why = "it holds blanks or controls"
    else:
        why = "it has not the form <left@right>"
    yield Claim(f"The APOP timestamp in the greeting is no message-id: {why}.")


@rule(
    "apop-without-timestamp",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.COMMAND,
    verbs=("APOP",),
    beats=("login-failed",),
    raises=(
        """
        S: +OK ready
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR
        """,
        """
        S: +OK <pop.example.org> ready
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR
        """,
    ),
    silent="""
        -- also login-failed
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR
    """,
)
def apop_without_timestamp(seen: Observed, _: Heard) -> Claims:
    """The server did not offer APOP, and the client uses it all the same.

    A greeting that offers APOP holds a timestamp with an @ in it.  A name in angle brackets without
    one is no timestamp, though some clients take it for that.

    To do: switch APOP ("encrypted password") off in the client.
    """
    greeting = seen.session.greeting
    if greeting is not None and greeting.ok and not _BRACKETS.search(greeting.raw):
        yield Claim(
            "The client uses APOP, and the greeting holds no timestamp that would offer it."
        )


@rule(
    "apop-used",
    Severity.INFO,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7; RFC 6151",
    on=On.ANSWERED,
    verbs=("APOP",),
    raises="""
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
    """,
    silent="""
        -- login
    """,
)
def apop_used(seen: Observed, event: Answered) -> Claims:
    """APOP adds nothing inside TLS, and the server has to keep passwords in clear for it.

    Whoever gets hold of the server's file has all passwords.  MD5 is broken besides.

    To do: use PASS, PLAIN or SCRAM inside TLS.
    """
    if event.exchange.ok and not seen.clear:
        yield Claim(
            "The client logged in by APOP inside TLS, for which passwords are kept in clear."
        )


@rule(
    "apop-after-stls",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 2595, sections 4 and 9",
    on=On.COMMAND,
    verbs=("APOP",),
    beats=("apop-used",),
    raises="""
        -- clear
        S: +OK <1.2@h>
        C: STLS
        S: +OK
        -- TLS
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
    """,
    silent="""
        -- also apop-used
        S: +OK <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
    """,
)
def apop_after_stls(seen: Observed, _: Heard) -> Claims:
    """The challenge that APOP answers came before TLS, so an attacker could choose it.

    There is no second greeting behind STLS.  An answer to a chosen challenge helps to find out the
    password.

    To do: let the client use another way to log in behind STLS, or connect to port 995.
    """
    greeting = seen.session.greeting
    if greeting is None or seen.secured_at is None or "STLS" not in seen.used:
        return
    if timestamp_of(greeting.raw):
        yield Claim("The client answers by APOP, inside TLS, a challenge that came before TLS.")


_FORMS: Final = {
    "upper case": "its letters are capitals",
    "not hex": "it is not hexadecimal",
    "wrong length": "it has not 32 digits",
    "missing": "it is missing",
    "swapped": "it stands in front of the name",
}


@rule(
    "apop-digest-malformed",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.COMMAND,
    verbs=("APOP",),
    beats=("login-failed",),
    raises=(
        """
        S: +OK ready <1.2@h>
        C: APOP bob C4C9334BAC560ECC979E58001B3E22FB
        S: -ERR
        """,
        """
        S: +OK ready <1.2@h>
        C: APOP c4c9334bac560ecc979e58001b3e22fb bob
        S: -ERR
        """,
    ),
    silent="""
        -- also apop-used
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
    """,
)
def apop_digest_malformed(_: Observed, event: Heard) -> Claims:
    """The digest of APOP has the wrong form, so that no server can take it.

    It is 32 hexadecimal digits in small letters, and stands behind the name.

    To do: correct the client, or let it use another way to log in.
    """
    form = str(event.frame.facts.get("apop_digest", "ok"))
    if why := _FORMS.get(form):
        yield Claim(f"The digest of APOP has the wrong form: {why}.", evidence={"form": form})
