"""Other servers, and proxies in front of one, with ordinary clients: what is found is true.

Each line of the table was read beside the wire.  A recording, linted, tells the same as live.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from cli.program import run_here
from lab.clients import curl, fetchmail, mpop, poplib_, s_client
from lab.courier import running_courier
from lab.dovecot import running_dovecot
from lab.mailserver import USER, MailServer
from lab.mailutils import running_mailutils
from lab.nginx import running_nginx
from lab.perdition import running_perdition
from lab.relay import relaying
from lab.samples import refused, whole_session
from lab.solid import running_solid
from lab.test_findings import (
    AGAIN,
    ALL_MAIL,
    ASKS_ALL,
    BOTH,
    HASH,
    NO_BODY,
    PASS,
    SASL,
    STLS,
)
from lab.twisted_ import running_twisted
from lab.visits import Visit, by, deleting, looking_again, refused_for_good, saying
from lab.ways import ca

__all__ = ["ca"]

pytestmark = pytest.mark.lab

DELAY = "login-delay-ignored"
"""Courier asks for 10 s between two logins, and nobody waits for so long here."""
NO_APOP = "apop-refused-but-offered"
"""There is a timestamp, and no secret that a digest could be compared with."""
LF_SIZES = "size-lf-counted"
MOST_MAIL = "bare-lf-dot-line long-line message-bare-eol nul-in-message"
"""Courier sends a notice of its own in place of the message with a header beyond ASCII."""


@contextmanager
def nginx() -> Iterator[MailServer]:
    with running_dovecot() as behind, running_nginx(behind.address) as server:
        yield server


@contextmanager
def perdition() -> Iterator[MailServer]:
    with running_dovecot() as behind, running_perdition(behind.address) as server:
        yield server


SERVERS: dict[str, tuple[Callable[[], AbstractContextManager[MailServer]], tuple[Visit, ...]]] = {
    "courier": (
        running_courier,
        (
            saying(refused, PASS, "login-failed"),
            by(curl, "plain", "clear", SASL, STLS, NO_BODY, DELAY),
            by(curl, "cram-md5", "clear", HASH, STLS, NO_BODY, DELAY),
            by(curl, "login", "stls", NO_BODY, DELAY),
            by(fetchmail, "user", "clear", PASS, NO_BODY, DELAY),
            by(fetchmail, "user", "stls", NO_BODY, DELAY),
            by(mpop, "plain", "clear", SASL, STLS, NO_BODY, DELAY),
            by(mpop, "cram-md5", "clear", HASH, STLS, AGAIN, NO_BODY, DELAY),
            by(mpop, "login", "stls", AGAIN, NO_BODY, DELAY),
            by(poplib_, "user", "clear", PASS, NO_BODY, DELAY),
            by(poplib_, "plain", "stls", NO_BODY, DELAY, "stls-no-recapa"),
            by(s_client, "user", "stls", NO_BODY, DELAY),
            by(
                mpop,
                "plain",
                "clear",
                SASL,
                STLS,
                NO_BODY,
                MOST_MAIL,
                "size-final-newline",
                "size-mismatch",
                user=USER,
            ),
            by(poplib_, "user", "clear", PASS, NO_BODY, DELAY, MOST_MAIL, user=USER),
            saying(whole_session, PASS, STLS, AGAIN, NO_BODY, DELAY, *ASKS_ALL),
            saying(deleting, PASS, DELAY),
            saying(looking_again, PASS, DELAY),
        ),
    ),
    "mailutils": (
        running_mailutils,
        (
            saying(refused, PASS, "login-failed"),
            by(curl, "user", "clear", HASH, STLS, BOTH),
            by(curl, "user", "stls", BOTH, "apop-after-stls"),
            by(fetchmail, "apop", "clear", HASH, BOTH),
            by(fetchmail, "user", "stls"),
            by(mpop, "user", "clear", PASS, STLS, BOTH, "size-mismatch"),
            by(mpop, "user", "stls", AGAIN),
            by(poplib_, "apop", "clear", HASH),
            by(poplib_, "user", "stls", "stls-no-recapa"),
            by(s_client, "user", "stls"),
            by(mpop, "user", "clear", PASS, STLS, ALL_MAIL, "size-mismatch", user=USER),
            by(poplib_, "user", "clear", PASS, ALL_MAIL, user=USER),
            saying(whole_session, PASS, STLS, BOTH, AGAIN, *ASKS_ALL),
            saying(deleting, PASS, BOTH),
            saying(looking_again, PASS, BOTH),
        ),
    ),
    "solid-pop3d": (
        running_solid,
        (
            saying(refused_for_good, PASS, "login-failed"),
            by(fetchmail, "user", "clear", PASS),
            by(mpop, "user", "clear", PASS),
            by(poplib_, "user", "clear", PASS),
            by(curl, "user", "clear", HASH, "login-failed", works=False),
            by(mpop, "user", "clear", PASS, ALL_MAIL, user=USER),
            by(poplib_, "user", "clear", PASS, ALL_MAIL, user=USER),
            saying(whole_session, PASS, AGAIN, NO_APOP, *ASKS_ALL),
            saying(deleting, PASS, NO_APOP),
            saying(looking_again, PASS, NO_APOP),
        ),
    ),
    "twisted": (
        running_twisted,
        (
            saying(refused, PASS, "login-failed"),
            by(fetchmail, "user", "clear", PASS, NO_BODY, LF_SIZES),
            by(mpop, "user", "clear", PASS, NO_BODY, LF_SIZES),
            by(mpop, "cram-md5", "clear", HASH, AGAIN, NO_BODY, LF_SIZES),
            by(curl, "cram-md5", "clear", HASH, NO_BODY),
            by(poplib_, "user", "clear", PASS, NO_BODY),
            by(fetchmail, "apop", "clear", HASH, "login-failed", works=False),
            by(mpop, "user", "clear", PASS, NO_BODY, LF_SIZES, ALL_MAIL, user=USER),
            by(poplib_, "user", "clear", PASS, NO_BODY, ALL_MAIL, user=USER),
            saying(
                whole_session,
                PASS,
                AGAIN,
                NO_BODY,
                NO_APOP,
                LF_SIZES,
                *ASKS_ALL,
                "deleted-message-served",
            ),
            saying(deleting, PASS, NO_APOP, LF_SIZES),
            saying(looking_again, PASS, NO_APOP),
        ),
    ),
    "nginx": (
        nginx,
        (
            saying(refused, PASS, "login-failed"),
            by(curl, "plain", "clear", SASL, STLS, NO_BODY),
            by(curl, "cram-md5", "clear", HASH, STLS, NO_BODY),
            by(curl, "plain", "stls", NO_BODY),
            by(fetchmail, "user", "clear", PASS, NO_BODY),
            by(fetchmail, "user", "stls", NO_BODY),
            by(mpop, "plain", "clear", SASL, STLS, NO_BODY),
            by(mpop, "cram-md5", "clear", HASH, STLS, AGAIN, NO_BODY),
            by(mpop, "user", "stls", AGAIN, NO_BODY),
            by(poplib_, "user", "clear", PASS, NO_BODY),
            by(poplib_, "apop", "clear", HASH, BOTH, NO_BODY),
            by(s_client, "user", "stls", NO_BODY),
            by(
                mpop,
                "plain",
                "clear",
                SASL,
                STLS,
                NO_BODY,
                ALL_MAIL,
                "size-final-newline",
                user=USER,
            ),
            by(poplib_, "user", "clear", PASS, NO_BODY, ALL_MAIL, user=USER),
            saying(whole_session, PASS, STLS, BOTH, AGAIN, NO_BODY, *ASKS_ALL),
            saying(deleting, PASS, BOTH),
            saying(looking_again, PASS, BOTH),
        ),
    ),
    "perdition": (
        perdition,
        (
            saying(refused, PASS, "login-failed-at-proxy"),
            by(curl, "user", "clear", PASS, STLS, NO_BODY),
            by(curl, "user", "stls", NO_BODY),
            by(fetchmail, "user", "clear", PASS, NO_BODY),
            by(fetchmail, "user", "stls", NO_BODY),
            by(mpop, "user", "clear", PASS, STLS, NO_BODY),
            by(mpop, "user", "stls", AGAIN, NO_BODY),
            by(poplib_, "user", "clear", PASS, NO_BODY),
            by(poplib_, "user", "stls", NO_BODY, "stls-no-recapa"),
            by(
                mpop,
                "user",
                "clear",
                PASS,
                STLS,
                NO_BODY,
                ALL_MAIL,
                "size-final-newline",
                user=USER,
            ),
            by(poplib_, "user", "clear", PASS, NO_BODY, ALL_MAIL, user=USER),
            saying(whole_session, PASS, STLS, AGAIN, NO_BODY, *ASKS_ALL),
            saying(deleting, PASS),
            saying(looking_again, PASS),
        ),
    ),
}

CONFIRMED = {
    "message-number-bad": "the samples ask for a message that is not there",
    "deleted-message-served": "Twisted lists `1 0` where message 1 is marked as deleted",
}
"""The errors that are raised, and what a person reads on the wire then."""


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_found_in_sessions_with_other_servers_is_true(
    name: str, ca: Path, tmp_path: Path
) -> None:
    running, visits = SERVERS[name]
    recording = tmp_path / "recording.yaml"
    options = ["--ca-dir", str(ca), "--no-ledger", "--record", str(recording)]
    with running() as server:
        if server.certificate:
            options += ["--upstream-ca", str(server.certificate)]
        with relaying(f"localhost:{server.address.port}", *options) as relay:
            for number, visit in enumerate(visits):
                visit.play(relay, tmp_path / str(number), ca / "ca.pem")

    raised = relay.events("finding_raised")
    found = {}
    first = 1
    for visit in visits:
        sessions = range(first, first + visit.sessions)
        found[visit.name] = {one["id"] for one in raised if one["session"] in sessions}
        first += visit.sessions
    assert found == {visit.name: visit.found for visit in visits}
    assert {one["id"] for one in raised if one["severity"] == "error"} <= set(CONFIRMED)

    linted = run_here("lint", str(recording), "--format", "json", "--severity", "info")
    assert Counter((one["session"], one["id"]) for one in raised) == Counter(
        (session["session"], one["id"])
        for session in json.loads(linted.out)["sessions"]
        for one in session["findings"]
    )
