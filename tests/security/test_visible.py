"""What must stay readable: a log that hides everything helps nobody."""

import base64

import pytest

from dialogue import Said
from pop3spy.protocol.frames import Side
from security.sinks import Sinks, heard, talk

LOGGED_IN = [b"C: USER carol", b"S: +OK", b"C: PASS Zq7#vKx2!Wm", b"S: +OK carol is in"]


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def served(*lines: bytes) -> list[bytes]:
    """Return what is shown of the server's lines behind the greeting."""
    return [raw.removesuffix(b"\r\n") for raw in heard(*lines).shown(Side.SERVER)[1:]]


@pytest.mark.parametrize(
    "refusal",
    [
        b"-ERR [AUTH] Authentication failed.",
        b"-ERR [IN-USE] maildrop of carol is locked by session 4711",
        b"-ERR [SYS/TEMP] database is down, try again",
        b"-ERR [LOGIN-DELAY] minimum time between mail checks violation",
        b"-ERR [XVENDOR/47] password expired on 2026-01-01",
        b"-ERR invalid user or password",
        b"-ERR",
        "-ERR пароль неверен".encode(),
    ],
)
@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param([b"C: USER carol", b"S: +OK", b"C: PASS Zq7#vKx2!Wm"], id="PASS"),
        pytest.param([b"C: PASS correct horse battery"], id="PASS with words"),
        pytest.param([b"C: APOP carol c4c9334bac560ecc979e58001b3e22fb"], id="APOP"),
        pytest.param([b"C: AUTH PLAIN " + b64(b"\0carol\0Zq7#vKx2!Wm")], id="AUTH PLAIN"),
        pytest.param([b"C: AUTH X-WHATEVER " + b64(bytes(range(256)) * 20)], id="large token"),
        pytest.param([b"C: AUTH CRAM-MD5", b"S: + PDE=", b"C: " + b64(b"carol 0f")], id="CRAM-MD5"),
    ],
)
def test_a_refusal_that_repeats_nothing_keeps_its_code_and_its_text(
    attempt: list[bytes], refusal: bytes
) -> None:
    assert served(*attempt, b"S: " + refusal)[-1] == refusal


def test_only_the_repeated_words_are_taken_out_of_a_text() -> None:
    lines = served(b"C: PASS Zq7#vKx2!Wm", b"S: -ERR [AUTH] bad 'ZQ7#VKX2!WM' for carol (3 left)")
    assert lines == [b"-ERR [AUTH] bad '********' for carol (3 left)"]


def test_a_standard_response_code_is_no_echo() -> None:
    assert served(b"C: PASS auth", b"S: -ERR [AUTH] auth failed") == [
        b"-ERR [AUTH] ******** failed"
    ]
    assert served(b"C: PASS use", b"S: -ERR [IN-USE] use it") == [b"-ERR [IN-USE] ********"]


@pytest.mark.parametrize("secret", [b"-ERR", b"+OK ", b"ERR ", b"-err secret"])
def test_a_status_indicator_is_no_echo(secret: bytes) -> None:
    heard_it = heard(b"C: PASS " + secret, b"S: -ERR no", b"C: NOOP", b"S: +OK fine")
    assert heard_it.shown(Side.SERVER)[1:] == [b"-ERR no\r\n", b"+OK fine\r\n"]


@pytest.mark.parametrize("secret", [b"list", b"RETR", b"pass", b"user", b"quit", b"stat"])
def test_a_verb_is_no_echo(secret: bytes) -> None:
    sinks = heard(
        *(b"C: USER carol", b"S: +OK", b"C: PASS " + secret, b"S: +OK", b"C: STAT", b"S: +OK 1 5"),
        *(b"C: LIST 1", b"S: +OK 1 5", b"C: RETR 1", b"S: +OK", b"S: .", b"C: USER x", b"S: -ERR"),
        *(b"C: PASS y", b"S: -ERR", b"C: QUIT", b"S: +OK"),
    )
    verbs = [line.split()[0] for line in sinks.shown(Side.CLIENT)]
    assert verbs == [b"USER", b"PASS", b"STAT", b"LIST", b"RETR", b"USER", b"PASS", b"QUIT"]
    session = sinks.reading.session
    assert (session.login, session.user, session.totals.retrieved) == ("PASS", "carol", 1)


def test_commands_after_login_are_shown_whole() -> None:
    lines = [b"LIST", b"LIST 3", b"RETR 12", b"DELE 1", b"TOP 2 10", b"UIDL 7", b"NOOP", b"RSET"]
    said: list[bytes] = []
    for line in lines:
        said += [b"C: " + line, b"S: -ERR no"]
    sinks = heard(*LOGGED_IN, *said)
    assert sinks.shown(Side.CLIENT)[2:] == [line + b"\r\n" for line in lines]


