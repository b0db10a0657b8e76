"""A session up to a stage: what --quit-after does, without a person."""

from collections.abc import Awaitable, Callable
from typing import Final

from pop3spy.connect.console import Console
from pop3spy.connect.logins import best_method, log_in
from pop3spy.connect.stage import Stage
from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import error_row, hint
from pop3spy.errors import ConfigError, ConnectError
from pop3spy.protocol.states import State

Reach = Callable[[Console], Awaitable[bool]]
"""Does what a stage takes, and returns whether it was reached."""


async def _connect(console: Console) -> bool:
    session = console.session
    return console.state is State.AUTHORIZATION and session is not None and not session.refused


async def _tls(console: Console) -> bool:
    """Be inside TLS; where the URL has not asked for it, STLS does."""
    if console.session is not None and console.session.tls is None:
        await console.command(b"STLS")
    return console.session is not None and console.session.tls is not None


async def _auth(console: Console) -> bool:
    return await log_in(console, await best_method(console), "")


def _saying(verb: bytes) -> Reach:
    async def reach(console: Console) -> bool:
        return (await console.command(verb)).ok

    return reach


STAGES: Final[dict[str, tuple[Stage, Reach]]] = {
    "connect": (Stage.GREETING, _connect),
    "tls": (Stage.TLS, _tls),
    "capa": (Stage.CAPABILITIES, _saying(b"CAPA")),
    "auth": (Stage.LOGIN, _auth),
    "stat": (Stage.TRANSACTION, _saying(b"STAT")),
    "list": (Stage.TRANSACTION, _saying(b"LIST")),
    "uidl": (Stage.TRANSACTION, _saying(b"UIDL")),
}
"""The stages by what --quit-after calls them, each with those before it behind it."""

_NOT_NEEDED: Final = frozenset({"tls", "capa"})
"""Stages that a session goes on without, unless it is to end there."""


async def go_to(console: Console, last: str) -> None:
    """Do every stage up to *last* and say QUIT; ``console.failed_at`` tells what was not reached.

    TLS is not begun on the way if the URL does not ask for it, but it is if it is the last stage.
    """
    for name, (stage, reach) in STAGES.items():
        if name == "tls" and last != "tls":
            continue
        reached = await _reached(console, reach)
        await console.flush()
        if not reached and (name == last or name not in _NOT_NEEDED):
            console.view.add(hint(f"stage not reached: {name}"))
            console.fail(stage)
            break
        if name == last:
            break
    if console.talk.connection is not None:
        await _reached(console, _saying(b"QUIT"))
    await console.flush()


async def _reached(console: Console, reach: Reach) -> bool:
    try:
        return await reach(console)
    except (RefusalError, ConnectError, ConfigError) as error:
        console.view.add(error_row(error))
        return False
