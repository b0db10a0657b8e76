"""What is exported in the short form reads as the same session, for pop3spy and for any YAML."""

import io
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from capture.test_round_trip import AHEAD, ODD, live, odd_talk, pairing, read, story
from cuts import recut, wild_talk
from dialogue import Said, said
from pop3spy.capture.byhand import ByHand
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.short import short_block, short_line
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Spoke

HEAD = "pop3spy: 1\nrecords:\n"


def by_hand(capture: str) -> str:
    """Return a capture in the short form."""
    out = io.BytesIO()
    exporter = ByHand(out, Header(Clock().started))
    play_back(CaptureReader(io.StringIO(capture), "test"), exporter)
    exporter.close()
    return out.getvalue().decode()


def timeless(told: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return a story without its times: the last two of a frame, those in the midst of others."""
    without = {
        "C": [_without_time(item) for item in told["C"]],
        "S": [_without_time(item) for item in told["S"]],
        "exchange": [(*item[:4], item[-1]) for item in told["exchange"]],
    }
    return {**told, **without}


def _without_time(item: Any) -> Any:
    if not isinstance(item[0], str):
        return item[0]
    return (*item[:3], *item[4:]) if item[0] == "opaque" else item


def records(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- [")]


ORDINARY = """
    S: +OK ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: -ERR [AUTH] no, not: sesame123
    C: CAPA
    S: +OK
    S: TOP
    S: .
    C: QUIT
    S: +OK bye
"""


def test_an_ordinary_session_has_records_for_its_ends_and_what_is_hidden_only() -> None:
    short = by_hand(live(said(ORDINARY))[1])

    assert [line.split('"')[1] for line in records(short)] == ["open", "facts", "facts", "close"]
    assert "- C: PASS ████████\n" in short
    assert '- S: "-ERR [AUTH] no, not: ████████"\n' in short
    assert "- S: |\n    TOP\n    .\n" in short


@given(wild_talk.flatmap(recut))
@example(AHEAD)
@example(
    [
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"\r\n\r"),
        (Side.SERVER, b"+OK\r\n\r\n"),
        (Side.CLIENT, b"USER bob\r\n"),
    ]
)
@example([(Side.CLIENT, b"PROXY UNKNOWN\r\n")])
@example([(Side.CLIENT, b"\r"), (Side.SERVER, b"+OK\r\n+OK\r\n"), (Side.CLIENT, b"USER bob\r\n")])
def test_any_session_in_short_form_reads_as_it_was_but_for_times(talk: list[Said]) -> None:
    events, capture = live(talk)
    short = by_hand(capture)

    was, is_now = timeless(story(events)), timeless(story(read(short)))
    for what, items in was.items():
        assert is_now[what] == items, (what, capture, short)


def waits_undecided(said: Said) -> bool:
    """Return whether a client's octets may wait for more than one reply: times alone tell that."""
    return said[0] is Side.CLIENT and b"\x17" in (said[1] or b"")


@given(odd_talk.filter(lambda talk: not any(map(waits_undecided, talk))).flatmap(recut))
def test_any_session_with_odd_lines_in_short_form_reads_as_it_was(talk: list[Said]) -> None:
    events, capture = live(talk)
    short = by_hand(capture)

    was, is_now = timeless(story(events)), timeless(story(read(short)))
    for what, items in was.items():
        assert is_now[what] == items, (what, capture, short)


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_an_odd_session_in_short_form_is_paired_as_it_was(script: str) -> None:
    events, capture = live(said(script))

    assert pairing(read(by_hand(capture))) == pairing(events)


@given(wild_talk.flatmap(recut))
def test_any_session_in_short_form_is_the_same_text_for_any_yaml_reader(talk: list[Said]) -> None:
    short = by_hand(live(talk)[1])

    ours = [i.chunk.data for i in CaptureReader(io.StringIO(short), "x") if isinstance(i, Spoke)]
    for record in yaml.safe_load(short)["records"]:
        if isinstance(record, dict):
            ((side, text),) = record.items()
            assert side in ("C", "S")
            octets = text.replace("\n", "\r\n").encode() if "\n" in text else f"{text}\r\n".encode()
            assert octets.replace("█".encode() * 8, b"*" * 8) in ours


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t #:|\"'-\\█"))


@given(TEXT)
def test_a_line_in_short_form_is_read_as_the_same_octets(text: str) -> None:
    raw = text.encode() + b"\r\n"
    short = short_line(raw, ())
    assert short is not None or "█" in text
    if short is not None:
        (item,) = spoken(f"- C: {short}\n")
        assert (item.chunk.data, item.masks) == (raw, ())
        assert yaml.safe_load(f"- C: {short}\n") == [{"C": text}]


@given(st.lists(TEXT, min_size=1))
def test_a_block_is_read_as_the_same_octets(lines: list[str]) -> None:
    raw = "".join(f"{line}\r\n" for line in lines).encode()
    block = short_block(raw)
    if block is not None:
        (item,) = spoken(f"- S: {block}")
        assert item.chunk.data == raw
        assert yaml.safe_load(f"- S: {block}") == [{"S": raw.decode().replace("\r\n", "\n")}]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"a\n.\r\n", id="a line end that is none"),
        pytest.param(b"a\r\nb", id="no line end"),
        pytest.param(b" a\r\n.\r\n", id="a blank at the beginning"),
        pytest.param(b"a\r\n\r\n", id="an empty line at the end"),
        pytest.param(b"\r\n", id="an empty line only"),
        pytest.param(b"a\xe9\r\n.\r\n", id="no UTF-8"),
        pytest.param(b"a\x1b\r\n.\r\n", id="a control character"),
        pytest.param("a\u2028b\r\n.\r\n".encode(), id="what YAML takes for a line end"),
        pytest.param("████████\r\n.\r\n".encode(), id="what looks like a mask"),
    ],
)
def test_what_a_block_would_change_is_none(raw: bytes) -> None:
    assert short_block(raw) is None


