"""Each rule by its conversations, live: a proxy relays them, on real sockets and with real TLS.

What needs a certain port, a server with a name or hosts far from each other is played in a network
of its own: ``test_rules_in_a_network``.
"""

import pytest

from findings.conversations import FAR_APART, conversations, expected, is_anywhere, needs
from findings.doors import ids
from findings.live_door import live
from findings.live_tls import Certificates
from pop3spy.findings import Rule
from pop3spy.findings.dialogue import Clogs


def is_here(rule: Rule, text: str) -> bool:
    return rule.id not in FAR_APART and is_anywhere(text)


def clogs(_: Rule, text: str) -> bool:
    return Clogs in needs(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    conversations(lambda rule, text: is_here(rule, text) and not clogs(rule, text)),
)
async def test_what_is_said_through_a_proxy_is_judged_as_it_passes(
    rule: Rule, text: str, certificates: Certificates
) -> None:
    assert sorted(ids(await live(text, certificates))) == expected(rule, text)


@pytest.mark.parametrize(("rule", "text"), conversations(clogs))
async def test_that_neither_side_takes_what_is_sent_is_judged_as_it_happens(
    rule: Rule, text: str, certificates: Certificates
) -> None:
    # What clogs a connection is more than what the conversation says, and judged as well.
    assert (rule.id in ids(await live(text, certificates))) is (text in rule.raises)
