"""What the tests of the lab share: the servers, one at a time, and the program's event loops."""

import pytest

from lab.servers import MailServer, cyrus, dovecot, popa3d

__all__ = ["cyrus", "dovecot", "popa3d"]


@pytest.fixture(params=["dovecot", "popa3d"])
def server(request: pytest.FixtureRequest) -> MailServer:
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, MailServer)
    return chosen


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)
