"""What a gate did is in every export, and no export takes it for what was said."""

import io
import json
import textwrap
from pathlib import Path

import pytest

from capture.test_gates import gated
from export.packets import Packet, conversation, read
from export.playing import LOGGED_IN, SOURCE, STREAMS, session, stream_exporter, told_to
from pop3spy.capture.packets import read_packets
from pop3spy.capture.reader import CaptureReader
from pop3spy.cli.formats import FORMATS
from pop3spy.export import Exporter, ExportSource, StreamFormat
from pop3spy.filters.expression import compile_filter
from pop3spy.protocol.frames import BodyPart, Opaque, Side, StatusLine
from pop3spy.protocol.why import Why
from pop3spy.session.deeds import in_words
from pop3spy.session.events import Answered, Event, Heard, Intervened
from pop3spy.session.lines import line_text
from pop3spy.session.playback import play_back
from pop3spy.session.substitute_frames import in_place_of
from session.changed import CHANGED, changed


def exported(name: str, wanted: str | None = None) -> bytes:
    source = ExportSource(SOURCE.started, wanted=compile_filter(wanted) if wanted else None)
    exporter, stream = stream_exporter(name, source)
    changed(exporter)
    exporter.close()
    return stream.getvalue()


def rows(name: str, wanted: str | None = None) -> list[str]:
    return exported(name, wanted).decode().splitlines()[1:-1]


DIALOGUE = textwrap.dedent("""\
    C: STAT
    # ◆ rewrite: changed the command
    # C» NOOP
    S: +OK
    C: UIDL
    # ◆ answer: answered
    # S» -ERR [IN-USE] no
    C: LIST 2
    S: +OK 2 788
    C: DELE 1
    # ◆ dry run: asked
    # C» LIST 1
    S: +OK 1 426
    # ◆ dry run: told
    # S» +OK deleted
    # ◆ console: sent a command
    # C» UIDL
    S: +OK
    S: 1 0001ab
    S: 2 0002cd
    S: .
    C: NOOP
    # ◆ hold: held as 1
    # ◆ hold: edited
    # C» RETR 2
    S: +OK 12 octets
    S: Subject: b
    S: .
    # ◆ bare-lf: sent it with LF
    C: RETR 1
    # ◆ hold: dropped
    C: RETR 3
    # ◆ answer: answered
    # S» +OK
    C: RETR 4
    # ◆ rewrite: changed the command
    # C» TOP 4 0
    S: +OK
    S: Subject: d
    S: .
    C: QUIT
    S: +OK bye
""").splitlines()


def test_a_dialogue_tells_what_a_gate_did_where_it_did_it() -> None:
    assert rows("dialogue")[5:] == DIALOGUE


def test_without_its_notes_a_dialogue_is_what_client_and_server_said() -> None:
    said = [row for row in rows("dialogue") if not row.startswith("#")]
    heard: list[str] = []

    def look(event: Event) -> None:
        if isinstance(event, Heard):
            lines = event.frame.raw.decode().splitlines()
            heard.extend(f"{event.frame.side.value}: {line}" for line in lines)

    changed(lambda _: look)
    assert [row.replace("████████", "********") for row in said] == heard


def test_a_dialogue_of_some_exchanges_has_all_of_them() -> None:
    assert rows("dialogue", "verb = DELE,UIDL") == DIALOGUE[4:7] + DIALOGUE[9:21]
    assert rows("dialogue", "err") == DIALOGUE[4:7]


def test_what_a_gate_did_stands_behind_what_was_not_read() -> None:
    exporter, stream = stream_exporter("dialogue")
    publish = told_to(exporter)
    play = session(publish, "S: +OK", end=None)
    unread = Opaque(Side.CLIENT, b"", why=Why.TOO_LONG, counted=7)
    publish(Heard(play.reading.session, 1.0, unread, 1.0, play.reading.session.state))
    publish(Intervened(play.reading.session, 1.0, unread, "a", in_words("did\x1b it")))
    exporter.close()
    assert stream.getvalue().decode().splitlines()[2:] == [
        f"# client: {Why.TOO_LONG.value}: 7 octets",
        "# ◆ a: did\\x1b it",
    ]


