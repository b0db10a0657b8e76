"""Each rule by its conversations, live: a proxy relays them, on real sockets of this machine."""

from typing import Final

import pytest

from findings.conversations import (
    can_be_in_clear,
    expected,
    in_clear,
    is_at_the_usual_port,
    without_tls,
)
from findings.doors import ids
from findings.live_door import live
from pop3spy.findings import Rule, own_rules

NOT_LIVE: Final = {
    "cleartext-login-offered": "it is not raised on this machine alone",
    "cleartext-mail": "it is not raised on this machine alone",
    "connection-unanswered": "this machine answers everybody who connects to it",
}
"""What cannot be played between sockets of this machine, at a port that it gives, and why."""


@pytest.mark.parametrize(("rule", "text"), in_clear(NOT_LIVE, is_at_the_usual_port))
async def test_what_is_said_through_a_proxy_is_judged_as_it_passes(rule: Rule, text: str) -> None:
    assert without_tls(ids(await live(text)), text) == without_tls(expected(rule, text), text)


@pytest.mark.parametrize("name", NOT_LIVE)
async def test_what_is_left_out_is_not_raised_here(name: str) -> None:
    rule = own_rules()[name]
    for text in filter(can_be_in_clear, rule.raises):
        assert name not in ids(await live(text))
