"""Commands that show messages as people read them, and keep them."""

from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Final

from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.connect.stage import Stage
from pop3spy.connect.talk import MOST, ServerReply
from pop3spy.console.registry import RefusalError, message_number
from pop3spy.console.rows import Row, RowTone, note
from pop3spy.console.view import MOST_LINES
from pop3spy.export.unstuff import Unstuffer
from pop3spy.newfile import new_file, reason_of
from pop3spy.protocol.message import all_headers_of, headers_of
from pop3spy.protocol.text import escape
from pop3spy.redaction.typed import without_login

_MANY: Final = 500
"""Messages whose headers are asked for in one go."""
_TOLD: Final = frozenset({"from", "to", "cc", "date", "subject"})


@CONNECT_COMMANDS.add(
    "headers",
    "[message]",
    "shows the headers of a message, decoded; alone, who sent what",
    stage=Stage.TRANSACTION,
)
async def headers(console: Console, rest: str) -> None:
    """Show headers."""
    if not rest.strip():
        await _overview(console)
        return
    number = message_number(rest, ":headers 3")
    fields = all_headers_of(await _fetch(console, b"TOP %d 0" % number))
    _show(console, (f"{name}: {value}" for name, value in fields))


@CONNECT_COMMANDS.add(
    "message",
    "message",
    "shows a message as people read it: headers and text, decoded",
    stage=Stage.TRANSACTION,
)
async def message(console: Console, rest: str) -> None:
    """Show a message."""
    number = message_number(rest, ":message 3")
    content = await _fetch(console, b"RETR %d" % number)
    fields = [
        f"{name}: {value}" for name, value in all_headers_of(content) if name.lower() in _TOLD
    ]
    try:
        parsed = message_from_bytes(content)
        text, left_out = _text(parsed), list(_parts_left_out(parsed))
    except Exception:  # noqa: BLE001 - whoever wrote it can make the library fail in many ways
        text, left_out = [], ["the text: this message is made too badly; :save keeps it as it is"]
    _show(console, [*fields, "", *text])
    for part in left_out:
        console.view.add(note(f"not shown: {escape(part)}"))
    if len(content) >= MOST:
        console.view.add(note("the message goes on; :save keeps it whole"))


@CONNECT_COMMANDS.add(
    "save",
    "message FILE",
    "keeps a message, octet by octet, in a new file of your own",
    stage=Stage.TRANSACTION,
)
async def save(console: Console, rest: str) -> None:
    """Save a message."""
    first, _, name = rest.strip().partition(" ")
    number = message_number(first, ":save 3 FILE")
    if not name.strip():
        raise RefusalError("in which file?  Write :save 3 FILE")
    path = Path(name.strip()).expanduser()  # noqa: ASYNC240 - it asks no disk
    if console.talk.connection is None:
        raise RefusalError("there is no connection any more; :reconnect makes one")
    console.must_have_its_turn()  # else what is owed would be saved
    unstuffer, size, full = Unstuffer(), 0, ""
    with new_file(path) as file:

        def keep(part: bytes) -> None:
            nonlocal size, full
            try:
                size += file.write(unstuffer.feed(part))
            except OSError as error:
                full = full or reason_of(error)

        console.view.folded = True
        try:
            reply = await console.talk.ask(b"RETR %d\r\n" % number, keep)
        except RefusalError:  # nobody waits any more, and the rest is not kept
            reply = ServerReply()
        finally:
            console.view.folded = False
    if not (reply.ok or size):
        path.unlink()
        raise RefusalError("nothing was saved")
    state = full or ("saved" if reply.whole else "broken off, what came is saved")
    console.view.add(note(f"{state}: {size:,} octets in {escape(without_login(str(path)))}"))


async def _overview(console: Console) -> None:
    """Ask who sent what, message by message."""
    console.view.folded = True
    try:
        listing = await console.command(b"LIST")
    finally:
        console.view.folded = False
    seen = console.session.maildrop.last_list if console.session else None
    if not (listing.ok and listing.whole) or seen is None:
        raise RefusalError("without a listing there are no numbers to ask for")
    numbers = seen.numbers
    rows = []
    console.view.take()
    for number in numbers[:_MANY]:
        content = await _fetch(console, b"TOP %d 0" % number)
        console.view.take()  # the commands are all alike
        found = headers_of(content)
        sender, subject = escape(found.get("from", "")), escape(found.get("subject", ""))
        rows.append(
            Row("S|", f"{number:>5}  {sender[:40]:<40}  {subject[:80]}", RowTone.BODY, None)
        )
    for row in rows:
        console.view.add(row)
    more = len(numbers) - _MANY
    console.view.add(note(f"{len(rows)} asked with TOP{f', {more} more' if more > 0 else ''}"))


async def _fetch(console: Console, line: bytes) -> bytes:
    """Return the content of a message, or the top of one."""
    console.view.folded = True
    try:
        reply = await console.command(line)
    finally:
        console.view.folded = False
    if not reply.ok:
        raise RefusalError("so there is nothing to show")
    return Unstuffer().feed(bytes(reply.body))


def _text(parsed: Message) -> list[str]:
    """Return the lines of the first text of a message that is no attachment."""
    for part in parsed.walk():
        if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            data = payload if isinstance(payload, bytes) else b""
            try:
                text = data.decode(part.get_content_charset("utf-8"))
            except (LookupError, ValueError):  # a charset that is none, or not this one
                text = data.decode("latin-1")  # most mail that does not say is that
            return text.splitlines()
    return []


def _parts_left_out(parsed: Message) -> Iterable[str]:
    """Yield what else a message has."""
    for part in parsed.walk():
        name = part.get_filename()
        if not part.is_multipart() and (name or part.get_content_maintype() != "text"):
            yield f"{part.get_content_type()}, {name or 'without a name'}"


def _show(console: Console, lines: Iterable[str]) -> None:
    for count, line in enumerate(lines):
        if count == MOST_LINES:
            console.view.add(note("the message goes on; :save keeps it whole"))
            break
        console.view.add(Row("S|", escape(line), RowTone.BODY, None))
