"""What holds for every test of the console: each runs on every event loop of the program."""

from collections.abc import Iterator

import pytest

from live.steering import Way
from net.conftest import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]


@pytest.fixture(params=[False, True], ids=["one process", "workers"])
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test be run with the console in the proxy's own process, and with workers."""
    Way.workers = request.param
    yield
    Way.workers = False
