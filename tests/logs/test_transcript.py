"""The transcript is what a person reads: dialogue in, text out."""

from logs.dialogue import LOGGED_IN, Stage, after_login, said
from pop3spy.logs.shown_lines import SHOWN
from pop3spy.protocol.frames import Side
from pop3spy.protocol.line_buffer import LINE
from pop3spy.session.how import How

WHOLE_SESSION = """\
   0.000  s1   ┌─ 127.0.0.1:50312 → mail.example.org:110                        2026-11-23 10:00:00Z
   0.001  s1   GREETING       S: +OK POP3 ready
   0.002  s1   AUTHORIZATION  C: USER bob
   0.004  s1   AUTHORIZATION  S: +OK                                                          1.2 ms
   0.005  s1   USER_GIVEN     C: PASS ████████
   0.255  s1   USER_GIVEN     S: -ERR [AUTH] wrong password ████████                          250 ms
   0.256  s1   AUTHORIZATION  C: PASS ████████
   0.257  s1   AUTHORIZATION  S: +OK 2 messages                                               1.2 ms
   0.257  s1   AUTHORIZATION   · PASS is not allowed in AUTHORIZATION
   0.258  s1   TRANSACTION    C: LIST
   0.260  s1   TRANSACTION    S: +OK                                                          1.2 ms
   0.260  s1   TRANSACTION    S: 1 120
   0.260  s1   TRANSACTION    S: 2 200
   0.260  s1   TRANSACTION    S: .                                                            1.2 ms
   0.261  s1   TRANSACTION    C: RETR 1
   0.262  s1   TRANSACTION    S: +OK 120 octets                                               1.2 ms
   2.762  s1   TRANSACTION    S… 56 octets: “Lunch” from Ann <ann@example.org>                2.50 s
   2.763  s1   TRANSACTION    C: DELE 1
   2.764  s1   TRANSACTION    S: +OK                                                          1.2 ms
   2.766  s1   TRANSACTION    C: QUIT
   2.767  s1   TRANSACTION    S: +OK bye                                                      1.2 ms
   2.768  s1   └─ ended by QUIT after 2.77 s: 7 commands, 1 refused, 1 retrieved, 1 deleted, 253 octets
"""  # noqa: E501 - as it is written


def test_a_session_reads_from_top_to_bottom() -> None:
    stage = Stage()
    play = stage.session().play(
        """
        S: +OK POP3 ready
        C: USER bob
        S: +OK
        C: PASS hunter2
        S(0.25): -ERR [AUTH] wrong password hunter2
        C: PASS Hunter3
        S: +OK 2 messages
        C: LIST
        S: +OK
        1 120
        2 200
        .
        C: RETR 1
        S: +OK 120 octets
        S(2.5): Subject: Lunch
        From: Ann <ann@example.org>

        Twelve?
        .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK bye
        """
    )
    play.end()
    assert stage.text.getvalue() == WHOLE_SESSION


def test_sessions_are_told_apart_by_their_numbers() -> None:
    stage = Stage()
    first, second = stage.session(1), stage.session(12, 5.0)
    first.play("S: +OK one")
    second.play("S: +OK twelve")
    assert [row[:16] for row in stage.rows] == [
        "   0.000  s1   ┌",
        "   0.000  s12  ┌",
        "   0.001  s1   G",
        "   0.001  s12  G",
    ]


def test_a_long_listing_is_cut_short() -> None:
    lines = "\n".join(f"{number} 100" for number in range(1, SHOWN + 32))
    rows = after_login(f"C: UIDL\nS: +OK\n{lines}\n.")
    assert rows[2:-2] == [f"S: {number} 100" for number in range(1, SHOWN + 1)]
    assert rows[-2] == "S… 31 more lines"
    assert rows[-1].startswith("S: .   ")


def test_the_lines_of_a_listing_are_put_together() -> None:
    stage = Stage()
    play = stage.session().play(LOGGED_IN + "C: LIST")
    for octet in b"+OK\r\n1 120\r\n2 200\r\n.\r\n":
        play.say(Side.SERVER, bytes([octet]))
    assert [row[30:39] for row in stage.rows[-4:]] == [
        "S: +OK   ",
        "S: 1 120",
        "S: 2 200",
        "S: .     ",
    ]


def test_an_endless_line_of_a_listing_is_shown_once_and_not_kept() -> None:
    stage = Stage()
    play = stage.session().play(LOGGED_IN + "C: LIST\nS: +OK")
    before = len(stage.rows)
    for _ in range(20):
        play.say(Side.SERVER, b"x" * LINE)
    play.say(Side.SERVER, b"\r\n2 200\r\n.\r\n")
    rows = [row[30:] for row in stage.rows[before:]]
    assert rows[0] == f"S: {'x' * LINE}"
    assert rows[1] == "S: 2 200"
    assert rows[2].startswith("S: . ")


def test_a_listing_that_breaks_off_is_told() -> None:
    rows = after_login("C: LIST\nS: +OK\n1 120\n2 2\\c", end=How.SERVER_CLOSED)
    assert rows[2:4] == ["S: 1 120", "S: 2 2"]
    assert rows[4].startswith(" ! listing without an end, 1 line ")


def test_a_message_that_breaks_off_is_told() -> None:
    rows = after_login("C: RETR 1\nS: +OK\nSubject: x\n\nHi\\c", end=How.SERVER_RESET)
    assert rows[2].startswith("S… message broken off after 16 octets ")


def test_the_top_of_a_message_is_told_from_a_whole_one() -> None:
    rows = after_login("C: TOP 1 0\nS: +OK\nSubject: x\n\n.")
    assert rows[2].startswith("S… top, 14 octets: “x” ")


def test_a_message_without_headers_has_a_size() -> None:
    assert after_login("C: RETR 1\nS: +OK\n.")[2].startswith("S… 0 octets   ")


def test_a_subject_cannot_move_the_cursor() -> None:
    rows = after_login("C: RETR 1\nS: +OK\nSubject: a\\x1b[2J\\x07b\n\n.")
    assert "“a\\x1b[2J\\x07b”" in rows[2]


def test_a_long_subject_is_cut() -> None:
    rows = after_login(f"C: RETR 1\nS: +OK\nSubject: {'x' * 500}\n\n.")
    assert f"“{'x' * 59}…”" in rows[2]


def test_a_listing_that_echoes_a_secret_is_masked() -> None:
    rows = after_login("C: sesame99\nS: +OK\nyou said sesame99, and sesame99 it is\n.")
    assert rows[2] == "S: you said ████████, and ████████ it is"


def test_pipelined_commands_and_their_replies_find_each_other() -> None:
    rows = after_login("C: STAT\nNOOP\nS: +OK 0 0\n+OK")
    assert [" ".join(row.split()) for row in rows] == [
        "C: STAT",
        "C: NOOP pipelined",
        "S: +OK 0 0 ← STAT 1.2 ms",
        "S: +OK ← NOOP 1.2 ms",
    ]


def test_sasl_is_shown_without_its_secrets() -> None:
    rows = said("S: +OK\nC: AUTH PLAIN\nS: + \nC: AGJvYgBodW50ZXIy\nS: +OK")
    assert [" ".join(row.split()) for row in rows] == [
        "S: +OK",
        "C: AUTH PLAIN",
        "S: + 1.2 ms",
        "C: ████████",
        "S: +OK 1.2 ms",
        "· logged in as bob",
    ]


def test_a_verb_that_nobody_knows_is_hidden() -> None:
    assert after_login("C: sesame\nS: -ERR")[0] == "C: ████████"
