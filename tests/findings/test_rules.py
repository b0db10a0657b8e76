"""Each rule, by the conversations that stand beside it: one raises it, the other raises nothing."""

import pytest

from findings.conversations import RAISES, RULES, SILENT, expected
from findings.doors import ids, in_a_recording, in_pieces, judged, on_tape
from pop3spy.findings import AtFault, Rule, Scope
from pop3spy.findings.dialogue import read_dialogue


@pytest.mark.parametrize(("rule", "text"), RAISES)
def test_the_trigger_of_a_rule_raises_it_and_nothing_else(rule: Rule, text: str) -> None:
    assert sorted(ids(on_tape(text))) == expected(rule, text)


@pytest.mark.parametrize(("rule", "text"), SILENT)
def test_the_near_miss_of_a_rule_raises_nothing(rule: Rule, text: str) -> None:
    also = read_dialogue(text).also
    assert rule.id not in also
    assert sorted(ids(on_tape(text))) == sorted(also)


@pytest.mark.parametrize(("rule", "text"), RAISES)
def test_a_recording_tells_what_was_told_live(rule: Rule, text: str) -> None:
    assert sorted(ids(in_a_recording(text))) == expected(rule, text)


@pytest.mark.parametrize(("rule", "text"), SILENT)
def test_a_recording_is_silent_where_all_was_silent_live(rule: Rule, text: str) -> None:
    assert rule.id not in (found := ids(in_a_recording(text)))
    assert sorted(found) == sorted(read_dialogue(text).also)


@pytest.mark.parametrize(("rule", "text"), RAISES)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_how_the_octets_were_cut_makes_no_difference(rule: Rule, text: str, size: int) -> None:
    cut = in_pieces(read_dialogue(text).tape(), size)
    assert sorted(ids(judged(cut))) == expected(rule, text)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_says_what_it_means_and_what_to_do(rule: Rule) -> None:
    assert rule.meaning.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.basis
    assert rule.rank in (1, 2, 3)
    assert rule.raises
    assert isinstance(rule.scope, Scope)
    assert all(isinstance(fault, AtFault) for fault in rule.fault)
    assert [name for name in rule.beats if name not in RULES] == []
