"""What becomes of each thing that may tell a secret or a name, as one table.

``docs/security.md`` prints it, and ``tests/security/test_strict.py`` has a conversation for each
row whose names must be nowhere.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ShownField:
    """One row: a thing, and how it is shown with ``--redact secrets`` and ``--redact strict``."""

    what: str
    secrets: str
    strict: str


# fmt: off
FIELDS: Final = (
    ShownField("passwords, tokens, digests, answers inside AUTH", "`████████`", "`████████`"),
    ShownField("a command that nobody knows", "`████████`; in `connect` shown, unless it may be a secret", "`████████`"),
    ShownField("a command of another protocol, `EHLO` or `GET`", "its verb", "its verb"),
    ShownField("the name of a user, in commands, SASL messages and notes", "shown", "`user-1`, and so are its parts of a dotted name"),
    ShownField("an address of mail", "shown", "`user-1@host-1.invalid`"),
    ShownField("the client's address and port", "shown", "`host-1.invalid`, no port"),
    ShownField("the server's address", "shown", "`host-2.invalid` and the port; in notes `████████`"),
    ShownField("whom another proxy brings (PROXY, XCLIENT, XOIP)", "shown", "a `PROXY` header not at all, the others as hosts and users"),
    ShownField("the greeting, and banners before it", "shown", "words that any greeting may have, and versions; a host as `host-3.invalid`, all else `████████`"),
    ShownField("a challenge inside AUTH", "shown, unless it may hold a secret", "`████████` if it names anybody or is no base64"),
    ShownField("texts of the server: `+OK`, `-ERR`, lines without a status", "shown, less secrets", "shown, with addresses of mail, host names, IP addresses and all names above replaced"),
    ShownField("response codes, numbers of messages, sizes, times", "shown", "shown"),
    ShownField("unique-ids", "shown", "`id-1`"),
    ShownField("capabilities and other listings", "shown", "shown, with names replaced as in texts"),
    ShownField("subject and sender of a message", "shown", "not shown"),
    ShownField("messages in a recording", "kept (`--bodies`)", "masked, unless `--bodies keep` is given"),
    ShownField("an `-ERR` inside a message", "shown", "shown, with names replaced as in texts"),
    ShownField("certificates, and the name that a client asks TLS for", "shown", "not shown"),
    ShownField("why a session ended", "shown", "shown, with names replaced as in texts"),
    ShownField("the name of a recording in a folder", "has the client's address", "has no address"),
    ShownField("addresses, faults and rewrites in notes of the log", "shown", "`████████`"),
)
# fmt: on
