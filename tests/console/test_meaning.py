"""What a text means that somebody met."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.console.explain import CODES
from pop3spy.console.meaning import FOUND_BY_CODE, explanation, nearest
from pop3spy.findings import own_rules
from pop3spy.findings.error_texts import ERROR_TEXTS, error_text_of
from pop3spy.findings.refusals import REFUSALS
from pop3spy.findings.tls_alerts import ALERT_MEANINGS

RULES = own_rules()

MET = [
    pytest.param("wrong version number", "TLS was begun where the other side speaks clear", id="OpenSSL"),
    pytest.param("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1002)", "port 995", id="Python"),
    pytest.param("0x800CCC0F", "The connection broke off", id="Outlook"),
    pytest.param("Error (0x800ccc0e): Outlook cannot connect", "Nothing could be reached", id="Outlook's sentence"),
    pytest.param("poplib.error_proto: line too long", "longer than 2,048 octets", id="poplib"),
    pytest.param("certificate verify failed: unable to get local issuer certificate", "does not trust", id="a certificate"),
    pytest.param("certificate verify failed: certificate has expired", "not valid any more", id="the specific row first"),
    pytest.param("curl: (67) Login denied", "The server refused the login", id="curl"),
    pytest.param("tlsv1 alert unknown ca", "does not know the issuer", id="an alert"),
    pytest.param("UNKNOWN_CA", "does not know the issuer", id="an alert by its name"),
    pytest.param("IN-USE", "another session has the maildrop open", id="a response code"),
    pytest.param("[sys/temp]", "out of order for now", id="a code in brackets"),
    pytest.param("-ERR [SYS/ODD] no", "out of order for now", id="a part of a code that is known"),
    pytest.param("-ERR Mailbox is locked by another POP3 session", "the password was right", id="a refusal"),
    pytest.param("Mail server responded: Your account is not enabled for POP access", "POP is switched off", id="a refusal in a sentence"),
    pytest.param("eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=", "the token has run out", id="an OAuth error"),
    pytest.param("retr-truncated", "RFC 1939", id="a finding"),
    pytest.param(" 'Retr-Truncated' ", "RFC 1939", id="a finding as it was copied"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), MET)
def test_what_somebody_met_is_explained(text: str, told: str) -> None:
    assert told in "\n".join(explanation(text, RULES))


@pytest.mark.parametrize("text", ["", " ", "hello", "-ERR", "-ERR no", "[X-ODD]", "XIN-USEX", "7"])
def test_of_what_is_not_known_nothing_is_said(text: str) -> None:
    assert explanation(text, RULES) == []


def test_a_refusal_with_a_code_is_explained_by_both() -> None:
    told = "\n".join(explanation("-ERR [AUTH] Application-specific password required", RULES))
    assert "[AUTH]:" in told
    assert "app-password-needed" in told


@pytest.mark.parametrize("name", RULES)
def test_every_finding_has_what_it_means_and_what_to_do(name: str) -> None:
    told = explanation(name, RULES)
    assert RULES[name].meaning.replace("``", "") in told
    assert f"To do: {RULES[name].remedy.replace('``', '')}" in told


@pytest.mark.parametrize("text", [(text, row) for row in ERROR_TEXTS for text in row.texts])
def test_every_error_is_known_by_its_own_row(text: tuple[str, object]) -> None:
    words, row = text
    assert error_text_of(f"Error: {words.replace('*', 'the').upper()}!") is row


@pytest.mark.parametrize("name", ALERT_MEANINGS)
def test_every_alert_of_tls_is_explained(name: str) -> None:
    told = explanation(f"sslv3 alert {name.replace('_', ' ')}", RULES)
    assert ALERT_MEANINGS[name].means in "\n".join(told)


def test_tables_name_findings_that_there_are() -> None:
    named = {name for row in ERROR_TEXTS for name in row.findings}
    assert named | set(FOUND_BY_CODE.values()) | {row.finding for row in REFUSALS} <= RULES.keys()
    assert FOUND_BY_CODE.keys() == CODES.keys()


def test_the_nearest_finding_is_suggested_and_nothing_far() -> None:
    assert nearest("retr-truncted", RULES) == "retr-truncated"
    assert nearest("PASS tanstaafl-Hunter2", RULES) is None


@given(text=st.text(max_size=300) | st.text(string.printable, max_size=300))
def test_whatever_is_asked_is_answered_and_not_repeated(text: str) -> None:
    secret = "Zq7#vKx2!Wm"
    told = "\n".join(explanation(f"{text} {secret}", RULES))
    assert secret not in told
