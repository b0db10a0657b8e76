"""Retrieved messages come out octet for octet, as files and as an mbox."""

import io
import mailbox
import os
import re
import stat
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.playing import LOGGED_IN, SOURCE, STARTED, exported, session, tape, told_to
from pop3spy.errors import ConfigError
from pop3spy.export import EXPORTERS, ExportError, ExportSource, FolderFormat, StreamFormat
from pop3spy.export.mbox import quoted
from pop3spy.export.unstuff import Unstuffer
from pop3spy.protocol.frames import Side
from pop3spy.protocol.message import stuff, unstuff
from pop3spy.session.how import How
from pop3spy.session.playback import play_back

MESSAGE = b"Subject: x\r\n\r\n.dot\r\n..two\r\nFrom me\r\n>From you\r\n\xe9\0\r\r\nbare\nlf\r\n"
LINES = st.sampled_from(
    [
        b"",
        b".",
        b"..",
        b".x",
        b"From x",
        b">From x",
        b">>From ",
        b">",
        b"F",
        b"From",
        b"\r",
        b"\xe9",
    ]
)
MESSAGES = st.lists(LINES, max_size=8).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


def retrieval(message: bytes) -> list[tuple[Side, bytes]]:
    return [
        (Side.CLIENT, b"RETR 1\r\n"),
        (Side.SERVER, b"+OK\r\n" + stuff(message) + b".\r\n"),
    ]


def login() -> list[tuple[Side, bytes]]:
    return [
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"USER bob\r\n"),
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"PASS sesame123\r\n"),
        (Side.SERVER, b"+OK\r\n"),
    ]


def in_pieces(said: Iterable[tuple[Side, bytes]], places: list[int]) -> list[tuple[Side, bytes]]:
    cuts = [0, *sorted(places)]
    return [
        (side, data[a:b])
        for side, data in said
        for a, b in pairwise([*(cut for cut in cuts if cut < len(data)), len(data)])
    ]


def to_folder(folder: Path, said: list[tuple[Side, bytes]], source: ExportSource = SOURCE) -> str:
    form = EXPORTERS["eml"]
    assert isinstance(form, FolderFormat)
    exporter = form.open(folder, source)
    play_back(tape(said), exporter)
    exporter.close()
    return exporter.summary


def to_mbox(said: list[tuple[Side, bytes]]) -> tuple[bytes, str]:
    form, stream = EXPORTERS["mbox"], io.BytesIO()
    assert isinstance(form, StreamFormat)
    exporter = form.open(stream, SOURCE)
    play_back(tape(said), exporter)
    exporter.close()
    return stream.getvalue(), exporter.summary


def read_mbox(data: bytes, path: Path) -> list[bytes]:
    """Return the messages that Python's own reader finds, unquoted as mboxrd says."""
    path.write_bytes(data)
    box = mailbox.mbox(path, create=False)
    try:
        return [re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118 - to iterate gives messages
    finally:
        box.close()


def test_a_message_is_a_file_of_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert to_folder(tmp_path, login() + retrieval(MESSAGE)) == "1 message"
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert file.name == "s0001-m0001.eml"
    assert file.read_bytes() == MESSAGE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@given(MESSAGES, st.lists(st.integers(1, 60), max_size=8))
def test_how_it_was_cut_changes_no_octet(message: bytes, places: list[int]) -> None:
    said = in_pieces(retrieval(message), places)
    whole, _ = to_mbox(login() + retrieval(message))
    parts, _ = to_mbox(login() + said)
    assert re.sub(rb"DAEMON .*", b"", parts) == re.sub(rb"DAEMON .*", b"", whole)


@given(st.lists(MESSAGES | st.binary(max_size=80), max_size=6))
def test_dots_are_taken_out_wherever_parts_end(parts: list[bytes]) -> None:
    unstuffer = Unstuffer()
    assert b"".join(map(unstuffer.feed, parts)) == unstuff(b"".join(parts))


@given(
    st.lists(st.sampled_from([b">", b"From ", b"Fr", b"om", b" ", b"\n", b"x", b""]), max_size=14)
)
def test_lines_are_quoted_wherever_pieces_end(pieces: list[bytes]) -> None:
    expected = re.sub(rb"(?m)^(>*From )", rb">\1", b"".join(pieces))
    assert b"".join(quoted(iter(pieces))) == expected


@given(st.lists(MESSAGES, min_size=1, max_size=4))
def test_other_programs_read_the_same_messages(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]
) -> None:
    data, _ = to_mbox(login() + [part for message in messages for part in retrieval(message)])
    path = tmp_path_factory.mktemp("mbox") / "mbox"
    assert read_mbox(data, path) == messages


def test_a_message_in_an_mbox_begins_with_its_date() -> None:
    data, summary = to_mbox(login() + retrieval(MESSAGE))
    assert data == (
        b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"
        + MESSAGE.replace(b"\n>From", b"\n>>From").replace(b"\nFrom", b"\n>From")
        + b"\n"
    )
    assert summary == "1 message"


