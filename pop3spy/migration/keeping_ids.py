"""How a server is made to keep the unique-ids that another one gave: its option, by name.

What is not known is not guessed: a server without a row gets no advice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class IdForm:
    """A form of unique-ids: how they look, whose they are, and how others are told to make them.

    ``dovecot`` is the value of Dovecot's ``pop3_uidl_format``, ``cyrus`` that of Cyrus's
    ``uidl_format``; where there is none it is empty.
    """

    name: str
    look: re.Pattern[str]
    dovecot: str = ""
    cyrus: str = ""


ID_FORMS: Final = (
    IdForm("Courier", re.compile(r"UID\d+-\d+"), "UID%u-%v", "courier"),
    IdForm("Cyrus", re.compile(r"\d{6,10}\.\d{1,10}"), "%v.%u", "cyrus"),
    IdForm("Dovecot", re.compile(r"[0-9a-f]{8}[0-9a-f]{8}"), "%08Xu%08Xv", "dovecot"),
    IdForm("an old Cyrus", re.compile(r"\d{1,10}"), "%u", "uidonly"),
    IdForm("an old Courier", re.compile(r"\d{9,11}\.[^.]+\..+"), "%f"),
)
"""The first that all ids look like is taken."""

_MOST_LOOKED_AT: Final = 100


@dataclass(frozen=True, slots=True)
class IdKeeper:
    """A server program: how it is recognised by what it says of itself, and what can be set."""

    name: str
    says: re.Pattern[str]
    advice: str
    with_form: str = ""
    """More of it where the form of the old ids is known; ``{name}`` and the forms are filled in."""


ID_KEEPERS: Final = (
    IdKeeper(
        "Dovecot",
        re.compile(r"(?i)dovecot"),
        "Dovecot: the plugin pop3_migration (pop3_migration_mailbox, with dsync) takes the ids over"
        " from the old server; pop3_reuse_xuidl = yes takes them from X-UIDL headers",
        "with IMAP UIDs and UIDVALIDITY kept, pop3_uidl_format = {dovecot} makes those of {name}",
    ),
    IdKeeper(
        "Courier",
        re.compile(r"(?i)courier|hello there"),
        "Courier: the file courierpop3dsizelist in each Maildir has the ids; write the old ones"
        " there before the first login",
    ),
    IdKeeper(
        "Cyrus",
        re.compile(r"(?i)cyrus"),
        "Cyrus: keep the UIDs and UIDVALIDITY of the mailboxes",
        "and set uidl_format: {cyrus} in imapd.conf, which makes the ids of {name}",
    ),
    IdKeeper(
        "popa3d",
        re.compile(r"(?i)popa3d"),
        "popa3d: the ids are computed from each message, and nothing can be set; serve the mail"
        " with a server whose ids can be",
    ),
    IdKeeper(
        "qpopper",
        re.compile(r"(?i)qpopper|\bQPOP\b"),
        "qpopper: the ids are those of X-UIDL headers in the mbox; write the old ones there",
    ),
    IdKeeper(
        "Exchange",
        re.compile(r"(?i)Microsoft Exchange"),
        "Exchange: nothing can be set; tell people that their clients fetch all mail once more",
    ),
    IdKeeper(
        "Gmail",
        re.compile(r"Gpop "),
        "Gmail: nothing can be set; tell people that their clients fetch all mail once more",
    ),
)


def form_of_ids(ids: Iterable[str]) -> IdForm | None:
    """Return the form that *ids* have, by the first of them; None if they have none in common."""
    some = [each for each, _ in zip(ids, range(_MOST_LOOKED_AT), strict=False)]
    if not some:
        return None
    return next((form for form in ID_FORMS if all(map(form.look.fullmatch, some))), None)


def how_to_keep_ids(said: str, old_form: IdForm | None) -> str:
    """Return how the server that *said* this of itself keeps ids of *old_form*.

    Nothing is returned if that is not known.
    """
    keeper = next((row for row in ID_KEEPERS if row.says.search(said)), None)
    if keeper is None:
        return ""
    if old_form is None or not keeper.with_form:
        return keeper.advice
    forms = {"dovecot": old_form.dovecot, "cyrus": old_form.cyrus}
    if not forms.get(keeper.name.lower(), ""):
        return keeper.advice
    return f"{keeper.advice}; {keeper.with_form.format(name=old_form.name, **forms)}"
