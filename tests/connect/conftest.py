"""What holds for every test of the console: each runs on every event loop of the program."""

from net.conftest import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]
