"""Security layers behind AUTH (RFC 4422, section 3.7)."""

import pytest

from dialogue import behind, heard, lines


def test_behind_gssapi_a_security_layer_may_begin() -> None:
    assert heard(r"""
        S: +OK
        C: AUTH GSSAPI YII=
        S: +\x20
        C:
        S: +OK
        C< \0\0\0\x05QUIT\n
        S< \0\0\0\x04+OK\n
        C< QUIT\r\n
    """) == lines("""
        S - +OK
        C 1 AUTH GSSAPI YII=
        S 1 + (challenge)
        C 1 (answer)
        S 1 +OK
        C - 9 octets (SASL security layer)
        S - 8 octets (SASL security layer)
        C - 6 octets (SASL security layer)
    """)


@pytest.mark.parametrize("mechanism", ["GSSAPI", "DIGEST-MD5", "X-NEW"])
def test_or_the_session_goes_on_in_clear(mechanism: str) -> None:
    assert behind(f"AUTH {mechanism}", "S: +OK\nC: STAT\nS: +OK 0 0") == [
        "S 1 +OK",
        "C 2 STAT",
        "S 2 +OK 0 0",
    ]


def test_without_such_a_mechanism_nul_is_a_line_like_any_other() -> None:
    assert (
        heard(r"""
        S: +OK
        C: AUTH PLAIN dAB0
        S: +OK
        C< \0\0\0\x04\n
    """).splitlines()[-1]
        == r"C 2 \x00\x00\x00\x04\n"
    )


def test_no_layer_begins_when_auth_failed() -> None:
    assert (
        heard(r"""
        S: +OK
        C: AUTH GSSAPI
        S: -ERR
        C< \0\0\0\x04\n
    """).splitlines()[-1]
        == r"C 2 \x00\x00\x00\x04\n"
    )