def test_what_broke_off_is_left_out_and_counted(tmp_path: Path) -> None:
    half = [(Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK\r\nSubject: half")]
    assert to_folder(tmp_path, login() + retrieval(MESSAGE) + half) == (
        "1 message; 1 broke off and left out"
    )
    assert len(list(tmp_path.iterdir())) == 1


def test_a_session_whose_recording_has_a_gap_leaves_out_the_message() -> None:
    assert exported("mbox", LOGGED_IN + "C: RETR 1\nS: +OK\nSubject: x", end=None) == b""


def test_top_and_refusals_are_no_messages() -> None:
    script = LOGGED_IN + "C: TOP 1 0\nS: +OK\nSubject: x\n\n.\nC: RETR 2\nS: -ERR no"
    assert exported("mbox", script) == b""


def test_an_empty_message_is_one(tmp_path: Path) -> None:
    to_folder(tmp_path, login() + retrieval(b""))
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b""]


def test_large_messages_of_two_sessions_wait_side_by_side() -> None:
    form, stream = EXPORTERS["mbox"], io.BytesIO()
    assert isinstance(form, StreamFormat)
    exporter = form.open(stream, SOURCE)
    plays = [session(told_to(exporter), LOGGED_IN, number=number, end=None) for number in (1, 2)]
    for play in plays:
        play.play("C: RETR 1\nS: +OK")
    for _ in range(40):
        for play, letter in zip(plays, (b"a", b"b"), strict=True):
            play.say(Side.SERVER, letter * 65534 + b"\r\n")
    for play in plays:
        play.say(Side.SERVER, b".\r\n")
        play.end()
    exporter.close()
    first, second = re.split(rb"From MAILER[^\n]*\n", stream.getvalue())[1:]
    assert first == (b"a" * 65534 + b"\r\n") * 40 + b"\n"
    assert second == (b"b" * 65534 + b"\r\n") * 40 + b"\n"


# -- recordings without bodies --------------------------------------------------------------------


def test_a_body_that_was_dropped_is_refused(tmp_path: Path) -> None:
    form = EXPORTERS["eml"]
    assert isinstance(form, FolderFormat)
    exporter = form.open(tmp_path, SOURCE)
    play_back(tape(login()), exporter)
    said = [*login(), (Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK\r\n")]
    filler = tape([(Side.SERVER, b"xxxx\r\n")], masks=((0, 6),))
    items = [*tape(said)][:-1] + [*filler][1:2] + [*tape([(Side.SERVER, b".\r\n")])][1:]
    with pytest.raises(ExportError, match=r"^session 1, exchange 3: [^\n]*$") as caught:
        play_back(items, exporter)
    assert caught.value.exit_status == 3
    assert list(tmp_path.iterdir()) == []


def test_a_recording_with_masked_bodies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="session 1, exchange 3: the message was masked"):
        to_folder(
            tmp_path, login() + retrieval(b"Xxxxxxx: x\r\n"), ExportSource(STARTED, bodies="mask")
        )


# -- names ----------------------------------------------------------------------------------------


def names(tmp_path: Path, listing: str, numbers: str) -> list[str]:
    form = EXPORTERS["eml"]
    assert isinstance(form, FolderFormat)
    exporter = form.open(tmp_path, SOURCE)
    script = f"{LOGGED_IN}C: UIDL\nS: +OK\n{listing}\n.\n"
    script += "".join(f"C: RETR {number}\nS: +OK\n.\n" for number in numbers.split(","))
    session(told_to(exporter), script)
    exporter.close()
    return sorted(path.name for path in tmp_path.iterdir())


def test_a_name_has_the_unique_id(tmp_path: Path) -> None:
    assert names(tmp_path, "1 0001ab\n2 x", "2,1") == [
        "s0001-m0001-0001ab.eml",
        "s0001-m0002-x.eml",
    ]


def test_a_unique_id_that_was_asked_for_alone_counts(tmp_path: Path) -> None:
    assert names(tmp_path, ".\nC: UIDL 7\nS: +OK 7 id7\nC: LIST\nS: +OK", "7") == [
        "s0001-m0007-id7.eml"
    ]


@pytest.mark.parametrize(
    ("unique_id", "shown"),
    [
        pytest.param("../../x", "-.._.._x", id="path"),
        pytest.param("/etc/passwd", "-_etc_passwd", id="absolute"),
        pytest.param("a\\x00b", "-a_b", id="NUL"),
        pytest.param("\\x1b]0;x\\x07", "-__0_x_", id="escape sequence"),
        pytest.param("CON", "-CON", id="device"),
        pytest.param("x" * 300, "-" + "x" * 70, id="long"),
        pytest.param("\\xe9\\xff", "-__", id="8-bit"),
        pytest.param("a\\\\b:c*?<>|", "-a_b_c_____", id="Windows"),
    ],
)
def test_a_hostile_unique_id_names_no_other_place(
    tmp_path: Path, unique_id: str, shown: str
) -> None:
    assert names(tmp_path, f"1 {unique_id}", "1") == [f"s0001-m0001{shown}.eml"]


def test_a_hostile_number_is_none(tmp_path: Path) -> None:
    assert names(tmp_path, "1 x", "../1") == ["s0001-x0004.eml"]


def test_a_message_that_is_retrieved_again_is_another_file(tmp_path: Path) -> None:
    assert names(tmp_path, "1 x", "1,1,1") == [
        "s0001-m0001-2-x.eml",
        "s0001-m0001-3-x.eml",
        "s0001-m0001-x.eml",
    ]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s0001-m0001.eml").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"s0001-m0001\.eml exists; nothing is overwritten"):
        to_folder(tmp_path, login() + retrieval(MESSAGE))
    assert (tmp_path / "s0001-m0001.eml").read_bytes() == b"mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "s0001-m0001.eml").symlink_to(tmp_path / "victim")
    with pytest.raises(ConfigError, match="exists"):
        to_folder(folder, login() + retrieval(MESSAGE))
    assert not (tmp_path / "victim").exists()


def test_a_session_ends_without_quit_and_its_messages_stay(tmp_path: Path) -> None:
    form = EXPORTERS["eml"]
    assert isinstance(form, FolderFormat)
    exporter = form.open(tmp_path, SOURCE)
    session(told_to(exporter), LOGGED_IN + "C: RETR 1\nS: +OK\nx\n.", end=How.CLIENT_RESET)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x\r\n"]
