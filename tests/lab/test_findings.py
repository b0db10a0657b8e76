"""Real clients with real servers: what is found in their sessions is true, and it is all listed.

Each line of the tables was read beside the wire.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.loopback import Address
from lab.mailserver import MailServer
from lab.relay import proxied, relaying
from lab.samples import SAMPLES, Sample, cut_off, failing, running_postoffice
from lab.test_recorded_clients import RECORDED, reached
from lab.ways import ca

__all__ = ["ca"]

pytestmark = pytest.mark.lab

ALL_MAIL = "bare-lf-dot-line long-line message-bare-eol nul-in-message raw-utf8-header"
"""What the corpus holds on purpose, and servers send as it is."""
NO_BODY = "top-no-blank-line"
"""One message of bob's is a header and nothing else; popa3d adds the empty line itself."""
HASH, SASL, PASS = "crackable-login-clear", "cleartext-sasl-password", "cleartext-password"
"""The server's leg is in clear for all who come without STLS: on this machine alone, an info."""
STLS, BOTH, AGAIN = "stls-available-unused", "apop-and-pass-both", "redownload"

REAL: dict[str, dict[str, tuple[str, ...]]] = {
    "dovecot": {
        "curl by plain with pop3": (SASL, STLS, NO_BODY),
        "curl by cram-md5 with pop3": (HASH, STLS, NO_BODY),
        "curl by apop with stls": ("apop-after-stls", NO_BODY),
        "curl by login with pop3s": (SASL, NO_BODY),
        "fetchmail by user with pop3": (PASS, BOTH, NO_BODY),
        "fetchmail by apop with pop3": (HASH, BOTH, NO_BODY),
        "fetchmail by cram-md5 with stls": (NO_BODY,),
        "mpop by user with pop3": (PASS, STLS, BOTH, NO_BODY),
        "mpop by plain with pop3": (SASL, STLS, AGAIN, NO_BODY),
        "mpop by login with stls": (AGAIN, NO_BODY),
        "mpop by cram-md5 with pop3s": (HASH, AGAIN, NO_BODY),
        "mpop by xoauth2 with pop3": (
            *("cleartext-token", STLS, "size-final-newline"),
            *(ALL_MAIL, NO_BODY),
        ),
        "mpop by oauthbearer with stls": (
            *("sasl-initial-response-too-long", "size-final-newline"),
            *(ALL_MAIL, AGAIN, NO_BODY),
        ),
        "poplib_ by user with pop3": (PASS, BOTH, NO_BODY),
        "poplib_ by apop with pop3": (HASH, BOTH, NO_BODY),
        "poplib_ by plain with stls": ("stls-no-recapa", NO_BODY),
        "poplib_ by xoauth2 with pop3s": (
            *("cleartext-token", "sasl-initial-response-too-long"),
            *(ALL_MAIL, NO_BODY),
        ),
        "s_client by user with stls": (NO_BODY,),
        "s_client by plain with pop3s": (SASL, NO_BODY),
    },
    "cyrus": {
        "curl by plain with stls": (NO_BODY,),
        "curl by cram-md5 with pop3": (HASH, STLS, NO_BODY),
        "fetchmail by cram-md5 with pop3": (HASH, STLS, NO_BODY),
        "mpop by login with pop3": (SASL, STLS, NO_BODY),
        "mpop by cram-md5 with stls": (AGAIN, NO_BODY),
        "poplib_ by plain with pop3s": (SASL, NO_BODY),
        "fetchmail by apop with stls": (HASH, NO_BODY),
    },
    "popa3d": {
        "curl by user with pop3": (PASS,),
        "fetchmail by user with pop3": (PASS,),
        "mpop by user with pop3": (PASS,),
        "poplib_ by user with pop3": (PASS,),
    },
}
"""What each client of a server raises, in all its sessions.  None of it is an error."""

ASKS_ALL = ("message-number-bad", "deletes-undone")
"""The samples ask for a message that is not there, and take a deletion back."""
SAMPLED: dict[str, tuple[str, ...]] = {
    "dovecot-user": (PASS, STLS, *ASKS_ALL, NO_BODY),
    "dovecot-apop": (HASH, NO_BODY),
    "dovecot-cram-md5": (HASH, STLS, NO_BODY),
    "dovecot-refused": (PASS, "login-failed"),
    "dovecot-cut-off": (PASS, "retr-truncated"),
    "popa3d-user": (PASS, *ASKS_ALL),
    "postoffice-user": (PASS, *ASKS_ALL, NO_BODY),
    "postoffice-apop": (HASH, NO_BODY),
    "postoffice-plain": (SASL, NO_BODY),
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_found_in_real_sessions_is_true(
    name: str, request: pytest.FixtureRequest, ca: Path, tmp_path: Path
) -> None:
    server, rows = request.getfixturevalue(name), RECORDED[name]
    options = ["--ca-dir", str(ca), "--no-ledger"]
    if server.certificate:
        options += ["--upstream-ca", str(server.certificate)]
    with relaying(f"localhost:{server.address.port}", *options, schemes=("pop3", "pop3s")) as relay:
        for number, row in enumerate(rows):
            login = row.login(server, ca / "ca.pem")
            row.client(reached(relay, row), tmp_path / str(number), login)

    raised = relay.events("finding_raised")
    found: dict[str, str] = {}
    first = 1
    for row in rows:
        found[str(row)] = ids(raised, range(first, first + row.sessions))
        first += row.sessions
    assert found == {row: in_order(*expected) for row, expected in REAL[name].items()}
    assert [one["text"] for one in raised if one["severity"] == "error"] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_is_found_in_samples_is_true(
    sample: Sample, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        address = address_of_server(sample.server, request, stack)
        if sample.play is cut_off:
            address = stack.enter_context(failing(address))
        with proxied(*address, "--no-ledger") as relay:
            sample.play(relay.address, tmp_path)
    found = ids(relay.events("finding_raised"), range(1, 9))
    assert found == in_order(*SAMPLED[sample.name])


def address_of_server(name: str, request: pytest.FixtureRequest, stack: ExitStack) -> Address:
    if name == "postoffice":
        return stack.enter_context(running_postoffice())
    server = request.getfixturevalue(name)
    assert isinstance(server, MailServer)
    return server.address


def ids(raised: list[dict[str, Any]], sessions: range) -> str:
    """Return the ids of what was *raised* in these *sessions*."""
    return in_order(*(one["id"] for one in raised if one["session"] in sessions))


def in_order(*names: str) -> str:
    return " ".join(sorted({name for text in names for name in text.split()}))
