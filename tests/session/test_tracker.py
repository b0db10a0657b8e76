"""What is known of a session and of its exchanges when so much has been said."""

import pytest

from dialogue import said
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Side
from pop3spy.protocol.states import State
from pop3spy.session.body import Body
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Answered, Placed, Told
from pop3spy.session.listing import Listing
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls
from pop3spy.session.waiting import OwedReply

TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
CLEAR = "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: USER alice\nS: +OK"


def reading(script: str, events: list[Told] | None = None) -> Reading:
    """Return what has read *script*; *events* take what it tells."""
    told = [] if events is None else events
    reading = Reading(1, Peer("client", 1), Peer("server", 110), 0.0, told.append)
    for at, (side, data) in enumerate(said(script)):
        assert data is not None
        reading.hear(Chunk(side, data, float(at)))
    return reading


def test_a_login_tells_the_user_and_other_commands_do_not() -> None:
    session = reading("""
        S: +OK
        C: USER alice
        S: +OK
        C: PASS wonderland
        S: +OK
        C: NOOP
        S: +OK
    """).session

    assert (session.user, session.login) == ("alice", "PASS")
    assert [exchange.user for exchange in session.exchanges] == [None, "alice", None]


def test_a_refused_login_tells_whose_it_was_and_logs_nobody_in() -> None:
    session = reading("S: +OK\nC: USER alice\nS: +OK\nC: PASS wonderland\nS: -ERR").session

    assert (session.user, session.login) == (None, None)
    assert session.exchanges[-1].user == "alice"
    assert session.totals.refused == 1


def test_the_answers_inside_auth_are_counted() -> None:
    session = reading("""
        S: +OK
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: YWxpY2U=
        S: + UGFzc3dvcmQ6
        C: d29uZGVybGFuZA==
        S: +OK
    """).session

    assert [exchange.steps for exchange in session.exchanges] == [2]
    assert session.login == "AUTH LOGIN"


def test_auth_is_answered_by_its_first_challenge() -> None:
    session = reading("S: +OK\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: *\nS: -ERR").session
    (exchange,) = session.exchanges
    assert (exchange.asked_at, exchange.answered_at, exchange.ended_at) == (1.0, 2.0, 4.0)


def test_a_recording_that_begins_behind_the_login_says_so() -> None:
    events: list[Told] = []
    told = reading("S: +OK", events)
    told.know_login(1.0)
    told.know_login(2.0)  # which is known by now
    placed = [event for event in events if isinstance(event, Placed)]
    assert [(event.at, event.before, event.after) for event in placed] == [
        (1.0, State.AUTHORIZATION, State.TRANSACTION)
    ]


def test_what_was_said_in_clear_is_forgotten_once_tls_begins() -> None:
    """It may have been tampered with (RFC 2595, section 4)."""
    clear = reading(CLEAR)
    session = clear.session
    assert session.capabilities

    clear.secured(TLS, 9.0)

    assert not session.capabilities
    assert session.state is State.AUTHORIZATION


def test_the_greeting_is_what_the_server_says_first() -> None:
    session = reading("S: +OK ready\nC: NOOP\nS: +OK done").session

    assert session.greeting is not None
    assert session.greeting.text == b"ready"


def test_a_cancelled_login_ends_where_the_server_answers_without_a_status() -> None:
    session = reading("S: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: cancelled\nC: NOOP\nS: +OK").session

    assert session.state is State.AUTHORIZATION
    assert not session.outstanding


def test_an_answer_that_may_have_a_body_ends_when_it_came() -> None:
    events: list[Told] = []
    reading("S: +OK\nC: FOO\nS: +OK\nC: NOOP\nS: +OK", events)

    answered = [event for event in events if isinstance(event, Answered)]
    assert [(event.exchange.number, event.at) for event in answered] == [(1, 2.0), (2, 4.0)]


def test_what_an_exchange_that_was_told_of_kept_is_let_go() -> None:
    [exchange] = reading("S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .").session.exchanges

    assert exchange.body is not None
    assert (exchange.body.octets, exchange.body.head, exchange.body.tail) == (6, b"", b"")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0.0, "0 s", id="none"),
        pytest.param(59.9, "59 s", id="less than a minute"),
        pytest.param(60.0, "1 min 0 s", id="a minute"),
        pytest.param(3599.0, "59 min 59 s", id="less than an hour"),
        pytest.param(3600.0, "1 h 0 min", id="an hour"),
        pytest.param(3_600_000.0, "1,000 h 0 min", id="weeks"),
    ],
)
def test_how_long_a_reply_has_been_waited_for_is_told(seconds: float, text: str) -> None:
    owed = OwedReply(reading("").session, None, since=5.0)

    assert owed.text(5.0 + seconds) == f"waiting {text} for the greeting"


@pytest.mark.parametrize(
    ("lines", "highest", "octets"),
    [
        pytest.param([], 0, 0, id="none"),
        pytest.param([b"1 120\r\n", b"3 80\r\n"], 3, 200, id="two"),
        pytest.param([b"3 80\r\n", b"1 120\r\n"], 3, 200, id="out of order"),
    ],
)
def test_a_listing_knows_its_highest_number_and_its_octets(
    lines: list[bytes], highest: int, octets: int
) -> None:
    def listing() -> Listing:
        line = CommandLine(Side.CLIENT, b"LIST\r\n", 1, command=parse_command(b"LIST\r\n"))
        return Listing(line, Body(lines=len(lines), listed=list(lines)), 0.0, 0)

    assert listing().highest == highest
    assert listing().octets == octets
    assert listing().lines == len(lines)
