"""A recorded client, played against a live server: what it says, and what it finds."""

import base64
import hmac
from dataclasses import replace
from inspect import cleandoc

import pytest

from dialogue import octets
from pop3spy.errors import ConfigError
from pop3spy.protocol.frames import Frame, Side, StatusLine
from pop3spy.protocol.text import MASK
from pop3spy.replay.credentials import Credentials, needs
from pop3spy.replay.numbers import By
from pop3spy.replay.pace import AS_RECORDED, Pace
from pop3spy.replay.play_options import PlayOptions, Say
from pop3spy.replay.player import ClientPlayer
from pop3spy.replay.script import Script
from pop3spy.session.chunk import Chunk
from pop3spy.session.reading import Reading
from replay.tapes import CLIENT, LOGGED_IN, SERVER, behind_login, script

PASSWORD = b"correct horse"
GIVEN = Credentials(password=PASSWORD)


class Stage:
    """A player, and a server that says what a test lets it say."""

    def __init__(
        self, read: Script, given: Credentials = GIVEN, options: PlayOptions | None = None
    ) -> None:
        self.player = ClientPlayer(read, given, options)
        self.reading = Reading(1, CLIENT, SERVER, 0.0, lambda _: None)
        self.says: list[Say] = []

    def server(self, data: bytes, *, has_body: bool = False) -> None:
        """Let the server say *data*; *has_body* tells what only the next octets could."""
        for frame in self._say(Side.SERVER, data):
            if isinstance(frame, StatusLine) and frame.has_body is None:
                self.player.hear(replace(frame, has_body=has_body))
            elif frame.side is Side.SERVER:
                self.player.hear(frame)

    def client(self, data: bytes) -> None:
        """Say *data* though the player did not."""
        self._say(Side.CLIENT, data)

    def next(self) -> bytes:
        """Return what is said next; nothing if the player waits."""
        say = self.player.next()
        if say is None:
            return b""
        self.says.append(say)
        self.client(say.data)
        self.player.sent(self.reading.session)
        return say.data

    def _say(self, side: Side, data: bytes) -> list[Frame]:
        self.reading.append(Chunk(side, data, 0.0))
        return [frame for frame, _ in iter(self.reading.read, None)]

    def play(self, dialogue: str) -> "Stage":
        """Expect the ``C:`` lines and answer with the ``S:`` lines."""
        for line in cleandoc(dialogue).splitlines():
            data = octets(line[3:]) + b"\r\n"
            if line.startswith("S:"):
                self.server(data)
            else:
                assert self.next() == data
        return self

    @property
    def found(self) -> list[tuple[str, str, object, object]]:
        return [
            (each.command, each.what, each.expected, each.got)
            for each in self.player.played.differences
        ]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        return [(each.command, each.why) for each in self.player.played.left_out]


LOGIN = """
    S: +OK live
    C: USER bob
    S: +OK
    C: PASS correct horse
    S: +OK
"""


def logged_in(text: str, options: PlayOptions | None = None) -> Stage:
    return Stage(behind_login(text), options=options).play(LOGIN)


def test_a_client_is_played_in_step_with_the_server() -> None:
    stage = logged_in("C: list 1\nS: +OK 1 10\nC: QUIT\nS: +OK bye")
    assert stage.next() == b"list 1\r\n"
    assert stage.next() == b""
    stage.server(b"+OK 1 10\r\n")
    assert not stage.player.done
    assert stage.next() == b"QUIT\r\n"
    stage.server(b"+OK so long\r\n")
    assert stage.player.done
    assert stage.next() == b""
    assert stage.found == []
    assert stage.left_out == []
    assert stage.player.played.exchanges == 5


def test_nothing_is_said_before_the_greeting() -> None:
    stage = Stage(script(LOGGED_IN))
    assert stage.next() == b""
    stage.server(b"Welcome!\r\n")
    assert stage.next() == b""
    stage.server(b"+OK\r\n")
    assert stage.next() == b"USER bob\r\n"


