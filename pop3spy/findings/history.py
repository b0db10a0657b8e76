"""What is known of earlier sessions: of each account its messages, of each server its habits.

It holds unique-ids, sizes, times and keyed digests, no octet of a mail and no password.  It is
bounded: the accounts and servers that were asked for longest ago are forgotten first.
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeVar

ACCOUNTS: Final = 1000
SERVERS: Final = 1000
SESSIONS: Final = 100
"""Sessions of an account, or of a server, of which something is known."""
CLIENTS: Final = 1000
"""Clients of a server of which something is remembered."""
NAMES: Final = 1000
"""Names of users that are remembered of a server."""
MESSAGES: Final = 100_000
"""Messages of an account that are remembered."""
MESSAGES_IN_ALL: Final = 500_000
"""Messages of all accounts that are remembered, which is some 170 MiB."""

AccountKey = tuple[str, int, str]
"""Host and port of the server, and the user name as it was sent."""
ServerKey = tuple[str, int]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class KnownMessage:
    """One message by its unique-id; digests are keyed, and None where no octet of it was seen.

    ``stable`` is that of the message without the header fields that servers change, ``message_id``
    that of the Message-ID.  Times are seconds since 1970; ``downloaded_by`` is who had it whole, as
    ``client`` of a session; ``deleted_at`` is when a QUIT confirmed that it goes.
    """

    size: int | None = None
    stable: bytes | None = None
    message_id: bytes | None = None
    first_listed_at: float | None = None
    downloaded_at: float | None = None
    downloaded_by: str | None = None
    deleted_at: float | None = None


NO_IDS: Final[frozenset[bytes]] = frozenset()
"""The one for all: of 100,000 sessions that may be kept, most retrieve nothing."""


@dataclass(slots=True)
class PastSession:
    """A session of an account, ended or still open; times are seconds since 1970.

    ``reference`` is what people know it by, ``client`` the digest of the host that it came from.
    ``quit`` is whether the server answered QUIT with ``+OK``, ``left`` whether it is certain that
    the session ended without QUIT; ``closed_by`` is ``client`` or
    ``server``, or None if nobody saw it.  ``listed`` is whether a whole UIDL was seen, and ``new``
    how many ids of it the session before did not have.  ``retrieved`` are the ids that were
    downloaded whole, ``deleted`` those that a DELE marked at the end.  ``count`` is what STAT said
    last.
    """

    reference: str
    client: str
    opened_at: float
    clear: bool
    login: str | None = None
    login_at: float | None = None
    ended_at: float | None = None
    quit: bool = False
    left: bool = False
    closed_by: str | None = None
    closed_at: float | None = None
    utf8: bool = False
    listed: bool = False
    new: int | None = None
    retrieved: AbstractSet[bytes] = NO_IDS
    deleted: AbstractSet[bytes] = NO_IDS
    retrievals: int = 0
    count: int | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether it is open, and has logged in."""
        return self.login_at is not None and self.ended_at is None


@dataclass(slots=True)
class KnownAccount:
    """What is known of one user at one server from sessions that are over.

    ``listing`` is the last whole UIDL, each id with its size if LIST told it; ``listed_in`` is the
    session that it is of.  ``open`` are the sessions that go on.  ``worked`` says for each way to
    log in when it worked last, and whether that was without TLS; ``refused`` when it was refused
    last for what was sent.  ``same_again`` are the times at which one and the same secret was
    refused last, without another between.  ``login_delay`` is what the server asked for last, in
    seconds.
    """

    sessions: deque[PastSession] = field(default_factory=lambda: deque(maxlen=SESSIONS))
    open: list[PastSession] = field(default_factory=list)
    listing: dict[bytes, int | None] | None = None
    listed_in: PastSession | None = None
    messages: dict[bytes, KnownMessage] = field(default_factory=dict)
    worked: dict[str, tuple[float, bool]] = field(default_factory=dict)
    refused: dict[str, float] = field(default_factory=dict)
    same_again: deque[float] = field(default_factory=lambda: deque(maxlen=SESSIONS))
    login_delay: int | None = None
    told: set[str] = field(default_factory=set)  # ids of findings that are raised once an account
    changed: set[bytes] = field(default_factory=set)  # ids of which more is known than was kept
    _same: dict[bytes, bytes | None] | None = None  # what ``same_content`` returns, once it did

    @property
    def last(self) -> PastSession | None:
        """The session that ended last."""
        return self.sessions[-1] if self.sessions else None

    def message(self, unique_id: bytes) -> KnownMessage | None:
        """Return what is known of a message by its id, to add to it; None if there is no room."""
        known = self.messages.get(unique_id)
        if known is None and len(self.messages) < MESSAGES:
            known = self.messages[unique_id] = KnownMessage()
        if known is not None:
            self.changed.add(unique_id)
        return known

    def same_content(self) -> dict[bytes, bytes | None]:
        """Return the ids of messages by their ``stable`` digest, None where several have it.

        It is kept up to date, since an account may have very many messages.
        """
        if self._same is None:
            self._same = {}
            for unique_id, known in self.messages.items():
                self._index(unique_id, known)
        return self._same

    def learn_content(
        self, unique_id: bytes, known: KnownMessage, stable: bytes | None, message_id: bytes | None
    ) -> None:
        """Take in the digests of a message; without a Message-ID, the one known before stays."""
        if self._same is not None and self._same.get(known.stable or b"") == unique_id:
            del self._same[known.stable or b""]
        known.stable, known.message_id = stable, message_id or known.message_id
        self._index(unique_id, known)

    def _index(self, unique_id: bytes, known: KnownMessage) -> None:
        if self._same is None or known.stable is None or known.message_id is None:
            return
        several = self._same.get(known.stable, unique_id) != unique_id
        self._same[known.stable] = None if several else unique_id


