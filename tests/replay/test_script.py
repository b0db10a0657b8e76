"""A recorded conversation, cut into turns."""

from collections.abc import Iterable

import pytest

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK, show
from pop3spy.replay import assemble
from pop3spy.replay.assemble import read_script
from pop3spy.replay.script import RecordedReply, ReplyPiece, Step
from pop3spy.session.how import Ending, How
from pop3spy.session.tape import Closed, Item, Missed, Over
from replay.tapes import LOGGED_IN, behind_login, outcomes, script, tape


def only(steps: Iterable[Step]) -> Step:
    (step,) = steps
    return step


def raw(reply: RecordedReply | None) -> bytes:
    assert reply is not None
    return reply.raw


def waits(reply: RecordedReply | None) -> list[float]:
    assert reply is not None
    return [round(piece.wait, 3) for piece in reply.pieces]


def test_a_conversation_has_a_greeting_and_steps() -> None:
    read = script(LOGGED_IN + "    C: LIST\n    S: +OK\n    S| 1 10\n    S| .\n")
    assert raw(read.greeting) == b"+OK ready\r\n"
    assert [show(step.line, step.masks) for step in read.steps] == [
        "USER bob\\r\\n",
        f"PASS {MASK}\\r\\n",
        "LIST\\r\\n",
    ]
    assert [raw(step.reply) for step in read.steps] == [
        b"+OK\r\n",
        b"+OK logged in\r\n",
        b"+OK\r\n1 10\r\n.\r\n",
    ]
    assert [step.state for step in read.steps] == [
        State.AUTHORIZATION,
        State.AUTHORIZATION,
        State.TRANSACTION,
    ]


def test_a_secret_that_was_masked_stays_masked() -> None:
    read = script(f"S: +OK\nC: PASS {_escaped(MASK)}\nS: -ERR no")
    assert show(only(read.steps).line, only(read.steps).masks) == f"PASS {MASK}\\r\\n"


def _escaped(text: str) -> str:
    """Return text as the octets of a dialogue: those of UTF-8, escaped."""
    return "".join(f"\\x{octet:02x}" for octet in text.encode())


def test_a_reply_keeps_its_cuts_and_times() -> None:
    read = behind_login("""
        C: RETR 1
        S(0.5): +OK 12 octets
        S| Subject: a
        S(2)< \\r\\nx
        S(3)< \\r\\n.\\r\\n
    """)
    step = read.steps[-1]
    assert step.reply is not None
    assert [piece.data for piece in step.reply.pieces] == [
        b"+OK 12 octets\r\nSubject: a\r\n",
        b"\r\nx",
        b"\r\n.\r\n",
    ]
    assert waits(step.reply) == [0.5, 2.0, 3.0]
    assert step.reply.body == b"Subject: a\r\n\r\nx\r\n"


def test_a_status_line_and_a_body_may_come_byte_by_byte() -> None:
    data = b"+OK\r\n..a\r\n.\r\n"
    read = behind_login("C: RETR 1\n" + "\n".join(f"S< \\x{octet:02x}" for octet in data))
    reply = read.steps[-1].reply
    assert reply is not None
    assert reply.pieces == tuple(
        ReplyPiece(data[at : at + 1], reply.pieces[at].wait) for at in range(len(data))
    )
    assert waits(reply) == [0.01] * len(data)


def test_steps_have_the_pauses_of_the_client() -> None:
    read = behind_login("C(4): NOOP\nS(1): +OK\nC(2): NOOP\nS: +OK")
    assert [round(step.pause, 3) for step in read.steps[-2:]] == [4.0, 2.0]
    assert [round(step.at, 3) for step in read.steps[-2:]] == [4.05, 7.05]


def test_commands_sent_ahead_are_steps_of_their_own() -> None:
    read = behind_login("C: NOOP\nC| STAT\nS: +OK\nS| +OK 1 10")
    noop, stat = read.steps[-2:]
    assert (raw(noop.reply), raw(stat.reply)) == (b"+OK\r\n", b"+OK 1 10\r\n")
    assert stat.pause == 0


def test_auth_keeps_its_challenges_and_hides_the_answers() -> None:
    read = script("""
        S: +OK
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: Ym9i
        S: + UGFzc3dvcmQ6
        C: c2VzYW1lMTIz
        S: +OK
    """)
    step = only(read.steps)
    assert [raw(ask.reply) for ask in step.asks] == [
        b"+ VXNlcm5hbWU6\r\n",
        b"+ UGFzc3dvcmQ6\r\n",
    ]
    assert [ask.hidden for ask in step.asks] == [True, True]
    assert raw(step.reply) == b"+OK\r\n"
    assert read.user == "bob"
    assert b"Ym9i" not in repr(read).encode()


def test_an_empty_or_cancelling_answer_is_no_secret() -> None:
    read = script("S: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR cancelled")
    (ask,) = only(read.steps).asks
    assert (ask.answer, ask.hidden) == (b"*\r\n", False)