def test_of_a_message_that_was_changed_a_dialogue_tells_how_much_was_sent() -> None:
    exporter, stream = stream_exporter("dialogue")

    def change(event: Event) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            sent = in_place_of(event.frame, event.frame.raw[:1])
            publish(
                Intervened(event.session, event.at, event.frame, "cut", in_words("cut it"), sent)
            )

    publish = told_to(exporter, lambda _: change)
    session(publish, LOGGED_IN + "C: RETR 1\nS: +OK\nSubject: a\n.")
    exporter.close()
    told = stream.getvalue().decode().splitlines()
    place = told.index("S: Subject: a")
    assert told[place + 1 : place + 3] == ["# ◆ cut: cut it", "# S» 1 octet sent of this piece"]


@pytest.fixture
def packets() -> list[Packet]:
    return read(exported("pcapng"))


def commented(packets: list[Packet], number: int) -> list[tuple[bytes, str]]:
    """Return the comments about an exchange, with the line that each of them stands at."""
    return [
        (packet.data.rstrip(), comment.removeprefix(f"exchange {number}").lstrip(": "))
        for packet in packets
        for comment in packet.comments
        if comment.startswith(f"exchange {number}") and "reply after" not in comment
    ]


def test_packets_have_what_was_said_and_comments_what_a_gate_made_of_it(
    packets: list[Packet],
) -> None:
    said = conversation(packets)
    assert b"DELE 1\r\n" in said["C"]
    assert b"+OK 1 426\r\n" in said["S"]
    assert not any(line in said["C"] + said["S"] for line in (b"LIST 1", b"deleted"))
    assert commented(packets, 6) == [
        (b"DELE 1", "in TRANSACTION"),
        (b"DELE 1", "dry run: asked; the server heard: LIST 1"),
        (b"+OK 1 426", "dry run: told; the client heard: +OK deleted"),
    ]
    assert commented(packets, 8) == [
        (b"NOOP", "in TRANSACTION"),
        (b"NOOP", "hold: held as 1"),
        (b"NOOP", "hold: edited; the server heard: RETR 2"),
        (b".", "bare-lf: sent it with LF"),
    ]


def test_what_a_gate_said_in_place_of_a_side_has_packets_that_tell_it(
    packets: list[Packet],
) -> None:
    assert commented(packets, 4) == [
        (b"UIDL", "in TRANSACTION"),
        (b"-ERR [IN-USE] no", "answer: answered; the client heard: -ERR [IN-USE] no"),
    ]
    assert commented(packets, 7) == [(b"UIDL", "console: sent a command; the server heard: UIDL")]
    (end,) = [p for p in packets if any(", not heard by the client" in c for c in p.comments)]
    assert end.data == b".\r\n"


def test_who_reads_the_packets_again_stays_in_step() -> None:
    kept = CHANGED.split("- C: RETR 1")[0].replace('"sent": "RETR 2', '"sent": "NOOP ')
    kept = f"{kept.split('- S: +OK 12')[0]}- S: +OK so be it\n- C: QUIT\n- S: +OK bye\n"
    exporter, stream = stream_exporter("pcapng")
    changed(exporter, kept)
    exporter.close()
    told: list[tuple[str, bool | None]] = []

    def look(event: Event) -> None:
        if isinstance(event, Answered):
            told.append((line_text(event.exchange.line), event.exchange.ok))

    play_back(read_packets(io.BytesIO(stream.getvalue()), "again"), lambda _: look)
    assert told[2:] == [
        ("STAT", True),
        ("UIDL", False),
        ("LIST 2", True),
        ("DELE 1", True),
        ("UIDL", True),
        ("NOOP", True),
        ("QUIT", True),
    ]