def test_differences_are_found_as_replies_come() -> None:
    stage = logged_in("C: STAT\nS: +OK 1 10\nC: RETR 1\nS: +OK\nS| a\nS| .")
    stage.play("C: STAT\nS: +OK 2 10\nC: RETR 1\nS: +OK\nS: bb\nS: .")
    assert stage.found == [("STAT", "messages", 1, 2), ("RETR 1", "size", 3, 4)]


def test_a_client_thinks_as_long_as_it_did() -> None:
    options = PlayOptions(pace=Pace(2.0))
    stage = logged_in("C(4): NOOP\nS: +OK", options)
    stage.next()
    assert round(stage.says[-1].pause, 3) == 2.0


def test_in_recorded_time_it_does_not_wait_for_replies() -> None:
    options = PlayOptions(pace=AS_RECORDED, timed=True)
    stage = logged_in("C(3): NOOP\nS: +OK\nC(2): STAT\nS: +OK 0 0", options)
    assert [stage.next() for _ in range(3)] == [b"NOOP\r\n", b"STAT\r\n", b""]
    assert [round(say.due or 0, 2) for say in stage.says[-2:]] == [3.05, 5.06]
    stage.server(b"+OK\r\n+OK 0 0\r\n")
    assert stage.player.done
    assert stage.found == []


# -- logging in -------------------------------------------------------------------------------


def b64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def test_another_user_can_be_given() -> None:
    Stage(script(LOGGED_IN), Credentials(b"alice", PASSWORD)).play(
        "S: +OK\nC: USER alice\nS: +OK\nC: PASS correct horse\nS: +OK"
    )


def test_apop_is_computed_from_the_live_timestamp() -> None:
    """RFC 1939, section 7, has the example."""
    read = script("S: +OK <9.9@old>\nC: APOP mrose 0123456789abcdef0123456789abcdef\nS: +OK")
    Stage(read, Credentials(password=b"tanstaaf")).play("""
        S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: +OK
    """)


def test_apop_needs_a_timestamp() -> None:
    read = script(
        "S: +OK <9.9@old>\nC: APOP bob 0123456789abcdef0123456789abcdef\nS: +OK\nC: STAT\nS: +OK"
    )
    stage = Stage(read)
    stage.server(b"+OK no APOP today\r\n")
    assert stage.next() == b""
    assert stage.player.done
    assert stage.found == [("greeting", "APOP", "offered", "not offered")]
    ((command, why),) = stage.left_out
    assert command.startswith("APOP bob ")
    assert why == "the server offers no APOP, so nothing more was asked"


CRAM = b"bob " + hmac.digest(PASSWORD, b"<live@x>", "md5").hex().encode()

SASL = [
    pytest.param(
        f"C: AUTH PLAIN {b64(b'0bob0xxxx')}\nS: +OK",
        f"C: AUTH PLAIN {b64(b'%cbob%c' % (0, 0) + PASSWORD)}\nS: +OK",
        id="PLAIN at once",
    ),
    pytest.param(
        "C: AUTH PLAIN\nS: + \nC: eHh4eA==\nS: +OK",
        f"C: AUTH PLAIN\nS: + \nC: {b64(b'%cbob%c' % (0, 0) + PASSWORD)}\nS: +OK",
        id="PLAIN",
    ),
    pytest.param(
        "C: AUTH LOGIN\nS: + VXNlcg==\nC: Ym9i\nS: + UGFzcw==\nC: eHh4eA==\nS: +OK",
        f"C: AUTH LOGIN\nS: + VQ==\nC: Ym9i\nS: + UA==\nC: {b64(PASSWORD)}\nS: +OK",
        id="LOGIN",
    ),
    pytest.param(
        f"C: AUTH CRAM-MD5\nS: + {b64(b'<old@x>')}\nC: Ym9iIGFiY2Q=\nS: +OK",
        f"C: AUTH CRAM-MD5\nS: + {b64(b'<live@x>')}\nC: {b64(CRAM)}\nS: +OK",
        id="CRAM-MD5",
    ),
    pytest.param(
        f"C: AUTH XOAUTH2 {b64(b'user=bob')}\nS: +OK",
        f"C: AUTH XOAUTH2 {b64(b'user=bob%cauth=Bearer ya29%c%c' % (1, 1, 1))}\nS: +OK",
        id="XOAUTH2",
    ),
    pytest.param(
        "C: AUTH OAUTHBEARER\nS: + \nC: bixhPWJvYiw=\nS: +OK",
        f"C: AUTH OAUTHBEARER\nS: + \n"
        f"C: {b64(b'n,a=bob,%cauth=Bearer ya29%c%c' % (1, 1, 1))}\nS: +OK",
        id="OAUTHBEARER",
    ),
]


