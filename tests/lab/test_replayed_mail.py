"""Recordings of real servers stand in for them, and recorded clients meet the live ones again."""

import json
import poplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.program import Ended, run_here, running
from lab.clients import CLIENTS, Client, Login, PatientPOP3, fetchmail, mpop, poplib_
from lab.corpus import sha256
from lab.loopback import HOST, Address, until
from lab.mailserver import FEW_USER, MailServer
from lab.relay import proxied
from lab.samples import whole_session
from lab.servers import running_dovecot

pytestmark = pytest.mark.lab

VARIABLE = "POP3SPY_LAB_SECRET"

each_client = pytest.mark.parametrize(
    "client", [pytest.param(client, id=client.name) for client in CLIENTS]
)


@pytest.fixture(scope="module")
def session(dovecot: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of alice's mail, downloaded from Dovecot with every listing there is."""

    def everything(address: Address) -> None:
        client = PatientPOP3(address.host, address.port, timeout=60)
        client.capa()
        client.user("alice")
        client.pass_(dovecot.secret("user"))
        count, _ = client.stat()
        client.list()
        client.uidl()
        for number in range(1, count + 1):
            client.retr(number)
        client.quit()
        client.close()

    return recorded(dovecot, everything, tmp_path_factory.mktemp("recorded"))


def recorded(server: MailServer, talk: Callable[[Address], object], folder: Path) -> Path:
    path = folder / "session.yaml"
    with proxied(*server.address, "--record", str(path)) as relay:
        talk(relay.address)
    return path


@contextmanager
def replayed(recording: Path, *args: str) -> Iterator[Address]:
    with running("replay", "server", recording, "--listen", ":0", "--quiet", *args) as server:
        yield Address(HOST, server.port())
        assert server.stopped().status == 0


def played(recording: Path, server: MailServer, secret: str, *args: str) -> Ended:
    """Play the recorded client against *server*; what proves who it is comes in a variable."""
    to = ("--to", f"pop3://{server.address}", "--password-env", VARIABLE)
    ended = run_here("replay", "client", str(recording), *to, *args, **{VARIABLE: secret})
    assert ended.err == ""
    return ended


def differences(ended: Ended) -> list[tuple[str, str, object, object]]:
    assert ended.status == 1
    keys = ("command", "what", "expected", "got")
    return [
        (each[keys[0]], each[keys[1]], each[keys[2]], each[keys[3]])
        for each in json.loads(ended.out)["differences"]
    ]


# -- the recorded server ------------------------------------------------------------------------


def test_a_client_gets_the_octets_that_dovecot_sent(
    session: Path, dovecot: MailServer, tmp_path: Path
) -> None:
    with replayed(session) as address, replayed(session, "--cuts") as cut:
        for client in CLIENTS:
            saved = {
                place: hashes(client.download(at, tmp_path / client.name / place, login))
                for place, at, login in (
                    ("direct", dovecot.address, Login()),
                    ("again", address, Login(password="anything")),
                    ("cut", cut, Login(password="anything")),
                )
            }
            kept = hashes([client.keeps(message) for message in dovecot.holds()])
            assert (client.name, saved) == (client.name, dict.fromkeys(saved, kept))


@each_client
def test_a_client_that_does_the_same_again_is_answered_from_the_recording_alone(
    client: Client, dovecot: MailServer, tmp_path: Path
) -> None:
    path = recorded(
        dovecot, lambda address: client.download(address, tmp_path / "first", Login()), tmp_path
    )
    with replayed(path, "--strict") as address:
        again = client.download(address, tmp_path / "again", Login(password="anything"))

    assert hashes(again) == hashes([client.keeps(message) for message in dovecot.holds()])


def hashes(saved: list[bytes]) -> list[str]:
    return [sha256(message) for message in saved]


def test_a_client_logs_in_to_a_recording_in_every_way(
    session: Path, dovecot: MailServer, tmp_path: Path
) -> None:
    """Dovecot offered all these; the recorded client used another."""
    ways = [(client, auth) for client in CLIENTS for auth in client.auths]
    with replayed(session) as address:
        saved = {
            (client.name, auth): len(
                client.download(
                    address, tmp_path / f"{client.name}-{auth}", Login(auth, password="anything")
                )
            )
            for client, auth in ways
        }

    assert saved == {(client.name, auth): len(dovecot.holds()) for client, auth in ways}


# -- the recorded client ------------------------------------------------------------------------


def test_a_recorded_client_finds_dovecot_as_it_was(session: Path, dovecot: MailServer) -> None:
    ended = played(session, dovecot, dovecot.secret("user"))

    assert ended.out.startswith("no differences in ")
    assert ended.status == 0


def test_a_recorded_client_finds_what_is_different_with_popa3d(
    session: Path, dovecot: MailServer, popa3d: MailServer
) -> None:
    """It knows neither CAPA nor APOP, has unique-ids of its own, and stores mail in another way.

    It ends headers without a body with a blank line, and counts the line end that it adds to a
    message without one, as it should; Dovecot adds that as well, and does not count it.
    """
    found = differences(played(session, popa3d, popa3d.secret("user"), "--json"))

    counted = [len(message.stored.replace(b"\n", b"\r\n")) for message in dovecot.holds()]
    wires = [len(message.wire) for message in dovecot.holds()]
    longer = [len(message.wire) for message in popa3d.holds()]
    numbers = range(1, len(wires) + 1)
    listed = zip(numbers, counted, longer, strict=True)
    sent = zip(numbers, wires, longer, strict=True)
    assert [each for each in found if each[0] != "UIDL" and each[1] != "lines"] == [
        ("greeting", "APOP", "offered", "not offered"),
        ("CAPA", "status", "+OK", "-ERR"),
        ("STAT", "size", sum(counted), sum(longer)),
        *(("LIST", f"size of {n}", was, now) for n, was, now in listed if was != now),
        *((f"RETR {n}", "size", was, now) for n, was, now in sent if was != now),
    ]
    assert [each[1] for each in found if each[0] == "UIDL"] == [
        f"unique-id of {n}" for n in numbers
    ]


@pytest.mark.parametrize(
    ("client", "auth"),
    [
        pytest.param(fetchmail, "apop", id="APOP"),
        pytest.param(fetchmail, "cram-md5", id="CRAM-MD5"),
        pytest.param(mpop, "plain", id="PLAIN"),
        pytest.param(mpop, "login", id="LOGIN"),
        pytest.param(poplib_, "xoauth2", id="XOAUTH2"),
        pytest.param(mpop, "oauthbearer", id="OAUTHBEARER"),
    ],
)
def test_a_recorded_client_proves_afresh_who_it_is(
    client: Callable[[Address, Path, Login], object],
    auth: str,
    dovecot: MailServer,
    tmp_path: Path,
) -> None:
    """Digests are of this greeting and this challenge: the recorded ones would be refused."""
    secret = dovecot.secret(auth)
    login = Login(auth, password=secret)
    path = recorded(dovecot, lambda address: client(address, tmp_path, login), tmp_path)
    before = len(dovecot.logins())
    ended = played(path, dovecot, secret)

    assert ended.out.startswith("no differences in ")
    until(lambda: len(dovecot.logins()) > before or None, "a login")
    assert f"method={auth.upper()}," in dovecot.logins()[before]


@pytest.mark.parametrize("auth", ["apop", "cram-md5"])
def test_a_wrong_password_is_told_and_nothing_more_is_asked(
    auth: str, dovecot: MailServer, tmp_path: Path
) -> None:
    login = Login(auth, user=FEW_USER)
    path = recorded(dovecot, lambda address: fetchmail(address, tmp_path, login), tmp_path)
    ended = played(path, dovecot, "looking-glass", "--json")

    (difference,) = [each for each in differences(ended) if each[1] == "status"]
    assert difference[2:] == ("+OK", "-ERR")
    assert json.loads(ended.out)["left_out"][0]["why"] == (
        "the login failed, so nothing more was asked"
    )


def test_messages_are_found_by_their_unique_ids(tmp_path: Path) -> None:
    """The first message was deleted since: every other one has another number now."""
    with running_dovecot() as server:
        path = recorded(server, lambda address: whole_session(address, tmp_path), tmp_path)
        delete_first(server)
        by_number = differences(played(path, server, server.secret("user"), "--json"))
        by_uid = played(path, server, server.secret("user"), "--by", "uid", "--json")

    assert ("RETR 2", "size") in {each[:2] for each in by_number}
    assert ("RETR 5", "status", "+OK", "-ERR") in by_number
    assert differences(by_uid) == [
        ("STAT", "messages", 5, 4),
        ("STAT", "size", 2406, 1347),
        ("LIST", "size of 1", 1059, None),
        ("UIDL", "unique-id of 1", "0000000163b248b0", None),
        ("TOP 1 0", "message", "there", "not there"),
        ("RETR 1", "message", "there", "not there"),
    ]


def delete_first(server: MailServer) -> None:
    client = poplib.POP3(*server.address, timeout=60)
    client.user(FEW_USER)
    client.pass_(server.secret("user"))
    client.dele(1)
    client.quit()