def test_a_message_that_the_client_sends_is_kept() -> None:
    read = behind_login("""
        C: XTND XMIT
        S: +OK send it
        C: PASS is no command here
        C| ..
        C| .
        S: +OK sent
    """)
    (ask,) = read.steps[-1].asks
    assert raw(ask.reply) == b"+OK send it\r\n"
    assert ask.answer == b"PASS is no command here\r\n..\r\n.\r\n"
    assert raw(read.steps[-1].reply) == b"+OK sent\r\n"


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        pytest.param("C: RETR 1\nS: +OK\nS| half a", b"+OK\r\nhalf a\r\n", id="in its body"),
        pytest.param("C: RETR 1\nS: +OK\nS< half", b"+OK\r\nhalf", id="in a line"),
        pytest.param("C: RETR 1\nS: +OK\nS| a\nS< .", b"+OK\r\na\r\n.", id="in the lone dot"),
    ],
)
def test_a_reply_that_broke_off_stays_so(text: str, sent: bytes) -> None:
    reply = behind_login(text, How.SERVER_CLOSED).steps[-1].reply
    assert reply is not None
    assert (reply.raw, reply.complete, reply.closes) == (sent, False, True)


def test_a_reply_that_never_came_is_none() -> None:
    assert behind_login("C: STAT", How.CLIENT_CLOSED).steps[-1].reply is None


@pytest.mark.parametrize(
    ("how", "behind", "closes"),
    [
        pytest.param(How.SERVER_CLOSED, 0.01, True, id="the server hangs up"),
        pytest.param(How.SERVER_RESET, 0.01, True, id="the server resets"),
        pytest.param(How.SERVER_CLOSED, 600.0, False, id="the server has had enough of waiting"),
        pytest.param(How.CLIENT_CLOSED, 0.01, False, id="the client hangs up"),
        pytest.param(How.CUT, 0.01, False, id="the recording ends"),
    ],
)
def test_who_hung_up_behind_a_reply(how: How, behind: float, *, closes: bool) -> None:
    read = script("S: +OK\nC: PASS x\nS: -ERR no", how, behind=behind)
    reply = only(read.steps).reply
    assert reply is not None
    assert reply.closes is closes


def test_a_server_hung_up_when_it_closed_however_long_its_client_stayed() -> None:
    text = "S: +OK\nC: PASS x\nS: -ERR no"
    *said, over = tape(text, How.SERVER_CLOSED, behind=600.0)
    assert isinstance(over, Over)
    closed = Closed(1, over.at - 599.99, Side.SERVER, reset=False)
    reply = only(read_script(iter([*said, closed, over])).steps).reply
    assert reply is not None
    assert reply.closes is True


def test_what_the_server_adds_unasked_belongs_to_the_reply_if_it_comes_soon() -> None:
    read = script("S: +OK\nC: NOOP\nS: -ERR bad\nS: -ERR too many\nS(9): -ERR idle")
    reply = only(read.steps).reply
    assert reply is not None
    assert [piece.data for piece in reply.tail] == [b"-ERR too many\r\n"]


def test_what_stands_before_the_greeting_is_said_with_it() -> None:
    read = script("S: Welcome!\nS: +OK\nC: QUIT\nS: +OK")
    assert raw(read.greeting) == b"Welcome!\r\n+OK\r\n"


@pytest.mark.parametrize("cut", ["S|", "S:"], ids=["in one read", "in two"])
def test_lines_without_a_status_stand_before_the_reply(cut: str) -> None:
    read = behind_login(f"C: RETR 1\nS: debug\n{cut} ?\n{cut} +OK\nS| a: b\nS| .\nC: QUIT\nS: +OK")
    reply = read.steps[-2].reply
    assert reply is not None
    assert reply.raw == b"debug\r\n?\r\n+OK\r\na: b\r\n.\r\n"
    assert (reply.line, reply.before, reply.body) == (b"+OK\r\n", 10, b"a: b\r\n")
    assert (reply.complete, reply.closes) == (True, False)
    assert len(reply.pieces) == (1 if cut == "S|" else 3)


def test_a_line_without_a_status_may_be_all_of_the_reply() -> None:
    read = behind_login("C: NOOP\nS: debug\nS: OK\nC: QUIT\nS: +OK")
    noop = read.steps[-2]
    assert noop.reply is not None
    assert (noop.reply.raw, noop.reply.line) == (b"debug\r\nOK\r\n", b"OK\r\n")
    assert (noop.reply.complete, noop.reply.closes) == (True, False)
    assert (noop.outcome.ok, noop.outcome.odd) == (None, True)


