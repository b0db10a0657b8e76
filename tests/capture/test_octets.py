"""Any octet, anywhere, comes out of a record as it went in, for pop3spy and for PyYAML alone."""

import io
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from capture.plainly import octets
from capture.test_round_trip import live, read, story
from cuts import recut
from dialogue import Said
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.text import octets_of, recorded
from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Event, Heard

EVERY = [bytes([octet]) for octet in range(256)]
LENGTHS = {"short": 5, "long": 600, "large": 1100}
AROUND: dict[str, bytes] = {
    "ASCII": b'a "b" \\c\t',
    "UTF-8": "zé€😀".encode(),
    "Latin-1": b"z\xe9",
    "binary": b"\x80\0\xff",
}
PLACES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "alone": lambda octet, _: octet,
    "doubled": lambda octet, _: octet * 2,
    "first": lambda octet, text: octet + text,
    "in the middle": lambda octet, text: text + octet + text,
    "last": lambda octet, text: text + octet,
    "doubled in the middle": lambda octet, text: text + octet * 2 + text,
    "everywhere": lambda octet, text: octet.join([text] * 3),
}


SLOW = 500
"""Characters of a line from which on YAML in Python takes too long to ask it so often."""


def plainly(record: str) -> list[Any]:
    """Return what PyYAML alone reads of *record*; JSON has to agree, and it is one line."""
    (line,) = record.splitlines(keepends=True)
    assert line.endswith("\n")
    (values,) = yaml.load(line, Loader=yaml.CSafeLoader)
    if len(line) < SLOW:
        assert yaml.load(line, Loader=yaml.SafeLoader) == [values]
    assert json.loads(line[2:]) == values
    return values  # type: ignore[no-any-return]  # of YAML


def same(data: bytes) -> str:
    """Return how *data* is recorded; whoever reads that has it again."""
    said = recorded(data).decode()
    assert octets_of(json.loads(said)) == (data, ())
    assert octets(plainly(f'- [0.5, 1, "S", {said}]\n')[3]) == data
    return said


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_every_octet_in_every_place_is_the_same(
    place: Callable[[bytes, bytes], bytes], around: bytes, length: int
) -> None:
    text = (around * length)[:length]
    for octet in EVERY:
        same(place(octet, text))


LINES = {
    "a command": (Side.CLIENT, b"TOP 1 %b\r\n"),
    "a user": (Side.CLIENT, b"USER %b\r\n"),
    "a status line": (Side.SERVER, b"+OK %b\r\n"),
    "a body": (Side.SERVER, b"+OK\r\na%b\r\n" + b"line\r\n" * 200 + b".\r\n"),
    "a body of its own": (Side.SERVER, b"+OK\r\n%b\r\n.\r\n"),
}


@pytest.mark.parametrize(("side", "line"), LINES.values(), ids=LINES)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_every_octet_of_a_session_is_read_again(
    side: Side, line: bytes, place: Callable[[bytes, bytes], bytes]
) -> None:
    asked: list[Said] = [(Side.SERVER, b"+OK ready\r\n")]
    asked += [(Side.CLIENT, b"TOP 1 1\r\n")] if side is Side.SERVER else []
    for octet in EVERY:
        events, text = live([*asked, (side, line % place(octet, b"ab")), (side.other, b"+OK\r\n")])
        assert story(read(text)) == story(events)
        assert plainly_read(text) == heard(events)


def plainly_read(text: str) -> dict[str, bytes]:
    """Return what each side said, by a capture that PyYAML alone reads."""
    records = yaml.load(text, Loader=yaml.CSafeLoader)["records"]
    return {side: b"".join(octets(each[3]) for each in records if each[2] == side) for side in "CS"}


def heard(events: list[Event]) -> dict[str, bytes]:
    """Return what each side said that was not only counted."""
    frames = [event.frame for event in events if isinstance(event, Heard)]
    return {
        side: b"".join(frame.raw for frame in frames if frame.side.value == side) for side in "CS"
    }


