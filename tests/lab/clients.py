"""Real POP3 clients: each logs in, downloads all mail, leaves it there, and says what it saved.

Every client returns the messages in the order of the maildrop, as the octets it saved.
What is known of its way of saving is in `CLIENTS`, so that the rest must be exact.
"""

import base64
import poplib
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.corpus import PASSWORD, Message, with_body
from lab.loopback import Address
from lab.mailserver import USER
from lab.processes import need

PATIENCE = 60.0


@dataclass(frozen=True)
class Login:
    """How a client shows who it is; inside TLS, and then only to whom a certificate vouches for.

    *stls* begins it with STLS, *pop3s* at once.
    """

    auth: str = "user"
    user: str = USER
    password: str = PASSWORD
    stls: Path | None = None
    pop3s: Path | None = None

    @property
    def believed(self) -> Path | None:
        """The certificate, if there is to be TLS."""
        return self.stls or self.pop3s


@dataclass(frozen=True)
class Client:
    """A client and the form in which it keeps a message."""

    name: str
    download: Callable[[Address, Path, Login], list[bytes]]
    keeps: Callable[[Message], bytes]
    auths: Sequence[str]


def run(*command: str | Path, home: Path) -> bytes:
    """Run a client to its end; its own files go below *home*."""
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        check=False,
        cwd=home,
        env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    output = (done.stdout[-2000:] + done.stderr[-2000:]).decode(errors="replace")
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {output}"
    return done.stdout


def saved_in(folder: Path, number: str = r"(\d+)") -> list[bytes]:
    """Return the files of *folder* in the order of the *number* in their names."""

    def place(file: Path) -> int:
        match = re.search(number, file.name)
        assert match, file
        return int(match[1])

    return [file.read_bytes() for file in sorted(folder.iterdir(), key=place)]


def curl(address: Address, folder: Path, login: Login) -> list[bytes]:
    """Download with curl: once to count, once for the mail; it chooses how to log in itself."""
    options = ["-sS", "--user", f"{login.user}:{login.password}"]
    match login.auth:
        case "user":
            pass
        case "apop":
            options += ["--login-options", "AUTH=+APOP"]
        case "oauthbearer":  # with a token it never takes XOAUTH2 if it may take this
            options += ["--oauth2-bearer", login.password]
        case _:
            options += ["--login-options", f"AUTH={login.auth.upper()}"]
    if login.believed:
        options += ["--ssl-reqd", "--cacert", str(login.believed)]
    program, url = need("curl"), f"{'pop3s' if login.pop3s else 'pop3'}://{address}"
    count = len(run(program, *options, f"{url}/", home=folder).splitlines())
    mail = folder / "mail"
    mail.mkdir()
    run(program, *options, f"{url}/[001-{count:03}]", "-o", mail / "#1", home=folder)
    return saved_in(mail)


FETCHMAIL_WAYS = {
    "user": "proto POP3 auth password",
    "apop": "proto APOP",
    "cram-md5": "proto POP3 auth cram-md5",
}

# fetchmail cuts lines that exceed its buffer: NUL, one stray octet, CR LF.
FETCHMAIL_CUT = re.compile(rb"(?<=[^\r\n]{8191})\0.\r\n", re.DOTALL)


def fetchmail(address: Address, folder: Path, login: Login) -> list[bytes]:
    """Download with fetchmail, whose MDA numbers the messages as they come."""
    if login.auth not in FETCHMAIL_WAYS:
        raise ValueError(f"no way to log in: {login.auth}")
    tls = "sslproto ''"
    if login.believed:
        tls = f"sslproto 'TLS1.2+' sslcertck sslcertfile '{login.believed}' sslcommonname localhost"
    if login.pop3s:
        tls = f"ssl {tls}"
    mail = folder / "mail"
    mail.mkdir(parents=True)
    deliver = folder / "deliver"
    deliver.write_text(f"cd {mail}; cat > $(printf %03d $(ls | wc -l))\n")
    account = f"user '{login.user}' pass '{login.password}' {tls}"
    unchanged = f'no rewrite no stripcr mda "sh {deliver}"'
    way = FETCHMAIL_WAYS[login.auth]
    rc = folder / "fetchmailrc"
    rc.write_text(f"poll {address.host} service {address.port} {way} {account} {unchanged}\n")
    rc.chmod(0o600)
    own = [f"--pidfile={folder / 'pid'}", f"--idfile={folder / 'ids'}", f"--fetchmailrc={rc}"]
    run(need("fetchmail"), *own, "--nosyslog", "--invisible", "--all", "--keep", home=folder)
    return [FETCHMAIL_CUT.sub(b"", saved) for saved in saved_in(mail)]


