"""Accounts that moved from one Dovecot to another: what is told, and that nothing changes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import Ended, run_here
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


def test_headers_alone_leave_mail_unseen() -> None:
    with running_dovecot() as server:
        compare(server, server, "--user", USER)
        assert not [name for name in files_of(server) if name.partition(":")[2].count("S")]


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
