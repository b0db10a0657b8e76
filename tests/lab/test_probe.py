"""A probe of a real server: every stage is reached, and the maildrop is the same behind it."""

import hashlib
import json
from pathlib import Path

import pytest

from cli.program import run_here
from lab.mailserver import FEW_USER, PASSWORD, MailServer

pytestmark = pytest.mark.lab

LOGIN = ("--user", FEW_USER, "--password-command", f"echo {PASSWORD}")


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.lab*"))
    }


@pytest.mark.parametrize("last", ["uidl", "top", "dele+rset"])
@pytest.mark.parametrize("way", ["--quit-after", "--drop-after"])
def test_a_probe_leaves_the_maildrop_as_it_was(dovecot: MailServer, last: str, way: str) -> None:
    url = f"pop3://{dovecot.address}"
    run_here("connect", url, *LOGIN, "--quit-after", "stat")  # Dovecot moves what it has seen first
    before = files_of(dovecot.log.parent / "mail" / FEW_USER)
    ended = run_here("connect", url, *LOGIN, way, last, "--json")
    told = json.loads(ended.out)
    assert (ended.status, told["failed"], told["messages"]) == (0, None, 5)
    assert files_of(dovecot.log.parent / "mail" / FEW_USER) == before
    assert len(before) == 5


@pytest.mark.parametrize("way", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_is_taken_and_a_wrong_one_is_status_13(dovecot: MailServer, way: str) -> None:
    oauth = ("--user", "alice", "--auth", way, "--quit-after", "stat", "--token-command")
    url = f"pop3://{dovecot.address}"
    ended = run_here("connect", url, *oauth, f"echo {dovecot.token}")
    assert ended.status == 0
    assert dovecot.token not in ended.out + ended.err
    assert run_here("connect", url, *oauth, "echo not-a-token").status == 13


@pytest.mark.parametrize("scheme", ["pop3s", "pop3+stls"])
def test_tls_has_times_of_its_own(dovecot: MailServer, scheme: str) -> None:
    port = dovecot.pop3s.port if scheme == "pop3s" and dovecot.pop3s else dovecot.address.port
    trust = ("--upstream-ca", str(dovecot.certificate), "--quit-after", "capa", "--json")
    told = json.loads(run_here("connect", f"{scheme}://localhost:{port}", *trust).out)
    times = told["connection"]
    assert 0 < times["connected"] <= times["secured"]
    assert times["connected"] <= times["greeted"]
    assert told["tls"]["version"] == "TLSv1.3"
    assert told["stages"][0]["seconds"] == max(times.values())
