"""What is told of a bearer token: of a JSON Web Token a few claims by class, at the time of use."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.redaction.secret_facts import FACTS, KNOWN_SCOPES
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.token_facts import token_facts
from redaction.facts_told import ENTRA, OFFICE, STARTED, STEP, facts, jwt, token_of, xoauth2

USED = STARTED.timestamp() + 4 * STEP
"""When the client's message comes."""


def told(token: str, user: str = "bob@example.org", **how: Any) -> dict[str, Any]:
    """Return what is told of *token* where a client sends it."""
    script = f"S: +OK\nC: AUTH XOAUTH2\nS: + \nC: {xoauth2(token, user)}\nS: -ERR"
    frames = [frame for frame in facts(script, **how) if "bearer_token" in frame]
    assert len(frames) == 1
    return {name: value for name, value in frames[0].items() if name.startswith("token_")}


def claim(name: str, **claims: object) -> object:
    return told(jwt(claims)).get(f"token_{name}")


@pytest.mark.parametrize(
    "token", ["opaque", "a.b", "a.b.c.d", "a.b.c", "ya29.a0AfB_byC", "a.W10.c"]
)
def test_a_token_that_is_no_jwt_is_opaque(token: str) -> None:
    assert told(token) == {"token_form": "opaque", "token_over_4096": False}


def test_a_token_of_more_than_4096_characters_is_told_without_a_number() -> None:
    assert told("x" * 4096)["token_over_4096"] is False
    assert told("x" * 4097) == {"token_form": "opaque", "token_over_4096": True}


def test_a_token_in_a_line_that_was_cut_is_long_and_no_more_is_told() -> None:
    script = f"S: +OK\nC: AUTH XOAUTH2\nS: + \nC: {xoauth2('x' * 20_000)}\nS: -ERR"
    assert facts(script) == [{"bearer_token": True, "token_over_4096": True}]


@pytest.mark.parametrize(
    ("iss", "issuer"),
    [
        (ENTRA, "microsoft"),
        ("https://login.microsoftonline.com/common/v2.0", "microsoft"),
        ("https://accounts.google.com", "google"),
        ("https://login.example.org/", "other"),
        ("https://sts.windows.net.example.org/", "other"),
    ],
)
def test_whose_a_token_is_is_told_by_class(iss: str, issuer: str) -> None:
    assert claim("issuer", iss=iss) == issuer


@pytest.mark.parametrize(
    ("aud", "audience"),
    [
        (OFFICE, "mail"),
        (f"{OFFICE}/", "mail"),
        ("00000002-0000-0ff1-ce00-000000000000", "mail"),
        ("https://outlook.office365.us/", "mail"),
        ("00000003-0000-0000-c000-000000000000", "graph"),
        ("https://graph.microsoft.com", "graph"),
        ("https://service.example.org", "other"),
        ([OFFICE, "other"], "mail"),
        ([], "none"),
        (5, "none"),
    ],
)
def test_what_a_token_is_for_is_told_by_class(aud: object, audience: str) -> None:
    assert claim("audience", iss=ENTRA, aud=aud) == audience
    assert claim("audience") == "none"
    assert claim("audience", iss="https://accounts.google.com", aud=aud) == "id token"


@pytest.mark.parametrize(
    ("claims", "may", "known"),
    [
        ({"scp": "Mail.Send POP.AccessAsUser.All"}, "yes", "POP.AccessAsUser.All Mail.Send"),
        ({"scp": f"{OFFICE}/POP.AccessAsUser.All"}, "yes", "POP.AccessAsUser.All"),
        ({"roles": ["POP.AccessAsApp"]}, "yes", "POP.AccessAsApp"),
        ({"scp": "POP.AccessAsApp"}, "no", "POP.AccessAsApp"),
        ({"scp": "IMAP.AccessAsUser.All Secret.Project"}, "no", "IMAP.AccessAsUser.All"),
        ({"scp": "Secret.Project"}, "no", None),
        ({"roles": "full_access_as_app"}, "no", "full_access_as_app"),
        ({"roles": []}, "no", None),
        ({}, "no such claim", None),
    ],
)
def test_what_a_token_permits_is_told_by_known_names(
    claims: dict[str, object], may: str, known: str | None
) -> None:
    assert claim("pop_scope", **claims) == may
    assert claim("scopes", **claims) == known


@pytest.mark.parametrize(
    ("claims", "time"),
    [
        ({"exp": USED + 1}, "valid"),
        ({"exp": USED}, "expired 0 min"),  # on or after that time (RFC 7519, section 4.1.4)
        ({"exp": USED - 1}, "expired 0 min"),
        ({"exp": USED - 7200}, "expired 120 min"),
        ({"exp": USED - 86_400}, "expired 1440 min"),
        ({"exp": USED - 86_460}, "expired over a day"),
        ({"exp": 0}, "expired over a day"),
        ({"exp": USED + 9, "nbf": USED + 300}, "not yet 5 min"),
        ({"nbf": USED + 10**12}, "not yet over a day"),
        ({"nbf": USED}, "valid"),
        ({"exp": "tomorrow"}, None),
        ({"exp": True}, None),
        ({"exp": float("nan")}, None),
        ({"exp": 10**400}, None),
        ({}, None),
    ],
)
def test_whether_a_token_has_run_out_is_told_for_the_time_when_it_came(
    claims: dict[str, object], time: str | None
) -> None:
    assert claim("time", **claims) == time


def test_without_a_date_nobody_knows_whether_it_has_run_out() -> None:
    assert "token_time" not in told(jwt({"exp": 1}), memory=SecretMemory())


@pytest.mark.parametrize("name", ["upn", "preferred_username", "unique_name"])
def test_whether_a_token_is_the_users_is_told(name: str) -> None:
    assert told(jwt({name: "Bob@Example.org"}))["token_user"] == "same"
    assert told(jwt({name: "alice@example.org"}))["token_user"] == "other"
    assert told(jwt({name: 5}))["token_user"] == "no such claim"
    assert "token_user" not in told(jwt({name: "bob@example.org"}), user="")


def test_no_claim_but_those_named_is_told() -> None:
    names = ("sub", "oid", "tid", "appid", "jti", "sid", "name", "ipaddr", "nonce", "groups")
    token = jwt({each: f"secret-{each}" for each in names}, {"kid": "secret-kid", "x5t": "secret"})
    assert "secret" not in json.dumps(told(token))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
some_claims = st.dictionaries(
    st.sampled_from(["iss", "aud", "scp", "roles", "exp", "nbf", "upn", "unique_name"]),
    json_values | st.sampled_from([ENTRA, OFFICE, [OFFICE], *KNOWN_SCOPES, USED]),
)


@given(some_claims)
def test_whatever_the_claims_are_what_is_told_is_of_the_table(claims: dict[str, object]) -> None:
    for name, value in token_facts(jwt(claims).encode(), b"bob", USED).items():
        assert FACTS[name].values.allow(value), (name, value)


@given(st.binary(max_size=40))
def test_any_octets_are_a_token(token: bytes) -> None:
    assert "token_over_4096" in token_facts(token, None, None)


@pytest.mark.parametrize("deep", ["[" * 9000, '{"exp":' * 1600, f'{{"exp":{"9" * 9000}}}'])
def test_a_hostile_token_costs_nothing(deep: str) -> None:
    assert told(token_of("{}", deep)) == {"token_over_4096": len(token_of("{}", deep)) > 4096}


def test_more_than_16_kib_of_claims_are_not_read() -> None:
    token = f"a.{'x' * 16_385}.c".encode()
    assert token_facts(token, None, None) == {"token_over_4096": True}
