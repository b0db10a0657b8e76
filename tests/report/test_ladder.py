"""The ladder: who said what, and who kept whom waiting, as rows of text."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cli.program import run_here
from logs.dialogue import CLIENT, SERVER, Play
from pop3spy.protocol.frames import Side
from pop3spy.report.assets import asset
from pop3spy.report.collected import WaitedFor
from pop3spy.report.ladder import ladder_of
from pop3spy.report.ladder_row import LadderRow, RowKind
from pop3spy.report.limits import LADDER
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.how import Ending, How
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import answer_to, in_place_of
from pop3spy.session.tls import Tls
from report.made import (
    LOGIN,
    QUIT,
    Recorded,
    collected,
    collecting,
    empty_report,
    recorded,
    reported,
)


def told(row: LadderRow) -> str:
    """Return a row as text: where it stands, and what it says."""
    mark = {
        RowKind.CLIENT: f"C {row.reach.value}".rstrip(),
        RowKind.SERVER: f"S {row.reach.value}".rstrip(),
        RowKind.WAIT: f"{row.waited_for.value if row.waited_for else ''} h{row.height}",
        RowKind.RUN: "run",
        RowKind.ASIDE: "beside",
        RowKind.END: "end",
    }[row.kind]
    looks = ["broken" * row.broken, "refused" * row.refused, "slow" * row.slow]
    words = [mark + ":", row.text, row.more, *looks]
    return " ".join(filter(None, words))


def rows(dialogue: str, how: How | None = How.QUIT) -> list[str]:
    """Return the rows behind a login, or all without one."""
    found = [told(row) for row in ladder_of(collected(dialogue, how))]
    return found[5:] if dialogue.startswith(LOGIN) else found


@pytest.mark.parametrize(
    ("dialogue", "ladder"),
    [
        pytest.param(
            LOGIN + "    C: STAT\n    S(2): +OK 1 20\n",
            ["C: STAT", "server h4: waited 2.00 s for the server", "S: +OK 1 20"],
            id="a slow server",
        ),
        pytest.param(
            LOGIN + "    C(1.5): STAT\n    S: +OK 1 20\n",
            ["client h4: waited 1.50 s for the client", "C: STAT", "S: +OK 1 20"],
            id="a slow client",
        ),
        pytest.param(
            LOGIN + "    C: RETR 1\n    S: +OK\n    a\n    S(5): b\n    .\n",
            ["C: RETR 1", "S: +OK", "xfer h5: 5.00 s of transfer", "S: + 6 octets"],
            id="a slow transfer",
        ),
        pytest.param(
            LOGIN + "    C: NOOP\n    S: -ERR no\n",
            ["C: NOOP", "S: -ERR no refused"],
            id="a refusal",
        ),
        pytest.param(
            LOGIN + "    C: STAT\n",
            ["C: STAT", "beside: no reply broken"],
            id="no reply",
        ),
        pytest.param(
            LOGIN + "    C: LIST\n    NOOP\n    S: +OK\n    .\n    S: +OK\n",
            ["C: LIST", "C: NOOP", "S: +OK + 0 octets", "S: +OK"],
            id="sent ahead",
        ),
        pytest.param(
            LOGIN + "".join(f"    C: DELE {n}\n    S: +OK\n" for n in (1, 2, 3, 4)),
            ["C: DELE 1", "S: +OK", "run: 3 more like that, no. 4 to 6"],
            id="many alike",
        ),
        pytest.param(
            LOGIN + "".join(f"    C: DELE {n}\n    S: +OK\n" for n in (1, 2)),
            ["C: DELE 1", "S: +OK", "C: DELE 2", "S: +OK"],
            id="two alike",
        ),
        pytest.param(
            LOGIN + "    S: who are you?\n",
            ["beside: unasked: who are you? broken"],
            id="a stray line",
        ),
    ],
)
def test_a_ladder_tells_who_waited_for_whom(dialogue: str, ladder: list[str]) -> None:
    assert rows(dialogue)[:-1] == ladder


def test_challenges_have_arrows_of_their_own() -> None:
    talk = "    S: +OK\n    C: AUTH LOGIN\n    S: + VXNlcm5hbWU6\n    C: Ym9i\n    S: -ERR no\n"
    assert rows(talk) == [
        "S: +OK",
        "C: AUTH LOGIN",
        "S: + VXNlcm5hbWU6",
        "C: ████████",
        "S: -ERR no refused",
        "end: ended by QUIT",
    ]


@pytest.mark.parametrize(
    ("how", "end", "side"),
    [
        (How.QUIT, "end: ended by QUIT", Side.CLIENT),
        (How.SERVER_CLOSED, "end: closed by the server broken", Side.SERVER),
        (How.CLIENT_RESET, "end: reset by the client broken", Side.CLIENT),
        (None, "end: not recorded to its end broken", Side.CLIENT),
    ],
)
def test_the_last_row_says_who_ended_it(how: How | None, end: str, side: Side) -> None:
    dialogue = LOGIN + ("    C: QUIT\n    S: +OK\n" if how is How.QUIT else "")
    last = ladder_of(collected(dialogue, how))[-1]
    assert (told(last), last.side) == (end, side)


def test_a_command_that_the_server_never_heard_stops_in_the_middle() -> None:
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        Play(reading, 0.0).play(LOGIN)
        read = reading.at_once(Chunk(Side.CLIENT, b"NOOP\r\n", 1.0))
        assert read is not None
        frame, heard = read
        answer, sent = answer_to(frame, b"-ERR later\r\n"), in_place_of(frame, b"")
        did = Done(Deed.ANSWERED_COMMAND)
        reading.intervene(heard, 1.0, "answer", did, sent=sent, answer=answer)
        reading.end(2.0, Ending(How.QUIT))
    found = ladder_of(report.sessions[0])
    assert [told(row) for row in found if row.exchange == 3] == [
        "C begun: NOOP",
        "S own-words: -ERR later",
    ]
    command = next(row for row in found if row.text == "NOOP")
    assert command.own == ["answer: answered, and the server heard nothing"]


def test_time_that_pop3spy_took_is_its_own() -> None:
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        play = Play(reading, 0.0).play(LOGIN + "    C: STAT\n")
        read = reading.at_once(Chunk(Side.SERVER, b"+OK 1 20\r\n", play.at))
        assert read is not None
        reading.intervene(read[1], play.at, "delay", Done(Deed.DELAYED, seconds=1.0))
        play.play("    C(1): NOOP\n    S: +OK\n").end()
    waits = [row for row in ladder_of(report.sessions[0]) if row.kind is RowKind.WAIT]
    assert [(row.waited_for, row.text) for row in waits] == [(WaitedFor.OWN, "1.00 s at pop3spy")]


def test_a_long_ladder_says_what_it_leaves_out() -> None:
    talk = "".join(f"    C: DELE {n}\n    S: {'+OK' if n % 2 else '-ERR'}\n" for n in range(200))
    found = ladder_of(collected(LOGIN + talk + QUIT))
    commands = [row for row in found if row.kind is RowKind.CLIENT]
    left = [row for row in found if row.kind is RowKind.RUN]
    assert len(commands) == LADDER
    assert [row.text for row in left] == [
        "163 exchanges that stand in the transcript alone, no. 28 to 190"
    ]


def test_the_picture_alone_is_well_formed_and_has_every_arrow(tmp_path: Path) -> None:
    said = LOGIN + "    C: NOOP\n    S: -ERR <b>&amp; \\x1b]0;x\\x07 ]]>\n" + QUIT
    picture = ET.fromstring(reported(recorded(tmp_path / "a.yaml", said), "--format", "svg"))
    space = "{http://www.w3.org/2000/svg}"
    texts = ["".join(one.itertext()) for one in picture.iter(f"{space}text")]
    assert "PASS ████████" in texts
    assert any("<b>&amp; \\x1b]0;x\\x07 ]]>" in text for text in texts)
    assert len(list(picture.iter(f"{space}polygon"))) == 9
    assert "sesame123" not in "".join(texts)


@pytest.mark.parametrize(
    ("look", "token"),
    [
        *((name, name) for name in ("client", "server", "own", "wait", "xfer", "slow", "idle")),
        *(("error", "err"), ("warning", "warn"), ("info", "note"), ("quiet", "ink2")),
    ],
)
def test_colours_of_the_picture_are_those_of_the_page(look: str, token: str) -> None:
    tokens = re.findall(rf"--{token}: (#[0-9a-f]+)", asset("tokens.css"))
    assert len(tokens) == 2, "light and dark"
    assert re.findall(rf"(?m)^\.{look}{{fill:(#[0-9a-f]+)}}", asset("ladder.css")) == tokens


def test_what_was_found_to_be_too_long_is_slow() -> None:
    talk = LOGIN + "    C: STAT\n    S(30): +OK 1 20\n"
    assert "server h7: waited 30.00 s for the server slow" in rows(talk)


def test_the_margin_and_the_lifelines_tell_login_and_tls() -> None:
    found = ladder_of(collected(LOGIN + "    C: STAT\n    S: +OK 0 0\n"))
    assert [row.logged_in for row in found] == [False, False, False, False, True, True, True, True]
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        play = Play(reading, 0.0).play("    S: +OK\n    C: STLS\n    S: +OK\n")
        reading.secured(Tls("TLSv1.3", "X"), play.at)
        play.play("    C: CAPA\n    S: +OK\n    .\n").end()
    assert [Side.SERVER in row.secured for row in ladder_of(report.sessions[0])] == [False] * 3 + [
        True
    ] * 4
    assert not any(Side.CLIENT in row.secured for row in ladder_of(report.sessions[0]))


def test_sessions_beyond_the_limit_are_counted_in_the_picture(tmp_path: Path) -> None:
    sessions = [Recorded(LOGIN + QUIT, 9.0 * n) for n in range(15)]
    picture = reported(recorded(tmp_path / "a.yaml", *sessions), "--format", "svg")
    assert "3 more sessions, not in this picture" in picture
    status, out, _ = run_here(
        "report", str(tmp_path / "a.yaml"), "--format", "svg", "--session", "15"
    )
    assert status == 0
    assert "Session 15" in out


def test_the_span_of_what_is_left_out_counts_what_runs_hide() -> None:
    refused = "    C: NOOP\n    S: -ERR\n"
    alike = "".join(f"    C: DELE {n}\n    S: +OK\n" for n in range(10))
    found = ladder_of(collected(LOGIN + (alike + refused * 6) * 8 + QUIT))
    told_numbers = {row.exchange or 0 for row in found if row.kind is RowKind.CLIENT}
    hidden = [number for row in found for number in row.hidden]
    assert sorted([*told_numbers, *hidden]) == list(range(1, 2 + 16 * 8 + 2))
    for row in found:
        if row.hidden:
            assert row.text.startswith(f"{len(row.hidden):,} ")
            assert row.text.endswith(f"no. {row.hidden[0]} to {row.hidden[-1]}")


@pytest.mark.parametrize(
    ("dialogue", "how", "wait"),
    [
        pytest.param("", How.UNREACHABLE, "server h6: waited 10.00 s for the server", id="nobody"),
        pytest.param(
            "    S(10): +OK\n", None, "server h6: waited 10.00 s for the server", id="late"
        ),
        pytest.param(
            LOGIN + "    C: RETR 1\n",
            How.CLIENT_CLOSED,
            "server h6: waited 10.00 s for the server",
            id="unanswered",
        ),
        pytest.param(
            LOGIN + "    C: NOOP\n    NOOP\n    S: +OK\n",
            None,
            "server h6: waited 10.00 s for the server",
            id="ahead",
        ),
        pytest.param(
            LOGIN + "    C: RETR 1\n    S: +OK\n    a\n",
            None,
            "xfer h6: 10.00 s of transfer",
            id="half a body",
        ),
        pytest.param(LOGIN, None, "client h6: waited 10.00 s for the client", id="the client"),
        pytest.param(
            "    S: +OK\n    C: AUTH PLAIN\n    S: +\n",
            None,
            "client h6: waited 10.00 s for the client",
            id="asked",
        ),
        pytest.param(
            "    S: +OK\n    C: AUTH PLAIN\n    S: +\n    C: AGEAYg==\n    S(10): +OK\n",
            None,
            "server h6: waited 10.00 s for the server",
            id="the verdict",
        ),
        pytest.param(
            "    S: +OK\n    C: STLS\n    S: +OK\n",
            None,
            "unknown h6: 10.00 s in which nothing could be read",
            id="TLS",
        ),
    ],
)
def test_a_silence_to_the_end_says_whose_turn_it_was(
    dialogue: str, how: How | None, wait: str
) -> None:
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        play = Play(reading, 0.0)
        if dialogue:
            play.play(dialogue)
        reading.end(play.at + 10, Ending(how or How.CLIENT_CLOSED))
    waits = [told(row) for row in ladder_of(report.sessions[0]) if row.kind is RowKind.WAIT]
    assert wait in waits


@pytest.mark.parametrize(
    ("deed", "sent", "arrows"),
    [
        (Deed.DROPPED, b"", ["S begun: +OK 1 20"]),
        (Deed.CHANGED_STATUS, b"-ERR no\r\n", ["S begun: +OK 1 20", "S own-words: -ERR no"]),
        (Deed.DELAYED, None, ["S: +OK 1 20"]),
    ],
)
def test_a_reply_that_a_gate_stopped_goes_no_further(
    deed: Deed, sent: bytes | None, arrows: list[str]
) -> None:
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        play = Play(reading, 0.0).play(LOGIN + "    C: STAT\n")
        read = reading.at_once(Chunk(Side.SERVER, b"+OK 1 20\r\n", play.at))
        assert read is not None
        frame, heard = read
        instead = None if sent is None else in_place_of(frame, sent)
        reading.intervene(heard, play.at, "gate", Done(deed, seconds=0.01), sent=instead)
        play.end()
    rows = [row for row in ladder_of(report.sessions[0]) if row.exchange == 3]
    assert [told(row).removesuffix(" refused") for row in rows[1:]] == arrows


def test_a_command_of_pop3spy_begins_there() -> None:
    report = empty_report()
    with collecting(report) as bus:
        reading = Reading(1, CLIENT, SERVER, 0.0, bus.publish)
        play = Play(reading, 0.0).play(LOGIN)
        reading.inject(b"NOOP\r\n", at=play.at, by="console")
        play.play("    S: +OK\n").end()
    found = [told(row) for row in ladder_of(report.sessions[0]) if row.exchange == 3]
    assert found == ["C own-words: NOOP", "S begun: +OK"]


def test_a_part_of_a_session_says_nothing_of_waits() -> None:
    report = empty_report()
    report.wanted = "verb = STAT"
    with collecting(report) as bus:
        Play(Reading(1, CLIENT, SERVER, 0.0, bus.publish), 0.0).play(
            LOGIN + "    C(9): STAT\n"
        ).end()
    assert not [row for row in ladder_of(report.sessions[0]) if row.kind is RowKind.WAIT]


LEAPING = [
    '- [0.1, 1, "S", "+OK ready\\r\\n"]',
    '- [9.0, 1, "C", "CAPA\\r\\n"]',
    '- [9.1, 1, "S", "-ERR\\r\\n"]',
    '- [5.0, 1, "C", "USER bob\\r\\n"]',
    '- [5.1, 1, "S", "+OK\\r\\n"]',
    '- [1.0, 1, "C", "QUIT\\r\\n"]',
    '- [1.1, 1, "S", "+OK bye\\r\\n"]',
]


def test_where_times_leap_back_lines_stay_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    head = ["pop3spy: 2", 'started: "2026-11-23T10:00:00Z"', "records:"]
    file.write_text("\n".join([*head, *LEAPING, ""]))
    lines = reported(file, "--format", "markdown").splitlines()
    assert [line for line in lines if line.startswith(("C: ", "S: "))] == [
        *("S: +OK ready", "C: CAPA", "S: -ERR", "C: USER bob", "S: +OK"),
        *("C: QUIT", "S: +OK bye"),
    ]
    assert any("times leap back" in line for line in lines)
