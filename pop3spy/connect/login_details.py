"""Who logs in, how, and where the secret comes from, as the command line has it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

SecretSource = Callable[[], Awaitable[bytes]]
"""Gives a secret afresh; raises ConfigError if there is none."""

_TOKEN: Final = re.compile(
    rb"eyJ[\w-]+\.[\w-]+\.[\w.-]*"  # JSON Web Token (RFC 7519)
    rb"|ya29\.[\w.~+/=-]+"  # Google's
    rb"|[\w.~+/!*-]{200,}=*"  # nobody's password (RFC 6750, section 2.1)
)


@dataclass(frozen=True, slots=True)
class LoginDetails:
    """What is missing is asked for; ``auth`` are the ways to log in that may be taken, best first.

    ``password`` may give a token, unless there is a ``token`` for that.
    """

    user: str = ""
    auth: tuple[str, ...] = ()
    password: SecretSource | None = None
    token: SecretSource | None = None


def looks_like_token(secret: bytes) -> bool:
    """Return whether *secret* has the form of an OAuth access token: no password has it."""
    return _TOKEN.fullmatch(secret) is not None
