"""A recorded client played against a real server, by every kind of URL."""

import os
from pathlib import Path

import pytest

from cli.program import run
from lab.mailserver import PASSWORD, USER, MailServer
from lab.servers import dovecot

__all__ = ["dovecot"]

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scheme", ["pop3", "pop3s", "pop3+stls"])
def test_a_session_recorded_in_one_way_plays_in_every_way(
    dovecot: MailServer, tmp_path: Path, scheme: str
) -> None:
    """Only the capabilities differ, and only if there is TLS now: STLS is gone."""
    assert dovecot.pop3s
    script = tmp_path / "script"
    script.write_text(f"CAPA\nUSER {USER}\nPASS {PASSWORD}\nSTAT\nLIST\nRETR 2\nQUIT\n")
    os.chmod(script, 0o600)  # noqa: PTH101 - it holds a password
    capture = tmp_path / "session.yaml"
    plain = f"localhost:{dovecot.address.port}"
    made = run("connect", plain, "--script", str(script), "--record", str(capture))
    assert made.status == 0
    port = dovecot.pop3s.port if scheme == "pop3s" else dovecot.address.port
    to = ["--to", f"{scheme}://localhost:{port}", "--upstream-ca", str(dovecot.certificate)]
    played = run("replay", "client", str(capture), *to, "--password-env", "P", P=PASSWORD)
    if scheme == "pop3":
        assert (played.status, played.err) == (0, "")
    else:
        assert played.status == 1
        differing = [line for line in played.out.splitlines() if "STLS" in line]
        assert len(differing) == 1, played.out
        assert "1 difference" in played.out
