"""perdition, a POP3 proxy: it speaks with the client until the login, then with the server too."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.accounts import as_inetd
from lab.dovecot import make_certificate
from lab.loopback import Address, address_of, listener
from lab.mailserver import MailServer, own_folder
from lab.processes import need, running


@contextmanager
def running_perdition(behind: Address) -> Iterator[MailServer]:
    """Run perdition in front of the server *behind* until the block is left."""
    program = need("perdition")
    with (
        own_folder("perdition") as folder,
        listener() as listening,
        (folder / "log").open("wb") as log,
    ):
        make_certificate(folder)
        (folder / "key.pem").chmod(0o644)
        (folder / "none").touch()
        (folder / "said").touch()
        (folder / "said").chmod(0o666)
        where = ["-s", behind.host, "-p", str(behind.port), "-P", "POP3"]
        tls = ["--ssl_mode", "tls_listen", "--ssl_key_file", str(folder / "key.pem")]
        tls += ["--ssl_cert_file", str(folder / "certificate.pem")]
        own = [
            "--inetd_mode",
            "-f",
            str(folder / "none"),
            "-M",
            "",
            "--log_facility",
            str(folder / "said"),
        ]
        each = as_inetd(listening.fileno(), program, *own, *where, *tls)
        server = MailServer(
            "perdition",
            address_of(listening),
            folder / "said",
            certificate=folder / "certificate.pem",
        )
        with running(each, pass_fds=[listening.fileno()], stdout=log, stderr=log):
            listening.close()
            server.assert_ready()
            yield server