@pytest.mark.parametrize(("recorded", "live"), SASL)
def test_sasl_messages_are_computed_afresh(recorded: str, live: str) -> None:
    stage = Stage(script(f"S: +OK\n{recorded}"), Credentials(b"bob", PASSWORD, b"ya29"))
    stage.play(f"S: +OK\n{live}")
    assert stage.player.done
    assert stage.found == []


def test_an_error_inside_xoauth2_is_answered() -> None:
    read = script("S: +OK\nC: AUTH XOAUTH2\nS: + \nC: dXNlcg==\nS: +OK")
    stage = Stage(read, Credentials(b"bob", token=b"ya29"))
    stage.play("S: +OK\nC: AUTH XOAUTH2\nS: + ")
    assert stage.next().startswith(b"dXNlcj1ib2")
    stage.play("S: + eyJzdGF0dXMiOiI0MDAifQ==\nC: \nS: -ERR no")
    assert ("status", "+OK", "-ERR") in [each[1:] for each in stage.found]


def test_a_login_that_was_given_up_is_given_up_again() -> None:
    read = script("S: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR cancelled")
    Stage(read, Credentials(b"bob", PASSWORD)).play(
        "S: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR cancelled"
    )


UNPLAYABLE = "S: +OK\nC: AUTH GSSAPI eA==\nS: + eA==\nC: Yz1i\nS: +OK\nC: STAT\nS: +OK 0 0"


def test_a_mechanism_that_cannot_be_computed_is_told_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match=r"GSSAPI, .* nothing was sent; --auth PLAIN"):
        ClientPlayer(script(UNPLAYABLE), Credentials(b"bob", PASSWORD))


def test_another_mechanism_takes_its_place() -> None:
    given = Credentials(b"bob", PASSWORD)
    stage = Stage(script(UNPLAYABLE), given, PlayOptions(auth=("CRAM-MD5",)))
    stage.play(f"""
        S: +OK
        C: AUTH CRAM-MD5
        S: + {b64(b"<live@x>")}
        C: {b64(CRAM)}
        S: +OK
        C: STAT
        S: +OK 0 0
    """)
    assert stage.player.done
    assert stage.found == []


def test_a_refused_login_by_such_a_mechanism_is_tried_again() -> None:
    read = script("S: +OK\nC: AUTH GSSAPI\nS: -ERR no such\nC: QUIT\nS: +OK")
    stage = Stage(read, Credentials())
    stage.play("S: +OK\nC: AUTH GSSAPI\nS: -ERR\nC: QUIT\nS: +OK")
    assert stage.found == []


def test_behind_a_failed_login_nothing_is_asked() -> None:
    stage = Stage(behind_login("C: STAT\nS: +OK 0 0"))
    stage.play("S: +OK\nC: USER bob\nS: +OK\nC: PASS correct horse\nS: -ERR [AUTH] no")
    assert stage.player.done
    assert [each[1:] for each in stage.found] == [
        ("status", "+OK", "-ERR"),
        ("response code", None, "AUTH"),
    ]
    assert stage.left_out == [("STAT", "the login failed, so nothing more was asked")]


REFUSED = [
    pytest.param("C: USER bob\nS: +OK\nC: PASS x\nS: -ERR no", [b"USER bob"], id="USER"),
    pytest.param("C: USER eve\nS: -ERR nobody", [], id="USER alone"),
    pytest.param("C: APOP bob 0123456789abcdef0123456789abcdef\nS: -ERR no", [], id="APOP"),
    pytest.param("C: AUTH PLAIN eHh4eA==\nS: -ERR [AUTH] no", [], id="PLAIN"),
    pytest.param("C: AUTH XOAUTH2 eHh4eA==\nS: -ERR no", [], id="XOAUTH2"),
    pytest.param("C: AUTH SCRAM-SHA-1 eHh4eA==\nS: -ERR no", [], id="SCRAM"),
]