def test_what_a_gate_did_to_a_greeting_is_told_of_no_exchange() -> None:
    exporter, stream = stream_exporter("pcapng")
    publish = told_to(exporter)
    play = session(publish, "S: +OK", end=None)
    greeting = StatusLine(Side.SERVER, b"+OK\r\n", ok=True)
    sent = in_place_of(greeting, b"-ERR\r\n")
    publish(Intervened(play.reading.session, 1.0, greeting, "answer", in_words("said so"), sent))
    exporter.close()
    assert read(stream.getvalue())[-1].comments == ["answer: said so; the client heard: -ERR"]


def mail(wanted: str | None = None) -> list[str]:
    found = exported("mbox", wanted).decode().replace("\r\n", "\n")
    return [line for line in found.splitlines() if line.startswith("Subject")]


def test_a_message_is_what_the_server_gave_for_the_retr_that_it_heard(tmp_path: Path) -> None:
    assert mail() == ["Subject: b"]
    assert mail("verb = NOOP") == ["Subject: b"]
    assert mail("arg = 4") == []
    exporter = FORMATS["eml"].open(tmp_path, SOURCE)  # type: ignore[arg-type]  # a folder
    changed(exporter)
    exporter.close()
    assert [path.name for path in tmp_path.iterdir()] == ["s0001-m0002-0002cd.eml"]
    assert exporter.summary == "1 message"


def test_a_message_that_a_fault_broke_is_written_as_the_server_sent_it() -> None:
    exporter, stream = stream_exporter("mbox")

    def change(event: Event) -> None:
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            sent = in_place_of(event.frame, event.frame.raw.replace(b"\r\n", b"\n") + b"garbage")
            publish(
                Intervened(event.session, event.at, event.frame, "test", in_words("broke it"), sent)
            )

    publish = told_to(exporter, lambda _: change)
    session(publish, LOGGED_IN + "C: RETR 1\nS: +OK\nSubject: a\n\nhello\n.")
    exporter.close()
    _, message = stream.getvalue().split(b"\n", 1)
    assert message == b"Subject: a\r\n\r\nhello\r\n\n"


def test_a_message_of_which_only_the_status_line_came_broke_off() -> None:
    exporter, stream = stream_exporter("mbox")
    session(told_to(exporter), LOGGED_IN + "C: RETR 1\nS: +OK 12 octets")
    exporter.close()
    assert (exporter.summary, stream.getvalue()) == ("0 messages; 1 broke off and left out", b"")


def test_json_lines_have_what_was_said_and_what_was_heard() -> None:
    (found,) = map(json.loads, exported("jsonl", "verb = DELE").splitlines())
    assert (found["verb"], found["line"], found["sent"]) == ("DELE", "DELE 1", "LIST 1")
    (found,) = map(json.loads, exported("jsonl", "verb = UIDL and ok").splitlines())
    assert (found["line"], found["sent"], found["injected"]) == ("UIDL", None, True)


def test_the_short_form_reads_again_as_it_happened() -> None:
    first, second = exported("yaml").decode(), io.BytesIO()
    again = FORMATS["yaml"]
    assert isinstance(again, StreamFormat)
    header = ExportSource(SOURCE.started)
    exporter = again.open(second, header)
    play_back(CaptureReader(io.StringIO(first), "first"), exporter)
    exporter.close()
    assert second.getvalue().decode() == first
    assert first.count('"gate"') == CHANGED.count('"gate"')


@pytest.mark.parametrize("name", STREAMS)
def test_no_export_tells_a_password_that_a_gate_changed(name: str) -> None:
    events, _ = gated()
    exporter: Exporter
    exporter, stream = stream_exporter(name)
    publish = told_to(exporter)
    for event in events:
        publish(event)
    exporter.close()
    assert b"-one" not in stream.getvalue()
    assert name == "mbox" or stream.getvalue()
