"""No export has a secret, nor a character that a terminal would obey."""

import base64
import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from cuts import FROM_BOTH, FROM_CLIENT, FROM_SERVER, recut, wild_talk
from dialogue import Said
from export.playing import SOURCE, stream_exporter, told_to
from logs.dialogue import CLIENT, SERVER, Play
from pop3spy.cli.formats import FORMATS
from pop3spy.export import Exporter, StreamFormat
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

SECRET = b"Zq7#vKx2!Wm"
PLAIN = base64.b64encode(b"\0bob\0" + SECRET)
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def exporters(folder: Path) -> dict[str, tuple[Exporter, io.BytesIO]]:
    found = {}
    for name, form in FORMATS.items():
        stream = io.BytesIO()
        stream_or_folder = stream if isinstance(form, StreamFormat) else folder
        found[name] = form.open(stream_or_folder, SOURCE), stream  # type: ignore[arg-type]  # it is
    return found


def everything(folder: Path, sayings: list[tuple[Side, bytes]], peer: Peer = CLIENT) -> list[bytes]:
    """Return what all formats make of a session, names of files included."""
    made = exporters(folder)
    for exporter, _ in made.values():
        play = Play(Reading(1, peer, SERVER, 0.0, told_to(exporter)), 0.0)
        for side, data in sayings:
            play.say(side, data)
        play.end(How.CLIENT_RESET)
        exporter.close()
    files = [
        octets
        for path in folder.rglob("*")
        if path.is_file()
        for octets in (path.name.encode(), path.read_bytes(), _rows_in(path))
    ]
    return [stream.getvalue() for _, stream in made.values()] + files


def _rows_in(path: Path) -> bytes:
    """Return the rows of a Parquet file as text."""
    if path.suffix != ".parquet":
        return b""
    return str(parquet.ParquetFile(path).read().to_pylist()).encode()


@pytest.mark.parametrize(
    "sayings",
    [
        pytest.param([b"USER bob\r\n", b"+OK\r\n", b"PASS %s\r\n"], id="PASS"),
        pytest.param([b"PAS %s\r\n"], id="mistyped"),
        pytest.param([b"APOP bob %s\r\n"], id="APOP"),
        pytest.param([b"AUTH PLAIN " + PLAIN + b"\r\n"], id="initial response"),
        pytest.param([b"AUTH PLAIN\r\n", b"+ \r\n", PLAIN + b"\r\n"], id="after a challenge"),
        pytest.param([b"AUTH %s\r\n"], id="as mechanism"),
        pytest.param([b"STLS\r\nPASS %s\r\n", b"+OK\r\n"], id="behind STLS"),
        pytest.param([b"PASS %s"], id="cut off"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_secret_is_in_no_export(sayings: list[bytes], size: int, tmp_path: Path) -> None:
    said = [(Side.SERVER, b"+OK\r\n")]
    for saying in sayings:
        side = Side.SERVER if saying[:1] == b"+" else Side.CLIENT
        said.append((side, saying.replace(b"%s", SECRET)))
    if b"STLS" not in sayings[0] and sayings[0].endswith(b"\n"):
        said.append((Side.SERVER, b"-ERR wrong %s\r\n-ERR %s\r\n" % (SECRET, SECRET.upper())))
    cut = [(side, data[at : at + size]) for side, data in said for at in range(0, len(data), size)]
    forms = [SECRET, SECRET.hex().encode(), base64.b64encode(SECRET), PLAIN]
    for octets in everything(tmp_path, cut):
        assert [form for form in forms if form.lower() in octets.lower()] == []


TALK = st.lists(
    st.tuples(st.just(Side.CLIENT), st.sampled_from([*FROM_CLIENT, *FROM_BOTH, b"UIDL\r\n"]))
    | st.tuples(st.just(Side.SERVER), st.sampled_from([*FROM_SERVER, *FROM_BOTH, b"\x1b[2J\x9b"])),
    max_size=25,
)


@given(TALK)
def test_nothing_that_is_said_breaks_an_export(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[Side, bytes]]
) -> None:
    login = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"USER b\r\n"), (Side.SERVER, b"+OK\r\n")]
    login += [(Side.CLIENT, b"PASS x\r\n"), (Side.SERVER, b"+OK\r\n")]
    hostile = Peer("\x1b]8;;x\x07\u202e\n", 1)
    made = everything(tmp_path_factory.mktemp("eml"), [*login, *said], hostile)
    dialogue, lines = made[0].decode(), made[1].decode("ascii")
    assert not {unicodedata.category(char) for char in dialogue.replace("\n", "")} & UNSAFE
    assert all(re.match(r"[CS]:( |$)|# ", row) for row in dialogue.split("\n")[:-1])
    assert lines.isprintable() or lines.count("\n") == len(lines.splitlines())


@given(wild_talk, st.data())
def test_how_it_was_cut_changes_no_text(talk: list[Said], data: st.DataObject) -> None:
    """Times aside, both forms of the conversation give the same text and the same mail."""
    login = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"PASS xyzzy\r\n"), (Side.SERVER, b"+OK\r\n")]
    found = []
    for chunks in (talk, data.draw(recut(talk))):
        made = []
        for name in ("dialogue", "jsonl", "mbox"):
            exporter, stream = stream_exporter(name)
            play = Play(Reading(1, CLIENT, SERVER, 0.0, told_to(exporter)), 0.0)
            for side, octets in [*login, *chunks]:
                if octets:
                    play.say(side, octets, 0.0)
            play.end()
            exporter.close()
            made.append(stream.getvalue())
        found.append(made)
    assert found[0] == found[1]
