"""Fetch what is new in a maildrop into a folder, a file for each message."""

import hashlib
import poplib
import ssl
from dataclasses import dataclass
from pathlib import Path


class FetchError(Exception):
    """Something kept the mail from being fetched; the maildrop is as it was."""


@dataclass(frozen=True)
class Account:
    """Whose mail it is, and where; ``ca_file`` has the authority to trust in TLS."""

    host: str
    port: int
    user: str = "demo"
    password: str = "demo"
    tls: bool = False
    ca_file: Path | None = None
    timeout: float = 10.0


def fetch(account: Account, folder: Path, *, delete: bool = False) -> list[str]:
    """Store in *folder* what it does not have yet; return the unique-ids of that.

    With *delete* what is stored is removed from the server.  A message is stored whole or not at
    all, and nothing is removed unless all went well.  Raise FetchError.
    """
    client = None
    try:
        client = _logged_in(account)
        fetched = [
            _store(client, number, unique_id, folder) for number, unique_id in _listed(client)
        ]
        if delete:
            for number, _ in _listed(client):
                client.dele(number)
        client.quit()
    except poplib.error_proto as error:
        raise FetchError(f"the server refused: {_text(error)}") from error
    except OSError as error:
        raise FetchError(f"the connection broke: {error}") from error
    finally:
        if client is not None:
            client.close()
    return [unique_id for unique_id in fetched if unique_id]


def _logged_in(account: Account) -> poplib.POP3:
    client = poplib.POP3(account.host, account.port, timeout=account.timeout)
    try:
        if account.tls:
            client.stls(ssl.create_default_context(cafile=account.ca_file))
        client.user(account.user)
        client.pass_(account.password)
    except BaseException:
        client.close()
        raise
    return client


def _listed(client: poplib.POP3) -> list[tuple[int, str]]:
    """Return the numbers of the messages, with their unique-ids."""
    lines = [line.decode("ascii", "replace").split() for line in client.uidl()[1]]
    try:
        return [(int(number), unique_id) for number, unique_id in lines]
    except ValueError:
        raise FetchError("the server's list of unique-ids cannot be read") from None


def _store(client: poplib.POP3, number: int, unique_id: str, folder: Path) -> str:
    """Store a message, unless it is there; return its unique-id if it is new."""
    name = hashlib.sha256(unique_id.encode()).hexdigest()[:16]  # an id may hold what a name cannot
    file = folder / f"{name}.eml"
    if file.exists():
        return ""
    octets = b"".join(line + b"\r\n" for line in client.retr(number)[1])
    part = folder / f"{name}.part"
    part.write_bytes(octets)
    part.rename(file)
    return unique_id


def _text(error: poplib.error_proto) -> str:
    said = error.args[0]
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
