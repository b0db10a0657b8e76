"""Servers that behave."""

from dataclasses import replace
from pathlib import Path

import pytest
from mail_fetcher import Account, fetch
from pop3spy import Server

TEA = "Subject: Tea\n\nNow.\n"
DOTS = "Subject: Dots\n\n.\n..two\n.\n"


def account(server: Server) -> Account:
    return Account(server.host, server.port)


@pytest.mark.pop3_messages(TEA, DOTS)
def test_every_message_is_stored_as_it_is(pop3_server: Server, tmp_path: Path) -> None:
    assert len(fetch(account(pop3_server), tmp_path)) == 2
    stored = {file.read_text() for file in tmp_path.glob("*.eml")}
    assert stored == {TEA, DOTS}


@pytest.mark.pop3_messages(TEA)
def test_what_is_there_is_not_fetched_again(pop3_server: Server, tmp_path: Path) -> None:
    fetch(account(pop3_server), tmp_path)
    assert fetch(account(pop3_server), tmp_path) == []
    pop3_server.wait_for_sessions(2)
    retrieved = [each for each in pop3_server.exchanges if each.command.verb == "RETR"]
    assert len(retrieved) == 1


@pytest.mark.pop3_messages(TEA)
def test_messages_are_deleted_when_they_are_stored(pop3_server: Server, tmp_path: Path) -> None:
    fetch(account(pop3_server), tmp_path, delete=True)
    session = pop3_server.wait_for_session()
    assert session.totals.deleted == 1
    assert session.said_goodbye  # without QUIT nothing would be removed


@pytest.mark.pop3_users(bob="sesame")
@pytest.mark.pop3_tls("stls")
def test_with_tls_nothing_is_left_to_complain_of(pop3_server: Server, tmp_path: Path) -> None:
    safe = replace(
        account(pop3_server), user="bob", password="sesame", tls=True, ca_file=pop3_server.ca_file
    )
    fetch(safe, tmp_path)
    session = pop3_server.wait_for_session()
    assert session.tls
    assert [one.text for one in pop3_server.findings if one.severity.word == "error"] == []


@pytest.mark.pop3_personality("gmail")
def test_it_works_with_a_server_that_speaks_as_gmail(pop3_server: Server, tmp_path: Path) -> None:
    assert len(fetch(account(pop3_server), tmp_path)) == 5
