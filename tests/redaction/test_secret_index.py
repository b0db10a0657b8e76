"""Where a secret stands behind escapings, and what it takes to look for it in very much."""

import tracemalloc
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pop3spy.redaction.escapings import places_in, without_escapings
from pop3spy.redaction.secret_index import SecretIndex

MUCH = 1 << 20
"""Octets of the most noise that a fault makes."""
ESCAPED = st.lists(
    st.sampled_from(
        [
            *(b"a", b"%41", b"%2541", b"\\x41", b"\\n", b"\\u20ac", b"&amp;", b"&#65;", b"=41"),
            *(b'""', b"''", b"41:42:43", b"%", b"\\", b"&", b" ", b"-", b"\xff"),
        ]
    )
).map(b"".join)


@given(ESCAPED)
def test_each_octet_without_escapings_has_its_place_in_the_line(line: bytes) -> None:
    for view, undone in without_escapings(line, short=True):
        places = list(places_in(line, undone))
        assert len(places) == len(view) + 1
        assert places == sorted(places)
        assert places[-1] == len(line)


def test_a_secret_in_much_noise_is_found_in_little_memory() -> None:
    index, noise = SecretIndex(), Random(1).randbytes(MUCH)
    index.add(b"sesame123")
    index.find(b"what comes first makes the forms")
    tracemalloc.start()
    try:
        assert index.find(noise) == ()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * MUCH  # some copies of it, and no number for each octet
    assert index.find(noise + b"%73esame%3123 ") == ((MUCH, MUCH + 13),)
