"""What holds for every test of sockets: each runs on every event loop that the program runs on."""

import asyncio
import sys
from collections.abc import Callable, Mapping

import pytest

from net.shop import Shop, opened

Loops = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def _loops() -> Loops:
    if sys.platform == "win32":
        return {"asyncio": asyncio.new_event_loop}
    import uvloop  # noqa: PLC0415 - there is none on Windows

    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return opened(tmp_path_factory.mktemp("shop"))


def pytest_asyncio_loop_factories() -> Loops:
    return _loops()
