"""Real clients, recorded with real servers: each plays again with no difference."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.program import run_here
from lab.clients import Login, curl, fetchmail, mpop, poplib_, s_client
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD, USER, MailServer
from lab.relay import Relay, relaying
from lab.ways import ca

__all__ = ["ca"]

pytestmark = pytest.mark.lab


class Played(NamedTuple):
    """A client, how it logs in, and how it comes to TLS, if it does: ``stls`` or ``pop3s``."""

    client: Callable[[Address, Path, Login], object]
    auth: str = "user"
    tls: str = "pop3"

    def __str__(self) -> str:
        return f"{self.client.__name__} by {self.auth} with {self.tls}"

    @property
    def sessions(self) -> int:
        """How many it has: curl asks for the listing first."""
        return 2 if self.client is curl else 1

    def login(self, server: MailServer, certificate: Path) -> Login:
        """Return how it logs in; alice alone has a token."""
        secret = server.secret(self.auth)
        user = FEW_USER if secret == PASSWORD else USER
        stls, pop3s = (certificate if self.tls == each else None for each in ("stls", "pop3s"))
        return Login(self.auth, user, secret, stls, pop3s)


RECORDED = {
    "dovecot": [
        Played(curl, "plain"),
        Played(curl, "cram-md5"),
        Played(curl, "apop", "stls"),
        Played(curl, "login", "pop3s"),
        Played(fetchmail),
        Played(fetchmail, "apop"),
        Played(fetchmail, "cram-md5", "stls"),
        Played(mpop),
        Played(mpop, "plain"),
        Played(mpop, "login", "stls"),
        Played(mpop, "cram-md5", "pop3s"),
        Played(mpop, "xoauth2"),
        Played(mpop, "oauthbearer", "stls"),
        Played(poplib_),
        Played(poplib_, "apop"),
        Played(poplib_, "plain", "stls"),
        Played(poplib_, "xoauth2", "pop3s"),
        Played(s_client, "user", "stls"),
        Played(s_client, "plain", "pop3s"),
    ],
    "cyrus": [
        Played(curl, "plain", "stls"),
        Played(curl, "cram-md5"),
        Played(fetchmail, "cram-md5"),
        Played(mpop, "login"),
        Played(mpop, "cram-md5", "stls"),
        Played(poplib_, "plain", "pop3s"),
        Played(fetchmail, "apop", "stls"),
    ],
    "popa3d": [
        Played(curl),
        Played(fetchmail),
        Played(mpop),
        Played(poplib_),
    ],
}
assert sum(map(len, RECORDED.values())) >= 30


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_client_finds_the_server_as_it_was(
    name: str, request: pytest.FixtureRequest, ca: Path, tmp_path: Path
) -> None:
    server, rows = request.getfixturevalue(name), RECORDED[name]
    recording, certificate = tmp_path / "recording.yaml", ca / "ca.pem"
    options = ["--ca-dir", str(ca), "--record", str(recording)]
    if server.certificate:
        options += ["--upstream-ca", str(server.certificate)]
    with relaying(f"localhost:{server.address.port}", *options, schemes=("pop3", "pop3s")) as relay:
        for number, row in enumerate(rows):
            row.client(reached(relay, row), tmp_path / str(number), row.login(server, certificate))

    differing = {}
    first = 1
    for row in rows:
        for session in range(first, first + row.sessions):
            told = again(recording, session, row, server)
            if told:
                differing[str(row), session] = told
        first += row.sessions
    assert differing == {}


def reached(relay: Relay, row: Played) -> Address:
    """Return where *relay* is for a client that comes as in *row*."""
    return Address("localhost", relay.addresses["pop3s" if row.tls == "pop3s" else "pop3"].port)


def again(recording: Path, session: int, row: Played, server: MailServer) -> str:
    """Play one session of *recording* against *server*, and return what is said if that differs."""
    scheme = {"pop3": "pop3", "stls": "pop3+stls", "pop3s": "pop3s"}[row.tls]
    port = server.pop3s.port if server.pop3s and scheme == "pop3s" else server.address.port
    to = ["--to", f"{scheme}://localhost:{port}", "--session", str(session)]
    if server.certificate:
        to += ["--upstream-ca", str(server.certificate)]
    secret = server.secret(row.auth)
    ended = run_here("replay", "client", str(recording), *to, "--password-env", "P", P=secret)
    good = ended.status == 0 and ended.out.startswith("no differences in ")
    return "" if good else ended.out + ended.err
