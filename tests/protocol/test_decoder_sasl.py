"""Inside AUTH (RFC 5034, section 4)."""

import pytest

from dialogue import behind, heard, lines
from pop3spy.protocol.sasl import MECHANISMS

NO_STATUS = "(line without a status where a reply is due)"


def test_an_exchange_of_challenges_and_answers() -> None:
    assert heard("""
        S: +OK
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: dGlt
        S: + UGFzc3dvcmQ6
        C: dGFuc3RhYWY=
        S: +OK
        C: STAT
        S: +OK 0 0
    """) == lines("""
        S - +OK
        C 1 AUTH LOGIN
        S 1 + VXNlcm5hbWU6 (challenge)
        C 1 dGlt (answer)
        S 1 + UGFzc3dvcmQ6 (challenge)
        C 1 dGFuc3RhYWY= (answer)
        S 1 +OK
        C 2 STAT
        S 2 +OK 0 0
    """)


def test_an_initial_response_needs_no_challenge() -> None:
    assert heard("S: +OK\nC: AUTH PLAIN dAB0AHQ=\nS: -ERR [AUTH] no") == lines("""
        S - +OK
        C 1 AUTH PLAIN dAB0AHQ=
        S 1 -ERR [AUTH] no
    """)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("QUIT", id="a verb that is base64 too"),
        pytest.param("NOOP", id="another"),
        pytest.param("UIDL", id="one that would get a body"),
        pytest.param("STLS", id="one that would begin TLS"),
        pytest.param("AUTH PLAIN", id="AUTH again"),
        pytest.param("", id="an empty line"),
        pytest.param("=", id="present but empty"),
        pytest.param("*", id="the cancel"),
        pytest.param("hunter2", id="a password typed bare"),
        pytest.param(r"\x16\x03\x01", id="what begins like TLS"),
        pytest.param(r"\xff\xfb\x01", id="what begins like Telnet"),
        pytest.param(r"a\rb", id="a CR inside"),
    ],
)
def test_an_answer_is_never_a_command(answer: str) -> None:
    assert behind("AUTH PLAIN", f"S: + \nC: {answer}\nS: -ERR\nC: QUIT\nS: +OK") == [
        "S 1 + (challenge)",
        " ".join(filter(None, ("C 1", answer, "(answer)"))),
        "S 1 -ERR",
        "C 2 QUIT",
        "S 2 +OK",
    ]


@pytest.mark.parametrize(
    "challenge",
    [
        pytest.param("+ ", id="empty"),
        pytest.param("+", id="empty, without the space"),
        pytest.param("+dAB0", id="without the space"),
        pytest.param("+ go ahead", id="prose"),
        pytest.param("+go ahead", id="prose without the space"),
        pytest.param("+ T0s=", id="base64 of OK"),
        pytest.param("+ OK", id="base64 that looks like a status"),
        pytest.param("+ eyJzdGF0dXMiOiI0MDAifQ==", id="an OAuth error"),
    ],
)
def test_a_challenge_begins_with_plus(challenge: str) -> None:
    assert behind("AUTH XOAUTH2 dAB0", f"S: {challenge}\nC:\nS: -ERR no") == [
        f"S 1 {challenge.rstrip()} (challenge)",
        "C 1 (answer)",
        "S 1 -ERR no",
    ]


def test_what_begins_with_plus_is_no_challenge_outside_auth() -> None:
    assert heard("S: +OK\nC: NOOP\nS: + dAB0").splitlines()[-1].startswith("S 1 + dAB0")


def test_lines_sent_ahead_wait_for_their_challenges() -> None:
    assert heard(r"""
        S: +OK
        C: AUTH LOGIN
        C: dGlt
        C| QUIT
        C: STAT
        S: +\x20
        S: +\x20
        S: +OK
        S: +OK 0 0
    """) == lines("""
        S - +OK
        C 1 AUTH LOGIN
        S 1 + (challenge)
        C 1 dGlt (answer)
        S 1 + (challenge)
        C 1 QUIT (answer)
        S 1 +OK
        C 2 STAT (pipelined)
        S 2 +OK 0 0
    """)


def test_lines_sent_ahead_are_commands_if_the_server_does_not_ask() -> None:
    assert heard("""
        S: +OK
        C: AUTH LOGIN
        C| dGlt
        C| NOOP
        S: -ERR no such mechanism
        S: -ERR unknown command
        S: +OK
    """) == lines("""
        S - +OK
        C 1 AUTH LOGIN
        S 1 -ERR no such mechanism
        C 2 dGlt (pipelined)
        C 3 NOOP (pipelined)
        S 2 -ERR unknown command
        S 3 +OK
    """)


