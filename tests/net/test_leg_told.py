"""What a listener says of TLS: nothing about it changes in silence."""

import pytest

from pop3spy.net.leg import Legs
from pop3spy.net.trust import Trust

CHECKED = ", the server's certificate is checked"
TOLD = [
    ("pop3", "pop3", "pass", "STLS passes unread"),
    ("pop3", "pop3", "inspect", f"STLS is taken apart and read{CHECKED}"),
    ("pop3", "pop3", "refuse", "STLS is refused"),
    ("pop3", "pop3", "strip", "STLS is hidden and refused"),
    ("pop3", "pop3s", "pass", f"STLS passes unread{CHECKED}"),
    ("pop3s", "pop3", "inspect", "TLS at once"),
    ("pop3s", "pop3s", "inspect", f"TLS at once{CHECKED}"),
    ("pop3+stls", "pop3+stls", "inspect", f"STLS is required{CHECKED}"),
]


@pytest.mark.parametrize(("listener", "upstream", "stls", "told"), TOLD)
def test_what_becomes_of_tls_is_told(listener: str, upstream: str, stls: str, told: str) -> None:
    assert Legs(stls=stls).told(listener, upstream) == told
    careless = Legs(Trust(insecure=True), stls=stls).told(listener, upstream)
    assert careless == told.replace("is checked", "is not checked")
