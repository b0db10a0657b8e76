"""A secret that a command prints: ``--password-command`` and ``--token-command``.

Rules: 1. neither the command nor anything that it printed is ever told; 2. it has an end, whatever
the command does.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from pop3spy.errors import ConfigError, said_by_system

PATIENCE: Final = 60.0
"""Seconds that a command may take: a person may have to unlock a key ring."""
MOST: Final = 64 << 10
"""Octets that it may print."""
_FAREWELL: Final = 1.0
"""Seconds within which what was ended is gone."""


async def printed_by(
    command: str,
    option: str,
    patience: float = PATIENCE,
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Run *command* in a shell and return the first line that it prints, without its end.

    Raise ConfigError, in the name of *option*, if it fails, prints nothing or too much, or takes
    more than *patience* seconds.  It cannot read the terminal, and what it complains of is dropped.
    *variables* are added to its environment.
    """
    try:
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **(variables or {})},
        )
    except (OSError, ValueError) as error:
        why = said_by_system(error) if isinstance(error, OSError) else "it is no command"
        raise ConfigError(f"{option}: {why}") from None
    try:
        async with asyncio.timeout(patience):
            data = await _read(process)
            status = await process.wait()
    except TimeoutError:
        raise ConfigError(f"{option}: the command has not ended within {patience:g} s") from None
    except asyncio.LimitOverrunError:
        raise ConfigError(f"{option}: the command printed more than {MOST:,} octets") from None
    finally:
        with suppress(ProcessLookupError, PermissionError):  # and what it has left behind
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await process.communicate()
    if status:
        ended = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise ConfigError(f"{option}: the command {ended}; run it in a shell to see why")
    secret = data.split(b"\n")[0].rstrip(b"\r")
    if not secret:
        raise ConfigError(f"{option}: the first line that the command printed is empty")
    return secret


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """Return all that is printed; raise LimitOverrunError if that is too much."""
    assert process.stdout is not None
    data = b""
    while piece := await process.stdout.read(MOST):
        data += piece
        if len(data) > MOST:
            raise asyncio.LimitOverrunError("", len(data))
    return data
