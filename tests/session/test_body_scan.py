"""What is known of a body is what a reader of its single octets would say, however it comes."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.protocol.message import stuff
from pop3spy.session.body_digest import DIGESTED
from pop3spy.session.body_scan import ALL, MOST_NUL, BodyScan
from pop3spy.session.header_facts import HEADER
from session.body_reader import facts_by_definition, facts_of_scan

KEY = b"a key of the tests"

PIECES = [
    *(b"\r\n", b"\n", b"\r", b".", b"..", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\r\n\r\n", b"\n\n"),
    *(b"-ERR", b"-ERR no\r\n", b"\n-ERR\r", b"+OK", b"\r\n+OK 1\r\n", b"\0", b"\xff", b"a", b" "),
    *("é".encode(), b"Message-ID: <a@b>\r\n", b"Status: RO\r\n", b"x" * 997, b"x" * 500),
]
bodies = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join) | st.binary(max_size=40)


@st.composite
def cuts_of(draw: st.DrawFn, body: bytes) -> list[bytes]:
    places = draw(st.lists(st.integers(0, len(body)), max_size=8))
    return [body[a:b] for a, b in pairwise([0, *sorted(places), len(body)])]


def scanned(parts: list[bytes], *, exact: int = ALL, key: bytes = KEY) -> BodyScan:
    scan = BodyScan(key, exact=exact)
    for part in parts:
        scan.add(part, dotted=b"\n." in part)
    scan.end()
    return scan


@given(st.data(), bodies, st.sampled_from([ALL, 0, 1, 6, 9, 30]))
def test_the_facts_are_those_by_definition_however_the_octets_come(
    data: st.DataObject, body: bytes, exact: int
) -> None:
    parts = data.draw(cuts_of(body))
    assert facts_of_scan(scanned(parts, exact=exact)) == facts_by_definition(body, exact)


@given(st.lists(st.sampled_from(PIECES[:18]), max_size=5).map(b"".join))
def test_a_short_body_has_the_same_facts_under_every_cut(body: bytes) -> None:
    facts = facts_by_definition(body, ALL)
    for parts in every_cut(body):
        assert facts_of_scan(scanned(parts)) == facts


def test_what_is_read_for_everything_ends_at_the_same_octet_under_every_cut() -> None:
    body = b"a\r.\n+OK\r\n-ERR x\n..\r\n.\r.x"
    for exact in range(len(body) + 1):
        facts = facts_by_definition(body, exact)
        for parts in every_cut(body):
            assert facts_of_scan(scanned(parts, exact=exact)) == facts


@pytest.mark.parametrize("size", [1, 100, MOST_NUL // 2])
def test_so_many_nul_are_counted_under_every_cut(size: int) -> None:
    scan = scanned([b"x" + b"\0" * size] * (MOST_NUL // size))
    assert (scan.nul, scan.first_nul) == (MOST_NUL, 1)
    scan = scanned([b"x" + b"\0" * (size + 1)] * (MOST_NUL // size))
    assert (scan.nul, scan.first_nul) == (MOST_NUL, 1)


def test_a_long_line_is_as_long_under_every_cut() -> None:
    for parts in every_cut(b"x" * 999 + b"\r\n"):
        assert scanned(parts).longest_line == 999


TEXT_PIECES = [b"a", b".", b"\r\n", b"\n", b"\r\n\r\n", b"A: b\r\n", b"status: RO\r\n", b" x\r\n"]
texts = st.lists(st.sampled_from(TEXT_PIECES), max_size=5).map(b"".join)


@given(st.data(), texts, texts)
def test_two_bodies_have_the_same_digest_if_they_are_the_same_without_stuffed_dots(
    data: st.DataObject, one: bytes, other: bytes
) -> None:
    first = scanned(data.draw(cuts_of(stuff(one)))).digest
    second = scanned(data.draw(cuts_of(stuff(other)))).digest
    assert (first == second) == (one == other)


def test_a_body_ends_once() -> None:
    scan = scanned([b"A: b\r\n-ERR\n..\n.x"])
    facts = facts_of_scan(scan)
    scan.end()
    assert facts_of_scan(scan) == facts


def test_a_digest_depends_on_the_key_and_is_none_without_one() -> None:
    body = b"A: b\r\n\r\nx\r\n"
    assert scanned([body]).digest != scanned([body], key=b"another key").digest
    assert scanned([body], key=b"").digest is None
    assert scanned([body], key=b"").stable_digest is None


@pytest.mark.parametrize(
    "fields",
    [
        b"Status: RO\r\n",
        b"X-Status: A\r\nX-UIDL: 12\r\nX-Keywords:\r\n",
        b"x-keywords: a\r\n\tb\r\n c\r\nSTATUS: O\r\n",
    ],
)
@pytest.mark.parametrize("header", [b"A: b\r\n%sC: d\r\n", b"%sA: b\r\n", b"A: b\r\n%s"])
def test_the_stable_digest_leaves_out_what_servers_write(header: bytes, fields: bytes) -> None:
    with_them = scanned([header % fields + b"\r\nStatus: of the war\r\n"])
    without = scanned([header % b"" + b"\r\nStatus: of the war\r\n"])
    assert with_them.digest != without.digest
    assert with_them.stable_digest == without.stable_digest


def test_the_stable_digest_holds_all_other_fields_and_the_content() -> None:
    bodies = [b"Status-Code: 1\r\n\r\n", b"\r\n", b"A: Status: 1\r\n\r\n", b"\r\nStatus: RO\r\n"]
    assert len({scanned([body]).stable_digest for body in bodies}) == len(bodies)


def test_a_digest_covers_so_many_octets_behind_the_header_and_the_size() -> None:
    start = b"A: b\r\n\r\n" + b"x" * DIGESTED
    all_of_it, more, other, longer = (
        scanned([start + rest]) for rest in (b"", b"1", b"2", b"1\r\n")
    )
    assert all_of_it.digests_all
    assert not more.digests_all
    assert more.digest == other.digest
    assert len({all_of_it.digest, more.digest, longer.digest}) == 3


def test_the_header_of_top_and_of_retr_has_the_same_digest() -> None:
    top, retr = scanned([b"A: b\r\n"]).header, scanned([b"A: b\r\n\r\nx\r\n"]).header
    assert top
    assert retr
    assert top.digest == retr.digest


@pytest.mark.parametrize(
    ("field", "message_id"),
    [
        (b"Message-ID: <a@b>\r\n", b"<a@b>"),
        (b"A: b\nmessage-id:\n <a@b>\n", b"<a@b>"),
        (b"Message-Id : " + b"x" * 2000 + b"\r\n", b"x" * 998),
        (b"A: Message-ID: 1\r\n", None),
        (b"\r\nMessage-ID: <in@content>\r\n", None),
    ],
)
def test_the_message_id_is_that_of_the_header(field: bytes, message_id: bytes | None) -> None:
    header = scanned([field]).header
    assert header
    assert header.message_id == message_id


@pytest.mark.parametrize("size", [1, 7, 1000, HEADER, 200_000])
def test_of_a_header_that_is_too_long_nothing_is_known(size: int) -> None:
    at_most = b"..x\n" * (HEADER // 4 - 1) + b"x\n\r\n" + b"content"
    too_long = b"x" + at_most
    scans = []
    for body in (at_most, too_long):
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        scans.append(scanned(parts))
    assert scans[0].header
    assert scans[0].has_blank_line
    assert scans[1].header is None
    assert scans[1].body_lines is None
    assert scans[1].stable_digest is None
    assert scans[1].digest == scanned([too_long]).digest


line_sizes = st.one_of(
    st.tuples(st.integers(990, 1003), st.just(1)),
    st.tuples(st.integers(0, 3000), st.just(1)),
    st.tuples(st.integers(0, 80), st.integers(1, 40)),  # as base64 has them
)


@given(st.lists(line_sizes, max_size=8), st.sampled_from([b"", b"\n"]), st.data())
def test_the_longest_line_is_exact_above_998(
    sizes: list[tuple[int, int]], cut_off: bytes, data: st.DataObject
) -> None:
    ends = st.sampled_from([b"\r\n", b"\n"])
    body = b"".join((b"x" * size + data.draw(ends)) * times for size, times in sizes)
    parts = data.draw(cuts_of(body.removesuffix(cut_off)))
    assert scanned(parts).longest_line == max([998, *(size for size, _ in sizes)])


def test_a_listing_has_no_header_and_no_digest() -> None:
    scan = BodyScan(KEY, message=False)
    scan.add(b"1 20\r\n.2 30\r\n")
    scan.end()
    assert (scan.header, scan.digest, scan.lines, scan.has_blank_line) == (None, None, 2, False)
    assert scan.beginnings.unstuffed.first == 6


@pytest.mark.parametrize("line", [b"x" * 76 + b"\r\n", b"x", b"\n.\r.", b"A: b\r\n"])
def test_of_a_long_body_next_to_nothing_is_kept(line: bytes) -> None:
    scan, part = BodyScan(KEY), line * (65536 // len(line))
    tracemalloc.start()
    for _ in range(100):
        scan.add(part)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    scan.end()
    assert kept < HEADER + 20_000


@given(st.data(), texts | bodies)
def test_parts_as_the_decoder_cuts_them_have_the_same_facts(
    data: st.DataObject, text: bytes
) -> None:
    decoder = Decoder()
    decoder.append(Side.SERVER, b"+OK\r\n")
    decoder.append(Side.CLIENT, b"RETR 1\r\n")
    scan, heard = BodyScan(KEY, exact=ALL), b""
    for octets in [b"+OK\r\n", *data.draw(cuts_of(stuff(text))), b"\r\n.\r\n"]:
        decoder.append(Side.SERVER, octets)
        while frame := decoder.next():
            if isinstance(frame, BodyPart):
                scan.add(frame.raw, dotted=frame.dotted)
                heard += frame.raw
    scan.end()
    assert facts_of_scan(scan) == facts_by_definition(heard, ALL)
