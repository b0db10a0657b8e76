"""Clients that do again, session after session, what they need not do."""

from itertools import pairwise
from typing import Final

from pop3spy.findings.earlier import account_before
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count, seconds
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity

_LEAVE: Final = "C: QUIT\nS: +OK\n-- client closes"


def _fetching(*numbers: int, leave: str = _LEAVE) -> str:
    retrieved = [f"C: RETR {one}\nS: +OK / A: b / (blank) / {one} / ." for one in numbers]
    listed = "C: UIDL\nS: +OK / 1 u1 / 2 u2 / 3 u3 / 4 u4 / 5 u5 / ."
    return "\n".join(["-- login", listed, *retrieved, leave])


def _sessions(*sessions: str, later: str) -> str:
    return f"\n-- session {later} later\n".join(sessions)


@rule(
    "redownload",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 8",
    raises=_sessions(_fetching(1, 2, 3), _fetching(1, 2, 3), later="1 h"),
    silent=(
        _sessions(_fetching(1, 2, 3), _fetching(1, 2), later="1 h"),
        "-- also quit-missing\n"
        + _sessions(_fetching(1, 2, 3, leave="-- client resets"), _fetching(1, 2, 3), later="1 h"),
        _sessions(_fetching(1, 2), _fetching(3, 4, 5), later="1 h"),
    ),
)
class Redownload:
    """The client downloads messages again that it had downloaded whole in an earlier session.

    It has lost its list of unique-ids, or it goes by message numbers, which change when messages
    are removed.  A person may also have asked it to fetch all anew.

    To do: look at findings about unique-ids first; then let the client go by unique-ids.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._again: set[bytes] = set()
        self._octets = 0
        self._first_time: bool | None = None  # there was no session before, so nothing comes again

    @on(On.ANSWERED, "RETR")
    def retrieved(self, event: Answered) -> Claims:
        """Count a message that the same host had in a session that ended well."""
        if self._first_time:
            return ()
        seen, exchange = self._seen, event.exchange
        number, body, account = message_of(exchange), exchange.body, account_before(seen)
        if self._first_time is None:
            self._first_time = account is None or not account.sessions
        if not exchange.ok or body is None or not body.complete or account is None:
            return ()
        unique_id = seen.maildrop.id_of(number) if number is not None else None
        if unique_id is None or unique_id in self._again:
            return ()
        known = account.messages.get(unique_id)
        if known is None or known.downloaded_at is None or known.downloaded_by != seen.past.client:
            return ()
        if any(one.quit and unique_id in one.retrieved for one in account.sessions):
            self._again.add(unique_id)
            self._octets += body.size
        return ()

    @on(On.FINISHED)
    def finished(self, _: Finished) -> Claims:
        """Judge whether it were several."""
        if len(self._again) >= self._seen.thresholds.redownloaded and not self._seen.session.typed:
            yield Claim(
                f"The client downloaded {count(len(self._again), 'message')} again that it already"
                f" had ({count(self._octets, 'octet')}): it has lost its list of unique-ids, or"
                " goes by message numbers.",
                exchange=0,
                evidence={"messages": len(self._again), "octets": self._octets},
            )


@rule(
    "session-per-message",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.HISTORY,
    rank=2,
    basis="RFC 2449, section 6.5",
    on=On.FINISHED,
    raises=_sessions(*(_fetching(one) for one in range(1, 6)), later="2 s"),
    silent=(
        _fetching(1, 2, 3, 4, 5),
        _sessions(*(_fetching(one) for one in range(1, 6)), later="60 s"),
    ),
)
def session_per_message(seen: Observed, _: Finished) -> Claims:
    """The client logs in anew for every message.

    The login is the expensive part of a session, and each costs a connection, often a handshake,
    and some round trips.

    To do: let the client retrieve all messages in one session.
    """
    account, past = account_before(seen), seen.past
    if account is None or past.login_at is None or past.retrievals != 1 or seen.session.typed:
        return
    limits = seen.thresholds
    row = [*list(account.sessions)[1 - limits.single_sessions :], past]
    if len(row) < limits.single_sessions or any(
        one.retrievals != 1 or one.client != past.client for one in row
    ):
        return
    between = [after.opened_at - one.opened_at for one, after in pairwise(row)]
    if all(0 <= gap <= limits.single_apart for gap in between):
        yield Claim(
            f"The client logged in {len(row)} times within"
            f" {seconds(past.opened_at - row[0].opened_at)} and retrieved one message each time:"
            " let it retrieve all of them in one session.",
            exchange=0,
            evidence={"sessions": len(row)},
        )