def mpop(address: Address, folder: Path, login: Login) -> list[bytes]:
    """Download with mpop into a Maildir."""
    mail = folder / "mail"
    for part in ("cur", "new", "tmp"):
        (mail / part).mkdir(parents=True)
    tls = ["--tls=off"]
    if login.believed:
        at_once = f"--tls-starttls={'off' if login.pop3s else 'on'}"
        tls = ["--tls=on", at_once, f"--tls-trust-file={login.believed}"]
    account = [f"--host={address.host}", f"--port={address.port}", f"--user={login.user}"]
    secret = [f"--auth={login.auth}", f"--passwordeval=echo '{login.password}'"]
    keeping = ["--keep=on", "--received-header=off", f"--uidls-file={folder / 'ids'}"]
    into = f"--delivery=maildir,{mail}"
    run(need("mpop"), "--quiet", *account, *secret, *tls, *keeping, into, home=folder)
    return saved_in(mail / "new", number=r"Q(\d+)\.")


class PatientPOP3(poplib.POP3):
    """poplib without its limit of 2048 octets a line, which real mail exceeds."""

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline()
        if not line:
            raise poplib.error_proto("-ERR EOF")
        return line.removesuffix(b"\r\n"), len(line)

    def auth(self, mechanism: str, initial: str) -> None:
        encoded = base64.b64encode(initial.encode()).decode()
        self.sock.sendall(f"AUTH {mechanism} {encoded}\r\n".encode())
        reply = self.file.readline()
        assert reply.startswith(b"+OK"), reply


class PatientPOP3S(PatientPOP3, poplib.POP3_SSL):
    """The same inside TLS."""


def poplib_(address: Address, folder: Path, login: Login) -> list[bytes]:
    """Download with Python's own library, which saves nothing: *folder* stays as it is."""
    del folder
    client: PatientPOP3
    if login.pop3s:
        context = ssl.create_default_context(cafile=str(login.pop3s))
        client = PatientPOP3S(address.host, address.port, timeout=PATIENCE, context=context)
    else:
        client = PatientPOP3(address.host, address.port, timeout=PATIENCE)
    try:
        if login.stls:
            client.stls(ssl.create_default_context(cafile=str(login.stls)))
        return fetch(client, login)
    finally:
        client.close()


def fetch(client: PatientPOP3, login: Login) -> list[bytes]:
    """Log in, and return all mail."""
    match login.auth:
        case "user":
            client.user(login.user)
            client.pass_(login.password)
        case "apop":
            client.apop(login.user, login.password)
        case "plain":
            client.auth("PLAIN", f"\0{login.user}\0{login.password}")
        case "xoauth2":
            bearer = f"auth=Bearer {login.password}"
            client.auth("XOAUTH2", f"user={login.user}\1{bearer}\1\1")
        case _:
            raise ValueError(f"no way to log in: {login.auth}")
    count, _ = client.stat()
    lines = [client.retr(number)[1] for number in range(1, count + 1)]
    client.quit()
    return [b"".join(line + b"\r\n" for line in each) for each in lines]


class JoinedPOP3(PatientPOP3):
    """Speaks through a program that has the connection, and has heard the greeting perhaps."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.file = sock, sock.makefile("rb")
        self._debugging = 0


def s_client(address: Address, folder: Path, login: Login) -> list[bytes]:
    """Download through ``openssl s_client``, which keeps the greeting if it said STLS itself.

    Without -quiet it would take ``RETR`` and ``QUIT`` for commands to itself.
    """
    assert login.believed
    folder.mkdir(parents=True)
    options = ["-quiet", "-verify_return_error", "-CAfile", str(login.believed)]
    options += ["-servername", address.host, "-verify_hostname", address.host]
    if login.stls:
        options += ["-starttls", "pop3"]
    command = [need("openssl"), "s_client", "-connect", str(address), *options]
    near, far = socket.socketpair()
    near.settimeout(PATIENCE)
    with near, (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(command, stdin=far.fileno(), stdout=far.fileno(), stderr=errors)
        far.close()
        try:
            client = JoinedPOP3(near)
            if login.pop3s:
                assert client.file.readline().startswith(b"+OK")
            mail = fetch(client, login)
            assert process.wait(PATIENCE) == 0  # the server hung up
            return mail
        finally:
            client.close()
            process.kill()
            process.wait()


def as_wire(message: Message) -> bytes:
    return message.wire


def as_wire_with_body(message: Message) -> bytes:
    return with_body(message).wire


def as_lf(message: Message) -> bytes:
    return message.lf


CLIENTS = (
    Client("curl", curl, as_wire, ("plain", "login", "cram-md5", "apop", "oauthbearer")),
    Client("fetchmail", fetchmail, as_wire_with_body, ("apop", "cram-md5")),
    Client("mpop", mpop, as_lf, ("plain", "login", "cram-md5", "xoauth2", "oauthbearer")),
    Client("poplib", poplib_, as_wire, ("apop", "plain", "xoauth2")),
)
S_CLIENT = Client("openssl", s_client, as_wire, ("plain", "xoauth2"))
"""It has no word of clear text, so it is not among the others."""
