"""What holds for every test of the inspector: each runs on every event loop of the program."""

from live.conftest import either_way
from net.conftest import pytest_asyncio_loop_factories

__all__ = ["either_way", "pytest_asyncio_loop_factories"]
