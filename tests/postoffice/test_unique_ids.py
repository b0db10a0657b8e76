"""Unique-ids are unique, fit, and the same in every run."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pop3spy.postoffice.maildrop import distinct, fit_for_unique_id

IDS = st.lists(st.sampled_from([b"a", b"a-2", b"a-3", b"a-2-2", b"b", b"x" * 70, b"x" * 69]))


@given(IDS)
def test_repeated_ids_are_told_apart(ids: list[bytes]) -> None:
    chosen = distinct(ids)
    assert len(set(chosen)) == len(ids)
    assert set(ids) <= set(chosen)  # the first of each keeps its own
    assert all(re.fullmatch(rb"[\x21-\x7e]{1,70}", each) for each in chosen)
    assert chosen == distinct(ids)


@given(st.binary(max_size=80))
def test_any_name_becomes_a_unique_id(name: bytes) -> None:
    assert re.fullmatch(rb"[\x21-\x7e]{1,70}", fit_for_unique_id(name))


def test_a_thousand_copies_take_no_time() -> None:
    assert len(set(distinct([b"same"] * 20_000))) == 20_000
