"""A secret or a challenge is known again in any session, and an echo is told."""

import pytest

from dialogue import said
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import Side
from pop3spy.redaction.secret_memory import MOST, SecretMemory
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Intervened
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.substitute_frames import in_place_of
from redaction.facts_told import STARTED, b64, fact, facts, jwt, plain, xoauth2


def login(password: str, reply: str, user: str = "bob") -> str:
    return f"S: +OK ready\nC: USER {user}\nS: +OK\nC: PASS {password}\nS: {reply}\n"


def of_sessions(*scripts: str, name: str = "same_secret") -> list[object]:
    """Return what fact *name* is in sessions that have one memory."""
    memory = SecretMemory(STARTED)
    return [
        told
        for number, script in enumerate(scripts, 1)
        for told in fact(name, script, memory=memory, number=number)
    ]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("+OK", " ok"),
        ("-ERR no", " refused"),
        ("-ERR [AUTH] no", " refused"),
        ("-ERR [IN-USE] locked", ""),
        ("-ERR [SYS/TEMP] later", ""),
        ("-ERR [LOGIN-DELAY] later", ""),
    ],
)
def test_the_same_password_is_known_again_with_what_became_of_it(reply: str, outcome: str) -> None:
    first = login("sesame123", reply)
    assert of_sessions(first, first, first) == ["new", f"1:2{outcome}", f"2:2{outcome}"]


def test_what_is_not_answered_yet_has_no_outcome() -> None:
    script = "S: +OK\nC: USER bob\nS: +OK\nC: PASS sesame123\nC: PASS sesame123\nS: -ERR\nS: +OK"
    assert of_sessions(script, login("sesame123", "+OK")) == ["new", "1:2", "1:3 ok"]


def test_another_password_or_user_is_new() -> None:
    first = login("sesame123", "-ERR no")
    others = login("sesame124", "-ERR no"), login("sesame123", "-ERR no", user="carol")
    assert of_sessions(first, *others) == ["new"] * 3


def test_another_server_is_new() -> None:
    memory = SecretMemory(STARTED)
    for server in ("a.example.org", "b.example.org"):
        script = login("sesame123", "+OK")
        assert fact("same_secret", script, memory=memory, server=server) == ["new"]


def test_a_password_is_the_same_however_it_is_sent() -> None:
    name, word = b64("bob"), b64("sesame123")
    asked = "S: +OK\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\n"
    said = f"C: {name}\nS: + UGFzc3dvcmQ6\nC: {word}\nS: -ERR no"
    at_once = f"S: +OK\nC: AUTH PLAIN {plain('bob', 'sesame123')}\nS: -ERR no"
    told = of_sessions(login("sesame123", "+OK"), at_once, f"{asked}{said}")
    assert told == ["new", "1:2 ok", "2:1 refused"]


def test_a_token_is_known_again() -> None:
    script = f"S: +OK\nC: AUTH XOAUTH2 {xoauth2(jwt({}))}\nS: -ERR no"
    assert of_sessions(script, script) == ["new", "1:1 refused"]


def test_nobody_knows_whose_password_it_is_without_a_name() -> None:
    assert of_sessions("S: +OK\nC: PASS sesame123\nS: -ERR", login("sesame123", "-ERR")) == ["new"]


def test_a_digest_is_compared_with_none() -> None:
    script = f"S: +OK <1.2@h>\nC: APOP bob {'0' * 32}\nS: -ERR"
    assert of_sessions(script, script) == []


CRAM = f"S: +OK\nC: AUTH CRAM-MD5\nS: + {b64('<1.2@h>')}\nC: *\nS: -ERR"
DIGEST = 'realm="h",nonce="%s",qop="auth"'


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("S: +OK ready <1.2@h>", "1:0"),
        (CRAM, "1:1"),
        (CRAM.replace("CRAM", "DIGEST").replace(b64("<1.2@h>"), b64(DIGEST % "x")), "1:1"),
    ],
)
def test_a_challenge_that_comes_again_is_told(script: str, place: str) -> None:
    told = of_sessions(script, script, name="same_challenge")
    assert told == [place]


def test_challenges_that_differ_or_may_be_the_same_are_not_told() -> None:
    others = CRAM.replace(b64("<1.2@h>"), b64("<1.3@h>")), "S: +OK <1.2@h>", "S: +OK <1.3@h>"
    assert of_sessions(CRAM, *others, name="same_challenge") == []
    prompts = "S: +OK ready\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: *\nS: -ERR"
    assert of_sessions(prompts, prompts, name="same_challenge") == []


