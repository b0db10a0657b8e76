"""What a database tells of an account, taken into what is known of it here."""

from collections import deque

from pop3spy.findings.history import SESSIONS, KnownAccount, PastSession


def take_in(account: KnownAccount, stored: KnownAccount, *, behind: bool) -> None:
    """Let *account* know what others have *stored*; what it has not kept yet goes first.

    They are *behind* if sessions of this program were not written when they were asked.
    """
    own = {(past.reference, past.opened_at): past for past in account.sessions}
    same = {id(past): own.get((past.reference, past.opened_at), past) for past in stored.sessions}
    theirs = {id(past) for past in same.values()}
    left_out = [past for past in account.sessions if behind and id(past) not in theirs]
    account.sessions = deque(sorted([*same.values(), *left_out], key=_at), maxlen=SESSIONS)
    for unique_id, known in stored.messages.items():
        if unique_id not in account.messages or not (behind or unique_id in account.changed):
            account.messages[unique_id] = known
    for way, worked in stored.worked.items():
        account.worked[way] = max(worked, account.worked.get(way, worked))
    for way, at in stored.refused.items():
        account.refused[way] = max(at, account.refused.get(way, at))
    account.told |= stored.told
    if account.login_delay is None:
        account.login_delay = stored.login_delay
    if stored.listing is not None and _at(stored.listed_in) >= _at(account.listed_in):
        account.listing = stored.listing
        listed_in = stored.listed_in
        account.listed_in = None if listed_in is None else same[id(listed_in)]


def _at(past: PastSession | None) -> float:
    return 0.0 if past is None else past.ended_at or past.opened_at
