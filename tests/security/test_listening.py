"""Nobody but this machine can connect, unless that was asked for: the kernel says so."""

import sys
from pathlib import Path

import pytest

from pop3spy.config.settings import SETTINGS
from security.program import started

LISTENING = "0A"
LOOPBACK = {"tcp": "0100007F", "tcp6": "00000000000000000000000001000000"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/net")


def listening(pid: int) -> list[tuple[str, str]]:
    """Return the table and the address of every socket at which process *pid* listens."""
    sockets = {
        str(fd.readlink()).removeprefix("socket:[").removesuffix("]")
        for fd in Path(f"/proc/{pid}/fd").iterdir()
        if fd.is_symlink()
    }
    found = []
    for table in LOOPBACK:
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTENING and fields[9] in sockets:
                found.append((table, fields[1].partition(":")[0]))
    return found


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["proxy", "--upstream", "127.0.0.1", "--listen", ":0"], id="proxy"),
        pytest.param(
            ["proxy", "--upstream", "127.0.0.1", "--listen", ":0", "--web", "0"], id="inspector"
        ),
        pytest.param(
            ["proxy", "--upstream", "127.0.0.1", "--listen", ":0", "--metrics", "0"], id="metrics"
        ),
        pytest.param(["serve", "--listen", ":0"], id="serve"),
        pytest.param(["demo"], id="demo"),
        pytest.param(["serve", "--listen", "[::1]:0", "--listen", ":0"], id="both families"),
    ],
)
def test_it_listens_at_loopback_only(args: list[str]) -> None:
    with started(*args, terminal=args == ["demo"]) as program:
        program.wait_for(b"still here" if args == ["demo"] else b"listening on")
        found = listening(program.process.pid)
        assert program.stop() == 0
    assert found
    assert all(address == LOOPBACK[table] for table, address in found)


def test_another_address_is_one_that_was_asked_for() -> None:
    with started("serve", "--listen", "0.0.0.0:0") as program:
        program.wait_for(b"listening on")
        assert listening(program.process.pid) == [("tcp", "00000000")]
        assert program.stop() == 0


def test_the_default_is_loopback() -> None:
    assert [url.host for url in SETTINGS["listen"].default] == ["127.0.0.1"]