@pytest.mark.parametrize(("login", "before"), REFUSED)
def test_a_refused_login_is_tried_with_something_wrong(login: str, before: list[bytes]) -> None:
    read = script(f"S: +OK <1@x>\n{login}\nC: QUIT\nS: +OK")
    assert needs(read) == set()
    said = []
    for _ in range(2):
        stage = Stage(read, replace(GIVEN, token=b"ya29"))
        stage.server(b"+OK <2@x>\r\n")
        for line in before:
            assert stage.next() == line + b"\r\n"
            stage.server(b"+OK\r\n")
        said.append(stage.next())
        code = b" [AUTH] no" if "[AUTH]" in login else b" no"
        stage.play(f"S: -ERR{code.decode()}\nC: QUIT\nS: +OK")
        assert stage.found == []
        assert stage.left_out == []
    assert b"ya29" not in said[0]
    assert PASSWORD not in said[0]
    assert base64.b64encode(PASSWORD) not in said[0]
    assert (said[0] == said[1]) is (login.startswith("C: USER eve"))  # else made up each time


def test_a_login_refused_for_another_reason_is_left_out() -> None:
    read = script(
        "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR [IN-USE] locked\nC: QUIT\nS: +OK"
    )
    stage = Stage(read, Credentials()).play("S: +OK\nC: USER bob\nS: +OK\nC: QUIT\nS: +OK")
    assert stage.found == []
    ((_, why),) = stage.left_out
    assert why == "it was refused for another reason than its password: [IN-USE]"


def test_behind_a_wrong_login_that_is_taken_nothing_is_asked() -> None:
    read = script("S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR no\nC: USER bob\nS: +OK")
    stage = Stage(read).play("S: +OK\nC: USER bob\nS: +OK")
    assert stage.next().startswith(b"PASS ")
    stage.server(b"+OK\r\n")
    assert stage.player.done
    assert [each[1:] for each in stage.found] == [("status", "-ERR", "+OK")]
    ((_, why),) = stage.left_out
    assert why == "the server took a login that was refused, so nothing more was asked"


NOBODY = "C: USER " + r"\xe2\x96\x88" * 8


@pytest.mark.parametrize(
    ("text", "needed", "with_user"),
    [
        ("C: CAPA\nS: -ERR no", set(), set()),
        ("C: USER bob\nS: +OK\nC: PASS x\nS: +OK", {"password"}, {"password"}),
        (f"{NOBODY}\nS: +OK\nC: PASS x\nS: +OK", set(), {"password"}),
        ("C: APOP bob 0123456789abcdef0123456789abcdef\nS: +OK", {"password"}, {"password"}),
        (f"C: AUTH PLAIN {b64(b'%cbob%cxxxx' % (0, 0))}\nS: +OK", {"password"}, {"password"}),
        ("C: AUTH XOAUTH2 eA==\nS: +OK", set(), {"token"}),
    ],
)
def test_what_must_be_given_is_known_beforehand(
    text: str, needed: set[str], with_user: set[str]
) -> None:
    read = script(f"S: +OK\n{text}")
    assert needs(read) == needed
    assert needs(read, user=b"eve") == with_user
    if needed:
        with pytest.raises(ConfigError, match=f"a {min(needed)} is needed"):
            ClientPlayer(read)


@pytest.mark.parametrize(
    "login", [f"{NOBODY}\nS: +OK\nC: PASS x\nS: +OK", "C: AUTH XOAUTH2 eA==\nS: +OK"]
)
def test_a_recording_that_names_nobody_is_played_up_to_the_login(login: str) -> None:
    read = script(f"S: +OK\nC: CAPA\nS: -ERR\n{login}\nC: STAT\nS: +OK 0 0")
    stage = Stage(read, Credentials()).play("S: +OK\nC: CAPA\nS: -ERR")
    assert stage.next() == b""
    assert stage.player.done
    assert stage.left_out[-1][1] == (
        "its user is not in the recording; --user names one, so nothing more was asked"
    )


