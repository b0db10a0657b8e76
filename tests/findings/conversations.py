"""The conversations of all rules, what each has to raise, and where it can be played."""

from collections.abc import Callable
from typing import Final

import pytest

from pop3spy.findings import Rule, own_rules
from pop3spy.findings.dialogue import read_dialogue

RULES: Final = own_rules()
RAISES: Final = [
    pytest.param(rule, text, id=f"{rule.id}-{number}")
    for rule in RULES.values()
    for number, text in enumerate(rule.raises)
]
SILENT: Final = [
    pytest.param(rule, text, id=f"{rule.id}-{number}")
    for rule in RULES.values()
    for number, text in enumerate(rule.silent)
]


def expected(rule: Rule, text: str) -> list[str]:
    """Return the ids that *text*, one of the conversations of *rule*, has to raise."""
    also = read_dialogue(text).also
    return sorted((rule.id, *also) if text in rule.raises else also)


# -- on sockets, and in packets -----------------------------------------------------------------

POP3: Final = 110
FAR_APART: Final = {
    "cleartext-login-offered": "it is not raised on one machine alone",
    "cleartext-mail": "it is not raised on one machine alone",
    "connection-unanswered": "a machine answers itself whenever it connects to itself",
}
"""The rules whose conversations are to be between two hosts, and why."""
ABOUT_TLS: Final = {
    "apop-used": "it is raised inside TLS alone",
    "stls-offered-in-tls": "it is raised inside TLS alone",
    "tls-no-close-notify": "it is about how TLS ends",
    "tls-required": "its near miss is that TLS is there already",
}
"""Findings that hang on TLS, besides those that are about clear text."""
_ABOUT_CLEAR: Final = {rule.id for rule in RULES.values() if rule.about_clear} | {"cleartext-token"}


def conversations(possible: Callable[[Rule, str], bool]) -> list[object]:
    """Return the conversations that are *possible* in a place, as parameters of a test."""
    return [
        pytest.param(rule, text, id=f"{rule.id}-{number}")
        for rule in RULES.values()
        for number, text in enumerate((*rule.raises, *rule.silent))
        if possible(rule, text)
    ]


def needs(text: str) -> set[type[object]]:
    """Return the kinds of what happens in *text*."""
    return {type(step) for one in read_dialogue(text).connections for step in one.steps}


def is_anywhere(text: str) -> bool:
    """Return whether it does not matter for *text* which server it is, and at which port."""
    server = read_dialogue(text).server
    return server.port == POP3 and not is_named(text)


def is_named(text: str) -> bool:
    """Return whether the server of *text* has a name."""
    return not read_dialogue(text).server.host[0].isdigit()


def without_tls(ids: list[str], text: str) -> list[str]:
    """Return those of *ids* that *text*, played without TLS, raises as well as inside TLS.

    What is inside TLS in the conversation is in clear here, and that is a finding of its own.
    """
    if read_dialogue(text).clear:
        return sorted(ids)
    return sorted(name for name in ids if name not in _ABOUT_CLEAR and name not in ABOUT_TLS)
