"""The conversations of all rules, what each has to raise, and where it can be played."""

from collections.abc import Callable, Collection
from typing import Final

import pytest

from pop3spy.findings import Rule, own_rules
from pop3spy.findings.dialogue import BeginsTls, Clogs, read_dialogue

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


# -- on sockets of this machine, and in packets -------------------------------------------------

POP3: Final = 110
ABOUT_TLS: Final = {
    "apop-used": "it is raised inside TLS alone",
    "stls-offered-in-tls": "it is raised inside TLS alone",
    "tls-required": "its near miss is that TLS is there already",
}
"""Findings that hang on TLS, besides those that are about clear text."""
_ABOUT_CLEAR: Final = {rule.id for rule in RULES.values() if rule.about_clear} | {"cleartext-token"}


def in_clear(
    exceptions: Collection[str] = (), possible: Callable[[str], bool] = lambda _: True
) -> list[object]:
    """Return the conversations that can be played without TLS, as parameters of a test.

    Those of rules that *exceptions* name are not among them, and those that are not *possible*.
    """
    return [
        pytest.param(rule, text, id=f"{rule.id}-{number}")
        for rule in RULES.values()
        if rule.id not in exceptions
        for number, text in enumerate((*rule.raises, *rule.silent))
        if can_be_in_clear(text) and possible(text)
    ]


def can_be_in_clear(text: str) -> bool:
    """Return whether *text* has only what packets tell, and its server needs no name.

    Nobody begins TLS in the middle of it, and nobody knows who takes what is sent to him.
    """
    read = read_dialogue(text)
    steps = [step for one in read.connections for step in one.steps]
    beyond = any(isinstance(step, BeginsTls | Clogs) for step in steps)
    return not beyond and read.server.host[0].isdigit()


def is_at_the_usual_port(text: str) -> bool:
    """Return whether it does not matter for *text* at which port the server is."""
    return read_dialogue(text).server.port == POP3


def without_tls(ids: list[str], text: str) -> list[str]:
    """Return those of *ids* that *text*, played without TLS, raises as well as inside TLS.

    What is inside TLS in the conversation is in clear here, and that is a finding of its own.
    """
    if read_dialogue(text).clear:
        return sorted(ids)
    return sorted(name for name in ids if name not in _ABOUT_CLEAR and name not in ABOUT_TLS)