def test_credentials_are_in_no_representation() -> None:
    stage = logged_in("C: STAT\nS: +OK 0 0")
    shown = repr((stage.says, stage.player.played, Credentials(b"bob", PASSWORD, b"ya29")))
    assert PASSWORD.decode() not in shown
    assert "ya29" not in shown


# -- what is left out -------------------------------------------------------------------------

DELETING = """
    C: LIST
    S: +OK
    S| 1 10
    S| 2 20
    S| .
    C: DELE 1
    S: +OK
    C: LIST
    S: +OK
    S| 2 20
    S| .
    C: STAT
    S: +OK 1 20
    C: RETR 1
    S: -ERR deleted
    C: DELE 7
    S: -ERR no such message
    C: QUIT
    S: +OK
"""
WHY = "it would delete a message"


def test_nothing_is_deleted_and_that_is_no_difference() -> None:
    both = "S: +OK\nS: 1 10\nS: 2 20\nS: ."
    stage = logged_in(DELETING).play(f"C: LIST\n{both}\nC: LIST\n{both}\nC: STAT\nS: +OK 2 30")
    stage.play("C: RETR 1\nS: +OK\nS: .\nC: QUIT\nS: +OK")
    assert stage.player.done
    assert stage.found == []
    assert stage.left_out == [("DELE 1", WHY), ("DELE 7", WHY)]


def test_other_differences_are_still_found() -> None:
    both = "S: +OK\nS: 1 10\nS: 2 20\nS: ."
    stage = logged_in(DELETING).play(
        f"C: LIST\n{both}\nC: LIST\nS: +OK\nS: 1 10\nS: 2 21\nS: 3 5\nS: ."
    )
    assert stage.found == [("LIST", "size of 2", 20, 21), ("LIST", "size of 3", None, 5)]


def test_messages_are_deleted_if_that_is_allowed() -> None:
    stage = logged_in("C: DELE 1\nS: +OK\nC: QUIT\nS: +OK", PlayOptions(allow_delete=True))
    stage.play("C: DELE 1\nS: +OK\nC: QUIT\nS: +OK")
    assert stage.left_out == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("C: XTND XMIT\nS: +OK\nC: hello\nC| .\nS: +OK", "it would send mail"),
        ("C: STLS\nS: -ERR no", "TLS begins as the address says, not as recorded"),
        ("C: XYZZY\nS: -ERR no", "it holds what the recording hides"),
    ],
)
def test_some_commands_are_never_said(text: str, why: str) -> None:
    stage = logged_in(f"{text}\nC: NOOP\nS: +OK").play("C: NOOP\nS: +OK")
    assert [each for _, each in stage.left_out] == [why]


# -- which message ----------------------------------------------------------------------------

NUMBERED = """
    C: UIDL
    S: +OK
    S| 1 a
    S| 2 b
    S| 3 c
    S| .
    C: RETR 2
    S: +OK
    S| x
    S| .
    C: LIST 2
    S: +OK 2 20
    C: TOP 3 1
    S: +OK
    S| y
    S| .
    C: RETR 9
    S: -ERR no such message
"""


def test_messages_are_found_by_their_unique_id() -> None:
    stage = logged_in(NUMBERED, PlayOptions(by=By.UID)).play("""
        C: UIDL
        S: +OK
        S: 1 b
        S: 2 a
        S: 3 d
        S: .
        C: UIDL
        S: +OK
        S: 1 b
        S: 2 a
        S: 3 d
        S: .
        C: RETR 1
        S: +OK
        S: x
        S: .
        C: LIST 1
        S: +OK 1 20
        C: RETR 9
        S: -ERR no
    """)
    assert stage.player.done
    assert stage.found == [
        ("UIDL", "unique-id of 3", "c", None),
        ("UIDL", "unique-id of 3 (new)", None, "d"),
        ("TOP 3 1", "message", "there", "not there"),
    ]
    assert stage.left_out == [("TOP 3 1", "the server does not have this message")]


