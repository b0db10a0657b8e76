"""What servers are known to say when they refuse a login."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.findings import own_rules
from pop3spy.findings.refusals import LONGEST, REFUSALS, Refusal, refusal_of

# fmt: off
SAID = {
    "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.": "tls-required",
    "-ERR [AUTH] USER command only available under a layer": "tls-required",
    "-ERR Must issue a STLS command first": "tls-required",
    "-ERR [AUTH] Application-specific password required: https://support.example/185833": "app-password-needed",
    "-ERR [ALERT] Please log in via your web browser: Web login required": "app-password-needed",
    "-ERR NEOBHODIM parol prilozheniya dlya vneshnih programm": "app-password-needed",
    "-ERR Application password is REQUIRED": "app-password-needed",
    "-ERR [SYS/PERM] Your account is not enabled for POP access.": "pop-disabled",
    "-ERR POP3 access for this mailbox is disabled": "pop-disabled",
    "-ERR [AUTH] login failure or POP3 disabled, try later. sc=abc": "login-failed",
    "-ERR Account is abnormal, service is not open, password is incorrect, login frequency limited": "login-failed",
    "-ERR [AUTH] Authentication failed.": "login-failed",
    "-ERR Basic authentication is disabled.": "basic-auth-retired",
    "-ERR Logon failure: unknown user name or bad password.": "login-failed",
    "-ERR Authentication failure: unknown user name or bad password.": "oauth-refused-no-reason",
    "-ERR Protocol error. Connection is closed. 10": "sasl-initial-response-too-long",
    "-ERR maildrop already locked": "in-use",
    "-ERR logins must be 15 minutes apart": "login-delay-refused",
    "-ERR Re-Authentication Failure": "login-failed-at-proxy",
    "-ERR Mate, the command must be one of STLS, CAPA, USER, PASS or QUIT": "login-failed",
}
# fmt: on


@pytest.mark.parametrize(("text", "finding"), SAID.items())
def test_what_servers_were_seen_to_say_is_known(text: str, finding: str) -> None:
    row = refusal_of(text)
    assert row is not None
    assert row.finding == finding


@pytest.mark.parametrize(
    "text",
    [
        "-ERR",
        "-ERR no",
        "-ERR [AUTH] invalid app password for user bob",
        "-ERR misleading",
        "-ERR authentication failed for bob",
        "-ERR busslane must be used",
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert refusal_of(text) is None


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.finding + "-" + row.texts[0])
def test_each_row_can_be_reached(row: Refusal) -> None:
    """A row that one above it hides says nothing."""
    beside = f" {row.beside[0]}" if row.beside else ""
    reached = [refusal_of(text.replace("*", "") + beside) for text in row.texts]
    assert [other.finding for other in reached if other] == [row.finding] * len(row.texts)


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.finding + "-" + row.texts[0])
def test_each_row_is_in_small_letters_and_leads_to_a_finding(row: Refusal) -> None:
    texts = (*row.texts, *row.beside)
    assert [text for text in texts if text != text.casefold()] == []
    assert row.who
    assert not row.means.endswith(".")
    assert row.finding in own_rules()


@given(st.sampled_from(sorted(SAID)), st.sampled_from([str.upper, str.lower, str.title]))
def test_case_makes_no_difference(text: str, written: object) -> None:
    assert callable(written)
    row = refusal_of(written(text))
    assert row is not None
    assert row.finding == SAID[text]


@given(st.text(max_size=3 * LONGEST))
def test_any_text_is_judged(text: str) -> None:
    row = refusal_of(text)
    assert row is None or row in REFUSALS
