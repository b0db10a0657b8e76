"""A recorded client that logs in another way than it did, and which way a server offers.

Rules: 1. a login that was refused stays as it was recorded; 2. where several ways may be taken,
the server's capabilities decide, as for ``connect``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.states import Effect
from pop3spy.replay.credentials import COMPUTED, Credentials, mechanism_of, name_in, needs
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.relogin import Relogin
from pop3spy.replay.script import Script, Step

WAYS: Final = (*sorted(COMPUTED), "APOP", "USER")
"""How a recorded client can be made to log in; USER is USER with PASS."""


@dataclass(frozen=True, slots=True)
class LoginWay:
    """How a script is played: its logins are done by ``name``, or as recorded if that is empty.

    ``lost`` are the steps that it has not any more, ``changed`` the indexes of those that are new.
    """

    name: str
    script: Script
    relogin: Relogin
    lost: tuple[Step, ...] = ()
    changed: frozenset[int] = frozenset()

    def expected(self, step: Step, got: Outcome) -> Outcome:
        """Return what is expected of *step*: another mechanism has challenges of its own."""
        if step.index not in self.changed:
            return step.outcome
        return replace(step.outcome, asks=got.asks)


def ways_to_play(
    script: Script, auth: Sequence[str], given: Credentials, host: str
) -> tuple[LoginWay, ...]:
    """Return how *script* can be played at *host* by *auth*, the best way first; one at least.

    Raise ConfigError if what is *given* is not enough for each of them.
    """
    if not auth or not any(script.logs_in(step) for step in script.steps):
        return (LoginWay("", script, Relogin(script, given, host=host)),)
    recorded = {id(step.command) for step in script.steps}
    ways = []
    for name in auth:
        changed, lost = logging_in_by(script, name)
        new = frozenset(step.index for step in changed.steps if id(step.command) not in recorded)
        ways.append(LoginWay(name, changed, Relogin(changed, given, host=host), lost, new))
    return tuple(ways)


def needed_for(script: Script, auth: Sequence[str], user: bytes | None) -> frozenset[str]:
    """Return what must be given to play *script* by any way of *auth*: see ``needs``."""
    scripts = [logging_in_by(script, name)[0] for name in auth] or [script]
    return frozenset[str]().union(*(needs(each, user=user) for each in scripts))


def logging_in_by(script: Script, way: str) -> tuple[Script, tuple[Step, ...]]:
    """Return *script* with its logins done by *way*, and the steps that it has lost by that.

    The steps that remain keep what was recorded of them, which is what the server's answers are
    compared with.
    """
    steps: list[Step] = []
    lost: list[Step] = []
    user = script.user
    for step in script.steps:
        if step.command.effect is Effect.NAME and _goes_on(script, step) and way != "USER":
            lost.append(step)
            user = user or _text(name_in(step))
        elif script.logs_in(step):
            if step.command.verb == "APOP":
                user = user or _text(name_in(step))
            steps += _instead_of(step, way, user)
        else:
            steps.append(step)
    numbered = tuple(replace(step, index=index) for index, step in enumerate(steps))
    return replace(script, steps=numbered, user=user), tuple(lost)


def _goes_on(script: Script, named: Step) -> bool:
    """Return whether the PASS that belongs to the USER of *named* logged in."""
    for step in script.steps[named.index + 1 :]:
        if step.command.effect in (Effect.NAME, Effect.LOGIN):
            return step.command.verb == "PASS" and script.logs_in(step)
    return False


def _instead_of(step: Step, way: str, user: str | None) -> Iterator[Step]:
    """Return the steps by which *user* logs in by *way*; ``Relogin`` fills in what proves it."""
    recorded = "USER" if step.command.verb == "PASS" else mechanism_of(step) or step.command.verb
    if recorded == way:
        yield step
        return
    name = b" " + user.encode("utf-8", "surrogateescape") if user else b""
    if way == "USER":
        yield replace(_saying(step, b"USER" + name), reply=None)
        yield _saying(step, b"PASS *")
    elif way == "APOP":
        yield _saying(step, b"APOP" + (name and name + b" *"))
    else:
        yield _saying(step, b"AUTH " + way.encode())


def _saying(step: Step, line: bytes) -> Step:
    end = step.line[len(line_of(step.line)) :] or b"\r\n"
    return replace(step, line=line + end, masks=(), command=parse_command(line), asks=())


def _text(name: bytes | None) -> str | None:
    return None if name is None else name.decode("utf-8", "surrogateescape")
