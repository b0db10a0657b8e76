"""Commands that log in: they ask for what they need, compute what is to be said, and say it.

Rules: 1. no secret stands in a command's own words; 2. a password or a token goes over clear text
only to this machine, or if that was asked for twice; 3. what is decoded never becomes a line.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pop3spy.connect.clear_text import in_clear
from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.connect.login_details import LoginDetails
from pop3spy.connect.stage import Stage
from pop3spy.connect.talk import ServerReply
from pop3spy.console.escapes import wire
from pop3spy.console.registry import RefusalError, Words
from pop3spy.console.rows import hint, note
from pop3spy.protocol import sasl
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.redaction.given_away import looks_like_token
from pop3spy.replay.credentials import Credentials, digest, message
from pop3spy.replay.login_methods import CLEAR, TOKENS, order_of_ways, ways_offered_in
from pop3spy.replay.scram import HASHES, Scram, ScramError
from pop3spy.session.model import Session

_CANCEL: Final = b"*\r\n"  # RFC 5034, section 4
_MOST_ASKS: Final = 4

COMPUTED: Final = ("PLAIN", "LOGIN", "CRAM-MD5", *HASHES, *sorted(TOKENS))
"""The mechanisms whose messages are computed here."""


@dataclass(frozen=True, slots=True)
class LoginMethod:
    """How to log in: a mechanism, APOP, or USER with PASS; *chosen* if somebody named it."""

    name: str
    chosen: bool = True

    @property
    def secret(self) -> str:
        """What it needs, for the question."""
        return "Token" if self.name in TOKENS else "Password"


@CONNECT_COMMANDS.add(
    "login",
    "[user]",
    "asks who you are, and logs in the best way that the server offers",
    Words.ASKS,
    stage=Stage.LOGIN,
)
async def login(console: Console, rest: str) -> None:
    """Log in by the best way."""
    user = _one_word(rest, ":login bob")
    _must_be_first(console)
    await log_in(console, await best_method(console), user)


@CONNECT_COMMANDS.add(
    "apop",
    "[user]",
    "logs in with a digest of the greeting's timestamp",
    Words.ASKS,
    stage=Stage.LOGIN,
)
async def apop(console: Console, rest: str) -> None:
    """Log in with APOP."""
    user = _one_word(rest, ":apop bob")
    _must_be_first(console)
    await log_in(console, LoginMethod("APOP"), user)


@CONNECT_COMMANDS.add(
    "auth",
    "mechanism [user]",
    f"logs in with SASL: {', '.join(COMPUTED)}",
    Words.ASKS,
    stage=Stage.LOGIN,
)
async def auth(console: Console, rest: str) -> None:
    """Log in with a mechanism."""
    name, _, user = rest.strip().partition(" ")
    if name.upper() not in COMPUTED:
        raise RefusalError(f"which mechanism?  There are {', '.join(COMPUTED)}")
    user = _one_word(user, ":auth PLAIN bob")
    _must_be_first(console)
    await log_in(console, LoginMethod(name.upper()), user)


async def log_in(console: Console, method: LoginMethod, user: str) -> bool:
    """Log in, and return whether that worked; a missing name or secret is asked for.

    Raise RefusalError if the secret would go over clear text, until that is asked for again, or if
    a token would go as a password; ConfigError if a command gives no secret.
    """
    _must_be_safe(console, method)
    name = user or console.login.user or await console.person.answer("User", hidden=False)
    secret = await _secret(console, method, name)
    if console.typist is not None:
        console.typist.learn(wire(secret))  # many a login does not say it on the wire
    console.insisted = ""
    if any(char in name + secret for char in "\r\n\0"):
        raise RefusalError("a name or password with a line end or NUL in it is not sent")
    console.view.automatic = True
    try:
        worked = await _logged_in(console, method, name, secret)
    finally:
        console.view.automatic = False
    if not worked:
        console.fail(Stage.LOGIN)
    return worked


async def _secret(console: Console, method: LoginMethod, name: str) -> str:
    """Return the password or token of *name*, afresh from where it comes, or as it is typed."""
    login, takes_token = console.login, method.name in TOKENS
    source = (login.token or login.password) if takes_token else login.password
    if source is None or (login.user and login.user != name):
        secret = await console.person.answer(method.secret, hidden=True)
    else:
        secret = (await source()).decode("utf-8", "surrogateescape")
    if not (takes_token or method.chosen) and looks_like_token(wire(secret)):
        raise RefusalError(
            "this looks like an OAuth token, which is never sent as a password; --auth XOAUTH2 or"
            " :auth XOAUTH2 logs in with it, and so does OAUTHBEARER"
        )
    return secret


async def _logged_in(console: Console, method: LoginMethod, name: str, secret: str) -> bool:
    if method.name == "USER":
        taken = await console.command(b"USER", wire(name))
        return taken.ok and (await console.command(b"PASS", wire(secret))).ok
    if method.name == "APOP":
        return await _apop(console, name, secret)
    try:
        return await _sasl(console, method.name, name, secret)
    except ScramError as error:
        if console.state is State.SASL:
            await console.ask(_CANCEL)
        raise RefusalError(f"the login was given up: {error}") from None


async def best_method(console: Console) -> LoginMethod:
    """Return the best way that the server offers; ask it if that is not known yet."""
    session = console.session
    if session is None:
        raise RefusalError("there is no connection; :reconnect makes one")
    if session.state.phase not in session.capabilities:
        await console.command(b"CAPA")
    ways = ways_offered_in(session)
    found = next((name for name in _order(console.login, session) if name in ways), None)
    if found is None and console.login.auth:
        found = console.login.auth[0]
        console.view.add(hint(f"the server does not offer {found}; it is tried as --auth says"))
    if found is None:
        what = "that takes a token" if _only_token(console.login) else "that pop3spy can compute"
        more = "; it offers STLS: say :stls first" if _offers_stls(session) else ""
        raise RefusalError(f"the server offers no login {what}{more}")
    console.view.add(note(f"logging in with {'USER and PASS' if found == 'USER' else found}"))
    return LoginMethod(found, chosen=bool(console.login.auth))


def _offers_stls(session: Session) -> bool:
    offered = session.capabilities.get(session.state.phase, ())
    return any(capability.tag == "STLS" for capability in offered)


def _only_token(login: LoginDetails) -> bool:
    return login.token is not None and login.password is None


def _order(login: LoginDetails, session: Session) -> tuple[str, ...]:
    """Return the ways to log in that may be taken, the best first."""
    return order_of_ways(
        password=not _only_token(login),
        token=login.token is not None,
        in_tls=session.tls is not None,
        auth=login.auth,
    )


# -- the ways -----------------------------------------------------------------------------------


async def _apop(console: Console, name: str, password: str) -> bool:
    computed = digest(_timestamp(console) or b"", wire(password))
    if computed is None:
        raise RefusalError(
            "the greeting has no timestamp, so there is no APOP (RFC 1939, section 7)"
        )
    if " " in name:
        raise RefusalError("APOP takes no user whose name has a blank")
    return (await console.command(b"APOP", wire(name), computed)).ok


async def _sasl(console: Console, mechanism: str, name: str, secret: str) -> bool:
    row = sasl.MECHANISMS[mechanism]
    scram = Scram(mechanism, name, secret) if mechanism in HASHES else None
    given = Credentials(None, wire(secret), wire(secret))
    said: list[bytes] = []

    def following(challenge: bytes) -> bytes:
        text = (
            _scram_message(scram, challenge, len(said))
            if scram
            else message(mechanism, wire(name), given, challenge, said)
        )
        said.append(text)
        return text

    line = f"AUTH {mechanism}".encode()
    announced = _announced(console, mechanism)
    if row.client_first and announced:  # only then an initial response is allowed, RFC 5034
        first = following(b"")
        if len(line) + len(first) + 3 <= 255:  # noqa: PLR2004 - RFC 5034, section 4
            line += b" " + first
        else:
            said.clear()
    reply = await console.ask(line + b"\r\n")
    for _ in range(_MOST_ASKS):
        if reply.asked is None:
            break
        reply = await console.ask(following(reply.asked) + b"\r\n")
    if reply.asked is not None and console.state is State.SASL:
        reply = await console.ask(_CANCEL)
    return _judged(console, reply, scram)


def _scram_message(scram: Scram, challenge: bytes, step: int) -> bytes:
    text = sasl.decode(challenge)
    if text is None:
        raise ScramError("its message is no base64")
    match step:
        case 0:
            return base64.b64encode(scram.first())
        case 1:
            return base64.b64encode(scram.final(text))
    scram.verify(text)
    return b""


def _judged(console: Console, reply: ServerReply, scram: Scram | None) -> bool:
    if reply.ok and scram:
        if scram.proven:
            console.view.add(note("the server has proven that it knows the password, too"))
        else:
            console.view.add(hint("logged in, but the server has not proven who it is (RFC 5802)"))
    return reply.ok


# -- what must be so ----------------------------------------------------------------------------


def _must_be_first(console: Console) -> None:
    if (state := console.state) is None:
        raise RefusalError("there is no connection; :reconnect makes one")
    if state.phase is not State.AUTHORIZATION:
        raise RefusalError("a login is for AUTHORIZATION, and the session is behind that")


def _must_be_safe(console: Console, method: LoginMethod) -> None:
    """Raise RefusalError once if the secret would be there for all to see."""
    if method.name not in CLEAR or console.insisted == method.name:
        return
    if not in_clear(console.session, console.talk.connection):
        return
    console.insisted = method.name
    raise RefusalError(
        f"the {method.secret.lower()} would go over the network in clear text; :stls begins TLS,"
        " and the same command again does it anyway"
    )


def _announced(console: Console, mechanism: str) -> bool:
    session = console.session
    offered: Sequence[object] = ()
    if session is not None:
        offered = session.capabilities.get(session.state.phase, ())
    return any(mechanism in str(capability).upper().split()[1:] for capability in offered)


def _timestamp(console: Console) -> bytes | None:
    session = console.session
    greeting = session.greeting if session else None
    return timestamp_of(greeting.raw) if greeting else None


def _one_word(rest: str, usage: str) -> str:
    if len(rest.split()) > 1:
        raise RefusalError(
            f"only a user's name stands here: {escape(usage)}; the rest is asked for"
        )
    return rest.strip()