def test_messages_are_found_by_their_position() -> None:
    read = behind_login("C: LIST\nS: +OK\nS| 2 10\nS| 4 20\nS| .\nC: RETR 4\nS: +OK\nS| .")
    stage = Stage(read, options=PlayOptions(by=By.POSITION)).play(LOGIN)
    both = "C: LIST\nS: +OK\nS: 1 10\nS: 3 20\nS: ."
    stage.play(f"{both}\n{both}\nC: RETR 3\nS: +OK\nS: .")
    assert stage.player.done
    assert stage.found == []


def test_copies_with_one_id_are_told_apart_by_their_order() -> None:
    both = "S: +OK\nS| 1 x\nS| 2 x\nS| ."
    read = behind_login(f"C: UIDL\n{both}\nC: RETR 2\nS: +OK\nS| .")
    stage = Stage(read, options=PlayOptions(by=By.UID)).play(LOGIN)
    live = "C: UIDL\nS: +OK\nS: 1 new\nS: 2 x\nS: 3 x\nS: ."
    stage.play(f"{live}\n{live}\nC: RETR 3\nS: +OK\nS: .")
    assert stage.found == [("UIDL", "unique-id of 1 (new)", None, "new")]


def test_without_a_listing_no_message_is_asked_for() -> None:
    stage = logged_in(NUMBERED, PlayOptions(by=By.UID)).play("C: UIDL\nS: -ERR what?")
    assert stage.player.done
    assert stage.left_out == [
        ("UIDL", "the server does not list its messages, so nothing more was asked")
    ]


# -- lines without a status -------------------------------------------------------------------


def test_a_line_without_a_status_is_not_taken_for_the_reply() -> None:
    stage = logged_in("C: STAT\nS: +OK 1 10\nC: NOOP\nS: +OK").play("C: STAT\nS: debug")
    assert (stage.next(), stage.player.may_go_on) == (b"", False)
    stage.play("S: +OK 1 10\nC: NOOP\nS: +OK")
    assert stage.player.done
    assert stage.found == []


def test_nor_if_it_is_the_last_that_comes() -> None:
    stage = logged_in("C: STAT\nS: +OK 1 10").play("C: STAT\nS: OK 1 10")
    stage.player.lost("nothing happened")
    assert stage.found == [("STAT", "status", "+OK", "no status line")]


def test_it_is_taken_for_the_reply_where_the_recorded_client_did_so() -> None:
    stage = logged_in("C: STAT\nS: OK 1 10\nC: NOOP\nS: +OK").play("C: STAT")
    assert not stage.player.may_go_on
    stage.play("S: OK 2 20")
    assert (stage.next(), stage.player.may_go_on) == (b"", True)
    stage.player.go_on()
    stage.play("C: NOOP\nS: +OK")
    assert stage.player.done
    assert stage.found == []


ODD_LOGIN = "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: OK\nC: STAT\nS: +OK 0 0"


def test_a_login_whose_reply_had_no_status_may_have_none_again() -> None:
    stage = Stage(script(ODD_LOGIN)).play(
        "S: +OK\nC: USER bob\nS: +OK\nC: PASS correct horse\nS: ok"
    )
    stage.player.go_on()
    stage.play("C: STAT\nS: +OK 0 0")
    assert stage.found == []


def test_a_login_whose_reply_had_no_status_may_fail_this_time() -> None:
    stage = Stage(script(ODD_LOGIN))
    stage.play("S: +OK\nC: USER bob\nS: +OK\nC: PASS correct horse\nS: -ERR no")
    assert stage.found == [(f"PASS {MASK}", "status", "no status line", "-ERR")]
    assert stage.left_out == [("STAT", "the login failed, so nothing more was asked")]


def test_a_reply_that_comes_after_all_is_the_reply() -> None:
    stage = logged_in("C: STAT\nS: OK\nC: NOOP\nS: +OK").play("C: STAT\nS: debug\nS: +OK 1 10")
    assert not stage.player.may_go_on
    stage.play("C: NOOP\nS: +OK")
    assert stage.found == [("STAT", "status", "no status line", "+OK")]


