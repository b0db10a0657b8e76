"""Accounts that moved from one Dovecot to another: what is told, and that nothing changes."""

import hashlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import Ended, run_here, running
from lab.corpus import Message
from lab.dovecot import running_dovecot
from lab.mailserver import FEW_USER, MAIL, PASSWORD, USER, MailServer

pytestmark = pytest.mark.lab

OTHER_IDS = "3 V1712345678 N1\n"
COUNT = len(MAIL[USER]())
MISSING, CHANGED = 3, 5
"""Numbers of messages at the old server that are not there, or are another, at the new one."""
GREW = b"and one more line\n"

AGAIN = "clients that leave mail on the server will fetch"
ADVICE = (
    "Dovecot: the plugin pop3_migration (pop3_migration_mailbox, with dsync) takes the ids over"
    " from the old server; pop3_reuse_xuidl = yes takes them from X-UIDL headers; with IMAP UIDs"
    " and UIDVALIDITY kept, pop3_uidl_format = %08Xu%08Xv makes those of Dovecot"
)


def moved() -> list[Message]:
    """Return alice's mail as it has come to the new server."""
    there = list(MAIL[USER]())
    there[CHANGED - 1] = Message("changed", there[CHANGED - 1].lf + GREW)
    del there[MISSING - 1]
    return there


@pytest.fixture(scope="module")
def old() -> Iterator[MailServer]:
    with running_dovecot() as server:
        yield server


@pytest.fixture(scope="module")
def new() -> Iterator[MailServer]:
    with running_dovecot(mail={**MAIL, USER: moved}, ids=OTHER_IDS) as server:
        yield server


def compare(old: MailServer, new: MailServer, *args: str, scheme: str = "pop3") -> Ended:
    urls = [
        f"pop3s://localhost:{each.pop3s.port}"
        if scheme == "pop3s" and each.pop3s
        else f"pop3://{each.address}"
        for each in (old, new)
    ]
    return run_here("compare", *urls, "--password-command", f"echo {PASSWORD}", *args)


