"""A server that is not here: Dovecot, as it was recorded."""

from pathlib import Path

import pytest
from mail_fetcher import Account, fetch
from pop3spy import Server


@pytest.mark.pop3_recording("dovecot.yaml")
def test_the_mail_of_a_recorded_server_is_fetched(pop3_stand_in: Server, tmp_path: Path) -> None:
    fetched = fetch(Account(pop3_stand_in.host, pop3_stand_in.port), tmp_path)
    assert len(fetched) == len(list(tmp_path.glob("*.eml"))) > 0
    assert pop3_stand_in.wait_for_session().ending