def test_numbers_before_login_are_shown_too() -> None:
    assert heard(b"C: RETR 3", b"S: -ERR").shown(Side.CLIENT) == [b"RETR 3\r\n"]


@pytest.mark.parametrize(
    "login",
    [
        pytest.param([b"C: USER carol", b"S: +OK", b"C: PASS Zq7#vKx2"], id="PASS"),
        pytest.param([b"C: APOP carol 0123456789abcdef0123456789abcdef"], id="APOP"),
        pytest.param([b"C: AUTH PLAIN " + b64(b"\0carol\0Zq7#vKx2")], id="PLAIN"),
        pytest.param(
            [b"C: AUTH LOGIN", b"S: + ", b"C: " + b64(b"carol"), b"S: + ", b"C: " + b64(b"Zq7#vK")],
            id="LOGIN",
        ),
        pytest.param(
            [b"C: AUTH XOAUTH2 " + b64(b"user=carol\1auth=Bearer Zq7#vKx2\1\1")], id="XOAUTH2"
        ),
        pytest.param([b"C: AUTH CRAM-MD5", b"S: + ", b"C: " + b64(b"carol 01234567")], id="CRAM"),
    ],
)
def test_who_logged_in_is_known(login: list[bytes]) -> None:
    sinks = heard(*login, b"S: +OK welcome, carol")
    assert sinks.reading.session.user == "carol"
    assert '"user": "carol"' in sinks.texts()["json"]
    assert sinks.shown(Side.SERVER)[-1] == b"+OK welcome, carol\r\n"


@pytest.mark.parametrize("mechanism", [b"GSSAPI", b"XOAUTH2", b"CRAM-MD5"])
def test_a_challenge_that_says_nothing_has_nothing_hidden(mechanism: bytes) -> None:
    said = [b"S: + ", b"C: " + b64(b"Zq7#vKx2"), b"S: + ", b"C: ", b"S: +", b"C: *", b"S: -ERR"]
    challenges = served(b"C: AUTH " + mechanism, *said)
    assert challenges == [b"+ ", b"+ ", b"+", b"-ERR"]


def test_a_name_that_was_shown_is_shown_in_a_text_even_if_the_password_has_it() -> None:
    said = served(
        b"C: USER carol", b"S: +OK", b"C: PASS carol 1987", b"S: -ERR not carol, not 1987"
    )
    assert said[-1] == b"-ERR not carol, not ********"


def test_a_session_that_recovers_from_mistyping_is_shown() -> None:
    sinks = heard(
        *(b"C: USR carol", b"S: -ERR unknown", b"C: USER dave", b"S: +OK", b"C: PSS Zq7#vKx2"),
        *(b"S: -ERR unknown command", b"C: PASS Zq7#vKx2", b"S: +OK 2 messages for dave"),
        *(b"C: STAT", b"S: +OK 2 320"),
    )
    assert sinks.shown(Side.CLIENT)[1::2] == [b"USER dave\r\n", b"PASS ********\r\n"]
    assert sinks.shown(Side.SERVER)[-2:] == [b"+OK 2 messages for dave\r\n", b"+OK 2 320\r\n"]


def test_the_reply_to_an_extension_nobody_knows_is_shown() -> None:
    lines = served(*LOGGED_IN, b"C: XFOO 1", b"S: +OK 1 message moved", b"C: STAT", b"S: +OK 1 9")
    assert lines[-2:] == [b"+OK 1 message moved", b"+OK 1 9"]


@pytest.mark.parametrize("begun", [b"R", b"RETR 1", b"LIST", b"DELE 2", b"O"])
def test_a_command_that_is_only_begun_hides_nothing_of_a_reply(begun: bytes) -> None:
    reply = b"+OK 1 message waits, DELE or LIST it: R 2"
    lines = served(*LOGGED_IN, b"C: STAT", b"C< " + begun, b"S: " + reply)
    assert lines[-1] == reply


@pytest.mark.parametrize("begun", [b"P", b"PA", b"PAS", b"PASS", b"PASS ", b"CAPA", b"QUIT"])
def test_a_verb_that_is_only_begun_hides_nothing_of_a_reply(begun: bytes) -> None:
    reply = b"+OK password required for carol, or pass, quit, capa"
    assert served(b"C< USER carol\r\n" + begun, b"S: " + reply)[-1] == reply


def test_bodies_are_not_touched() -> None:
    message: list[Said] = talk(b"C: RETR 1", b"S: +OK", b"S: Subject: Zq7#vKx2!Wm", b"S: ", b"S: .")
    sinks = Sinks().play(talk(b"S: +OK", *LOGGED_IN)).play(message)
    assert b"Subject: Zq7#vKx2!Wm\r\n" in b"".join(sinks.shown(Side.SERVER))