def test_a_line_sent_ahead_is_an_answer_even_if_it_is_an_asterisk() -> None:
    """Dovecot takes the cancel in `AUTH PLAIN`, `*` for the response."""
    assert behind("AUTH PLAIN\nC| *", "S: + \nS: -ERR") == [
        "S 1 + (challenge)",
        "C 1 * (answer)",
        "S 1 -ERR",
    ]


def test_a_server_that_asks_twice_at_once_gets_two_answers() -> None:
    assert heard("""
        S: +OK
        C: AUTH LOGIN
        S: + a
        S| + b
        C: c
        C: d
        C: NOOP
        S: +OK
        S: +OK
    """) == lines("""
        S - +OK
        C 1 AUTH LOGIN
        S 1 + a (challenge)
        S 1 + b (challenge)
        C 1 c (answer)
        C 1 d (answer)
        S 1 +OK
        C 2 NOOP (pipelined)
        S 2 +OK
    """)


def test_auth_pipelined_behind_other_commands_waits_for_its_own_reply() -> None:
    assert heard(r"""
        S: +OK
        C: CAPA
        C| AUTH PLAIN
        C| dAB0
        S: +OK
        S: A
        S: .
        S: +\x20
        S: +OK
    """) == lines(r"""
        S - +OK
        C 1 CAPA
        C 2 AUTH PLAIN (pipelined)
        S 1 +OK (body)
        S 1 | A\r\n
        S 1 . (end)
        S 2 + (challenge)
        C 2 dAB0 (answer)
        S 2 +OK
    """)


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_is_an_exchange(name: str) -> None:
    assert behind(f"AUTH {name}", "S: + \nC: QUIT\nS: +OK") == [
        "S 1 + (challenge)",
        "C 1 QUIT (answer)",
        "S 1 +OK",
    ]


def test_a_line_that_is_no_reply_inside_auth_ends_nothing() -> None:
    assert heard("""
        S: +OK
        C: AUTH PLAIN
        S: what?
        C: dAB0
        S: -ERR
    """).splitlines()[2:] == [
        f"S 1 what? {NO_STATUS}",
        "C 1 dAB0 (answer)",
        "S 1 -ERR",
    ]


def test_a_command_behind_such_a_line_is_none_of_the_client_inside_auth() -> None:
    assert heard("""
        S: +OK
        C: AUTH PLAIN
        S: AUTH is not understood
        C: USER bob
        S: +OK
    """).splitlines()[3:] == ["C 2 USER bob", "S 2 +OK"]


def test_what_the_client_sent_ahead_of_such_a_line_waits_on() -> None:
    assert heard(r"""
        S: +OK
        C: AUTH PLAIN
        C| dAB0
        S: debug: auth
        S: +\x20
        S: +OK
    """).splitlines()[2:] == [
        f"S 1 debug: auth {NO_STATUS}",
        "S 1 + (challenge)",
        "C 1 dAB0 (answer)",
        "S 1 +OK",
    ]


# -- +OK that means + ------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["+OK", "+OK NTLM supported"])
@pytest.mark.parametrize("mechanism", ["NTLM", "MSN", "ntlm"])
def test_exchange_2003_says_ok_and_means_go_on(mechanism: str, reply: str) -> None:
    assert heard(f"""
        S: +OK
        C: AUTH {mechanism}
        S: {reply}
        C: TlRMTVNTUAABAAAA
        S: + TlRMTVNTUAACAAAA
        C: TlRMTVNTUAADAAAA
        S: +OK
        C: STAT
    """) == lines(f"""
        S - +OK
        C 1 AUTH {mechanism}
        S 1 {reply} (challenge)
        C 1 TlRMTVNTUAABAAAA (answer)
        S 1 + TlRMTVNTUAACAAAA (challenge)
        C 1 TlRMTVNTUAADAAAA (answer)
        S 1 +OK
        C 2 STAT
    """)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        pytest.param("AUTH NTLM TlRMTVNTUAABAAAA", "+OK", id="when the client has spoken"),
        pytest.param("AUTH NTLM", "-ERR", id="when it is a refusal"),
        pytest.param("AUTH PLAIN", "+OK", id="when it is another mechanism"),
    ],
)
def test_and_means_it_otherwise(line: str, reply: str) -> None:
    assert behind(line, f"S: {reply}\nC: QUIT") == [
        f"S 1 {reply}",
        "C 2 QUIT",
    ]
