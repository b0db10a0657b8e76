"""Who logs in, how, and where the secret comes from, as the command line has it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SecretSource = Callable[[], Awaitable[bytes]]
"""Gives a secret afresh; raises ConfigError if there is none."""


@dataclass(frozen=True, slots=True)
class LoginDetails:
    """What is missing is asked for; ``auth`` are the ways to log in that may be taken, best first.

    ``password`` may give a token, unless there is a ``token`` for that.
    """

    user: str = ""
    auth: tuple[str, ...] = ()
    password: SecretSource | None = None
    token: SecretSource | None = None
