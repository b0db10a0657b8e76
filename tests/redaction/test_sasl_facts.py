"""What is told of a login inside AUTH: the form of its lines, and what a message holds."""

import json

import pytest

from redaction.facts_told import b64, fact, facts, jwt, plain, xoauth2

BEFORE = "S: +OK ready\n"
WORDS = [("*", "*"), ("", "empty"), ("dGVzdA==", "base64")]
VERBS = [("STAT", "STAT"), ("QUIT", "QUIT"), ("RETR 1", "RETR"), ("capa", "CAPA")]


def inside(mechanism: str, *lines: str, challenge: str = "") -> str:
    """Return a script in which the client says *lines* behind challenges."""
    talk = "".join(f"S: + {challenge}\nC: {line}\n" for line in lines)
    return f"{BEFORE}C: AUTH {mechanism}\n{talk}S: -ERR no\n"


@pytest.mark.parametrize(("line", "word"), WORDS + VERBS)
def test_what_a_line_inside_auth_is_is_told(line: str, word: str) -> None:
    assert fact("sasl_word", inside("PLAIN", line)) == [word]


def test_a_line_that_is_none_of_these_has_no_word() -> None:
    assert facts(inside("PLAIN", "!!!notb64")) == [{"base64": "foreign octet"}]


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("dGVzdA==", "ok"),
        ("!!!notb64", "foreign octet"),
        ("dGVz dA==", "foreign octet"),
        ("dGVzdA=", "length"),
        ("dGVzdA", "length"),
        ("dA==dGVz", "padding"),
        ("dGVzd===", "padding"),
    ],
)
def test_what_is_wrong_with_base64_is_told(line: str, form: str) -> None:
    assert fact("base64", inside("PLAIN", line)) == [form]
    if " " not in line:
        assert fact("base64", f"{BEFORE}C: AUTH PLAIN {line}\nS: -ERR") == [form]


def test_an_empty_response_is_not_judged() -> None:
    assert fact("base64", f"{BEFORE}C: AUTH PLAIN =\nS: + \nC: \nS: -ERR") == []


def test_what_is_wrong_with_the_base64_of_a_challenge_is_told() -> None:
    assert fact("base64", inside("LOGIN", "*", challenge="what?")) == ["foreign octet"]
    assert fact("base64", inside("LOGIN", "*", challenge="VXNlcm5hbWU6")) == []
    assert fact("base64", inside("GSSAPI", "*", challenge="dGVzdA==")) == ["ok"]


def test_ok_in_place_of_a_challenge_is_not_judged() -> None:
    assert facts(f"{BEFORE}C: AUTH NTLM\nS: +OK\nC: *\nS: -ERR") == [{"sasl_word": "*"}]


LOGIN_NAME = f"{BEFORE}C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: {b64('bob')}\n"


@pytest.mark.parametrize(
    ("script", "carries"),
    [
        (f"{BEFORE}C: AUTH PLAIN {plain('bob', 'x')}\nS: -ERR", [True]),
        (f"{BEFORE}C: AUTH PLAIN {plain('bob', '')}\nS: -ERR", [False]),
        (f"{BEFORE}C: AUTH PLAIN {b64('bob')}\nS: -ERR", []),
        (f"{LOGIN_NAME}S: + UGFzc3dvcmQ6\nC: {b64('x')}\nS: -ERR", [False, True]),
        (f"{LOGIN_NAME}S: -ERR", [False]),
        (inside("CRAM-MD5", b64("bob 0123"), challenge=b64("<1.2@h>")), [True]),
        (inside("DIGEST-MD5", b64('username="bob",response=0'), challenge=b64("nonce=x")), [True]),
        (inside("DIGEST-MD5", b64('username="bob"'), challenge=b64("nonce=x")), [False]),
        (inside("NTLM", b64("NTLMSSP\0\3\0\0\0more")), [True]),
        (inside("NTLM", b64("NTLMSSP\0\1\0\0\0more")), [False]),
        (inside("GSSAPI", b64("token")), []),
    ],
)  # fmt: skip
def test_whether_something_secret_was_there_is_told(script: str, carries: list[bool]) -> None:
    assert fact("carries_secret", script) == carries


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("NTLMSSP\0\1\0\0\0", "1"),
        ("NTLMSSP\0\3\0\0\0", "3"),
        ("NTLMSSP\0\2\0\0\0", "other"),
        ("else", "other"),
    ],
)
def test_which_message_of_ntlm_it_is_is_told(message: str, kind: str) -> None:
    assert fact("ntlm_type", f"{BEFORE}C: AUTH NTLM\nS: +OK\nC: {b64(message)}\nS: -ERR") == [kind]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_break_in_a_field_is_told_with_the_field(end: str) -> None:
    for user, password, field in (("bob", f"x{end}", "password"), (f"bob{end}", "x", "user")):
        script = f"{BEFORE}C: AUTH PLAIN {plain(user, password)}\nS: -ERR"
        assert fact("line_break", script) == [field]
    login = f"{LOGIN_NAME}S: + UGFzc3dvcmQ6\nC: {b64(f'x{end}')}\nS: -ERR"
    assert fact("line_break", login) == ["password"]
    bearer = f"{BEFORE}C: AUTH XOAUTH2 {xoauth2('t', f'bob{end}')}\nS: -ERR"
    assert fact("line_break", bearer) == ["user"]


