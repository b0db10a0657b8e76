"""No fact holds a secret, allows to make one, or says more than the table has."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue import said
from pop3spy.redaction.secret_facts import accepted
from redaction.facts_told import b64, facts, jwt, plain, xoauth2
from security.disguises import traces, unpacked
from security.sinks import Sinks, heard
from security.ways import OF_WORDS, SECRETS, WAYS, WORD_WAYS, Way

ENDS = [b"S: -ERR no", b"S: +OK in"]


@pytest.mark.parametrize("way", WAYS + WORD_WAYS)
def test_every_fact_is_of_the_table_and_holds_no_secret(way: Way) -> None:
    for name, secret in SECRETS.items():
        if way in OF_WORDS and secret.translate(None, b' \t\r\v"') != secret:
            continue
        for end in ENDS:
            frames = heard(*way(secret), end, b"S: " + secret).frames
            for told in (frame.facts for frame in frames):
                assert accepted(told) == told, name
                text = json.dumps(dict(told)).lower()
                assert [trace for trace in traces(secret) if trace in text] == [], name


CLAIMS = {
    "iss": "https://sts.windows.net/5a1e0000-tenant/",
    "aud": "https://somewhere.contoso.example",
    "scp": "Contoso.Secret.Project IMAP.AccessAsUser.All",
    "roles": ["Contoso.Role"],
    "upn": "mallory.other@contoso.example",
    "preferred_username": "mallory.preferred@contoso.example",
    "unique_name": "mallory.unique@contoso.example",
    "sub": "subj-4711aa",
    "oid": "oid-4712bb",
    "tid": "tid-4713cc",
    "appid": "app-4714dd",
    "jti": "jti-4715ee",
    "sid": "sid-4716ff",
    "name": "Mallory Unnamed",
    "ipaddr": "203.0.113.99",
    "nonce": "nonce-4717gg",
    "exp": 1111111111,
    "nbf": 1111111000,
}
HEADER = {"alg": "none", "kid": "kid-4718hh", "x5t": "x5t-4719ii"}
WORDS = [value for value in CLAIMS.values() if isinstance(value, str)] + [
    *("Contoso.Secret.Project", "Contoso.Role", "1111111111", "1111111000"),
    *("kid-4718hh", "x5t-4719ii", "signed by nobody", "contoso", "mallory"),
]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_no_claim_of_a_token_is_in_any_sink(*, strict: bool, at_once: bool) -> None:
    token = jwt(CLAIMS, HEADER)
    message = xoauth2(token)
    error = b64(json.dumps({"status": "400", "scope": token, "schemes": token}))
    begun = f"AUTH XOAUTH2 {message}" if at_once else f"AUTH XOAUTH2\nS: + \nC: {message}"
    sinks = Sinks(strict=strict)
    sinks.play(said(f"S: +OK\nC: {begun}\nS: + {error}\nC: \nS: -ERR no {token}")).end()
    assert sinks.holding(token.encode(), *(word.encode() for word in WORDS)) == []
    told = {name for frame in sinks.frames for name in frame.facts}
    assert {"token_user", "token_audience", "token_scopes"} <= told


@pytest.mark.parametrize("strict", [False, True])
def test_no_digest_and_no_key_is_in_any_sink(*, strict: bool) -> None:
    sinks = Sinks(strict=strict)
    login = "C: USER bob\nS: +OK\nC: PASS sesame123\nS: -ERR no\n"
    challenge = f"C: AUTH CRAM-MD5\nS: + {b64('<1.2@h>')}\nC: *\nS: -ERR\n"
    sinks.play(said(f"S: +OK <1.2@h>\n{(login + challenge) * 2}")).end()
    memory = sinks.reading._finder._memory
    assert len(memory._places) == 3
    for octets in (memory._key, *memory._places):
        forms = {octets.hex(), base64.b64encode(octets).decode().rstrip("="), repr(octets)[2:-1]}
        for name, text in sinks.texts().items():
            assert [form for form in forms if form.lower() in unpacked(text).lower()] == [], name


secrets = st.text("abcdefgh0123456789", min_size=9, max_size=30)


@given(secrets, secrets)
def test_one_secret_has_the_facts_of_another(one: str, other: str) -> None:
    for script in (
        "S: +OK\nC: USER bob\nS: +OK\nC: PASS {}\nS: -ERR",
        "S: +OK\nC: APOP bob {}zz\nS: -ERR",
        "S: +OK\nC: HELP {}\nS: -ERR",
    ):
        assert facts(script.format(one)) == facts(script.format(other))
    said = [f"S: +OK\nC: AUTH PLAIN {plain('bob', word)}\nS: -ERR" for word in (one, other)]
    assert facts(said[0]) == facts(said[1])
