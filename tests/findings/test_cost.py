"""What a session costs does not depend on how much of it waits."""

import gc
import time

from pop3spy.findings import own_rules
from pop3spy.findings.dialogue import LOGIN
from pop3spy.findings.testing import raised_in


def elapsed(commands: int) -> float:
    """Return the CPU time of a session that says so many commands ahead: the least of three.

    What the process has collected before costs nothing here.
    """
    return min(_once(commands) for _ in range(3))


def _once(commands: int) -> float:
    name = "pipelined-unadvertised"
    said = f"{LOGIN}\n" + "C: RETR 1\n" * commands
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        (found,) = raised_in(said, {name: own_rules()[name]})
        assert found.count == commands - 1
        return time.process_time() - began
    finally:
        gc.enable()


def test_a_command_said_ahead_does_not_look_at_all_that_wait() -> None:
    elapsed(100)  # loads what is loaded once
    assert elapsed(4000) < 30 * elapsed(400)
