"""Logging in at a server, without a person.

Rules: 1. no secret goes over a network in clear text unless that was allowed; 2. an OAuth token is
never sent as a password; 3. what is told of a refusal is what may be shown of it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from pop3spy.errors import Pop3SpyError
from pop3spy.net.connection import Connection
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import Challenge, Frame, StatusLine
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.sasl import MECHANISMS
from pop3spy.protocol.url import is_loopback
from pop3spy.redaction.given_away import looks_like_token
from pop3spy.replay.credentials import Credentials, digest
from pop3spy.replay.login_methods import CLEAR, TOKENS, offered_ways, order_of_ways
from pop3spy.replay.sasl_client import SaslClient, SaslError
from pop3spy.session.lines import status_text
from pop3spy.session.model import Session

_MOST_ASKS: Final = 4
_CANCEL: Final = b"*\r\n"  # RFC 5034, section 4
_FORBIDDEN: Final = b"\r\n\0"

Secret = Callable[[], Awaitable[bytes]]
"""Gives a secret afresh; raises ConfigError if there is none."""


class RefusedError(Pop3SpyError):
    """The server, or a rule of ours, does not let an account be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in and how; *auth* are the ways that may be taken, *clear* allows clear text."""

    user: str
    password: Secret | None = field(default=None, repr=False)
    token: Secret | None = field(default=None, repr=False)
    auth: tuple[str, ...] = ()
    clear: bool = False


async def log_in(connection: Connection, login: Login, host: str) -> None:
    """Log in at *host* by the best way; raise RefusedError if that does not work."""
    session = connection.session
    greeting = session.greeting.raw if session.greeting else b""
    way = _chosen(connection, login, apop=timestamp_of(greeting) is not None)
    source = (login.token or login.password) if way in TOKENS else login.password
    if source is None:
        raise RefusedError(f"{way} needs a {'token' if way in TOKENS else 'password'}")
    secret, user = await source(), login.user.encode("utf-8", "surrogateescape")
    if any(octet in _FORBIDDEN for octet in user + secret):
        raise RefusedError("a name or password with a line end or NUL in it is not sent")
    if way not in TOKENS and not login.auth and looks_like_token(secret):
        raise RefusedError("this looks like an OAuth token, which is never sent as a password")
    if way == "USER":
        await _must(connection, b"USER " + user)
        await _must(connection, b"PASS " + secret)
    elif way == "APOP":
        if b" " in user:
            raise RefusedError("APOP takes no user whose name has a blank")
        await _must(connection, b"APOP %s %s" % (user, digest(greeting, secret) or b""))
    else:
        await _sasl(connection, way, Credentials(user, secret, secret), host)


def refusal(session: Session) -> str:
    """Return what the server said last, as it may be shown."""
    exchange = session.exchanges[-1] if session.exchanges else None
    if exchange is None or exchange.status is None:
        return "there is no reply that can be read"
    verb = exchange.command.verb
    return f"{verb} was refused: {status_text(exchange.status) or '-ERR'}"


def _chosen(connection: Connection, login: Login, *, apop: bool) -> str:
    session = connection.session
    offered = session.capabilities.get(session.state.phase, ())
    ways = offered_ways(offered, timestamp=apop)
    order = order_of_ways(
        password=login.password is not None,
        token=login.token is not None,
        in_tls=session.tls is not None,
        auth=login.auth,
    )
    there = [way for way in order if way in ways]
    if not there:
        raise RefusedError(f"the server offers none of {', '.join(order)}")
    if session.tls is None and not is_loopback(connection.address) and not login.clear:
        there = [way for way in there if way not in CLEAR]
    if not there:
        raise RefusedError(
            "the password would go over the network in clear text; write pop3s:// or"
            " pop3+stls://, or allow it with --clear-login"
        )
    return there[0]


async def _must(connection: Connection, line: bytes) -> None:
    """Say *line*; raise RefusedError if it is not taken."""
    if not status_of(await connection.ask(line + b"\r\n")):
        raise RefusedError(refusal(connection.session))


def status_of(frames: list[Frame]) -> bool:
    """Return whether a reply is positive; without a status line it is not."""
    found = [frame for frame in frames if isinstance(frame, StatusLine)]
    return bool(found) and found[-1].ok


async def _sasl(connection: Connection, way: str, given: Credentials, host: str) -> None:
    try:
        client = SaslClient(way, given.user or b"", given, host)
        line = b"AUTH " + way.encode()
        if MECHANISMS[way].client_first:
            first = client.message(b"")
            if len(line) + len(first) + 3 <= 255:  # noqa: PLR2004 - RFC 5034, section 4
                line += b" " + first
            else:
                client = SaslClient(way, given.user or b"", given, host)
        frames = await connection.ask(line + b"\r\n")
        for _ in range(_MOST_ASKS):
            if not (frames and isinstance(frames[-1], Challenge)):
                break
            asked = line_of(frames[-1].raw)[1:].strip()
            frames = await connection.ask(client.message(asked) + b"\r\n")
    except SaslError as error:
        await connection.ask(_CANCEL)
        raise RefusedError(f"the login was given up: {error}") from None
    if not status_of(frames):
        raise RefusedError(refusal(connection.session))
    if client.unproven:
        raise RefusedError("the server has not proven that it knows the password")
