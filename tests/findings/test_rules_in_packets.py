"""Each rule by its conversations, from a packet capture."""

from typing import Final

import pytest

from findings.conversations import (
    RULES,
    can_be_in_clear,
    expected,
    in_clear,
    without_tls,
)
from findings.doors import ids
from findings.packet_door import in_packets
from pop3spy.findings import Rule

BEGINS_TLS: Final = {
    "apop-after-stls",
    "stls-command-injection",
    "stls-injected-answered",
    "stls-no-recapa",
    "stls-response-injection",
    "stls-stale-capability",
}
"""What is raised by TLS that begins in the middle, inside which no packet capture looks."""
NOT_IN_PACKETS: Final = {"pipelining-deadlock"}
"""What only the proxy knows: whether its peers take what it sends to them."""


@pytest.mark.parametrize(("rule", "text"), in_clear())
def test_a_packet_capture_tells_what_was_told_live(rule: Rule, text: str) -> None:
    assert without_tls(ids(in_packets(text)), text) == without_tls(expected(rule, text), text)


def test_only_what_packets_cannot_tell_is_left_out() -> None:
    cannot = {name for name, rule in RULES.items() if not any(map(can_be_in_clear, rule.raises))}
    assert cannot == BEGINS_TLS | NOT_IN_PACKETS
