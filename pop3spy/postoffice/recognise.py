"""Which kind of maildrop a path holds: told by looking, not by its name."""

import stat
from collections.abc import Iterable
from pathlib import Path

from pop3spy.errors import MaildropError
from pop3spy.postoffice.accounts import Account
from pop3spy.postoffice.demo_mail import demo_maildrop
from pop3spy.postoffice.folders import EML_FOLDER, MAILDIR, FolderLayout, FolderMaildrop
from pop3spy.postoffice.maildrop import Maildrop
from pop3spy.postoffice.mbox import MboxMaildrop
from pop3spy.protocol.text import escape


def open_maildrop(path: Path) -> Maildrop:
    """Return the maildrop at *path*: a Maildir, a folder of .eml files or an mbox.

    An empty folder becomes a folder of .eml files, an empty file an mbox.  Raise MaildropError
    with one line that says what is there instead.
    """
    shown = escape(str(path))
    try:
        place = path.resolve()  # a link that the user names is followed, once and for all
        mode = place.stat().st_mode
        if stat.S_ISDIR(mode):
            return FolderMaildrop(place, _layout(place, shown))
        if stat.S_ISREG(mode):
            return _mbox(place, shown)
    except OSError as error:
        raise MaildropError(f"{shown}: {error.strerror or error}") from error
    except (ValueError, RuntimeError) as error:  # NUL in the name; a link to itself
        raise MaildropError(f"{shown}: {error}") from error
    raise MaildropError(f"{shown}: neither a file nor a folder, so there is no mail in it")


def maildrops_for(accounts: Iterable[Account], mailbox: Path | None) -> dict[str, Maildrop]:
    """Return each user's maildrop: the account's own, else *mailbox*, else the demo's messages.

    Users of one path share its maildrop, one at a time; each has demo messages of their own.
    Raise MaildropError for the first path without mail.
    """
    opened: dict[Path, Maildrop] = {}
    given: dict[str, Maildrop] = {}
    for account in accounts:
        path = account.mailbox or mailbox
        if path is None:
            given[account.name] = demo_maildrop()
            continue
        if path not in opened:
            maildrop = open_maildrop(path)
            maildrop = opened.setdefault(path.resolve(), maildrop)  # two names for one place
            opened[path] = maildrop
        given[account.name] = opened[path]
    return given


def _layout(folder: Path, shown: str) -> FolderLayout:
    parts = [folder / part for part in MAILDIR.parts]
    if all(part.is_dir() and not part.is_symlink() for part in parts):
        return MAILDIR
    names = [entry.name.lower() for entry in folder.iterdir() if not entry.name.startswith(".")]
    if names and not any(name.endswith(EML_FOLDER.suffix) for name in names):
        raise MaildropError(
            f"{shown}: neither a Maildir (folders cur and new) nor a folder of .eml files"
        )
    return EML_FOLDER


def _mbox(file: Path, shown: str) -> Maildrop:
    with file.open("rb") as stream:
        start = stream.read(5)
    if start not in (b"", b"From "):
        raise MaildropError(
            f'{shown}: not an mbox (it does not begin with "From "); '
            "a single message can be served from a folder, as a file named .eml"
        )
    return MboxMaildrop(file)