CONTROLS = st.sampled_from(["\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff", "█" * 8])
TEXT = st.text() | st.lists(st.text("aé€😀\t\r\n.") | CONTROLS).map("".join)
UNITS = {
    "ASCII": st.text(st.characters(max_codepoint=127)).map(str.encode),
    "UTF-8": TEXT.map(str.encode),
    "Latin-1": st.text(st.characters(max_codepoint=255)).map(lambda text: text.encode("latin-1")),
    "random": st.binary(),
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@given(st.data(), st.integers(1, 40))
def test_any_octets_are_the_same(
    unit: st.SearchStrategy[bytes], data: st.DataObject, times: int
) -> None:
    same(data.draw(unit) * times)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@given(st.data(), st.integers(1, 40))
def test_any_body_in_any_chunks_is_read_again(
    unit: st.SearchStrategy[bytes], data: st.DataObject, times: int
) -> None:
    body = (data.draw(unit) * times).replace(b"\n.", b"\n..").replace(b"\n.\n", b"\n..\n")
    reply = b"+OK\r\na" + body + b"\r\n.\r\n"
    talk: list[Said] = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"RETR 1\r\n")]
    talk += [(Side.SERVER, reply), (Side.CLIENT, b"QUIT\r\n"), (Side.SERVER, b"+OK\r\n")]
    events, text = live(data.draw(recut(talk)))
    assert story(read(text)) == story(events)
    assert plainly_read(text) == heard(events)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"+OK \xe9t\xe9\r\n", '"+OK été\\r\\n"', id="Latin-1 is text"),
        pytest.param("+OK été\r\n".encode(), '{"utf8": "+OK été\\r\\n"}', id="UTF-8 is text"),
        pytest.param(b"\x80" * 512, '"' + "\\u0080" * 512 + '"', id="a line is never base64"),
        pytest.param(b"\x80" * 513, '{"base64": "' + "gICA" * 171 + '"}', id="binary is base64"),
        pytest.param(b"\xe9" * 513, '"' + "é" * 513 + '"', id="what reads as Latin-1 is not"),
        pytest.param(
            "€é€".encode()[1:-1],
            '["\\u0082\\u00ac", {"utf8": "é"}, "\\u00e2\\u0082"]',
            id="cut in characters",
        ),
        pytest.param(b"\x82\xacabc\xe2", '"\\u0082\\u00acabcâ"', id="cut, and ASCII otherwise"),
        pytest.param("é\x85".encode(), '"\\u00c3\\u00a9\\u00c2\\u0085"', id="no line end of YAML"),
        pytest.param("é█".encode(), '{"utf8": "é█"}', id="one block is no mask"),
        pytest.param(
            ("é" + "█" * 8).encode(), '"\\u00c3\\u00a9' + "\\u00e2\\u0096\\u0088" * 8 + '"',
            id="eight would be one",
        ),
    ],
)  # fmt: skip
def test_what_reads_as_text_is_text(data: bytes, said: str) -> None:
    assert same(data) == said


@given(st.lists(st.binary(max_size=40), min_size=2, max_size=5))
@example([b"", b"\xe9", b"\x80"])
@example([b"\xc3", b"\xa9"])
def test_a_mask_stands_among_any_octets(pieces: list[bytes]) -> None:
    raw, masks = pieces[0], []
    for piece in pieces[1:]:
        masks.append((len(raw), len(raw) + 8))
        raw += b"********" + piece or b"-"
    if any(end == start for (_, end), (start, _) in pairwise(masks)):
        return  # they would be one
    said = recorded(raw, tuple(masks)).decode()
    assert octets_of(json.loads(said)) == (raw, tuple(masks))
    assert octets(plainly(f'- [0.5, 1, "S", {said}]\n')[3]) == raw


@pytest.mark.parametrize(
    ("said", "octets", "masks"),
    [
        pytest.param({"utf8": "für ████████!"}, "für ********!".encode(), ((5, 13),), id="a mask"),
        pytest.param({"utf8": "█"}, "█".encode(), (), id="a block"),
        pytest.param({"base64": "/v8\n  =\n"}, b"\xfe\xff", (), id="base64 in lines"),
        pytest.param(
            ["a████████", {"utf8": "é████████"}], b"a********\xc3\xa9********", ((1, 9), (11, 19)),
            id="parts",
        ),
        pytest.param([], b"", (), id="no parts"),
    ],
)  # fmt: skip
def test_what_a_person_may_write(said: Any, octets: bytes, masks: tuple[Any, ...]) -> None:
    assert octets_of(said) == (octets, masks)


@pytest.mark.parametrize(
    "said",
    [
        "5", "null", "{}", '{"hex": "00"}', '{"utf8": 7}', '{"utf8": "\\ud800"}', '{"base64": 7}',
        '[["a"]]', '["a", 5]', '"€"', '{"base64": "eA"}', '{"base64": "e!=="}', '{"base64": "é"}',
        '{"base64": "eA==eA=="}',
    ],
)  # fmt: skip
def test_what_stands_for_no_octets_is_told_in_one_line(said: str) -> None:
    text = f'pop3spy: 2\nrecords:\n- [0.5, 1, "S", {said}]\n'
    with pytest.raises(
        CaptureError, match=r"^x\.yaml:3: this is nothing that a side can have said$"
    ):
        list(CaptureReader(io.StringIO(text), "x.yaml"))