def test_a_line_without_a_status_stands_before_a_challenge() -> None:
    read = script("S: +OK\nC: AUTH PLAIN\nS: debug\nS: + \nC: eA==\nS: more\nS: +OK")
    step = only(read.steps)
    assert [raw(ask.reply) for ask in step.asks] == [b"debug\r\n+ \r\n"]
    assert [ask.reply.line for ask in step.asks] == [b"+ \r\n"]
    assert raw(step.reply) == b"more\r\n+OK\r\n"


def test_a_banner_that_the_client_took_for_the_greeting_is_the_greeting() -> None:
    read = script("S: POP3 here\nC: QUIT\nS: +OK")
    assert read.greeting is not None
    assert (raw(read.greeting), read.greeting.closes) == (b"POP3 here\r\n", False)
    assert (read.welcome.ok, read.welcome.odd) == (None, True)
    assert raw(only(read.steps).reply) == b"+OK\r\n"


def test_a_server_that_goes_on_behind_a_body_without_an_end_did_not_hang_up() -> None:
    help_, _ = script("S: +OK\nC: HELP\nS: +OK\nS: try QUIT\nC: QUIT\nS: +OK").steps
    assert help_.reply is not None
    assert (help_.reply.complete, help_.reply.closes) == (False, False)


def test_what_comes_late_of_an_unexpected_body_is_kept_where_it_was() -> None:
    text = "S: +OK\nC: HELP\nS: +OK\nS: try\nC: NOOP\nS: QUIT\nS: .\nS: +OK\nC: QUIT\nS: +OK"
    read = script(text)
    assert [raw(step.reply) for step in read.steps] == [
        b"+OK\r\ntry\r\nQUIT\r\n.\r\n",
        b"+OK\r\n",
        b"+OK\r\n",
    ]
    assert read.outcomes == outcomes(text)


def test_the_rest_of_an_overlong_line_without_a_status_is_made_up() -> None:
    long = "x" * 20000
    reply = script(f"S: +OK\nC: QUIT\nS: {long}\nS: +OK").steps[0].reply
    assert len(raw(reply)) == 20000 + len("\r\n+OK\r\n")


def test_the_rest_of_an_overlong_line_is_made_up() -> None:
    long = "x" * 20000
    reply = script(f"S: +OK\nC: QUIT\nS: +OK {long}").steps[0].reply
    assert len(raw(reply)) == 20000 + len("+OK \r\n")


def test_behind_a_gap_there_is_nothing() -> None:
    items = tape("S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK\nC: STAT\nS: +OK 1 10")
    gap: list[Item] = [Missed(1, 0.05, "not recorded")]
    read = read_script(iter([*items[:5], *gap, *items[5:]]))
    assert [raw(step.reply) for step in read.steps if step.reply] == [b"+OK\r\n"]


TWO = [
    *tape("S: +OK", session=4),
    *tape("S: +OK\nC: QUIT\nS: +OK one", session=5),
    *tape("S: +OK\nC: QUIT\nS: +OK two", session=6),
]


@pytest.mark.parametrize(("session", "text"), [(None, b"one"), (5, b"one"), (6, b"two")])
def test_a_session_is_chosen(session: int | None, text: bytes) -> None:
    assert raw(read_script(iter(TWO), session).steps[0].reply) == b"+OK " + text + b"\r\n"


def test_sessions_may_run_at_once() -> None:
    one, two = (
        tape("S: +OK\nC: NOOP\nS: +OK", session=1),
        tape("S: +OK\nC: STAT\nS: +OK", session=2),
    )
    mixed = [item for pair in zip(one, two, strict=True) for item in pair]
    assert only(read_script(iter(mixed), 2).steps).line == b"STAT\r\n"
    assert only(read_script(iter(mixed)).steps).line == b"NOOP\r\n"


def test_a_session_that_is_not_there_is_told() -> None:
    with pytest.raises(CaptureError, match=r"^no session 7 .*; there are: 4, 5, 6$"):
        read_script(iter(TWO), 7)
    with pytest.raises(CaptureError, match="no client asks anything"):
        read_script(iter(tape("S: +OK")))


def test_a_recording_without_an_end_is_played_up_to_there() -> None:
    items = [
        item for item in tape("S: +OK\nC: NOOP\nS: +OK\nC: STAT") if not isinstance(item, Over)
    ]
    read = read_script(iter(items))
    assert [step.reply is not None for step in read.steps] == [True, False]


def test_a_session_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "MOST", 100)
    with pytest.raises(CaptureError, match="session 1 holds more than"):
        behind_login("C: RETR 1\nS: +OK\nS| " + "x" * 100 + "\nS| .")


def test_reading_stops_when_the_session_is_over() -> None:
    def items() -> Iterable[Item]:
        yield from TWO
        raise AssertionError("read on")

    assert read_script(iter(items())).session == 5


def test_an_ending_tells_nothing_of_other_sessions() -> None:
    items: list[Item] = [*TWO, Over(9, 1.0, Ending(How.QUIT))]
    assert read_script(iter(items), 6).session == 6
