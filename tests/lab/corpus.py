"""Mail that has gone wrong elsewhere: the same octets in every run, and what each becomes.

A message is *stored* as a Unix server keeps it, with LF at the end of each line.
What a client gets is its *wire* form: CRLF, and a newline after the last line.
"""

import base64
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PASSWORD = "wonderland"
HEAVY_OCTETS = 20_000_000


@dataclass(frozen=True)
class Message:
    """One message and the forms that servers and clients give it."""

    name: str
    stored: bytes

    @cached_property
    def lf(self) -> bytes:
        """The message with LF, as a client on Unix saves it."""
        return self.stored if self.stored.endswith(b"\n") else self.stored + b"\n"

    @cached_property
    def wire(self) -> bytes:
        """The message with CRLF, as RFC 1939 sends it, before dots are stuffed."""
        return self.lf.replace(b"\n", b"\r\n")

    @cached_property
    def stuffed(self) -> bytes:
        """All that follows the status line of RETR: dots stuffed, terminator included."""
        stuffed = self.wire.replace(b"\r\n.", b"\r\n..")
        return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"

    @cached_property
    def sha256(self) -> str:
        """The hash of the wire form."""
        return sha256(self.wire)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def headers(name: str) -> bytes:
    return (
        "Received: from mx.example.org ([192.0.2.1]) by mail.example.com\n"
        f"\twith ESMTP id {name} for <alice@example.com>; Mon, 02 Jan 2023 03:04:05 +0000\n"
        "From: Sender <sender@example.org>\n"
        "To: Alice <alice@example.com>\n"
        f"Subject: {name}\n"
        "Date: Mon, 02 Jan 2023 03:04:05 +0000\n"
        f"Message-ID: <{name}@corpus.example.org>\n"
    ).encode()


def message(name: str, body: str | bytes) -> Message:
    octets = body if isinstance(body, bytes) else body.encode()
    return Message(name, headers(name) + b"\n" + octets)


def prose(seed: int, lines: int) -> str:
    """Return plain text that the *seed* alone decides."""
    words = (
        "alfa",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "kilo",
    )
    draw = random.Random(seed)
    return "".join(" ".join(draw.choices(words, k=10)) + "\n" for _ in range(lines))


def base64_lines(seed: int, octets: int) -> bytes:
    """Return about *octets* octets of base64, as an attachment has them."""
    lines = octets // 77
    return base64.encodebytes(random.Random(seed).randbytes(57 * lines))


def with_body(message: Message) -> Message:
    """Return *message* with the blank line that begins a body, should it have none."""
    if b"\n\n" in message.lf:
        return message
    return Message(message.name, message.lf + b"\n")


EVERY_OCTET = bytes(octet for octet in range(256) if octet not in b"\r\n")
CREDENTIALS = base64.b64encode(f"\0alice\0{PASSWORD}".encode()).decode()

MESSAGES = (
    message("plain", prose(1, 12)),
    message("dots", ".\n..\n...\n.leading\n..two\n. space\nmiddle . dot\nat the end.\n.\n"),
    message("only-a-dot", ".\n"),
    message("dot-without-newline", "text\n."),
    message("dots-in-long-lines", "." * 3000 + "\n." + "y" * 998 + "\n"),
    message("latin-1", "Gr\xfc\xdfe, \xe9t\xe9 \xff\n".encode("latin-1")),
    message("utf-8", "Grüße aus Köln, naïve café, 日本語, 🐧\n" * 3),
    Message(
        "utf-8-header", "Subject: Grüße, 日本語\n".encode() + headers("utf-8-header") + b"\n.\n"
    ),
    message("line-of-1200", "x" * 1200 + "\n" + prose(2, 1)),
    message("line-of-70000", "0123456789" * 7000 + "\nend\n"),
    message("empty-body", ""),
    message("blank-lines", "\n" * 20),
    message("trailing-spaces", "spaces   \n\t\ttabs\t\n   \n\n"),
    Message("headers-only", headers("headers-only")),
    message("no-final-newline", prose(3, 1) + "the last line has no newline"),
    message("fake-replies", "+OK not a reply\n-ERR nor this\n.\nQUIT\nRETR 1\n+ \nSTLS\n"),
    message("nul", b"a NUL \0 inside\n\0\nand after\n"),
    message("bare-cr", b"a bare CR\rinside a line\nand \r\r two, \rQUIT\r.\r and on\n"),
    message("control-characters", "\a\b\f\v\x1b[31mred\x1b[0m \x7f \x1b]0;title\a \u202eback\n"),
    message("every-octet", EVERY_OCTET + b"\n." + EVERY_OCTET + b"\n"),
    message("password-in-body", f"PASS {PASSWORD}\nUSER alice\nAUTH PLAIN {CREDENTIALS}\n"),
    *(message(f"tiny-{number}", f"{number}\n") for number in range(1, 7)),
    message("one-megabyte", base64_lines(4, 1_000_000)),
)


def heavy() -> Message:
    """Return a message of 20 MB, made only where it is asked for."""
    return message("heavy", base64_lines(5, HEAVY_OCTETS))


def write_maildir(folder: Path, messages: Iterable[Message]) -> None:
    """Write *messages* as a Maildir whose file names keep their order."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for number, each in enumerate(messages, start=1):
        (folder / "new" / f"{1672628400 + number}.M{number:06}P1.lab").write_bytes(each.stored)


def write_mbox(file: Path, messages: Iterable[Message]) -> None:
    """Write *messages* as an mbox; none has a body line that begins with `From `."""
    with file.open("wb") as mbox:
        for each in messages:
            assert b"\nFrom " not in each.lf
            mbox.write(b"From sender@example.org Mon Jan  2 03:04:05 2023\n" + each.lf + b"\n")
