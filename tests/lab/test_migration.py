"""Dovecot, Cyrus and popa3d with the same mail: what differs between them, and nothing else."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from cli.program import Ended, run_here
from lab.mailserver import FEW, PASSWORD, MailServer
from lab.relay import proxied
from lab.samples import whole_session

pytestmark = pytest.mark.lab

Servers = dict[str, MailServer]
Recordings = dict[str, Path]
Row = tuple[str, str, dict[str, object]]

SERVERS = ("dovecot", "cyrus", "popa3d")


def row(command: str, what: str, *values: object) -> Row:
    return command, what, dict(zip(SERVERS, values, strict=True))


DIFFERENT = [
    # popa3d knows neither APOP nor CAPA; the other two can do different things.
    row("greeting", "APOP", "offered", "offered", "not offered"),
    row("CAPA", "status", "+OK", "+OK", "-ERR"),
    row("CAPA", "CAPA", "listed", None, ...),
    row("CAPA", "EXPIRE", None, "NEVER", ...),
    row("CAPA", "IMPLEMENTATION", None, "listed", ...),
    row("CAPA", "LOGIN-DELAY", None, "0", ...),
    row(
        "CAPA",
        "SASL",
        "CRAM-MD5 LOGIN OAUTHBEARER PLAIN XOAUTH2",
        "CRAM-MD5 DIGEST-MD5 LOGIN PLAIN",
        ...,
    ),
    # popa3d ends headers without a body with a blank line, which Dovecot and Cyrus leave out.
    row("STAT", "size", 2406, 2406, 2408),
    row("LIST", "size of 5", 326, 326, 328),
    row("LIST", "size of 5", 326, 326, 328),
    row("RETR 5", "size", 326, 326, 328),
    row("RETR 5", "lines", 7, 7, 8),
]
"""What each says; ``...`` stands where it says nothing that could be compared."""


def expected(one: str, other: str) -> Iterator[tuple[str, str, object, object]]:
    for command, what, values in DIFFERENT:
        if values[one] != values[other] and ... not in (values[one], values[other]):
            yield command, what, values[one], values[other]


@pytest.fixture(scope="module")
def servers(dovecot: MailServer, cyrus: MailServer, popa3d: MailServer) -> Servers:
    return {each.name: each for each in (dovecot, cyrus, popa3d)}


@pytest.fixture(scope="module")
def recordings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """The same client with each of them: it says every command of RFC 1939."""
    folder = tmp_path_factory.mktemp("servers")
    files = {name: folder / f"{name}.yaml" for name in servers}
    for name, file in files.items():
        with proxied(*servers[name].address, "--record", str(file)) as relay:
            whole_session(relay.address, folder)
    return files


def only_these(ended: Ended, one: str, other: str) -> None:
    assert ended.status == 1, ended.err
    told = json.loads(ended.out)["differences"]
    found = [
        tuple(each[key] for key in ("command", "what", "expected", "got"))
        for each in told
        if not each["what"].startswith("unique-id")
    ]
    assert sorted(found, key=str) == sorted(expected(one, other), key=str)
    ids = [each["what"] for each in told if each["what"].startswith("unique-id")]
    assert ids == [f"unique-id of {number}" for number in range(1, len(FEW) + 1)]


@pytest.mark.parametrize(("one", "other"), list(permutations(SERVERS, 2)))
def test_two_recordings_show_what_two_servers_do_differently(
    one: str, other: str, recordings: Recordings
) -> None:
    files = str(recordings[one]), str(recordings[other])
    only_these(run_here("compare", *files, "--json"), one, other)
    said = run_here("compare", *files, "--summary").out.splitlines()
    assert said[:2] == [
        "5 messages in both, found by content; 0 missing, 0 new, 0 changed",
        "unique-ids changed for 5 of 5 messages: clients will fetch these again",
    ]


@pytest.mark.parametrize("other", SERVERS)
@pytest.mark.parametrize("one", SERVERS)
def test_a_recorded_client_finds_what_another_server_does_differently(
    one: str, other: str, servers: Servers, recordings: Recordings
) -> None:
    """Of the server that it came from, it finds nothing."""
    to = ("--to", f"pop3://{servers[other].address}", "--password-env", "P", "--json")
    ended = run_here("replay", "client", str(recordings[one]), *to, P=PASSWORD)
    if one == other:
        assert (ended.status, json.loads(ended.out)["differences"]) == (0, [])
    else:
        only_these(ended, one, other)