def test_a_cr_inside_a_password_is_a_line_break_and_the_end_of_its_line_is_none() -> None:
    assert fact("line_break", f"{BEFORE}C< PASS a\\rb\\r\\n\nS: -ERR") == ["password"]
    assert fact("line_break", f"{BEFORE}C< PASS ab\\n\nS: -ERR") == []
    assert fact("line_break", f"{BEFORE}C: AUTH PLAIN {plain('bob', 'x')}\nS: -ERR") == []


def scram(first: str, final: str) -> str:
    return (
        f"{BEFORE}C: AUTH SCRAM-SHA-256 {b64('n,,n=bob,r=abc')}\nS: + {b64(first)}\n"
        f"C: {b64(final)}\nS: + {b64('v=x')}\nC: \nS: +OK"
    )


@pytest.mark.parametrize(
    ("first", "final", "told"),
    [
        ("abcxyz", "abcxyz", ["begins with", "equal"]),
        ("abcxyz", "abcxy", ["begins with", "differs"]),
        ("abc", "abc", ["equal", "equal"]),
        ("xyz", "xyz", ["differs", "equal"]),
    ],
)
def test_how_the_nonces_of_scram_compare_is_told(first: str, final: str, told: list[str]) -> None:
    script = scram(f"r={first},s=c2FsdA==,i=4096", f"c=biws,r={final},p=x")
    assert fact("scram_nonce", script) == told
    assert fact("scram_iterations", script) == [4096]
    assert fact("carries_secret", script) == [False, True]


def test_the_numbers_of_scram_are_told_of_its_first_challenge_alone() -> None:
    numbers = b64("r=abc,i=4096")
    login = f"{BEFORE}C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: {b64('bob')}\nS: + {numbers}\nC: *"
    assert fact("scram_iterations", f"{login}\nS: -ERR") == []
    again = scram("r=abcx,i=4096", "r=abcx,p=x").replace(b64("v=x"), numbers)
    assert fact("scram_iterations", again) == [4096]


def test_too_many_iterations_for_a_number_are_not_told() -> None:
    assert fact("scram_iterations", scram(f"r=abcx,i={'9' * 10}", "r=abcx,p=x")) == []


ERROR = {"status": "invalid_token", "schemes": "bearer mac", "scope": "https://mail.google.com/"}


def refused(error: object, token: str = "opaque-token") -> str:
    said = b64(error if isinstance(error, str) else json.dumps(error))
    return f"{BEFORE}C: AUTH XOAUTH2 {xoauth2(token)}\nS: + {said}\nC: \nS: -ERR"


def oauth(script: str) -> dict[str, object]:
    return {
        name: value for told in facts(script) for name, value in told.items() if "oauth" in name
    }


def test_why_a_token_was_refused_is_told() -> None:
    assert oauth(refused(ERROR)) == {
        "oauth_status": "invalid_token",
        "oauth_schemes": "bearer mac",
        "oauth_scope": "https://mail.google.com/",
    }
    assert oauth(refused({"status": 401})) == {"oauth_status": "401"}


@pytest.mark.parametrize(
    "error",
    ["[1]", "no", "{", '{"status": [5]}', '{"status": true}', "[" * 9000, '{"scope": "\\u001b"}'],
)
def test_a_reason_of_another_form_is_not_told(error: str) -> None:
    assert oauth(refused(error)) == {}


def test_a_reason_that_repeats_the_token_is_told_by_its_status_alone() -> None:
    token = "ya29.a0AfB_byC-secret"
    assert oauth(refused({**ERROR, "scope": f"for {token}"}, token)) == {
        "oauth_status": "invalid_token"
    }
    assert oauth(refused({**ERROR, "status": token}, token)) == {}


def test_whether_a_bearer_token_was_there_is_told() -> None:
    assert fact("bearer_token", refused(ERROR)) == [True]
    assert fact("bearer_token", f"{BEFORE}C: AUTH XOAUTH2 {b64('user=bob')}\nS: -ERR") == [False]
    bearer = b64("n,a=bob,\1host=h\1auth=Bearer x.y.z\1\1")
    assert fact("bearer_token", f"{BEFORE}C: AUTH OAUTHBEARER {bearer}\nS: -ERR") == [True]


def test_of_a_mechanism_that_nobody_knows_little_is_told() -> None:
    script = f"{BEFORE}C: AUTH X-PRIVATE {jwt({})}\nS: + dGVzdA==\nC: dGVzdA==\nS: -ERR"
    assert [sorted(told) for told in facts(script)] == [
        ["words"],
        ["base64"],
        ["base64", "sasl_word"],
    ]
