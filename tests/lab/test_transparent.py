"""Clients that know nothing of the proxy, to which a firewall sends them (``docs/deploy.md``).

The firewall has the very lines that the page shows.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.loopback import until
from lab.namespaces import Machine, blocks, cable, events, machines
from lab.processes import has_ended, need, running
from net.certificates import Authority
from pop3spy.postoffice.demo_mail import DEMO_MESSAGES

pytestmark = pytest.mark.lab

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
PROGRAM = [sys.executable, "-m", "pop3spy"]
USER = "nobody"  # in place of the page's, whom this machine does not know

HAND_OVER = """
import os, socket, sys
both = socket.create_server(("::", 1110), family=socket.AF_INET6, dualstack_ipv6=True)
os.dup2(os.dup(both.fileno()), 3)
both.set_inheritable(True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""

GATEWAY_LISTENS = ("--listen", "0.0.0.0:1110", "--listen", "[::]:1110")
OWN_LISTENS = ("--listen", ":1110", "--listen", "[::1]:1110")
WAYS = {
    "gateway": GATEWAY_LISTENS,
    "own": (*OWN_LISTENS, "--run-as", USER),
    "tproxy": (*OWN_LISTENS, "--run-as", USER),
}
MESSAGES = len(DEMO_MESSAGES)
SERVERS = {4: "198.51.100.2", 6: "2001:db8:2::2"}
CLIENTS = {4: "192.0.2.2", 6: "2001:db8:1::2"}
GATEWAYS = {4: "192.0.2.1", 6: "2001:db8:1::1"}


@dataclass
class Net:
    """A client, a gateway and a server, in a row."""

    client: Machine
    gateway: Machine
    server: Machine


@pytest.fixture
def net() -> Iterator[Net]:
    with machines(3) as (client, gateway, server), ExitStack() as stack:
        cable(client, gateway, "left")
        cable(server, gateway, "right")
        client.address("left", "192.0.2.2/24", "2001:db8:1::2/64")
        gateway.address("left", "192.0.2.1/24", "2001:db8:1::1/64")
        gateway.address("right", "198.51.100.1/24", "2001:db8:2::1/64")
        server.address("right", "198.51.100.2/24", "2001:db8:2::2/64")
        client.run(need("ip"), "route", "add", "default", "via", "192.0.2.1")
        client.run(need("ip"), "-6", "route", "add", "default", "via", "2001:db8:1::1")
        listen = ["--listen", "0.0.0.0:110", "--listen", "[::]:110"]
        command = [*server.inside, *PROGRAM, "serve", "--quiet", *listen]
        stack.enter_context(running(command))
        until(lambda: server.listens(110) or None, "the server", 30)
        yield Net(client, gateway, server)


@contextmanager
def proxied(machine: Machine, log: Path, *args: str, before: Sequence[str] = ()) -> Iterator[None]:
    """Run the proxy on *machine*, with a JSON log; *before* is a command that starts it."""
    said = log.with_suffix(".said")
    options = ["--transparent", "--no-console", "--log", "-", "--log-format", "json"]
    command = [*machine.inside, *before, *PROGRAM, "proxy", *options, *args]
    with log.open("wb") as out, said.open("wb") as err:
        with running(command, stdout=out, stderr=err) as process:
            until(lambda: listens(process, machine, said), "the proxy", 30)
            yield
        assert process.returncode == 0, said.read_text()


def listens(process: subprocess.Popen[bytes], machine: Machine, said: Path) -> bool | None:
    assert not has_ended(process), said.read_text()
    return machine.listens(1110) or None


def fire(machine: Machine, way: str, tool: str) -> None:
    """Load the rules of the page."""
    language = {"nft": "nft", "iptables": "sh"}[tool]
    (rules,) = blocks(PAGE, way, language)
    if tool == "nft":
        machine.run(need("nft"), "-f", "-", stdin=rules.replace('"pop3spy"', f'"{USER}"'))
    else:
        need("iptables")
        machine.shell(rules.replace("--uid-owner pop3spy", f"--uid-owner {USER}"))
    for routes in blocks(PAGE, f"{way}-routes", "sh"):
        machine.shell(routes)


def listing(machine: Machine, host: str) -> int:
    """Let curl, which knows of no proxy, list the mail at *host*; return how much there is."""
    where = f"[{host}]" if ":" in host else host
    said = machine.run(need("curl"), "-sS", "-m", "20", "-u", "demo:demo", f"pop3://{where}/")
    return len(said.splitlines())


def sessions(log: Path, count: int) -> list[tuple[str, str]]:
    """Return host of client and address of server for each of *count* sessions that have ended."""

    def have_ended() -> bool:
        """Return whether they have; the log may not even tell yet that the last one began."""
        ended = len(events(log, "session_ended"))
        return ended >= count and ended == len(events(log, "session_opened"))

    until(lambda: have_ended() or None, "the end of the sessions")
    return [
        (str(each["client"]).rpartition(":")[0].strip("[]"), str(each["server"]))
        for each in events(log, "session_opened")
    ]


@pytest.mark.parametrize("tool", ["nft", "iptables"])
@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_knows_nothing_gets_its_own_server(
    way: str, tool: str, net: Net, tmp_path: Path
) -> None:
    machine = net.gateway if way != "own" else net.client
    if way == "own":  # there is nobody in between
        net.gateway.shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        net.server.run(need("ip"), "route", "add", "default", "via", "198.51.100.1")
        net.server.run(need("ip"), "-6", "route", "add", "default", "via", "2001:db8:2::1")
    log = tmp_path / "log"
    with proxied(machine, log, *WAYS[way]):
        fire(machine, way, tool)
        for family, host in SERVERS.items():
            assert listing(net.client, host) == MESSAGES, family
        assert sessions(log, len(SERVERS)) == [
            (CLIENTS[4], "198.51.100.2:110"),
            (CLIENTS[6], "[2001:db8:2::2]:110"),
        ]


def test_one_socket_of_both_families_knows_where_clients_of_each_were_going(
    net: Net, tmp_path: Path
) -> None:
    """As systemd makes it for a ListenStream= that is only a port."""
    log = tmp_path / "log"
    with proxied(net.gateway, log, before=[sys.executable, "-c", HAND_OVER]):
        fire(net.gateway, "gateway", "nft")
        assert [listing(net.client, host) for host in SERVERS.values()] == [MESSAGES] * 2
        assert [server for _, server in sessions(log, len(SERVERS))] == [
            "198.51.100.2:110",
            "[2001:db8:2::2]:110",
        ]
        assert [client for client, _ in sessions(log, len(SERVERS))] == list(CLIENTS.values())


@pytest.mark.parametrize("host", GATEWAYS.values())
def test_who_connects_to_the_proxy_itself_is_told_of_and_not_relayed(
    host: str, net: Net, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with proxied(net.gateway, log, *GATEWAY_LISTENS):
        fire(net.gateway, "gateway", "nft")
        where = f"[{host}]:1110" if ":" in host else f"{host}:1110"
        ending = ended(net.client, where, log)
    assert ending["how"] == "unreachable"
    assert str(ending["why"]).startswith("no firewall sent this client, it connected to")
    assert len(events(log, "session_opened")) == 1


def test_a_server_that_is_down_is_told_of(net: Net, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with proxied(net.gateway, log, *GATEWAY_LISTENS):
        fire(net.gateway, "gateway", "nft")
        ending = ended(net.client, "198.51.100.1", log)  # the gateway, which has no mail
    assert (ending["how"], ending["why"]) == ("unreachable", "198.51.100.1:110 connection refused")


DROPPED = """
table inet silent { chain input { type filter hook input priority 0; tcp dport 110 drop; }; }
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_that_says_nothing_is_told_of(loop: str, net: Net, tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = (*GATEWAY_LISTENS, "--connect-timeout", "1", "--loop", loop)
    with proxied(net.gateway, log, *options):
        fire(net.gateway, "gateway", "nft")
        net.server.run(need("nft"), "-f", "-", stdin=DROPPED)
        ending = ended(net.client, SERVERS[4], log)
    why = "198.51.100.2:110 did not answer in 1 s"
    assert (ending["how"], ending["why"]) == ("unreachable", why)


RESETS = """
import socket, struct, sys
for _ in range(200):
    sock = socket.create_connection((sys.argv[1], 110), 20)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_clients_that_reset_at_once_leave_nothing_behind(
    loop: str, net: Net, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with proxied(net.gateway, log, *GATEWAY_LISTENS, "--loop", loop):
        fire(net.gateway, "gateway", "nft")
        net.client.run(sys.executable, "-c", RESETS, SERVERS[4])
        assert listing(net.client, SERVERS[4]) == MESSAGES
        assert len(sessions(log, 1)) > 0
    assert "bug" not in log.with_suffix(".said").read_text()


@pytest.mark.parametrize("family", SERVERS)
def test_what_comes_back_to_the_proxy_is_told_of_and_goes_round_no_longer(
    family: int, net: Net, tmp_path: Path
) -> None:
    """The rule lacks its exception, so what the proxy dials is redirected to the proxy."""
    log = tmp_path / "log"
    with proxied(net.client, log, *OWN_LISTENS):
        (rules,) = blocks(PAGE, "own", "nft")
        exception = 'meta skuid != "pop3spy" '
        assert exception in rules
        net.client.run(need("nft"), "-f", "-", stdin=rules.replace(exception, ""))
        host = SERVERS[family]
        ended(net.client, f"[{host}]" if ":" in host else host, log)
        sessions(log, 1)
    endings = [str(each["why"]) for each in events(log, "session_ended")]
    assert [why for why in endings if why.startswith("this is the proxy's own connection")]
    assert len(endings) < 10


def test_without_the_permission_for_tproxy_that_is_told(net: Net, tmp_path: Path) -> None:
    log = tmp_path / "log"
    without = [need("setpriv"), "--bounding-set=-net_admin,-net_raw"]
    with proxied(net.gateway, log, *GATEWAY_LISTENS, before=without):
        fire(net.gateway, "gateway", "nft")
        assert listing(net.client, SERVERS[4]) == MESSAGES
    assert len(events(log, "tproxy_denied")) == 1


def ended(machine: Machine, where: str, log: Path) -> dict[str, object]:
    """Let curl fail to get a session at *where*; return how the first one ended."""
    curl = [need("curl"), "-sS", "-m", "20", "-u", "demo:demo", f"pop3://{where}/"]
    done = subprocess.run([*machine.inside, *curl], capture_output=True, check=False, timeout=30)
    assert done.returncode, done.stdout
    return until(lambda: next(iter(events(log, "session_ended")), None), "the end of the session")


@pytest.mark.parametrize("named", [True, False])
def test_in_tls_a_server_is_called_what_its_client_calls_it(
    net: Net, tmp_path: Path, *, named: bool
) -> None:
    authority = Authority(tmp_path / "ca")
    server = authority.issue("server", names="DNS:mail.example.org")
    proxy = authority.issue("proxy", names="DNS:mail.example.org,IP:198.51.100.2")
    serve = [*net.server.inside, *PROGRAM, "serve", "--quiet", "--listen", "pop3s://0.0.0.0:995"]
    where = ["--listen", "0.0.0.0:1110", "--listen", "pop3s://0.0.0.0:1995"]
    trust = ["--cert", str(proxy.chain), "--key", str(proxy.key)]
    trust += ["--upstream-ca", str(authority.certificate)]
    log = tmp_path / "log"
    with (
        running([*serve, "--cert", server.chain, "--key", server.key]),
        proxied(net.gateway, log, *where, *trust),
    ):
        until(lambda: net.server.listens(995) or None, "the server")
        (rules,) = blocks(PAGE, "gateway", "nft")
        rules = rules.replace("110 redirect to :1110", "995 redirect to :1995")
        net.gateway.run(need("nft"), "-f", "-", stdin=rules)
        curl = [need("curl"), "-sS", "-m", "20", "-u", "demo:demo", "--cacert"]
        host = "mail.example.org" if named else SERVERS[4]
        known = ["--resolve", f"mail.example.org:995:{SERVERS[4]}", f"pop3s://{host}/"]
        done = subprocess.run(
            [*net.client.inside, *curl, str(authority.certificate), *known],
            capture_output=True,
            check=False,
            timeout=30,
        )
        sessions(log, 1)
    (ending,) = events(log, "session_ended")
    if named:
        assert len(done.stdout.splitlines()) == MESSAGES, done.stderr
        assert ending["how"] == "quit"
    else:  # nobody said a name, and the certificate is not for the address
        assert ending["how"] == "tls"
        assert "198.51.100.2" in str(ending["why"])