def test_a_banner_is_taken_for_the_greeting_where_the_recorded_client_did_so() -> None:
    stage = Stage(script("S: POP3\nC: NOOP\nS: +OK"))
    assert not stage.player.may_go_on
    stage.play("S: POP3")
    assert (stage.next(), stage.player.may_go_on) == (b"", True)
    stage.player.go_on()
    stage.play("C: NOOP\nS: +OK")
    assert stage.player.done
    assert stage.found == []


def test_a_listing_for_one_message_is_a_difference() -> None:
    stage = logged_in("C: LIST 2\nS: +OK 2 20\nC: QUIT\nS: +OK").play("C: LIST 2")
    stage.server(b"+OK 2 messages\r\n1 10\r\n2 20\r\n.\r\n", has_body=True)
    stage.play("C: QUIT\nS: +OK")
    assert stage.found == [("LIST 2", "shape", "one line", "several lines")]


def test_an_error_inside_a_body_is_a_difference() -> None:
    stage = logged_in("C: RETR 1\nS: +OK\nS| a\nS| .").play("C: RETR 1\nS: +OK\nS: -ERR gone")
    stage.player.lost("the server closed it")
    assert stage.found == [
        ("RETR 1", "reply", "whole", "cut off"),
        ("RETR 1", "error inside", None, "-ERR"),
    ]


def test_what_was_said_before_the_player_spoke_is_no_exchange_of_its_own() -> None:
    """So it is where the address asks for STLS: that is said before the player has a part."""
    stage = Stage(script("S: +OK\nC: CAPA\nS: +OK\nS| TOP\nS| .\nC: QUIT\nS: +OK"))
    stage.play("S: +OK")
    stage.client(b"NOOP\r\n")
    stage.play("S: -ERR not now\nC: CAPA\nS: +OK\nS: TOP\nS: .\nC: QUIT\nS: +OK")
    assert stage.player.done
    assert stage.found == []


def test_what_comes_late_of_an_unexpected_body_is_part_of_no_other_reply() -> None:
    stage = logged_in("C: HELP\nS: +OK\nC: RETR 1\nS: +OK\nS| a\nS| .")
    stage.play("C: HELP\nS: +OK\nC: RETR 1\nS: try\nS: QUIT\nS: .\nS: +OK\nS: a\nS: .")
    assert stage.player.done
    assert stage.found == []


# -- a server that is gone --------------------------------------------------------------------


def test_a_connection_that_breaks_is_a_difference() -> None:
    stage = logged_in("C: STAT\nS: +OK 0 0\nC: NOOP\nS: +OK\nC: QUIT\nS: +OK").play("C: STAT")
    stage.player.lost("the server closed it")
    assert stage.player.done
    assert stage.found == [
        ("STAT", "status", "+OK", "no reply"),
        ("NOOP", "connection", "open", "the server closed it"),
    ]


def test_a_reply_that_breaks_off_is_a_difference() -> None:
    stage = logged_in("C: RETR 1\nS: +OK\nS| a\nS| .").play("C: RETR 1\nS: +OK\nS: a")
    stage.player.lost("the server closed it")
    assert stage.found == [("RETR 1", "reply", "whole", "cut off")]


def test_a_reply_that_broke_off_then_may_break_off_again() -> None:
    stage = logged_in("C: RETR 1\nS: +OK\nS| a").play("C: RETR 1\nS: +OK\nS: a")
    stage.player.lost("the server closed it")
    assert stage.found == []


def test_a_server_that_never_greets_is_a_difference() -> None:
    stage = Stage(script(LOGGED_IN))
    stage.player.lost("nothing happened")
    assert stage.player.done
    assert stage.found == [("greeting", "connection", "open", "nothing happened")]


def test_a_server_that_refuses_is_asked_nothing() -> None:
    stage = Stage(script(LOGGED_IN)).play("S: -ERR busy")
    assert stage.player.done
    assert stage.found == [("greeting", "status", "+OK", "-ERR")]
    assert stage.left_out == [
        ("USER bob", "the server refused the connection, so nothing more was asked")
    ]


def test_behind_quit_a_server_may_go() -> None:
    stage = logged_in("C: QUIT\nS: +OK").play("C: QUIT\nS: +OK")
    stage.player.lost("the server closed it")
    assert stage.found == []
