"""Unique-ids are unique, fit, and the same in every run."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pop3spy.postoffice.unique_ids import UniqueIds, fit_for_unique_id

IDS = st.lists(st.sampled_from([b"a", b"a-2", b"a-3", b"a-2-2", b"b", b"x" * 70, b"x" * 69]))


@given(IDS)
def test_repeated_ids_are_told_apart(ids: list[bytes]) -> None:
    chosen = UniqueIds().give(ids)
    assert len(set(chosen)) == len(ids)
    assert set(ids) <= set(chosen)  # the first of each keeps its own
    assert all(re.fullmatch(rb"[\x21-\x7e]{1,70}", each) for each in chosen)
    assert chosen == UniqueIds().give(ids)


@given(st.binary(max_size=80))
def test_any_name_becomes_a_unique_id(name: bytes) -> None:
    assert re.fullmatch(rb"[\x21-\x7e]{1,70}", fit_for_unique_id(name))


def test_a_thousand_copies_take_no_time() -> None:
    assert len(set(UniqueIds().give([b"same"] * 20_000))) == 20_000


def days(*names: bytes) -> st.SearchStrategy[list[list[bytes]]]:
    """Return what the messages are called that arrive on each of a few days."""
    return st.lists(st.lists(st.sampled_from(names), max_size=3), max_size=6)


@given(st.data(), days(b"a", b"b"))
def test_ids_stay_while_mail_comes_and_goes(data: st.DataObject, mail: list[list[bytes]]) -> None:
    unique_ids = UniqueIds()
    names: list[bytes] = []
    before: list[bytes] = []
    for arrived in mail:
        names += arrived
        ids = unique_ids.give(names)
        assert len(set(ids)) == len(ids)
        assert ids[: len(before)] == before
        gone = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
        unique_ids.forget(gone)
        left = [number for number, each in enumerate(ids) if each not in gone]
        names, before = [names[number] for number in left], [ids[number] for number in left]


@given(days(b"a", b"a-2", b"a-3", b"a-2-2"))
def test_a_message_whose_name_was_the_id_of_a_copy_has_an_id_of_its_own(
    mail: list[list[bytes]],
) -> None:
    unique_ids = UniqueIds()
    names: list[bytes] = []
    for arrived in mail:
        names += arrived
        ids = unique_ids.give(names)
        assert len(set(ids)) == len(ids)
        assert set(names) <= set(ids)
