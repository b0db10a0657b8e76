"""nginx as a POP3 proxy: the client speaks with it until the login, then with the server behind."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.dovecot import make_certificate
from lab.loopback import HOST, Address, address_of, listener
from lab.mailserver import PASSWORD, MailServer, own_folder
from lab.processes import need, running

CONFIGURATION = """
load_module modules/ngx_mail_module.so;
daemon off;
pid "{folder}/pid";
error_log "{folder}/errors" info;
worker_processes 1;
user root;
events {{ worker_connections 64; }}
mail {{
  server_name mail.example.org;
  auth_http {asked}/;
  pop3_auth plain apop cram-md5;
  pop3_capabilities TOP USER UIDL PIPELINING;
  ssl_certificate "{folder}/certificate.pem";
  ssl_certificate_key "{folder}/key.pem";
  starttls on;
  server {{ listen {listening}; protocol pop3; }}
  server {{ listen {secured} ssl; protocol pop3; starttls off; }}
}}
"""


class _Asked(BaseHTTPRequestHandler):
    """Answers whether a login is good, and which server is behind it."""

    def __init__(self, behind: Address, *args: object) -> None:
        self._behind = behind
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200)
        given = self.headers["Auth-Pass"]
        # Of a digest this lab cannot tell; the server behind is told the password.
        if self.headers["Auth-Method"] == "plain" and given != PASSWORD:
            told = {"Auth-Status": "Invalid login or password", "Auth-Wait": "1"}
        else:
            told = {
                "Auth-Status": "OK",
                "Auth-Server": self._behind.host,
                "Auth-Port": str(self._behind.port),
                "Auth-User": self.headers["Auth-User"],
                "Auth-Pass": PASSWORD,
            }
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running_nginx(behind: Address) -> Iterator[MailServer]:
    """Run nginx in front of the server *behind* until the block is left."""
    program = need("nginx")
    with (
        own_folder("nginx") as folder,
        listener() as listening,
        listener() as secured,
        (folder / "log").open("wb") as log,
        _asked(behind) as asked,
    ):
        make_certificate(folder)
        text = CONFIGURATION.format(
            folder=folder,
            asked=asked,
            listening=address_of(listening),
            secured=address_of(secured),
        )
        (folder / "nginx.conf").write_text(text)
        # It takes sockets that listen already, as from one of its own that it replaces.
        inherited = f"NGINX={listening.fileno()};{secured.fileno()};"
        files = [
            "-p",
            "/usr/share/nginx",
            "-c",
            str(folder / "nginx.conf"),
            "-e",
            str(folder / "errors"),
        ]
        server = MailServer(
            "nginx",
            address_of(listening),
            folder / "errors",
            address_of(secured),
            certificate=folder / "certificate.pem",
        )
        command = ["env", inherited, program, *files]
        with running(
            command, pass_fds=[listening.fileno(), secured.fileno()], stdout=log, stderr=log
        ):
            listening.close()
            secured.close()
            server.assert_ready()
            yield server


@contextmanager
def _asked(behind: Address) -> Iterator[Address]:
    with ThreadingHTTPServer((HOST, 0), partial(_Asked, behind)) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield Address(HOST, http.server_port)
        finally:
            http.shutdown()
            thread.join()
