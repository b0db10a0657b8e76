"""Failed logins: what each costs, and what costs nothing."""

import base64
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.postoffice.attempts import MOST
from pop3spy.protocol.commands import parse_command
from pop3spy.session.responder import Answer, Pause, Responder
from postoffice.speaking import FIRST, Client, office


def plain(user: str, password: str) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode())


WAYS = [
    (b"USER demo", b"PASS wrong"),
    (b"USER nobody", b"PASS demo"),
    (b"APOP demo 0123456789abcdef0123456789abcdef",),
    (plain("demo", "wrong"),),
    (b"AUTH PLAIN", plain("demo", "wrong").split()[2]),
    (b"AUTH PLAIN " + base64.b64encode(b"root\0demo\0demo"),),
]
"""Logins that fail."""

HARMLESS = [
    (b"NOOP",),
    (b"CAPA",),
    (b"PASS demo",),
    (b"USER",),
    (b"AUTH PLAIN", b"*"),
    (b"AUTH PLAIN !",),
    (b"AUTH LOGIN",),
    (b"no command",),
]
"""What is refused, or not, and is no failed login."""


def say(responder: Responder, lines: Iterable[bytes]) -> Answer:
    """Return the last answer."""
    answer = Answer(b"")
    for line in lines:
        if answer.asks:
            answer = responder.answer_sasl(line)
        else:
            answer = responder.answer(parse_command(line))
    return answer


def pause_of(answer: Answer) -> float:
    return sum(piece.seconds for piece in answer.wire() if isinstance(piece, Pause))


def said(answer: Answer) -> bytes:
    return b"".join(piece for piece in answer.wire() if isinstance(piece, bytes))


@pytest.mark.parametrize(
    ("delay", "pauses"),
    [(1.0, [0, 1, 2, 4, 8]), (0.5, [0, 0.5, 1, 2, 4]), (0.0, [0, 0, 0, 0, 0])],
)
@pytest.mark.parametrize("way", WAYS)
def test_each_failed_login_waits_longer_and_the_last_one_ends_the_connection(
    way: tuple[bytes, ...], delay: float, pauses: list[float]
) -> None:
    responder = office(FIRST, login_delay=delay).session()
    responder.greet()
    answers = [say(responder, way) for _ in range(MOST)]
    assert [pause_of(each) for each in answers] == pauses
    assert [each.close for each in answers] == [False] * (MOST - 1) + [True]
    assert all(said(each).startswith(b"-ERR [AUTH] ") for each in answers)
    assert said(answers[-1]).endswith(b"; 5 logins have failed, good bye\r\n")
    assert {said(each) for each in answers[:-1]} == {answers[0].line + b"\r\n"}


@given(st.lists(st.sampled_from(HARMLESS)), st.lists(st.sampled_from(WAYS), max_size=MOST - 1))
def test_only_failed_logins_count(
    harmless: list[tuple[bytes, ...]], failing: list[tuple[bytes, ...]]
) -> None:
    responder = office(FIRST, login_delay=1.0).session()
    responder.greet()
    for lines in harmless:
        answer = say(responder, lines)
        assert (pause_of(answer), answer.close) == (0, False)
    say(responder, [b"USER demo", b"PASS"])
    responder.secured()
    for number, lines in enumerate(failing):
        assert pause_of(say(responder, lines)) == (2 ** (number - 1) if number else 0)
        say(responder, [b"NOOP"])
        responder.secured()  # TLS makes no guess good
    assert said(say(responder, [b"USER demo", b"PASS demo"])).startswith(b"+OK")
    responder.end()


def test_a_maildrop_in_use_costs_nothing() -> None:
    post_office = office(FIRST, login_delay=1.0)
    first = Client(post_office.session()).login()
    second = post_office.session()
    second.greet()
    for _ in range(2 * MOST):
        answer = say(second, [b"USER demo", b"PASS demo"])
        assert said(answer).startswith(b"-ERR [IN-USE]")
        assert (pause_of(answer), answer.close) == (0, False)
    first.vanish()


def test_each_connection_begins_anew() -> None:
    post_office = office(FIRST, login_delay=1.0)
    for _ in range(3):
        responder = post_office.session()
        responder.greet()
        assert [pause_of(say(responder, WAYS[0])) for _ in range(3)] == [0, 1, 2]
