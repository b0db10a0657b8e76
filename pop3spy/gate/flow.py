"""Faults in the flow of octets: when they go, in what pieces, and whether they go at all.

A *work* is what a fault does about one reply, or about one line of the client: it is called with
each of its frames in turn, and with the acts that were decided on before.
"""

from collections.abc import Callable, Iterator, Sequence

from pop3spy.gate.acts import Act, Acts, Moment, Respond, Send, Wait
from pop3spy.protocol.frames import BodyEnd, BodyPart, CommandLine, StatusLine
from pop3spy.session.deeds import Deed, Done

Work = Callable[[Moment, Acts], Acts]

MOST = 1000
"""Pieces into which one frame is cut; those of a large body are larger, and as slow in all."""


class At:
    """Does *acts* once *after* octets have gone, and notes *did*."""

    def __init__(self, by: str, did: Done, after: int, acts: Sequence[Act]) -> None:
        self._by = by
        self._did = did
        self._left = after
        self._acts: Sequence[Act] | None = acts

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* with its own in their place."""
        return list(self._among(moment, acts)) if self._acts is not None else acts

    def _among(self, moment: Moment, acts: Acts) -> Iterator[Act]:
        for act in acts:
            if self._acts is None or not isinstance(act, Send):
                yield act
                continue
            if len(act.data) < self._left:
                self._left -= len(act.data)
                yield act
                continue
            moment.note(self._by, self._did)
            if self._left:
                yield Send(act.data[: self._left])
            yield from self._acts
            self._acts = None
            if rest := act.data[self._left :]:
                yield Send(rest)


class Sliced:
    """Sends *size* octets at a time, and waits *gap* seconds behind each piece."""

    def __init__(self, by: str, did: Done, size: int, gap: float) -> None:
        self._by = by
        self._did = did
        self._size = size
        self._gap = gap
        self._noted = False

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* in pieces."""
        if not self._noted:
            self._noted = True
            moment.note(self._by, self._did)
        return list(self._cut(acts))

    def _cut(self, acts: Acts) -> Iterator[Act]:
        for act in acts:
            if not isinstance(act, Send):
                yield act
                continue
            size = max(self._size, -(-len(act.data) // MOST))
            gap = Wait(self._gap * size / self._size)
            for at in range(0, len(act.data), size):
                yield Send(act.data[at : at + size])
                yield gap


class Dropped:
    """Lets nothing through."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._noted = False

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return nothing to do."""
        del acts
        if not self._noted:
            self._noted = True
            moment.note(self._by, Deed.DROPPED)
        return ()


class Substituted:
    """Says *line* in place of a reply, or to a command in the server's place."""

    def __init__(self, by: str, line: bytes) -> None:
        self._by = by
        self._line = line

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return the answer in place of the first frame, and nothing for those behind it."""
        match moment.frame:
            case CommandLine():
                moment.note(self._by, Deed.ANSWERED_COMMAND)
                return (Respond(self._line),)
            case StatusLine():
                moment.note(self._by, Deed.ANSWERED_REPLY)
                return (Send(self._line),)
            case BodyPart() | BodyEnd():
                return ()
        return acts


class Unended:
    """Leaves out the lone dot behind a body."""

    def __init__(self, by: str) -> None:
        self._by = by

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* unless this is the lone dot."""
        if not isinstance(moment.frame, BodyEnd):
            return acts
        moment.note(self._by, Deed.UNTERMINATED)
        return ()


class Followed:
    """Says *line* behind the end of a reply."""

    def __init__(self, by: str, line: bytes) -> None:
        self._by = by
        self._line = line

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts*, and behind the reply's end the line."""
        frame = moment.frame
        ends = isinstance(frame, BodyEnd) or (isinstance(frame, StatusLine) and not frame.has_body)
        if not ends:
            return acts
        moment.note(self._by, Deed.EXTRA_REPLY)
        *before, last = acts or (Send(b""),)
        if isinstance(last, Send):  # in one piece, so that both come at once
            return (*before, Send(last.data + self._line))
        return (*acts, Send(self._line))
