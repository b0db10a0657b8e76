"""From one session to the history: what of it later sessions are compared with.

Rules are asked before anything is remembered of an event, so they see what was known before.
"""

from collections import Counter
from typing import Final

from pop3spy.findings.history import (
    CLIENTS,
    NAMES,
    NO_IDS,
    AccountKey,
    History,
    KnownAccount,
    PastSession,
    ServerHabits,
    bound,
)
from pop3spy.findings.logins import is_refused_for_what_was_sent, secret_of, way_of
from pop3spy.findings.mail import mail_of
from pop3spy.findings.observed import SERVER, Observed
from pop3spy.findings.refusals import blames_name
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.text import show
from pop3spy.session.events import Event, Finished, Glimpsed, SideClosed
from pop3spy.session.how import Ending
from pop3spy.session.listing import Listing
from pop3spy.session.model import Exchange

_TELLING: Final = frozenset({"CAPA", "QUIT", "RETR", "STLS", "USER", "UTF8"})
"""Of which replies, beside those to logins, anything is put down."""


class Remembering:
    """Puts down in *history* what one session tells."""

    def __init__(self, observed: Observed, history: History) -> None:
        self._observed = observed
        self._history = history
        self._wall = observed.wall
        self.past = observed.past
        self._key: AccountKey | None = None
        self._ids: set[bytes] = set()  # that were downloaded whole

    def learn(self, event: Event) -> None:
        """Take in what happened, other than a reply."""
        match event:
            case SideClosed(side=side) if self.past.closed_by is None:
                self.past.closed_by, self.past.closed_at = side.name.lower(), self._wall(event.at)
            case Finished(ending=ending):
                self._finished(ending, event.at)
            case Glimpsed(session=session, glimpse=glimpse):
                if (glimpse.side, glimpse.kind) == ("server", "hello") and not session.greeting:
                    self._observed.server.speaks_tls = True

    def answered(self, exchange: Exchange, at: float) -> None:
        """Take in a reply that has ended, and that the server gave."""
        command = exchange.line.command
        if command.effect is Effect.LOGIN:
            self._login(exchange, at)
            return
        verb = command.verb
        if verb not in _TELLING:
            return
        if verb == "CAPA" and self._observed.offers("PIPELINING"):
            self._observed.server.pipelining_at = self._wall(at)
        if self._key is None:
            self._before_login(exchange, at)
            return
        match verb:
            case "CAPA":
                self._login_delay(self._history.account(*self._key))
            case "RETR" if exchange.ok and exchange.complete:
                self.past.retrievals += 1
                self._retrieved(exchange, self._history.account(*self._key), at)
            case "QUIT":
                self.past.quit = bool(exchange.ok)

    def _before_login(self, exchange: Exchange, at: float) -> None:
        observed = self._observed
        server = self._observed.server
        match exchange.command.verb:
            case "CAPA" if observed.clear and observed.session.state is State.AUTHORIZATION:
                if observed.offers("STLS"):
                    server.stls_listed_at = self._wall(at)
            case "STLS" if exchange.ok is False and observed.clear:
                server.stls_refused[self.past.client] = self._wall(at)
                bound(server.stls_refused, CLIENTS)
            case "USER":
                self._named(exchange, server)
            case "UTF8":
                self.past.utf8 = bool(exchange.ok)

    def _named(self, exchange: Exchange, server: ServerHabits) -> None:
        status, args = exchange.status, exchange.command.args
        if status is None or exchange.misplaced or len(args) != 1:
            return
        if status.ok:
            self._history.expect(*self._server, show(args[0]))
        if not (status.ok or blames_name(status)):
            return
        names = server.names_taken if status.ok else server.names_refused
        known = names.setdefault(self._observed.clear, set())
        if len(known) < NAMES:
            known.add(self._history.digest(args[0]))

    @property
    def _server(self) -> tuple[str, int]:
        server = self._observed.session.server
        return server.host, server.port

    def _login(self, exchange: Exchange, at: float) -> None:
        user = exchange.user
        if user is None or exchange.ok is None:
            return
        account = self._observed.account_of(user)
        way = way_of(exchange)
        if not exchange.ok:
            self._refused(exchange, account, way, self._wall(at))
            return
        account.same_again.clear()
        account.worked[way] = self._wall(at), self._observed.clear
        if self._key is None:
            self._key = (*self._server, user)
            self._history.expect(*self._key)
            self.past.login, self.past.login_at = way, self._wall(at)
            self.past.clear = self._observed.clear
            account.open.append(self.past)
        self._login_delay(account)

    def _refused(self, exchange: Exchange, account: KnownAccount, way: str, wall: float) -> None:
        if not is_refused_for_what_was_sent(self._observed, exchange):
            account.same_again.clear()
            return
        account.refused[way] = wall
        if not str(secret_of(self._observed, exchange)).endswith(" refused"):
            account.same_again.clear()
        account.same_again.append(wall)

    def _login_delay(self, account: KnownAccount) -> None:
        line = self._observed.capability("LOGIN-DELAY")
        if line is not None and line.params and line.params[0].isdigit():
            account.login_delay = int(line.params[0][:9])

    def _retrieved(self, exchange: Exchange, account: KnownAccount, at: float) -> None:
        mail = mail_of(self._observed, exchange)
        unique_id = mail.unique_id
        if unique_id is None:
            return
        self._ids.add(unique_id)
        self.past.retrieved = self._ids
        known = account.message(unique_id)
        if known is None:
            return
        known.downloaded_at, known.downloaded_by = self._wall(at), self.past.client
        scan = mail.content
        if scan is not None and scan.digests_all:
            message_id = None
            if scan.header is not None and scan.header.message_id:
                message_id = self._history.digest(scan.header.message_id.strip())
            account.learn_content(unique_id, known, mail.stable, message_id)

    def _finished(self, ending: Ending, at: float) -> None:
        past = self.past
        observed = self._observed
        known_to_the_end = not (observed.ended_by_us or observed.lost or observed.joined)
        past.left = known_to_the_end and "QUIT" not in observed.used
        past.ended_at = self._wall(ending.at if ending.at is not None else at)
        if self._key is None:
            return
        account = self._history.account(*self._key)
        maildrop = self._observed.maildrop
        past.count = maildrop.stats[-1].count if maildrop.stats else None
        marked = (maildrop.id_of(number) for number in maildrop.deleted)
        shared = _shared(maildrop.last_uidl)  # one of two may stay
        past.deleted = frozenset(each for each in marked if each is not None) - shared or NO_IDS
        past.retrieved = frozenset(self._ids) or NO_IDS
        if past.quit:
            for unique_id in past.deleted:
                if (known := account.message(unique_id)) is not None:
                    known.deleted_at = past.ended_at
        self._listed(account, past)
        self._cut_off()
        self._history.ended(self._key, past)

    def _cut_off(self) -> None:
        """Note the age of a session that the server closed while its client was busy."""
        observed = self._observed
        first, last, began = observed.closed_by(SERVER), observed.last_answered, observed.greeted_at
        if first is None or last is None or last.ended_at is None or began is None:
            return
        busy = first.at - last.ended_at < observed.thresholds.idle_shortest
        if busy and "QUIT" not in observed.used:
            observed.server.ages.append(first.at - began)

    def _listed(self, account: KnownAccount, past: PastSession) -> None:
        listing = self._observed.maildrop.last_uidl
        if listing is None or not listing.complete or self._observed.lost:
            return
        maildrop = self._observed.maildrop
        ids = {unique_id: maildrop.size_of(number) for number, unique_id in listing.ids.items()}
        before = account.listing
        past.listed = True
        past.new = None if before is None else len(ids.keys() - before.keys())
        account.listing, account.listed_in = ids, past
        account.changed |= (before or {}).keys() - ids.keys()
        for unique_id, size in ids.items():
            if before is not None and unique_id in before and before[unique_id] == size:
                continue
            if (known := account.message(unique_id)) is not None:
                known.size = size
                known.first_listed_at = known.first_listed_at or past.opened_at


def _shared(listing: Listing | None) -> set[bytes]:
    """Return the unique-ids that stand for several messages."""
    if listing is None or len(set(listing.ids.values())) == len(listing.ids):
        return set()
    return {unique_id for unique_id, times in Counter(listing.ids.values()).items() if times > 1}
