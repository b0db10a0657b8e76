"""What is no command and no reply is shown as what it is, and ends are told in words."""

import pytest

from logs.dialogue import SERVER, Stage, after_login, said
from pop3spy.protocol.frames import Side
from pop3spy.protocol.line_buffer import LINE
from pop3spy.session.events import Blinded
from pop3spy.session.how import How
from pop3spy.session.model import Peer


def test_tls_is_two_lines_however_many_pieces_come() -> None:
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    dialogue = "S: +OK\nC: STLS\nS: +OK" + f"\nC: {record}\nS: {record}" * 20
    rows = said(dialogue, end=How.CLIENT_CLOSED)
    assert rows[3:] == [
        "C… TLS: not read from here on",
        "S… TLS: not read from here on",
        "C… TLS: 200 octets not read",
        "S… TLS: 200 octets not read",
        "└─ closed by the client after 53 ms: 1 command, 416 octets",
    ]


def test_a_stretch_stands_at_the_time_of_its_first_octet() -> None:
    stage = Stage()
    stage.session().play(
        r"""S: +OK
        C: NOOP
        S(1): \xff\xfa\x18\c
        S(1): \0vt100\xff\xf0+OK
        C: STLS
        S: +OK
        C(1): \x16\c
        C(1): \x03\x01\0\5abcde\c"""
    )
    times = [row.split()[0] for row in stage.rows if "…" in row]
    assert times == ["1.002", "3.005"]


def test_clear_text_behind_stls_is_told() -> None:
    rows = said("S: +OK\nC: STLS\nNOOP\nS: +OK", end=How.CLIENT_CLOSED)
    assert rows[3] == "C… clear text behind STLS, not counted: it may hold a secret"


def test_an_overlong_line_is_told() -> None:
    stage = Stage()
    play = stage.session()
    play.say(Side.SERVER, b"+OK " + b"x" * (LINE + 996) + b"\r\n")
    play.play("C: NOOP")
    assert stage.rows[1].endswith("x  overlong")
    assert stage.rows[2].endswith("S… rest of an overlong line: 1,002 octets")


def test_a_line_without_an_end_is_told() -> None:
    rows = said("S: +OK\nC: NOO\\c\nS: +O\\c", end=How.CLIENT_RESET)
    assert rows[1] == "C… line without an end, not counted: it may hold a secret"
    assert rows[2] == "S… line without an end: 2 octets"


def test_lines_before_the_greeting_and_unasked_ones_are_named() -> None:
    rows = said("S: welcome\nS: +OK\nS: * bye")
    assert [" ".join(row.split()) for row in rows] == [
        "S: welcome banner",
        "S: +OK",
        "S: * bye unasked",
    ]


def test_telnet_and_proxy_headers_are_shown() -> None:
    rows = said("C: PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nS: \\xff\\xfb\\x01+OK")
    assert rows == [
        "C… PROXY protocol header: 36 octets: PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
        "S… Telnet negotiation: 3 octets: \\xff\\xfb\\x01",
        "S: +OK",
    ]


def test_a_line_that_is_no_reply_is_told_beside_the_reply() -> None:
    rows = after_login("C: NOOP\nS: huh\nS: +OK")
    assert rows[1].split() == ["S:", "huh", "no", "status"]
    assert rows[2].split()[:2] == ["S:", "+OK"]


def test_a_reply_that_is_no_status_line_is_not_called_missing() -> None:
    rows = after_login("C: STAT\nS: OK 2 320\nC: NOOP\nS: +OK")
    assert rows[1].split() == ["S:", "OK", "2", "320", "no", "status"]
    assert rows[2] == " ! the reply to STAT was no status line"
    assert [row.split()[:2] for row in rows[3:5]] == [["C:", "NOOP"], ["S:", "+OK"]]


def test_such_a_reply_is_told_at_the_end_as_well() -> None:
    rows = after_login("C: NOOP\nS: huh", end=How.CLIENT_CLOSED)
    assert rows[2] == " ! the reply to NOOP was no status line"
    assert "unanswered" not in rows[-1]


def test_a_login_that_nobody_saw_is_told_where_it_is_proved() -> None:
    stage = Stage()
    stage.session().play("S: +OK\nC: PASS x\nS: welcome\nC: STAT\nS: +OK 0 0")
    told = [row for row in stage.rows if "the session is logged in" in row]
    assert len(told) == 1
    assert "AUTHORIZATION" not in stage.rows[-1]


def test_a_listing_in_place_of_one_line_is_told_as_that() -> None:
    rows = after_login("C: LIST 2\nS: +OK 2 messages (320 octets)\n1 120\n2 200\n.")
    assert rows[2:5] == ["S: 1 120", "S: 2 200", rows[4]]
    assert rows[5] == " · a listing where one line answers LIST"


def test_an_error_in_the_middle_of_a_message_is_told() -> None:
    rows = after_login(
        "C: RETR 1\nS: +OK\nSubject: x\n\nhi\n-ERR read error", end=How.SERVER_CLOSED
    )
    assert " ! the server may have failed in the middle: -ERR read error" in rows


def test_many_unanswered_commands_are_counted() -> None:
    rows = after_login("C: " + "NOOP\n" * 50, end=How.SERVER_CLOSED)
    assert rows[50:-1] == [" ! no reply to NOOP"] * 5 + [" ! no reply to 45 more commands"]
    assert ", 50 unanswered, " in rows[-1]


def test_a_message_that_the_client_sends_is_counted() -> None:
    rows = after_login("C: XTND XMIT\nS: +OK go\nC: Subject: x\n\nhi\n.\nS: +OK sent")
    assert rows[2] == "C… message, 18 octets on the wire"
    assert rows[3].startswith("S: +OK sent ")


def test_deleting_without_quit_is_told() -> None:
    rows = after_login("C: DELE 1\nS: +OK", end=How.CLIENT_CLOSED)
    assert ", 1 marked as deleted without QUIT, " in rows[-1]


@pytest.mark.parametrize(
    ("how", "why", "words"),
    [
        (How.UNREACHABLE, "mail.example.org: refused", "server unreachable after 1.2 ms (mail.ex"),
        (How.REFUSED, "", "refused by pop3spy after 1.2 ms"),
        (How.SHUTDOWN, "", "ended because pop3spy stopped after 1.2 ms"),
        (How.TIMEOUT, "a\nb", "timed out after 1.2 ms (a\\nb)"),
    ],
)
def test_an_end_without_a_word_has_no_totals(how: How, why: str, words: str) -> None:
    stage = Stage()
    stage.session().end(how, why)
    assert stage.rows[-1][15:].startswith(f"└─ {words}")
    assert "octets" not in stage.rows[-1]


def test_every_way_to_end_has_words() -> None:
    for how in How:
        stage = Stage()
        stage.session().end(how)
        assert stage.rows[-1][15:].startswith("└─ ")


def test_a_session_that_cannot_be_read_any_more_is_told() -> None:
    stage = Stage()
    play = stage.session()
    stage.bus.publish(Blinded(play.reading.session, 1.0, "ValueError at protocol/decoder.py:1"))
    assert stage.rows[-1].endswith(" ! nothing is read from here on: "
                                   "ValueError at protocol/decoder.py:1")  # fmt: skip


def test_a_peer_cannot_break_the_line() -> None:
    stage = Stage()
    stage.session(client=Peer("evil\r\n\x1b[2J", 1), server=SERVER)
    assert "evil\\r\\n\\x1b[2J:1 → " in stage.rows[0]
