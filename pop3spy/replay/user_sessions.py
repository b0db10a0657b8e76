"""The sessions of a recording that belong to one user and server."""

from dataclasses import dataclass

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import CommandLine
from pop3spy.replay.allowance import Allowance, TooLargeError
from pop3spy.replay.assemble import Assembler
from pop3spy.replay.recording import NothingAskedError
from pop3spy.replay.script import MOST, Script
from pop3spy.replay.tls_sides import is_unread_tls
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Heard
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Tape


@dataclass(frozen=True, slots=True)
class UserSessions:
    """Those that are to be played, in the order in which they began.

    ``asked`` counts all sessions of the recording in which a client asked anything.  Some of the
    user were *left_out* because they would be too much, and ``trouble`` is what ended the reading.
    """

    scripts: tuple[Script, ...]
    asked: int
    left_out: int = 0
    trouble: str = ""


def read_user_sessions(tape: Tape, *, contents: bool = True) -> UserSessions:
    """Return all sessions of whoever logged in first in *tape*, at the same server.

    Where nobody did, it is the first session in which the client asked anything.  *contents* is
    false if the recording's bodies are not the true ones (masked or dropped).  Raise CaptureError
    if there is no such session, or if the first is too large; what is wrong with the recording
    behind a session that is over harms none before it.
    """
    gathering = _Gathering(contents=contents)
    trouble = ""
    try:
        play_back(tape, gathering)
    except TooLargeError:
        raise
    except CaptureError as error:
        trouble = str(error)
        if not any(gathering.chosen(whole=True)):
            raise
    chosen = tuple(each.assembler for each in gathering.chosen(whole=bool(trouble)))
    if not chosen:
        raise NothingAskedError(unread=gathering.unread)
    scripts = tuple(each.script() for each in chosen)
    return UserSessions(scripts, gathering.asked, gathering.left_out, trouble)


@dataclass(slots=True, eq=False)
class _Candidate:
    """A session that may have to be played; ``owner`` is whose it is, known with the login."""

    session: Session
    assembler: Assembler
    owner: object = None
    asked: bool = False
    over: bool = False


class _Gathering:
    """A subscriber that keeps the sessions of one user, and of others only what it must."""

    def __init__(self, *, contents: bool) -> None:
        self._contents = contents
        self._allowance = Allowance(MOST)
        self._owner: object = None
        self._kept: dict[int, _Candidate] = {}  # in the order in which they began
        self.unread = False
        self._begun = self.asked = self.left_out = 0

    def __call__(self, session: Session) -> Reader:
        """Return what reads *session*; it is kept as long as it may be one that is played."""
        assembler = Assembler(session, contents=self._contents, allowance=self._allowance)
        candidate = _Candidate(session, assembler)
        self._begun += 1
        place = self._begun
        self._kept[place] = candidate

        def read(event: Event) -> None:
            if not candidate.asked and isinstance(event, Heard):
                candidate.asked = isinstance(event.frame, CommandLine)
                self.asked += candidate.asked
            self.unread = self.unread or is_unread_tls(event)
            if place in self._kept:
                self._read(candidate, event)
                if not self._may_be_played(candidate):
                    self._drop(place)

        return read

    def chosen(self, *, whole: bool = False) -> list[_Candidate]:
        """Return the sessions that are to be played; *whole*: only those that are over."""
        kept = [each for each in self._kept.values() if each.asked and (each.over or not whole)]
        return [each for each in kept if each.owner == self._owner] if self._owner else kept[:1]

    def _read(self, candidate: _Candidate, event: Event) -> None:
        try:
            candidate.assembler(event)
        except TooLargeError:
            if not any(each is not candidate for each in self.chosen()):
                raise
            self.left_out += 1
            candidate.owner = candidate  # of nobody else
        session = candidate.session
        if session.login and candidate.owner is None:
            candidate.owner = (session.server, session.user) if session.user else candidate
            self._owner = self._owner or candidate.owner
        candidate.over = isinstance(event, Ended)

    def _may_be_played(self, candidate: _Candidate) -> bool:
        if candidate.owner is not None or not candidate.over:
            return candidate.owner in (None, self._owner)
        return self._owner is None and candidate in self.chosen()

    def _drop(self, place: int) -> None:
        self._allowance.take(-self._kept.pop(place).assembler.octets)
