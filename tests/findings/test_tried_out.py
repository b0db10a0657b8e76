"""What is tried out on purpose is nobody's fault: by a person who types, by a server of ours."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest

from findings.doors import STARTED, Found, Gathered, fails, ids
from pop3spy.findings import AtFault, Findings, Severity, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.findings.own_deeds import SERVED
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Began, Item

TRIGGERS = [
    pytest.param(dialogue, id=f"{rule.id} {number}")
    for rule in own_rules().values()
    for number, dialogue in enumerate(rule.raises, 1)
]


def typed(items: Iterator[Item]) -> Iterator[Item]:
    """Yield *items* as if a person had typed what the client says."""
    for item in items:
        yield replace(item, typed=True) if isinstance(item, Began) else item


def judged(items: Iterator[Item], spared: Collection[AtFault] = ()) -> Found:
    gathered = Gathered()
    play_back(
        items,
        gathered,
        memory=SecretMemory(STARTED),
        judge=lambda publish: Findings(publish, own_rules(), fails, spared=spared),
    )
    return gathered.found


@pytest.mark.parametrize("dialogue", TRIGGERS)
def test_a_person_hears_of_their_own_deeds_only_where_something_suffers(dialogue: str) -> None:
    rules = own_rules()
    for _, finding in judged(typed(read_dialogue(dialogue).tape())):
        if finding.fault == (AtFault.CLIENT,):
            group = rules[finding.id].group
            assert group in {"login", "security", "loss"}
            assert finding.severity is Severity.ERROR or group != "loss"
            assert finding.severity is not Severity.INFO


@pytest.mark.parametrize("dialogue", TRIGGERS)
def test_nothing_is_held_against_a_server_of_ours(dialogue: str) -> None:
    for _, finding in judged(read_dialogue(dialogue).tape(), SERVED):
        assert {AtFault.CLIENT, AtFault.CONFIG} & set(finding.fault)


PROBING = "-- login\nC: XYZZY\nS: -ERR\nC: RETR\nS: -ERR\n-- client closes"
LF = "-- login\nC< STAT\\n\nS: +OK 0 0\nC: QUIT\nS: +OK"
LEFT = "-- login\nC: DELE 1\nS: +OK\n-- client closes"
BROKEN = "-- login\nC: STAT\nS: +OK x y\nC: QUIT\nS: +OK"
TYPED = [
    pytest.param(PROBING, [], ["argument-missing", "quit-missing"], id="probing"),
    pytest.param(LF, [], ["bare-lf-command"], id="LF alone"),
    pytest.param(LEFT, [], ["disconnect-with-deletes"], id="leaving without QUIT"),
    pytest.param(BROKEN, ["stat-malformed"], ["stat-malformed"], id="the server's fault"),
]


@pytest.mark.parametrize(("dialogue", "of_a_person", "of_a_program"), TYPED)
def test_a_session_by_hand_is_judged_calmly(
    dialogue: str, of_a_person: list[str], of_a_program: list[str]
) -> None:
    assert ids(judged(typed(read_dialogue(dialogue).tape()))) == of_a_person
    assert ids(judged(read_dialogue(dialogue).tape())) == of_a_program
