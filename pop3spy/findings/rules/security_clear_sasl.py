"""Logins by SASL and APOP without TLS: what somebody on the way can read, or find out."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.protocol.frames import CommandLine, Frame
from pop3spy.protocol.replies import timestamp_of
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity

_PASSWORD: Final = ("PLAIN", "LOGIN")
_DIGESTS: Final = ("ok", "upper case", "swapped")
"""Forms of an APOP digest that give away as much as the right one."""
_PROOF: Final = ("CRAM-MD5", "DIGEST-MD5", "NTLM", "MSN")


@rule(
    "cleartext-sasl-password",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 4616, sections 1 and 5; RFC 5034, section 4; RFC 2595, section 2.3",
    about_clear=True,
    needs_start=False,
    raises=(
        """
        -- clear
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
        """
        -- clear
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: Ym9i
        S: + UGFzc3dvcmQ6
        C: dGFuc3RhYWY=
        S: +OK
        """,
    ),
    silent=(
        r"""
        -- clear
        -- also sasl-cancelled
        C: AUTH PLAIN
        S: +\x20
        C: *
        S: -ERR
        """,
        """
        -- clear
        -- also sasl-cancelled
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: Ym9i
        S: + UGFzc3dvcmQ6
        C: *
        S: -ERR
        """,
        """
        C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==
        S: +OK
        """,
    ),
)
class CleartextSaslPassword:
    """AUTH PLAIN and LOGIN are no more than base64, so the password could be read on the way.

    Base64 hides nothing: whoever sees the line has the password.

    To do: use SSL/TLS on port 995, or STARTTLS; then change the password.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.COMMAND, "AUTH")
    @on(On.SASL)
    def _message(self, event: Heard) -> Claims:
        if _mechanism(self._seen, event.frame, "carries_secret") in _PASSWORD:
            name = self._seen.sasl.mechanism if self._seen.sasl else ""
            yield Claim(f"The password crossed the network by AUTH {name}, which is only base64.")


def _mechanism(seen: Observed, frame: Frame, fact: str) -> str:
    """Return by which mechanism *frame* gave what *fact* says, without TLS; empty if it did not."""
    if seen.sasl is None or not seen.clear or frame.facts.get(fact) is not True:
        return ""
    return seen.sasl.mechanism


@rule(
    "cleartext-token",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 7628, section 3",
    needs_start=False,
    raises="""
        -- clear
        C: AUTH OAUTHBEARER {token}
        S: +OK
    """,
    silent="""
        C: AUTH OAUTHBEARER {token}
        S: +OK
    """,
)
class CleartextToken:
    """An access token was sent without TLS, and whoever saw it can use it.

    The standard allows such logins inside TLS alone.

    To do: revoke the token, and use SSL/TLS on port 995, or STARTTLS.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.COMMAND, "AUTH")
    @on(On.SASL)
    def _message(self, event: Heard) -> Claims:
        if name := _mechanism(self._seen, event.frame, "bearer_token"):
            yield Claim(
                f"An access token crossed the network by {name} without TLS: revoke it.",
                severity=Severity.WARNING if self._seen.local else None,
            )


@rule(
    "crackable-login-clear",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 13; RFC 2195, section 4; RFC 6331, section 1; RFC 5802, section 9",
    about_clear=True,
    raises=(
        """
        -- clear
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
        """,
        """
        -- clear
        S: +OK ready <1.2@h>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: +OK
        """,
    ),
    silent=(
        """
        -- clear
        -- also sasl-cancelled
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: *
        S: -ERR
        """,
        """
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
        """,
    ),
)
class CrackableLoginClear:
    """The password was not sent, but whoever saw the login can now guess it.

    Challenge and response both passed without TLS.  A program tries passwords until one gives the
    same response, and nobody notices.

    To do: use SSL/TLS on port 995, or STARTTLS, and a long random password.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.SASL)
    def _message(self, event: Heard) -> Claims:
        name = _mechanism(self._seen, event.frame, "carries_secret")
        if name in _PROOF or name.startswith("SCRAM-"):
            yield _guessable(name)

    @on(On.COMMAND, "APOP")
    def _apop(self, event: Heard) -> Claims:
        frame, greeting = event.frame, self._seen.session.greeting
        assert isinstance(frame, CommandLine)
        if greeting is None or not self._seen.clear or len(frame.command.args) < 2:
            return
        form = frame.facts.get("apop_digest", "ok")
        if timestamp_of(greeting.raw) and form in _DIGESTS:
            yield _guessable("APOP")


def _guessable(name: str) -> Claim:
    return Claim(
        f"The login by {name} passed without TLS, so that the password can be guessed offline.",
        evidence={"mechanism": name},
    )