def test_a_challenge_of_another_server_is_new() -> None:
    memory = SecretMemory(STARTED)
    for server in ("a.example.org", "b.example.org"):
        assert fact("same_challenge", CRAM, memory=memory, server=server) == []


def test_the_oldest_is_forgotten_first() -> None:
    memory = SecretMemory()
    for number in range(MOST + 1):
        digest, earlier = memory.note(f"1:{number}", b"%d" % number)
        memory.settle(digest, f"1:{number}", "ok")
        assert earlier == ""
    assert memory.note("2:1", b"0")[1] == ""
    assert memory.note("2:2", b"%d" % MOST)[1] == f"1:{MOST} ok"
    assert len(memory._places) == MOST
    assert len(memory._outcomes) <= MOST


def test_parts_are_not_taken_for_one_another() -> None:
    memory = SecretMemory()
    memory.note("1:1", b"ab", b"c")
    assert memory.note("1:2", b"a", b"bc")[1] == ""


def test_no_two_processes_make_the_same_digest() -> None:
    assert SecretMemory().note("1:1", b"x")[0] != SecretMemory().note("1:1", b"x")[0]


# -- what a server repeats ----------------------------------------------------------------------

ECHO = "S: +OK ready\nC: USER bob\nS: +OK\nC: PASS sesame123\n"


@pytest.mark.parametrize(
    ("reply", "echoed"),
    [
        ("-ERR not sesame123", [True]),
        ("-ERR not SESAME123", [True]),
        ("-ERR not c2VzYW1lMTIz", [True]),
        ("-ERR no", []),
        ("-ERR bob is unknown", []),
    ],
)
def test_a_line_that_repeats_a_secret_is_told(reply: str, echoed: list[bool]) -> None:
    assert fact("secret_echoed", f"{ECHO}S: {reply}") == echoed


def test_an_echo_is_told_where_it_is_and_nowhere_else() -> None:
    script = f"{ECHO}S: +OK in\nC: STAT\nS: +OK 1 2\nC: NOOP\nS: +OK sesame123\nC: NOOP\nS: +OK"
    assert fact("secret_echoed", script) == [True]
    assert fact("secret_echoed", f"{ECHO}S: odd sesame123\nS: +OK") == [True]
    assert "secret_echoed" in facts(f"{ECHO}S: -ERR\nC: FOO quux\nS: -ERR FOO quux")[-1]


@pytest.mark.parametrize("word", ["CAPA", "command", "Unknown", "password", "maildrop"])
def test_what_any_server_says_is_no_echo_although_it_was_hidden(word: str) -> None:
    assert fact("secret_echoed", f"S: +OK\nC: FOO {word}\nS: -ERR not known: {word}") == []


def test_the_name_of_the_user_is_no_echo() -> None:
    message = plain("carol", "carol")
    script = f"S: +OK\nC: AUTH PLAIN {message}\nS: -ERR no mail of carol"
    assert fact("secret_echoed", script) == []


# -- what a gate did ----------------------------------------------------------------------------


def test_what_a_gate_changed_has_neither_facts_nor_an_outcome() -> None:
    memory, events = SecretMemory(STARTED), list[object]()
    server = Peer("mail.example.org", 110)
    reading = Reading(1, Peer("c", 1), server, 0.0, events.append, memory=memory)
    for side, data in said("S: +OK\nC: USER bob\nS: +OK"):
        reading.hear(Chunk(side, data or b"", 1.0))
    reading.gate(Side.CLIENT, gated=True)
    reading.append(Chunk(Side.CLIENT, b"PASS sesame123\r\n", 2.0))
    read = reading.read()
    assert read is not None
    heard = read[1]
    assert heard.frame.facts["same_secret"] == "new"
    sent = in_place_of(heard.frame, b"PASS another-one\r\n")
    reading.intervene(heard, 2.0, "rewrite", Done(Deed.CHANGED_COMMAND), sent=sent)
    (told,) = [event for event in events if isinstance(event, Intervened)]
    assert told.sent is not None
    assert told.sent.masks
    assert told.sent.facts is NO_FACTS
    reading.hear(Chunk(Side.SERVER, b"-ERR no\r\n", 3.0))
    again = login("sesame123", "+OK"), login("another-one", "+OK")
    assert [fact("same_secret", script, memory=memory, number=2) for script in again] == [
        ["1:2"],
        ["new"],
    ]
