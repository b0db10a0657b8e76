"""A session up to a stage: what --quit-after does, without a person."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from pop3spy.connect.console import Console
from pop3spy.connect.logins import best_method, log_in
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import error_row, hint
from pop3spy.errors import ConnectError
from pop3spy.protocol.states import State


@dataclass(frozen=True, slots=True)
class LoginDetails:
    """Who logs in; what is missing is asked for."""

    user: str = ""
    secret: str | None = None


Stage = Callable[[Console, LoginDetails], Awaitable[bool]]


async def _connect(console: Console, _: LoginDetails) -> bool:
    session = console.session
    return console.state is State.AUTHORIZATION and session is not None and not session.refused


async def _tls(console: Console, _: LoginDetails) -> bool:
    """Be inside TLS; where the URL has not asked for it, STLS does."""
    if console.session is not None and console.session.tls is None:
        await console.command(b"STLS")
    return console.session is not None and console.session.tls is not None


async def _auth(console: Console, login: LoginDetails) -> bool:
    return await log_in(console, await best_method(console), login.user, login.secret)


def _saying(verb: bytes) -> Stage:
    async def stage(console: Console, _: LoginDetails) -> bool:
        return (await console.command(verb)).ok

    return stage


STAGES: Final[dict[str, Stage]] = {
    "connect": _connect,
    "tls": _tls,
    "capa": _saying(b"CAPA"),
    "auth": _auth,
    "stat": _saying(b"STAT"),
    "list": _saying(b"LIST"),
    "uidl": _saying(b"UIDL"),
}
"""The stages, each of which has those before it behind it."""

_NOT_NEEDED: Final = frozenset({"tls", "capa"})
"""Stages that a session goes on without, unless it is to end there."""


async def go_to(console: Console, last: str, login: LoginDetails) -> None:
    """Do every stage up to *last* and say QUIT; ``console.failed`` tells if one was not reached.

    TLS is not begun on the way if the URL does not ask for it, but it is if it is the last stage.
    """
    for name, stage in STAGES.items():
        if name == "tls" and last != "tls":
            continue
        reached = await _reached(console, stage, login)
        await console.flush()
        if not reached and (name == last or name not in _NOT_NEEDED):
            console.view.add(hint(f"stage not reached: {name}"))
            console.failed = True
            break
        if name == last:
            break
    if console.talk.connection is not None:
        await _reached(console, _saying(b"QUIT"), login)
    await console.flush()


async def _reached(console: Console, stage: Stage, login: LoginDetails) -> bool:
    try:
        return await stage(console, login)
    except (RefusalError, ConnectError) as error:
        console.view.add(error_row(error))
        return False
