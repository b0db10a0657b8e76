"""``>From`` in an mbox, both ways: read as it was written, and kept as it stands in the file."""

import re
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.export.mbox import quoted
from pop3spy.postoffice.mboxrd import unquoted
from pop3spy.postoffice.wire import octets_of
from postoffice.speaking import visit

LINE = b"From sender@example.org Mon Jan  2 03:04:05 2023\n"
TEXTS = st.lists(
    st.sampled_from([b">", b">>", b"From ", b"Fr", b"om ", b"From", b" ", b"\n", b"\r\n", b"x"])
).map(b"".join)
CUTS = st.lists(st.integers(0, 6), max_size=20)


def cut(text: bytes, sizes: list[int]) -> list[bytes]:
    places = [0, *accumulate(sizes), len(text) + sum(sizes)]
    return [text[start:end] for start, end in pairwise(places)]


@given(TEXTS, CUTS)
def test_what_was_quoted_is_read_as_it_was(text: bytes, sizes: list[int]) -> None:
    stored = b"".join(quoted(iter([text])))
    assert b"".join(unquoted(cut(stored, sizes))) == text


@given(TEXTS, CUTS)
def test_each_quoted_line_loses_one_and_no_other_line_any(text: bytes, sizes: list[int]) -> None:
    expected = re.sub(rb"(?m)^>(>*From )", rb"\1", text)
    assert b"".join(unquoted(cut(text, sizes))) == expected
    assert octets_of(unquoted(cut(text, sizes))) == octets_of([expected])


def test_a_line_of_nothing_but_quotes_takes_no_memory() -> None:
    pieces = unquoted(b">" * 65536 for _ in range(1000))
    assert sum(map(len, pieces)) == 65_536_000
    assert max(map(len, unquoted([b">" * 1000] * 10))) <= 1001


@given(st.lists(TEXTS.filter(lambda text: b"\r" not in text), min_size=1, max_size=3))
def test_an_mbox_gives_its_messages_back_as_their_authors_wrote_them(texts: list[bytes]) -> None:
    written = [text if text.endswith(b"\n") else text + b"\n" for text in texts]
    sent = [text.replace(b"\n", b"\r\n") for text in written]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mbox"
        parts = [LINE + b"".join(quoted(iter([text]))) + b"\n" for text in written]
        path.write_bytes(b"".join(parts))
        client = visit(path)
        assert client.messages() == sent
        assert client.sizes() == [len(each) for each in sent]
        assert [client.body(b"TOP 1 999")] == sent[:1]
        client.send(b"DELE 1")
        client.quit()
        assert path.read_bytes() == b"".join(parts[1:])


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        (b">From x\n", b"From x\r\n"),
        (b">>From x\n", b">From x\r\n"),
        (b">>>From\n", b">>>From\r\n"),
        (b"> From x\n", b"> From x\r\n"),
        (b"x >From x\n", b"x >From x\r\n"),
        (b"Subject: x\r\n\r\n>From x", b"Subject: x\r\n\r\nFrom x\r\n"),
    ],
)
def test_only_what_a_writer_quotes_is_unquoted(tmp_path: Path, stored: bytes, sent: bytes) -> None:
    (tmp_path / "mbox").write_bytes(LINE + stored)
    client = visit(tmp_path / "mbox")
    assert client.messages() == [sent]
    assert client.sizes() == [len(sent)]
    client.vanish()
