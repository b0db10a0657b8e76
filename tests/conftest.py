"""What holds for every test, or is asked for by several."""

import gc
import itertools
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A job in the background ignores SIGINT, one under nohup SIGHUP; the programs would inherit that.
for _signal, _usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)

settings.register_profile("fast", max_examples=60, deadline=None)
settings.register_profile(
    "deep",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "5000")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let nobody look for garbage among the tests: there are 25,000, and all stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_authority_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever runs the tests may have one; the programs that they start must not find it."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="module")
def yes() -> Iterator[str]:
    """The address of a server that says +OK to everything."""
    from cli.crowd import yes_server  # noqa: PLC0415 - it loads the program, and few ask for it

    with yes_server() as address:
        yield address


_STATES = itertools.count()


@pytest.fixture(scope="session")
def _states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states")


@pytest.fixture(autouse=True)
def _nothing_remembered(_states: Path) -> None:
    """What the programs of one test have seen is no history to those of the next."""
    os.environ["XDG_STATE_HOME"] = str(_states / str(next(_STATES)))