@pytest.mark.parametrize("text", ["x" * 100_000, " x" * 50_000, "\r\n" * 50_000 + "x"])
@pytest.mark.parametrize("end", ["\r\n", "\r\n \r\n", " \r\n\r\n"])
def test_whether_a_body_is_a_block_is_seen_at_once(text: str, end: str) -> None:
    began = time.process_time()
    short_block((text + end).encode())
    assert time.process_time() - began < 0.5


def test_a_body_with_indented_and_empty_lines_is_a_block() -> None:
    raw = b"Subject: x\r\n\tfolded\r\n\r\n  # quoted\r\n  \r\n..\r\n.\r\n"

    assert (
        short_block(raw)
        == "|\n    Subject: x\n    \tfolded\n\n      # quoted\n      \n    ..\n    .\n"
    )


def test_sessions_that_took_place_at_once_stand_one_after_another() -> None:
    both = (
        HEAD + '- [1, 1, "S", "+OK one\\r\\n"]\n- [2, 2, "S", "+OK two\\r\\n"]\n'
        '- [3, 1, "C", "NOOP\\r\\n"]\n- [4, 2, "C", "STAT\\r\\n"]\n'
        '- [5, 1, "S", "+OK\\r\\n"]\n- [6, 2, "S", "+OK 0 0\\r\\n"]\n'
        '- [8, 2, "close", {"how": "quit"}]\n- [9, 1, "close", {"how": "quit"}]\n'
    )
    short = by_hand(both)
    lines = short.splitlines()

    assert lines[lines.index("records:") + 1 :] == [
        '- [2.000000000, 2, "open", {"client": "", "server": ""}]',
        "- S: +OK two",
        "- C: STAT",
        "- S: +OK 0 0",
        '- [8.000000000, 2, "close", {"how": "quit", "why": ""}]',
        '- [1.000000000, 1, "open", {"client": "", "server": ""}]',
        "- S: +OK one",
        "- C: NOOP",
        "- S: +OK",
        '- [9.000000000, 1, "close", {"how": "quit", "why": ""}]',
    ]
    assert [item.session for item in spoken("\n".join(lines[-10:]))] == [2] * 3 + [1] * 3


def test_a_large_body_is_written_in_blocks_that_a_reader_takes() -> None:
    lines = b"".join(b"line %d\r\n" % number for number in range(200_000))
    talk = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"TOP 1 9\r\n"), (Side.SERVER, b"+OK\r\n")]
    talk += [(Side.SERVER, lines[at : at + 65536]) for at in range(0, len(lines), 65536)]
    talk += [(Side.SERVER, b".\r\n"), (Side.CLIENT, b"QUIT\r\n"), (Side.SERVER, b"+OK\r\n")]
    _, capture = live(list(talk))
    short = by_hand(capture)

    assert [line.split('"')[1] for line in records(short)] == ["open", "close"]
    assert timeless(story(read(short))) == timeless(story(read(capture)))


def spoken(text: str) -> list[Spoke]:
    return [i for i in CaptureReader(io.StringIO(HEAD + text), "x") if isinstance(i, Spoke)]