def files_of(server: MailServer) -> dict[str, str]:
    """Return every message that *server* has, with its flags, which stand in its name."""
    mail = server.log.parent / "mail"
    return {
        str(path.relative_to(mail)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(mail.rglob("*.lab*"))
    }


@pytest.mark.parametrize("content", ["top", "full"])
def test_what_is_missing_and_what_changed_is_told_though_all_ids_are_others(
    old: MailServer, new: MailServer, content: str
) -> None:
    ended = compare(old, new, "--user", USER, "--content", content)
    assert ended.status == 1
    both = COUNT - 1
    word = "changed" if content == "full" else "of another size"
    assert ended.out.splitlines()[:6] == [
        f"{USER}: not all there: {both} messages of {COUNT} in both, found by content",
        f"  1 missing: {MISSING} (at the old server)",
        f"  1 {word}: {CHANGED} (at the old server)",
        f"  unique-ids changed for {both} of {both}: {AGAIN} {both} messages again",
        f"  to keep them: {ADVICE}",
        "",
    ]


def test_an_account_is_all_there_at_its_own_server(old: MailServer) -> None:
    ended = compare(old, old, "--user", FEW_USER, "--content", "full")
    assert ended.status == 0
    assert ended.out.splitlines()[0].startswith(f"{FEW_USER}: all there: 5 messages of 5 in both")


def test_neither_server_has_changed_behind_it(old: MailServer, new: MailServer) -> None:
    compare(old, new, "--user", USER, "--content", "full")  # Dovecot moves what it has seen first
    before = files_of(old), files_of(new)
    for content in ("none", "top", "full"):
        compare(old, new, "--user", USER, "--content", content)
    assert (files_of(old), files_of(new)) == before
    assert len(before[0]) > COUNT


@pytest.mark.parametrize("content", ["none", "top", "full"])
def test_no_message_is_marked_as_read(content: str) -> None:
    with running_dovecot() as server:
        compare(server, server, "--user", FEW_USER, "--content", content)
        compare(server, server, "--user", FEW_USER, "--content", "none")
        names = files_of(server)  # Dovecot writes there what was marked in the session before
        assert not [name for name in names if "S" in name.partition(":2,")[2]]


@pytest.mark.parametrize("verb", ["CAPA", "AUTH", "LIST", "UIDL", "TOP", "QUIT"])
def test_whoever_is_killed_leaves_the_maildrop_as_it_was(old: MailServer, verb: str) -> None:
    """The reply to a command does not come, and the program is killed while it waits for it."""
    compare(old, old, "--user", FEW_USER)  # Dovecot moves what it has seen first
    before = files_of(old)
    stall = ("--fault", f"stall when verb = {verb}", "--no-console")
    upstream = f"pop3://{old.address}"
    with running("proxy", "--upstream", upstream, "--listen", ":0", *stall) as relay:
        url = f"pop3://127.0.0.1:{relay.port()}"
        makes = ("--password-command", f"echo {PASSWORD}", "--user", FEW_USER)
        with running("compare", url, url, *makes, "--content", "full") as program:
            assert relay.process.stdout
            for line in iter(relay.process.stdout.readline, b""):
                if f"C: {verb}".encode() in line:
                    break
            program.send(signal.SIGKILL)
            program.ended()
    compare(old, old, "--user", FEW_USER, "--content", "none")
    assert files_of(old) == before


def test_the_map_leads_from_each_old_id_to_the_new_one(
    old: MailServer, new: MailServer, tmp_path: Path
) -> None:
    map_file = tmp_path / "ids.json"
    compare(old, new, "--user", USER, "--content", "full", "--map", str(map_file))
    ids = json.loads(map_file.read_text())
    assert len(ids) == COUNT - 1
    assert ids["0000000163b248b0"] == "000000016610524e"
    assert ids["0000000463b248b0"] == "000000036610524e", "what stood behind what is missing"
    assert "0000000363b248b0" not in ids


def test_tls_is_compared_and_its_certificates_are_checked(
    old: MailServer, new: MailServer, tmp_path: Path
) -> None:
    ended = compare(old, new, "--user", FEW_USER, scheme="pop3s")
    assert ended.status == 3
    assert "signed by nobody but itself" in ended.out
    assert old.certificate
    assert new.certificate
    both = tmp_path / "both.pem"
    both.write_text(old.certificate.read_text() + new.certificate.read_text())
    ended = compare(old, new, "--user", FEW_USER, "--upstream-ca", str(both), scheme="pop3s")
    assert ended.status == 1
    assert "TLS, new server: TLSv1.3" in ended.out


def test_a_wrong_password_is_told_without_it(old: MailServer, new: MailServer) -> None:
    command = ("--password-command", "echo wrong-Password-9")
    ended = compare(old, new, "--user", FEW_USER, *command)
    assert ended.status == 3
    refused = "AUTH was refused: [AUTH] Authentication failed."
    told = f"{FEW_USER}: could not be compared: old server: {refused}; new server: {refused}"
    assert ended.out.splitlines()[0] == told
    assert "wrong-Password-9" not in ended.out + ended.err


def test_servers_that_count_line_ends_otherwise_have_the_same_content(
    old: MailServer, popa3d: MailServer
) -> None:
    ended = compare(old, popa3d, "--user", FEW_USER)
    assert "  1 of another size: 5 (at the old server)" in ended.out.splitlines()
    assert "only headers were looked at; --content full tells whether the rest differs" in ended.out
    ended = compare(old, popa3d, "--user", FEW_USER, "--content", "full")
    assert ended.status == 1
    assert "5 messages: 0 missing, 0 added, 0 changed, 0 of another size" in ended.out
    assert f"unique-ids changed for 5 of 5: {AGAIN} 5 messages again" in ended.out
    assert "to keep" not in ended.out, "popa3d does not say that it is popa3d"


def test_the_option_of_cyrus_is_named(old: MailServer, cyrus: MailServer) -> None:
    ended = compare(old, cyrus, "--user", FEW_USER, "--content", "full")
    assert "set uidl_format: dovecot in imapd.conf, which makes the ids of Dovecot" in ended.out
