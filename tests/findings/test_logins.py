"""What is found in logins, beyond what the conversations beside the rules can say."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.doors import Gathered, fails, ids, on_tape
from pop3spy.findings import Finding, Findings, Severity, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.how import Ending, How
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item, Over

ON_THIS_MACHINE = "-- clear\n-- server 127.0.0.1\n-- client 127.0.0.1\n"
WITH_INITIAL_RESPONSE = "C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==\nS: {reply}"
TOKEN = r"""
C: AUTH XOAUTH2
S: +\x20
C: {token scp=POP.AccessAsUser.All exp=2027}
S: -ERR no
"""


def found(dialogue: str, name: str) -> Finding:
    """Return the finding *name* of *dialogue*."""
    return next(one for _, one in on_tape(dialogue) if one.id == name)


@pytest.mark.parametrize(
    ("name", "login", "severity"),
    [
        ("cleartext-password", "-- login", Severity.INFO),
        ("cleartext-sasl-password", "C: AUTH PLAIN AGJvYgB0YW5zdGFhZg==\nS: +OK", Severity.INFO),
        ("cleartext-token", "C: AUTH XOAUTH2 {token}\nS: +OK", Severity.WARNING),
        (
            "stls-available-unused",
            "C: CAPA\nS: +OK / STLS / TOP / .\n-- login",
            Severity.INFO,
        ),
    ],
)
def test_what_does_not_leave_this_machine_is_worth_less(
    name: str, login: str, severity: Severity
) -> None:
    assert found(ON_THIS_MACHINE + login, name).severity is severity
    assert found("-- clear\n" + login, name).severity is own_rules()[name].severity


@pytest.mark.parametrize(
    ("asked", "reply", "severity"),
    [
        ("C: CAPA\nS: -ERR\n", "-ERR", Severity.WARNING),
        ("C: CAPA\nS: -ERR\n", "+OK", Severity.INFO),
        ("C: CAPA\nS: +OK / TOP / .\n", "-ERR [AUTH] no", Severity.WARNING),
        ("C: CAPA\nS: +OK / TOP / .\n", "+OK", Severity.INFO),
        ("", "-ERR", Severity.INFO),
        ("", "+OK", None),
        ("", "-ERR [AUTH] no", None),
        ("C: CAPA\nS: +OK / SASL PLAIN / .\n", "-ERR", None),
    ],
)
def test_an_initial_response_is_judged_by_what_was_promised_and_what_came_of_it(
    asked: str, reply: str, severity: Severity | None
) -> None:
    dialogue = asked + WITH_INITIAL_RESPONSE.format(reply=reply)
    severities = [
        one.severity
        for _, one in on_tape(dialogue)
        if one.id == "sasl-initial-response-unadvertised"
    ]
    assert severities == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("late", "name"),
    [
        (-3600, "oauth-refused-no-reason"),
        (100, "oauth-refused-no-reason"),
        (299, "oauth-refused-no-reason"),
        (301, "oauth-token-expired"),
        (7200, "oauth-token-expired"),
        (90000, "oauth-token-expired"),
    ],
)
def test_a_token_has_run_out_by_the_time_when_it_was_sent(late: float, name: str) -> None:
    started = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=late)
    gathered = Gathered()
    play_back(
        read_dialogue(TOKEN).tape(),
        gathered,
        memory=SecretMemory(started),
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    assert ids(gathered.found) == [name]


def without_tls(items: Iterator[Item], why: str) -> Iterator[Item]:
    """Yield *items* with an end as the proxy tells it where a handshake failed."""
    for item in items:
        yield Over(item.session, item.at, Ending(How.TLS, why)) if isinstance(item, Over) else item


def test_a_handshake_of_the_proxy_itself_that_failed_is_told_in_its_words() -> None:
    tape = read_dialogue("-- clear\n-- no greeting\nC: CAPA").tape()
    opened = (item for item in tape if not hasattr(item, "chunk"))
    gathered = Gathered()
    play_back(
        without_tls(opened, "the server takes no TLS 1.2 or newer"),
        gathered,
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    (finding,) = [one for _, one in gathered.found if one.id == "stls-handshake-failed"]
    assert "no TLS 1.2 or newer" in finding.text


PASSWORDS = st.text("ghjkmqvwxyz0123456789", min_size=8, max_size=30)


@given(
    PASSWORDS, st.sampled_from(["-ERR {} is wrong", "-ERR [AUTH] no", "-ERR bad {0} {0}", "+OK"])
)
def test_no_finding_tells_a_password(password: str, reply: str) -> None:
    said = reply.format(password)
    plain = b64encode(f"\0bob\0{password}".encode()).decode()
    dialogues = (
        f"-- clear\nC: USER bob\nS: +OK\nC: PASS {password}\nS: {said}",
        f"-- clear\nC: AUTH PLAIN {plain}\nS: {said}",
        f"-- clear\nC: PASSWORD {password}\nS: {said}",
        f"S: +OK <1.2@h>\nC: APOP {password * 2} bob\nS: {said}",
        f"-- clear\nC: AUTH LOGIN\nS: + {password}\nC: {password}\nS: {said}",
        f"-- clear\nC: AUTH PLAIN\nS: +\nC: {plain[:-3]}!\nS: {said}",
    )
    for dialogue in dialogues:
        for _, one in on_tape(dialogue):
            told = f"{one.text} {one.remedy} {dict(one.evidence)}"
            assert password not in told.replace(f"+ {password}", "")
            assert plain not in told


def test_the_name_of_a_mechanism_moves_no_cursor() -> None:
    told = on_tape(r"C: AUTH \x1b[31m {YWJj*100}" + "\nS: -ERR no\n")
    assert told
    assert [one.id for _, one in told if not one.text.isprintable()] == []


@pytest.mark.parametrize("delay", ["9" * 5000, r"\xb2", "-1", "x"])
def test_a_delay_that_is_no_number_is_not_told(delay: str) -> None:
    listed = f"-- clear\nC: CAPA\nS: +OK / LOGIN-DELAY {delay} / .\n"
    refused = "C: USER bob\nS: +OK\nC: PASS tanstaaf\nS: -ERR [LOGIN-DELAY] wait\n"
    assert "which wants" not in found(listed + refused, "login-delay-refused").text
    listed = listed.replace(delay, "90")
    assert "which wants" in found(listed + refused, "login-delay-refused").text
