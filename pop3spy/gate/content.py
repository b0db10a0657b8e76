"""Faults in what a reply says: its lines and its body, as streams that may be cut anywhere.

A *stream* takes octets and gives others back; it keeps no more than the beginning of a line.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from pop3spy.gate.acts import Act, Acts, Moment, Send
from pop3spy.protocol import replies
from pop3spy.protocol.frames import BodyEnd, BodyPart
from pop3spy.protocol.line_buffer import LINE
from pop3spy.session.deeds import Deed, Done

Edit = Callable[[bytes], bytes | None]
"""Makes another line of a line, both without their ends; None leaves the line out."""


class EditStream(Protocol):
    """Changes octets that pass; ``changed`` is whether it has changed any."""

    changed: bool

    def feed(self, data: bytes) -> bytes:
        """Return what goes on of *data* and of what was kept."""

    def end(self) -> bytes:
        """Return what was kept: nothing more will come."""


class LineEdits:
    """Edits each line; one that is too long passes as it is."""

    def __init__(self, edit: Edit) -> None:
        self.changed = False
        self._edit = edit
        self._kept = b""
        self._passing = False  # the beginning of this line has gone

    def feed(self, data: bytes) -> bytes:
        """Return the lines that are whole now."""
        *lines, self._kept = (self._kept + data).split(b"\n")
        out = []
        for line in lines:
            out.append(line + b"\n" if self._passing else self._edited(line))
            self._passing = False
        if self._passing or len(self._kept) > LINE:
            self._passing = True
            out.append(self.end())
        return b"".join(out)

    def end(self) -> bytes:
        """Return the beginning of a line that has no end."""
        kept, self._kept = self._kept, b""
        return kept

    def _edited(self, raw: bytes) -> bytes:
        line = raw.rstrip(b"\r")
        edited = self._edit(line)
        self.changed |= edited != line
        return b"" if edited is None else edited + raw[len(line) :] + b"\n"


class BareLf:
    """Makes LF of each CR LF."""

    def __init__(self) -> None:
        self.changed = False
        self._kept = b""

    def feed(self, data: bytes) -> bytes:
        """Return *data* with bare line ends."""
        data = self._kept + data
        self._kept = b"\r" if data.endswith(b"\r") else b""
        bare = data.removesuffix(self._kept).replace(b"\r\n", b"\n")
        self.changed |= len(bare) + len(self._kept) < len(data)
        return bare

    def end(self) -> bytes:
        """Return a CR that came last."""
        kept, self._kept = self._kept, b""
        return kept


class Unstuffed:
    """Takes the first dot of each line that begins with one."""

    def __init__(self) -> None:
        self.changed = False
        self._at_line_start = True

    def feed(self, data: bytes) -> bytes:
        """Return *data* as the content of the message."""
        bare = data.replace(b"\n.", b"\n")
        if self._at_line_start and data.startswith(b"."):
            bare = bare[1:]
        self._at_line_start = data.endswith(b"\n")
        self.changed |= len(bare) < len(data)
        return bare

    def end(self) -> bytes:
        """Return nothing: nothing was kept."""
        return b""


class EditedReply:
    """Lets the status line go through *status* and the body through *body*, and notes *did*.

    *added* stands behind the body.  The lone dot goes through *end*, if there is one.
    """

    def __init__(  # noqa: PLR0913 - a stream for each part of a reply
        self,
        by: str,
        did: Done | Deed,
        *,
        status: EditStream | None = None,
        body: EditStream | None = None,
        added: bytes = b"",
        end: EditStream | None = None,
    ) -> None:
        self._by = by
        self._did = did
        self._status = status
        self._body = body
        self._added = added
        self._end = end
        self._noted = False

    def __call__(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* with what is sent changed."""
        match moment.frame:
            case BodyPart():
                changed = list(through(self._body, acts)) if self._body else acts
            case BodyEnd():
                before = (self._body.end() if self._body else b"") + self._added
                rest = list(_line_through(self._end, acts)) if self._end else acts
                changed = [Send(before), *rest] if before else rest
            case _:
                changed = list(_line_through(self._status, acts)) if self._status else acts
        if not self._noted and self._did_something(moment):
            self._noted = True
            moment.note(self._by, self._did)
        return changed

    def give_back(self) -> bytes:
        """Return the beginning of a line that has no end."""
        return self._body.end() if self._body else b""

    def _did_something(self, moment: Moment) -> bool:
        streams = (self._status, self._body, self._end)
        added = bool(self._added) and isinstance(moment.frame, BodyEnd)
        return added or any(stream.changed for stream in streams if stream)


def through(stream: EditStream, acts: Acts) -> Iterator[Act]:
    """Yield *acts*, with what is sent changed by *stream*."""
    for act in acts:
        if not isinstance(act, Send):
            yield act
        elif data := stream.feed(act.data):
            yield Send(data)


def _line_through(stream: EditStream, acts: Acts) -> Iterator[Act]:
    """Send the acts of a frame that nothing of the same kind follows."""
    yield from through(stream, acts)
    if data := stream.end():
        yield Send(data)


# -- edits of lines -----------------------------------------------------------------------------


def sized(by: int, *, place: int) -> Edit:
    """Return what adds *by* to the number that is word *place* of a line, if that is one."""

    def edit(line: bytes) -> bytes:
        words = line.split(b" ")
        if place < len(words) and (number := replies.number_of(words[place])) is not None:
            words[place] = b"%d" % max(0, number + by)
        return b" ".join(words)

    return edit


def renamed(suffix: bytes, *, place: int) -> Edit:
    """Return what puts *suffix* behind word *place* of a line, in the 70 octets of a unique-id."""

    def edit(line: bytes) -> bytes:
        words = line.split(b" ")
        if place < len(words) and words[place]:
            words[place] = words[place][: 70 - len(suffix)] + suffix
        return b" ".join(words)

    return edit


def without(tags: frozenset[bytes]) -> Edit:
    """Return what leaves out the lines whose first word is one of *tags*, given in upper case."""

    def edit(line: bytes) -> bytes | None:
        return None if line.split(b" ", 1)[0].upper() in tags else line

    return edit
