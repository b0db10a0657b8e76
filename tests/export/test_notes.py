"""What a person noted while a session lasted is in its exports, where the form has room for it."""

import io
import json
from pathlib import Path

import pytest

from cli.program import run_here
from export.packets import read
from export.playing import LOGGED_IN, SOURCE, session, stream_exporter, told_to
from pop3spy.capture.files import Captures, Keeping
from pop3spy.capture.reader import CaptureReader
from pop3spy.cli.formats import FORMATS
from pop3spy.export import ExportSource, StreamFormat
from pop3spy.filters.expression import compile_filter
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.playback import play_back

NOTE = "here it begins, \x1b[31mred\x1b[0m"
TOLD = "here it begins, \\x1b[31mred\\x1b[0m"
STREAMS = [name for name, form in FORMATS.items() if isinstance(form, StreamFormat)]


def exported(name: str, text: str = NOTE, source: ExportSource = SOURCE) -> bytes:
    """Return what the form *name* makes of a session with a note behind its login, and two."""
    exporter, stream = stream_exporter(name, source)
    publish = told_to(exporter)
    play = session(publish, LOGGED_IN, end=None)
    exporter.note(Noted("noted", play.at, {"text": text}))
    play.play("C: STAT\nS: +OK 1 2\nC: QUIT\nS: +OK")
    play.end()
    exporter.note(Noted("noted", play.at + 1, {"text": "between"}))
    session(publish, "S: +OK", number=7)
    exporter.close()
    return stream.getvalue()


def test_a_dialogue_has_it_where_it_was_noted_and_between_sessions() -> None:
    rows = exported("dialogue").decode().splitlines()
    at = rows.index(f"# note: {TOLD}")
    assert rows[at - 1 : at + 2] == ["S: +OK", rows[at], "C: STAT"]
    (between,) = [n for n, row in enumerate(rows) if row.startswith("# note: between, 2026-11-23")]
    assert rows[between - 2].startswith("# session 1 ended")
    assert (rows[between - 1], rows[between + 1]) == ("", "")
    assert rows[between + 2].startswith("# session 7:")


def test_a_dialogue_has_it_in_each_session_that_was_open() -> None:
    exporter, stream = stream_exporter("dialogue")
    publish = told_to(exporter)
    for number in range(1, 201):
        session(publish, "S: +OK", number=number, end=None)
    exporter.note(Noted("noted", 1.0, {"text": NOTE}))
    exporter.close()
    assert stream.getvalue().decode().count(f"# note: {TOLD}\n") == 100


def test_json_lines_have_it_as_the_json_log_has() -> None:
    lines = [json.loads(line) for line in exported("jsonl").splitlines()]
    first, second = (line for line in lines if line["event"] == "noted")
    assert first == {
        "time": "2026-11-23T10:00:01.006000Z",
        "event": "noted",
        "level": "info",
        "text": TOLD,
    }
    assert second["text"] == "between"
    assert [line["event"] for line in lines].index("noted") == 2


def test_a_packet_has_it_as_a_comment() -> None:
    packets = read(exported("pcapng"))
    (noted,) = (packet for packet in packets if f"note: {TOLD}" in packet.comments)
    assert noted.data == b"+OK\r\n"
    assert sum("note: between" in packet.comments for packet in packets) == 1


def test_a_packet_has_as_many_as_somebody_reads() -> None:
    exporter, stream = stream_exporter("pcapng")
    for _ in range(1000):
        exporter.note(Noted("noted", 1.0, {"text": NOTE}))
    session(told_to(exporter), "S: +OK")
    exporter.close()
    assert max(len(packet.comments) for packet in read(stream.getvalue())) < 110


def test_the_form_to_edit_has_it_and_reads_again() -> None:
    again: list[Noted] = []
    play_back(CaptureReader(io.StringIO(exported("yaml").decode()), "x"), note=again.append)
    assert [(note.what, note.facts["text"]) for note in again] == [
        ("noted", NOTE),
        ("noted", "between"),
    ]


@pytest.mark.parametrize("name", ["dialogue", "jsonl"])
def test_a_filter_leaves_it_out_with_all_else_that_it_does_not_mean(name: str) -> None:
    source = ExportSource(SOURCE.started, wanted=compile_filter("verb = STAT"))
    assert b"note" not in exported(name, source=source)


@pytest.mark.parametrize("name", STREAMS)
def test_no_form_obeys_or_fails_at_what_was_noted(name: str) -> None:
    for text in ("\udcff\ud800 \u202e\x1b]0;x\x07\n", "", "x" * 100_000):
        octets = exported(name, text)
        if name == "pcapng":
            octets = repr([packet.comments for packet in read(octets)]).encode()
        assert b"\x1b" not in octets
        assert "\u202e".encode() not in octets


def recording(path: Path, text: str) -> Path:
    clock, bus = Clock(SOURCE.started), Bus(lambda *_: None)
    captures = Captures(str(path), Keeping("pop3spy"), clock)
    bus.subscribe(captures)
    bus.subscribe_to_notes(captures.note)
    play = session(bus.publish, LOGGED_IN, end=None)
    bus.publish(Noted("noted", play.at, {"text": text}))
    bus.publish(Noted("listening", play.at, {"text": "no note of a person"}))
    play.end()
    captures.close()
    return path


def test_the_program_exports_what_was_recorded(tmp_path: Path) -> None:
    file = recording(tmp_path / "x.yaml", NOTE)
    for form, told in (("dialogue", f"# note: {TOLD}"), ("jsonl", '"event": "noted"')):
        ended = run_here("export", str(file), "--to", form)
        assert (ended.status, ended.out.count(told)) == (0, 1)
        assert "no note of a person" not in ended.out


def test_a_login_in_a_note_of_an_older_recording_is_not_exported(tmp_path: Path) -> None:
    file = recording(tmp_path / "x.yaml", "it said PASS tanstaafl, Hunter2")
    ended = run_here("export", str(file), "--to", "dialogue")
    assert "# note: it said PASS ████████\n" in ended.out
    assert "Hunter2" not in ended.out


@pytest.mark.parametrize("verb", ["show", "scrub -o -", "replay client pop3://127.0.0.1:9"])
def test_a_note_is_no_session(verb: str, tmp_path: Path) -> None:
    name, *rest = verb.split()
    told = run_here(name, *rest, str(recording(tmp_path / "x.yaml", NOTE)))
    assert "session 0" not in told.out + told.err
    assert "Traceback" not in told.err
