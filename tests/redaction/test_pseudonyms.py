"""Names that stand for others."""

import pytest

from pop3spy.redaction.pseudonyms import Kind, Pseudonyms, is_pseudonym


@pytest.mark.parametrize("kind", Kind)
def test_a_pseudonym_has_the_form_of_one(kind: Kind) -> None:
    assert is_pseudonym(Pseudonyms().of(kind, b"mail.example.org"))


@pytest.mark.parametrize("name", [b"alice", b"user-one", b"user-1x", b"host-1"])
def test_another_name_has_not(name: bytes) -> None:
    assert not is_pseudonym(name)


@pytest.mark.parametrize("kind", Kind)
def test_a_pseudonym_is_kept_where_that_is_asked_for(kind: Kind) -> None:
    once = Pseudonyms().of(kind, b"mail.example.org")

    assert Pseudonyms(kept=True).of(kind, once) == once
