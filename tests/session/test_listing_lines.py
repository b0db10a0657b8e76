"""A listing is read at once, and says what its lines say one by one."""

from hypothesis import example, given
from hypothesis import strategies as st

from pop3spy.protocol.replies import pair_of, unique_id_of
from pop3spy.session.listing_lines import ListingLines

PLAIN = st.builds(b"%d %d".__mod__, st.tuples(st.integers(0, 30), st.integers(0, 10**21)))
ODD = st.lists(
    st.sampled_from([b"1", b"12", b" ", b"\t", b"\r", b"\x0b", b"a", b"\xe9", b"\0", b"-", b"."]),
    max_size=6,
).map(b"".join)
LINES = st.lists(PLAIN | ODD, max_size=12)
ENDS = st.sampled_from([b"\r\n", b"\n", b"\r\r\n"])
MOST = 10


@given(st.sampled_from(["LIST", "UIDL"]), st.lists(PLAIN, max_size=12) | LINES, ENDS, ODD)
@example("LIST", [b"1 1", b"1 2"], b"\r\n", b"")
@example("LIST", [], b"\r\n", b"")
def test_a_listing_says_what_its_lines_say(
    verb: str, lines: list[bytes], end: bytes, unfinished: bytes
) -> None:
    listing = ListingLines(verb, b"".join(line + end for line in lines) + unfinished, MOST)
    said: dict[int, int | bytes] = {}
    numbers, malformed = [], []
    for place, line in enumerate(lines[:MOST], 1):
        text = line.rstrip(b"\r")
        found = pair_of(text) if verb == "LIST" else unique_id_of(text)
        if found is None:
            malformed.append((place, text))
        else:
            numbers.append(found[0])
            said[found[0]] = found[1]
    assert (listing.numbers, listing.malformed) == (numbers, malformed)
    assert (listing.sizes if verb == "LIST" else listing.ids) == said
    assert listing.duplicates == [n for n in said if numbers.count(n) > 1]
