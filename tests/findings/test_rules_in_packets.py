"""Each rule by its conversations, from a packet capture."""

from typing import Final

import pytest

from findings.conversations import RULES, conversations, expected, is_named, needs, without_tls
from findings.doors import ids
from findings.live_tls import Certificates
from findings.packet_door import in_packets
from pop3spy.findings import Rule
from pop3spy.findings.dialogue import BeginsTls, Clogs

NOT_IN_PACKETS: Final = {
    "apop-after-stls": "it is about what is said inside TLS",
    "stls-injected-answered": "it is about what is said inside TLS",
    "stls-no-recapa": "it is about what is said inside TLS",
    "stls-stale-capability": "it is about what is said inside TLS",
    "apop-used": "it is raised inside TLS alone",
    "stls-offered-in-tls": "it is raised inside TLS alone",
    "tls-no-close-notify": "how TLS is ended is encrypted",
    "pipelining-deadlock": "only the proxy knows whether its peers take what it sends to them",
}
"""What no packet capture tells, and why."""
INSIDE: Final = {*NOT_IN_PACKETS, "login-failed", "quit-missing"}
"""What is not seen where TLS begins in the middle: logins and QUIT are inside then."""


def is_in_packets(_: Rule, text: str) -> bool:
    """Return whether packets can hold *text*: of a server they have the address alone."""
    return Clogs not in needs(text) and not is_named(text)


@pytest.mark.parametrize(("rule", "text"), conversations(is_in_packets))
def test_a_packet_capture_tells_what_was_told_live(
    rule: Rule, text: str, certificates: Certificates
) -> None:
    unseen = INSIDE if BeginsTls in needs(text) else set()
    told = [name for name in expected(rule, text) if name not in unseen]
    assert without_tls(ids(in_packets(text, certificates)), text) == without_tls(told, text)


def test_only_what_packets_cannot_tell_is_left_out(certificates: Certificates) -> None:
    told = {
        name
        for rule in RULES.values()
        for text in rule.raises
        if is_in_packets(rule, text)
        for name in ids(in_packets(text, certificates))
    }
    assert set(RULES) - told == set(NOT_IN_PACKETS)
