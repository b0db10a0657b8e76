"""What was recorded inside TLS is played again, and what is played can have TLS, in every role."""

import json
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.program import Ended, run, run_here, running
from lab.clients import Login, PatientPOP3, fetch
from lab.corpus import write_maildir
from lab.mailserver import PASSWORD, USER, MailServer
from lab.relay import relaying
from lab.servers import dovecot
from lab.ways import SCHEMES, ca, cells

__all__ = ["ca", "dovecot"]

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def inspected(dovecot: MailServer, ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of alice's mail, as a client with STLS got it through an inspecting proxy."""
    path = tmp_path_factory.mktemp("inspected") / "session.yaml"
    keys = ["--ca-dir", str(ca), "--upstream-ca", str(dovecot.certificate)]
    with relaying(f"localhost:{dovecot.address.port}", *keys, "--record", str(path)) as relay:
        client = PatientPOP3("localhost", relay.address.port, timeout=60)
        client.capa()
        client.stls(ssl.create_default_context(cafile=str(ca / "ca.pem")))
        client.capa()
        fetch(client, Login())
    return path


def test_a_recorded_server_that_had_tls_serves_clients_with_and_without(
    inspected: Path, dovecot: MailServer, ca: Path, tmp_path: Path
) -> None:
    """A login passes with any password; what is recorded is who had which mail."""
    serves_everybody(("replay", "server", str(inspected)), dovecot, ca, tmp_path, {USER})


def test_the_post_office_serves_clients_with_and_without_tls(
    dovecot: MailServer, ca: Path, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    lines = []
    for name in ("alice", "bob"):
        write_maildir(tmp_path / name, dovecot.holds(name))
        lines.append(f"{name}: {{password: {PASSWORD}, mailbox: {name}}}\n")
    users.write_text("".join(lines))
    users.chmod(0o600)
    serves_everybody(("serve", "--users", str(users)), dovecot, ca, tmp_path, {"alice", "bob"})


def serves_everybody(
    verb: Sequence[str], server: MailServer, ca: Path, folder: Path, users: set[str]
) -> None:
    """Let clients of every kind download everything from what *verb* runs."""
    ways = [way for way in cells("pop3") if way.user in users]
    with served(*verb, "--ca-dir", str(ca)) as ports:  # one after the other: a maildrop is locked
        saved = {
            str(way): way.download(ports[way.scheme], ca, folder / f"saved{number}")
            for number, way in enumerate(ways)
        }
    assert saved == {str(way): way.expected(server) for way in ways}


@contextmanager
def served(*verb: str) -> Iterator[dict[str, int]]:
    """Run *verb* on a listener of each scheme, and give their ports."""
    listen = [part for scheme in SCHEMES for part in ("--listen", f"{scheme}://127.0.0.1:0")]
    with running(*verb, *listen, "--quiet") as program:
        yield {scheme: program.port(scheme) for scheme in SCHEMES}
        assert program.stopped().status == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_connect_speaks_with_every_kind_of_listener(ca: Path, scheme: str) -> None:
    with served("serve", "--ca-dir", str(ca)) as ports:
        url = f"{scheme}://localhost:{ports[scheme]}"
        script = ["--quit-after", "stat", "--user", "demo", "--password-env", "P"]
        ended = run("connect", url, *script, "--upstream-ca", str(ca / "ca.pem"), P="demo")
    assert ended.status == 0, ended.err
    assert ("TLSv1.3" in ended.out) is (scheme != "pop3")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_session_recorded_in_one_way_plays_in_every_way(
    dovecot: MailServer, tmp_path: Path, scheme: str
) -> None:
    """STLS is gone from the capabilities where there is TLS, which is no difference."""
    script = tmp_path / "script"
    script.write_text(f"CAPA\nUSER {USER}\nPASS {PASSWORD}\nSTAT\nLIST\nRETR 2\nQUIT\n")
    os.chmod(script, 0o600)  # noqa: PTH101 - it holds a password
    capture = tmp_path / "session.yaml"
    plain = f"localhost:{dovecot.address.port}"
    made = run("connect", plain, "--script", str(script), "--record", str(capture))
    assert made.status == 0
    ended = played(capture, dovecot, scheme)
    assert (ended.status, ended.err) == (0, ""), ended.out
    assert ended.out.startswith("no differences in ")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_session_recorded_inside_tls_plays_in_every_way(
    inspected: Path, dovecot: MailServer, scheme: str
) -> None:
    """TLS begins as the address says; what was said before it is said where nobody is inside."""
    ended = played(inspected, dovecot, scheme, "--json")
    told = json.loads(ended.out)
    assert (ended.status, told["differences"]) == (0, [])
    left_out = ["STLS"] if scheme == "pop3" else ["CAPA", "CAPA", "STLS"]
    assert [each["command"] for each in told["left_out"]] == left_out


def test_two_ways_to_tls_are_no_difference_between_two_recordings(
    inspected: Path, dovecot: MailServer, ca: Path, tmp_path: Path
) -> None:
    """One client said STLS, one began with TLS, one had none; each asked the same."""
    assert dovecot.pop3s
    keys = ["--ca-dir", str(ca), "--upstream-ca", str(dovecot.certificate)]
    other = {
        "pop3": f"localhost:{dovecot.address.port}",
        "pop3s": f"pop3s://localhost:{dovecot.pop3s.port}",
    }
    for scheme, upstream in other.items():
        capture = tmp_path / f"{scheme}.yaml"
        with relaying(upstream, *keys, "--record", str(capture)) as relay:
            client = PatientPOP3("localhost", relay.address.port, timeout=60)
            client.capa()
            fetch(client, Login())
        ended = run_here("compare", str(inspected), str(capture))
        assert ended.status == 0, ended.out
        assert "no differences in " in ended.out


def played(capture: Path, server: MailServer, scheme: str, *more: str) -> Ended:
    """Play the recorded client against *server*."""
    assert server.pop3s
    port = server.pop3s.port if scheme == "pop3s" else server.address.port
    to = ["--to", f"{scheme}://localhost:{port}", "--upstream-ca", str(server.certificate)]
    return run_here("replay", "client", str(capture), *to, *more, "--password-env", "P", P=PASSWORD)
