"""Servers that do not: what is stored is whole, and what was not stored is not deleted."""

from dataclasses import replace
from pathlib import Path

import pytest
from mail_fetcher import Account, FetchError, fetch
from pop3spy import Server


def account(server: Server) -> Account:
    return Account(server.host, server.port)


@pytest.mark.pop3_fault("cut after=100 when verb = RETR and arg = 3")
def test_half_a_message_is_not_stored(pop3_server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="EOF"):
        fetch(account(pop3_server), tmp_path, delete=True)
    assert len(list(tmp_path.glob("*.eml"))) == 2
    assert list(tmp_path.glob("*.part")) == []
    assert not pop3_server.wait_for_exchange("verb = RETR and arg = 3").complete


@pytest.mark.pop3_fault("cut after=100 when verb = RETR and arg = 3")
def test_nothing_is_deleted_that_is_not_stored(pop3_proxy: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        fetch(account(pop3_proxy), tmp_path, delete=True)
    assert pop3_proxy.wait_for_session().totals.deleted == 0


@pytest.mark.pop3_fault('answer line="-ERR [IN-USE] another session has it" when verb = PASS')
def test_a_refusal_is_told_in_the_words_of_the_server(pop3_proxy: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="IN-USE"):
        fetch(account(pop3_proxy), tmp_path)


@pytest.mark.pop3_fault("stall when verb = UIDL")
def test_it_does_not_wait_for_ever(pop3_server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="timed out"):
        fetch(replace(account(pop3_server), timeout=0.5), tmp_path)
