"""The POP3 sessions among all the connections of a capture."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from functools import partial
from ipaddress import ip_address
from struct import Struct
from typing import Final

from pop3spy.capture.pcap.connection import ACK, RST, SYN, ConnectionListener, TcpConnection
from pop3spy.capture.pcap.internet import Segment
from pop3spy.capture.pcap.reassembly import Budget
from pop3spy.capture.pcap.recognise import MidstreamRecogniser, StartRecogniser
from pop3spy.capture.pcap.session_emitter import SessionEmitter, UndecidedConnection
from pop3spy.capture.pcap.stream import SEQUENCE
from pop3spy.errors import Unreached
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Item, Missed

PORTS: Final = frozenset((110, 995))
"""Where connections are POP3 without a look at them; with TLS there is nothing to look at."""
CONNECTIONS: Final = 10_000
"""How many are followed at once; with more, the oldest is let go."""
MOST: Final = 64 << 20
"""What may wait in all of them together; with more, who has waited longest gives up."""
DONE: Final = 100_000
"""Of how many it is remembered that they are over, or not POP3."""

_TCP: Final = Struct(">IIBB").unpack_from  # behind the ports (RFC 9293, section 3.1)
_FIXED: Final = 20
_PORTS: Final = Struct(">HH").unpack_from

Entry = tuple[TcpConnection, int]
"""A connection, and which of its sides sends from here to there."""


class SessionFinder:
    """Takes all TCP segments of a capture and gives *tell* the items of its POP3 sessions.

    *ports* are the servers' ports of the only connections that count; without any, all do.
    """

    def __init__(self, ports: Collection[int], tell: Callable[[Item], None]) -> None:
        self.count = 0
        self._ports = frozenset(ports) or PORTS
        self._any_port = not ports
        self._tell = tell
        self._budget = Budget()
        # By addresses and ports, each in both directions.  The oldest is taken off at once: a dict
        # has to look for its first key past all that were removed.
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._doubtful: OrderedDict[bytes, None] = OrderedDict()
        # Those in which octets wait for what is missing, with a key; who waits longest first.
        self._waiting: OrderedDict[TcpConnection, bytes] = OrderedDict()
        # With where each began: who is refused and asks again, asks for the same connection.
        self._done: OrderedDict[bytes, int] = OrderedDict()

    def take(self, segment: Segment, at: float) -> None:
        """Take a segment that was captured *at* so many seconds after the first packet."""
        buffer, addresses, start, whole, end = segment
        if start + _FIXED > end:
            return
        key = addresses + buffer[start : start + 4]
        seq, ack, length, flags = _TCP(buffer, start + 4)
        data = start + (length >> 4) * 4
        size = whole - data
        if data < start + _FIXED or size < 0:
            return
        entry = self._entries.get(key)
        if entry is None or flags & SYN:
            entry = self._entry(key, seq, ack, flags, size, at)
            if entry is None:
                return
        connection, side = entry
        budget = self._budget
        taken = budget.taken
        connection.segment(side, seq, ack, flags, buffer[data:end], size, at)
        if budget.taken != taken:
            self._note_waiting(connection, key)
        if connection.over or connection.listener.over:
            self._forget(key)
        if budget.taken > MOST:
            self._relieve(at)

    def report(self, key: bytes, unreached: Unreached, at: float) -> None:
        """Take what the network says of a connection, by its *key*, that did not come about."""
        entry = self._entries.get(key)
        if entry is not None and entry[1] == 0 and not entry[0].answered:
            entry[0].reject(at, unreached)
            self._forget(key)

    def end(self, at: float, why: str) -> None:
        """Tell that the capture ends here, for every session that goes on."""
        while self._entries:
            self._drop(next(iter(self._entries)), at, why)

    # -- which connections are followed -----------------------------------------------------------

    def _entry(  # noqa: PLR0913, PLR0917 - what a header says
        self, key: bytes, seq: int, ack: int, flags: int, size: int, at: float
    ) -> Entry | None:
        """Return the connection that a segment belongs to, which may begin with it."""
        fresh = flags & (SYN | ACK | RST) == SYN
        if entry := self._entries.get(key):
            connection, side = entry
            if not fresh or connection.begins_with(side, seq):
                return entry
            self._drop(key, at, "its end is not in the capture, and its ports were used again")
        elif flags & RST or not (flags & SYN or size) or self._is_done(key, seq, fresh=fresh):
            return None
        return self._begin(key, seq, ack, flags, at)

    def _is_done(self, key: bytes, seq: int, *, fresh: bool) -> bool:
        start = self._done.get(key)
        return start is not None and (not fresh or start == seq + 1 & SEQUENCE)

    def _begin(self, key: bytes, seq: int, ack: int, flags: int, at: float) -> Entry | None:
        source, target = _PORTS(key, len(key) - 4)
        if flags & SYN:
            side = 1 if flags & ACK else 0
        else:
            side = 1 if source in self._ports and target not in self._ports else 0
        named = (source if side else target) in self._ports
        if not named and not self._any_port:
            self._remember(key)
            return None
        self._make_room(at)
        away = _reverse(key) if side else key
        listener: ConnectionListener
        if named:
            listener = self._session(away, at, 0, whole=bool(flags & SYN))
        else:
            begin = partial(self._session, away, at)
            listener = UndecidedConnection(
                StartRecogniser() if flags & SYN else MidstreamRecogniser(), begin
            )
            self._doubtful[key] = None
        connection = TcpConnection(listener, self._budget)
        if not flags & SYN:
            connection.streams[side].begin(seq)
            if flags & ACK:
                connection.streams[1 - side].begin(ack)
        self._entries[_reverse(key)] = connection, 1 - side
        entry = self._entries[key] = connection, side
        return entry

    def _session(self, key: bytes, at: float, client: int, *, whole: bool) -> SessionEmitter:
        """Begin to tell of a session, whose client is that of the two peers of *key*."""
        self.count += 1
        peers = _peers(key)
        self._tell(Began(self.count, at, peers[client], peers[1 - client]))
        if not whole:
            why = "the capture begins in the middle of this session"
            self._tell(Missed(self.count, at, why))
        return SessionEmitter(self.count, client, self._tell)

    # -- which of them wait -----------------------------------------------------------------------

    def _note_waiting(self, connection: TcpConnection, key: bytes) -> None:
        if connection.waits:
            self._waiting.setdefault(connection, key)
        else:
            self._waiting.pop(connection, None)

    def _relieve(self, at: float) -> None:
        """Let those give up that have waited longest: what they miss is least likely to come."""
        while self._budget.taken > MOST:
            connection, key = next(iter(self._waiting.items()))
            connection.wait_less(at)
            self._note_waiting(connection, key)
            if connection.over or connection.listener.over:
                self._forget(key)

    # -- which are not ----------------------------------------------------------------------------

    def _make_room(self, at: float) -> None:
        """Let go of the oldest connection if there are too many, of one that is no session yet."""
        if len(self._entries) < 2 * CONNECTIONS:
            return
        while self._doubtful:
            key, _ = self._doubtful.popitem(last=False)
            listener = self._entries[key][0].listener
            if isinstance(listener, UndecidedConnection) and not listener.emitter:
                self._drop(key, at, "")
                return
        why = f"more than {CONNECTIONS:,} connections at once"
        self._drop(next(iter(self._entries)), at, why)

    def _drop(self, key: bytes, at: float, why: str) -> None:
        connection, _ = self._entries[key]
        connection.cut(at, why)
        self._forget(key)

    def _forget(self, key: bytes) -> None:
        connection, side = self._entries[key]
        connection.release()
        self._waiting.pop(connection, None)
        for each, sender in ((key, side), (_reverse(key), 1 - side)):
            self._entries.pop(each, None)
            self._doubtful.pop(each, None)
            self._remember(each, -1 if connection.answered else connection.streams[sender].start)

    def _remember(self, key: bytes, start: int = -1) -> None:
        """Note that nothing more of this connection, which began at *start*, counts."""
        self._done[key] = start
        if len(self._done) > DONE:
            self._done.popitem(last=False)


def _peers(key: bytes) -> tuple[Peer, Peer]:
    half = (len(key) - 4) // 2
    hosts = [str(ip_address(key[at : at + half])) for at in (0, half)]
    source, target = _PORTS(key, 2 * half)
    return Peer(hosts[0], source), Peer(hosts[1], target)


def _reverse(key: bytes) -> bytes:
    half = (len(key) - 4) // 2
    return key[half : 2 * half] + key[:half] + key[-2:] + key[-4:-2]
