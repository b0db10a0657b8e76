"""Lines that are longer than anybody needs: their beginning is read, their rest counted."""

import pytest

from dialogue import heard
from pop3spy.protocol.line_buffer import LINE


@pytest.mark.parametrize(
    ("length", "told_as"),
    [
        pytest.param(LINE, [f"C 1 NOOP aaa... {LINE - 2} octets"], id="as long as may be"),
        pytest.param(
            LINE + 1,
            [f"C 1 NOOP aaa... {LINE} octets (cut)", "C 1 1 octets (rest of an overlong line)"],
            id="by an octet longer",
        ),
        pytest.param(
            LINE + 1000,
            [f"C 1 NOOP aaa... {LINE} octets (cut)", "C 1 1000 octets (rest of an overlong line)"],
            id="longer",
        ),
    ],
)
def test_the_beginning_of_a_long_line_is_read_and_its_rest_counted(
    length: int, told_as: list[str]
) -> None:
    script = f"S: +OK\nC: NOOP {'a' * (length - 7)}\nS: +OK\nC: QUIT\nS: +OK"

    assert heard(script).splitlines()[1:] == [*told_as, "S 1 +OK", "C 2 QUIT", "S 2 +OK"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            "C: LIST\nS: +OK {long}\nS: .",
            [
                f"S 1 +OK aaaa... {LINE} octets (body) (cut)",
                "S 1 100 octets (rest of an overlong line)",
                "S 1 . (end)",
            ],
            id="a status line with a body behind it",
        ),
        pytest.param(
            "C: AUTH PLAIN\nS: + \nC: {long}aaaa\nS: +OK",
            [
                "S 1 + (challenge)",
                f"C 1 aaaaaaaa... {LINE} octets (answer) (cut)",
                "C 1 100 octets (rest of an overlong line)",
                "S 1 +OK",
            ],
            id="an answer inside AUTH",
        ),
        pytest.param(
            "C: AUTH PLAIN\nS: + {long}aa\nC: dAB0\nS: +OK",
            [
                f"S 1 + aaaaaa... {LINE} octets (challenge) (cut)",
                "S 1 100 octets (rest of an overlong line)",
                "C 1 dAB0 (answer)",
                "S 1 +OK",
            ],
            id="a challenge",
        ),
        pytest.param(
            "C: FOO\nS: -ERR\nS: {long}aaaa\nC: QUIT\nS: +OK",
            [
                "S 1 -ERR",
                f"S - aaaaaaaa... {LINE} octets (line that answers no command) (cut)",
                "S - 100 octets (rest of an overlong line)",
                "C 2 QUIT",
                "S 2 +OK",
            ],
            id="a line that answers no command",
        ),
        pytest.param(
            "C: STAT\nS: {long}aaaa\nC: QUIT\nS: +OK",
            [
                f"S 1 aaaaaaaa... {LINE} octets (line without a status where a reply is due) (cut)",
                "S 1 100 octets (rest of an overlong line)",
                "C 2 QUIT",
                "S 2 +OK",
            ],
            id="a line that is no reply",
        ),
        pytest.param(
            "C: HELP\nS: +OK\nS: {long}aaaa\nS: .\nC: QUIT\nS: +OK",
            [
                "S 1 +OK (body?)",
                f"S 1 | aaaaaaaa... {LINE} octets",
                "S 1 100 octets (rest of an overlong line)",
                "S 1 . (end)",
                "C 2 QUIT",
                "S 2 +OK",
            ],
            id="a line of a body that nobody expected",
        ),
    ],
)
def test_every_kind_of_line_may_be_overlong(script: str, expected: list[str]) -> None:
    script = script.format(long="a" * (LINE + 100 - 6))

    assert heard(f"S: +OK\n{script}").splitlines()[2:] == expected


def test_a_line_of_a_body_may_have_any_length() -> None:
    long = "a" * (LINE + 100)

    assert heard(f"S: +OK\nC: RETR 1\nS: +OK\nS: {long}\nS: .").splitlines()[3:] == [
        f"S 1 | aaaaaaaa... {LINE + 102} octets",
        "S 1 . (end)",
    ]