@dataclass(slots=True)
class ServerHabits:
    """What is known of one server, whoever logs in.

    ``stls_listed_at`` is when it last listed STLS before login in clear text.  ``stls_refused``
    says for each client, as in ``PastSession``, when it was last refused STLS.  ``speaks_tls`` is
    whether a connection to it began with a handshake that it answered.  ``names_refused`` and
    ``names_taken`` are digests of names that USER was refused for, and was not, by whether
    the connection was clear.  ``ages`` are the ages, in seconds, of the sessions that it closed
    while they were busy.  ``pipelining_at`` is when it last listed PIPELINING.
    """

    stls_listed_at: float | None = None
    stls_refused: "OrderedDict[str, float]" = field(default_factory=OrderedDict)
    speaks_tls: bool = False
    names_refused: dict[bool, set[bytes]] = field(default_factory=dict)
    names_taken: dict[bool, set[bytes]] = field(default_factory=dict)
    ages: deque[float] = field(default_factory=lambda: deque(maxlen=SESSIONS))
    pipelining_at: float | None = None


class History:
    """Accounts and servers by their names; *key* is the secret of all digests, random by default.

    *recall* is asked for an account that is not known yet, *keep* is told of one that changed.
    Where *recall* cannot answer at once, *look* is called before anything is asked, to take in what
    has been found out meanwhile, and *expect* is told of an account that will soon be asked for.
    """

    def __init__(
        self,
        key: bytes | None = None,
        *,
        recall: Callable[[AccountKey], KnownAccount | None] = lambda _: None,
        keep: Callable[[AccountKey, KnownAccount, PastSession], None] = lambda *_: None,
        look: Callable[[], None] | None = None,
        expect: Callable[[AccountKey], None] | None = None,
    ) -> None:
        self.key = key or secrets.token_bytes(32)
        self._recall = recall
        self._keep = keep
        self._look = look
        self._expect = expect
        self._accounts: OrderedDict[AccountKey, KnownAccount] = OrderedDict()
        self._servers: OrderedDict[ServerKey, ServerHabits] = OrderedDict()

    def account(self, host: str, port: int, user: str) -> KnownAccount:
        """Return what is known of *user* there; nothing, if it is the first session."""
        if self._look is not None:
            self._look()
        key = (host, port, user)
        found = _used(self._accounts, key)
        if found is None:
            found = self._accounts[key] = self._recall(key) or KnownAccount()
            bound(self._accounts, ACCOUNTS)
            self._bound_messages()
        return found

    def expect(self, host: str, port: int, user: str) -> None:
        """Know that a session is about to log in as *user* there, or has just done so."""
        if self._expect is not None:
            self._expect((host, port, user))

    def knows(self, key: AccountKey) -> bool:
        """Return whether an account has been asked for, and not been forgotten since."""
        return key in self._accounts

    def begin_anew(self, key: bytes) -> None:
        """Forget everything, and make digests with *key* from now on."""
        self.key = key
        self._accounts.clear()
        self._servers.clear()

    def server(self, host: str, port: int) -> ServerHabits:
        """Return what is known of the server there."""
        key = (host, port)
        found = _used(self._servers, key)
        if found is None:
            found = self._servers[key] = ServerHabits()
            bound(self._servers, SERVERS)
        return found

    def digest(self, octets: bytes) -> bytes:
        """Return the keyed digest of *octets*: 16 octets, which say nothing without the key."""
        return blake2b(octets, digest_size=16, key=self.key).digest()

    def ended(self, key: AccountKey, past: PastSession) -> None:
        """Let *past*, whose session is over, be part of what is known of its account."""
        account = self.account(*key)
        if past in account.open:
            account.open.remove(past)
        account.sessions.append(past)
        self._keep(key, account, past)
        self._bound_messages()

    def _bound_messages(self) -> None:
        """Forget whole accounts, the oldest first; the one that was asked for last stays."""
        messages = sum(len(account.messages) for account in self._accounts.values())
        while messages > MESSAGES_IN_ALL and len(self._accounts) > 1:
            _, oldest = self._accounts.popitem(last=False)
            messages -= len(oldest.messages)


def _used(known: "OrderedDict[K, V]", key: K) -> V | None:
    found = known.get(key)
    if found is not None:
        known.move_to_end(key)
    return found


def bound(known: "OrderedDict[K, V]", most: int) -> None:
    """Forget the oldest of what is *known*, so that no more than *most* are left."""
    while len(known) > most:
        known.popitem(last=False)
