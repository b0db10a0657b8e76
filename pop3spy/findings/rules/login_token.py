"""What a token that was refused says of itself; nobody has checked whether that is true."""

import re
from typing import Final

from pop3spy.findings.logins import auth_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.rules.login_oauth import BY_TOKEN, is_refused_token
from pop3spy.protocol.facts import FactValue
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Answered, Unanswered
from pop3spy.session.finding import AtFault, Severity

_SCOPE: Final = "https://outlook.office.com/POP.AccessAsUser.All"
_SKEW: Final = 5
"""Minutes by which clocks may differ."""


def _refused(seen: Observed, event: Answered) -> dict[str, FactValue]:
    """Return what is known of the token that was refused here; nothing where none was."""
    sasl = auth_of(seen, event.exchange)
    if sasl is None or not is_refused_token(seen, event.exchange):
        return {}
    return sasl.said


@rule(
    "oauth-token-long",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="practice",
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIg{YWJj*1500}AQE=
        S: -ERR Protocol error. Connection is closed. 10
    """,
    silent=r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj1ib2IBYXV0aD1CZWFyZXIg{YWJj*500}AQE=
        S: -ERR Protocol error. Connection is closed. 10
    """,
)
class OauthTokenLong:
    """The token is so long that some servers refuse it, and this one did.

    Exchange Online was seen to refuse tokens with more than 4,096 characters.

    To do: let the administrator shrink the token at its issuer: fewer groups, roles or optional
    claims for this application.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.ANSWERED, "AUTH")
    @on(On.UNANSWERED, "AUTH")
    def _ended(self, event: Answered | Unanswered) -> Claims:
        seen, exchange = self._seen, event.exchange
        sasl = auth_of(seen, exchange)
        if sasl is None or sasl.mechanism not in BY_TOKEN or "oauth_status" in sasl.asked:
            return
        hung_up = exchange.status is None and seen.closed_by(Side.SERVER) is not None
        if sasl.said.get("token_over_4096") is True and (
            hung_up or is_refused_token(seen, exchange)
        ):
            how = "closed the connection" if hung_up else "refused it"
            yield Claim(f"The token has over 4,096 characters, and the server {how}.")


@rule(
    "oauth-token-audience",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 7519, section 4.1.3; practice",
    on=On.ANSWERED,
    verbs=("AUTH",),
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=(
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token aud=graph scp=Mail.Read}
        S: -ERR Authentication failure
    """,
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token iss=google aud=123.apps}
        S: -ERR Authentication failure
    """,
    ),
    silent=r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All,IMAP.AccessAsUser.All exp=2099 upn=Bob@example.org}
        S: -ERR Authentication failure
    """,
)
def oauth_token_audience(seen: Observed, event: Answered) -> Claims:
    """The token was issued for another service, so the mail server has to refuse it.

    A token names the service that it is for, its audience.  One for Microsoft Graph opens no
    mailbox by POP, and an ID token tells only who somebody is.

    To do: ask for the scope ``https://outlook.office.com/POP.AccessAsUser.All``, or ``.default`` of
    Exchange Online; at Google ask for an access token with ``https://mail.google.com/``.
    """
    token = _refused(seen, event)
    issuer, audience = token.get("token_issuer"), token.get("token_audience")
    if issuer == "google" and audience == "id token":
        yield Claim(
            "The client sent an ID token, which says who somebody is and opens no mailbox: let it"
            " send the access token.",
            evidence={"audience": "id token"},
        )
    elif issuer == "microsoft" and audience in ("graph", "other"):
        service = "Microsoft Graph" if audience == "graph" else "another service"
        yield Claim(
            f"The client's token was issued for {service} and not for the mail service: ask for"
            f" the scope {_SCOPE}.",
            evidence={"audience": str(audience)},
        )


@rule(
    "oauth-token-scope",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 6749, section 3.3; practice",
    on=On.ANSWERED,
    verbs=("AUTH",),
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=(
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=IMAP.AccessAsUser.All}
        S: -ERR Authentication failure
    """,
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token roles=IMAP.AccessAsApp}
        S: -ERR Authentication failure
    """,
    ),
    silent=(
        r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All,IMAP.AccessAsUser.All exp=2099 upn=Bob@example.org}
        S: -ERR Authentication failure
    """,
        r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: {token roles=POP.AccessAsApp}
        S: -ERR Authentication failure
    """,
    ),
)
def oauth_token_scope(seen: Observed, event: Answered) -> Claims:
    """The token is for the mail service, and carries no permission for POP.

    A person grants POP.AccessAsUser.All, an administrator POP.AccessAsApp to an app of its own.

    To do: grant POP.AccessAsUser.All, or POP.AccessAsApp for an app of its own; then get a new
    token.
    """
    token = _refused(seen, event)
    if token.get("token_issuer") != "microsoft" or token.get("token_audience") != "mail":
        return
    if token.get("token_pop_scope") in ("no", "no such claim"):
        names = token.get("token_scopes")
        has = f" (it has: {names})" if names else ""
        yield Claim(
            f"The client's token is for the mail service but carries no POP permission{has}.",
            evidence={"scopes": names} if names else {},
        )


@rule(
    "oauth-token-expired",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 7519, sections 4.1.4 and 4.1.5",
    on=On.ANSWERED,
    verbs=("AUTH",),
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=(
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All exp=2001}
        S: -ERR Authentication failure
    """,
        r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All nbf=2100}
        S: -ERR Authentication failure
    """,
    ),
    silent=r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All,IMAP.AccessAsUser.All exp=2099 upn=Bob@example.org}
        S: -ERR Authentication failure
    """,
)
def oauth_token_expired(seen: Observed, event: Answered) -> Claims:
    """The token had run out when it was sent, or was not valid yet.

    Tokens are good for an hour or so, and the client has to get a new one ahead of that.

    To do: let the client refresh its token ahead of each login, and look whether its clock is
    right.
    """
    said = str(_refused(seen, event).get("token_time", "valid"))
    found = re.fullmatch(r"(expired|not yet) (?:(\d+) min|over a day)", said)
    if found is None or (found[2] is not None and int(found[2]) < _SKEW):
        return
    length = f"{found[2]} min" if found[2] else "over a day"
    if found[1] == "expired":
        text = f"The client sent a token that had run out {length} before: it has to refresh it"
    else:
        text = f"The client sent a token that is valid only from {length} later on: wait for that"
    yield Claim(f"{text}, or its clock is wrong.", evidence={"time": said})


@rule(
    "oauth-token-user",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="practice",
    on=On.ANSWERED,
    verbs=("AUTH",),
    beats=("login-failed", "oauth-refused-no-reason"),
    raises=r"""
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All user=sales@example.org upn=bob@example.org}
        S: -ERR Authentication failure
    """,
    silent=r"""
        -- also oauth-refused-no-reason
        C: AUTH XOAUTH2
        S: +\x20
        C: {token scp=POP.AccessAsUser.All,IMAP.AccessAsUser.All exp=2099 upn=Bob@example.org}
        S: -ERR Authentication failure
    """,
)
def oauth_token_user(seen: Observed, event: Answered) -> Claims:
    """The token belongs to another person than the mailbox that is asked for.

    A shared mailbox may be opened by another person's token, if that person has the right to.

    To do: sign in as the owner of the mailbox; for a shared mailbox let the administrator give full
    access to the person who signs in.
    """
    if _refused(seen, event).get("token_user") == "other":
        yield Claim(
            "The client's token belongs to another person than the mailbox that it asks for: sign"
            " in as the owner, or get full access to the shared mailbox."
        )
