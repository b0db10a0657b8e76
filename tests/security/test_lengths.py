"""How long a secret is can be told from nothing that is shown.

What is told is whether an argument has more than 40 octets, or a line more than 255.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dialogue import byte_by_byte
from pop3spy.session.chunk import Clock
from security.disguises import disguises
from security.sinks import Sinks, talk

SECRETS = [b"Zq7#v", b"Zq7#vKx2", b"Zq7#vKx2!", b"Zq7#vKx2!W", b"Zq7#vKx2!Wm" * 2]
LONG_SECRETS = [b"Zq7#vKx2!Wm" * 4, b"Zq7#vKx2!Wm" * 10]

Way = Callable[[bytes], list[bytes]]

WAYS = [
    pytest.param(lambda s: [b"C: USER carol", b"S: +OK", b"C: PASS " + s], id="PASS"),
    pytest.param(lambda s: [b"C: PASS " + s[:-1] + b" " + s[-1:]], id="PASS with two words"),
    pytest.param(lambda s: [b"C: PAS " + s], id="mistyped"),
    pytest.param(lambda s: [b"C: " + s], id="bare"),
    pytest.param(lambda s: [b"C: USER carol " + s], id="behind the user's name"),
    pytest.param(lambda s: [b"C: APOP carol " + s], id="APOP"),
    pytest.param(lambda s: [b"C: AUTH " + s], id="as mechanism"),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN " + base64.b64encode(b"\0carol\0" + s)], id="AUTH PLAIN at once"
    ),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN", b"S: + ", b"C: " + base64.b64encode(b"\0carol\0" + s)],
        id="AUTH PLAIN",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH GSSAPI " + base64.b64encode(s),
            b"S: + " + base64.b64encode(s),
            b"C: ",
        ],
        id="AUTH GSSAPI",
    ),
    pytest.param(lambda s: [b"C: XCLIENT FORWARD=" + s], id="XCLIENT"),
    pytest.param(lambda s: [b"C: HELP " + s], id="HELP"),
    pytest.param(lambda s: [b"C< STLS\r\nPASS " + s + b"\r\n", b"S: +OK"], id="behind STLS"),
    pytest.param(lambda s: [b"C: NOOP", b"S: huh", b"C: PASS " + s], id="out of step"),
    pytest.param(lambda s: [b"C< PASS " + s], id="without an end"),
]


def sinks() -> Sinks:
    """Return sinks whose sessions all begin at the same moment."""
    return Sinks(clock=Clock(datetime(2026, 11, 30, tzinfo=UTC), lambda: 0))


@pytest.mark.parametrize("secrets", [SECRETS, LONG_SECRETS], ids=["short", "long"])
@pytest.mark.parametrize("way", WAYS)
def test_secrets_of_any_length_leave_the_same_texts_and_the_same_totals(
    way: Way, secrets: list[bytes]
) -> None:
    told = []
    for secret in secrets:
        told_of = sinks().play(talk(b"S: +OK", *way(secret), b"S: -ERR no"), step=0)
        told.append(told_of.end().texts())
    assert all(texts == told[0] for texts in told)


@pytest.mark.parametrize("secrets", [SECRETS, LONG_SECRETS], ids=["short", "long"])
@pytest.mark.parametrize("way", WAYS)
def test_how_many_reads_a_secret_came_in_is_not_told(way: Way, secrets: list[bytes]) -> None:
    told = []
    for secret in secrets:
        lines = byte_by_byte(talk(b"S: +OK", *way(secret), b"S: -ERR no"))
        told.append(sinks().play(lines, step=0).end().texts())
    assert all(texts == told[0] for texts in told)


@pytest.mark.parametrize("secrets", [SECRETS, LONG_SECRETS], ids=["short", "long"])
@pytest.mark.parametrize("name", [name for name in disguises(b"") if "behind" not in name])
def test_an_echo_has_the_same_length_whatever_it_repeats(name: str, secrets: list[bytes]) -> None:
    told = []
    for secret in secrets:
        echo = disguises(secret)[name]
        lines = talk(b"S: +OK", b"C: PASS " + secret, b"S: -ERR " + echo, b"S: " + echo)
        told.append(sinks().play(lines, step=0).end().texts())
    assert all(texts == told[0] for texts in told)
