"""The live console of a proxy, without its terminal: what a line means, and what comes of it.

Rules: 1. nothing that is typed goes to a client or a server but by a command that says so, and
then as exactly one line; 2. no error repeats what was typed, which may be a password; 3. whatever
fails here, the traffic goes on.
"""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Final, Protocol

from pop3spy.console.input_mask import Hides, hidden_from, hidden_from_live
from pop3spy.console.registry import RefusalError, Registry, nothing_behind
from pop3spy.console.repeating import unrepeated
from pop3spy.console.rows import Row, RowStream, RowTone, error_row, note, write_rows
from pop3spy.errors import Pop3SpyError
from pop3spy.filters.tokens import FilterError
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds, Ticket
from pop3spy.live.injected import Injected, is_injected
from pop3spy.live.sessions import SessionList
from pop3spy.live.showing import Showing
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Bus, Reader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed
from pop3spy.session.events import Ended, Event, Intervened, Told
from pop3spy.session.failure import describe
from pop3spy.session.how import Ending
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session
from pop3spy.session.waiting import OwedReplies

LIVE_COMMANDS: "Registry[LiveConsole]" = Registry()
"""The commands of ``pop3spy proxy``; ``commands`` has them all."""
_DIGITS: Final = 9
_DELETES: Final = re.compile(rb"[^A-Za-z]*DELE", re.IGNORECASE)  # as a lenient server reads it


class LivePerson(Protocol):
    """Somebody who can be asked for a line."""

    async def answer(
        self, question: str, *, hidden: bool = False, begun: str = "", hides: Hides | None = None
    ) -> str:
        """Return the answer, which has *begun*, to a *question*; raise RefusalError without one.

        Nothing is shown of one that is *hidden*, nor of one from where on *hides* tells.
        """


class SteeredLink(Protocol):
    """An open session: the link of a proxy, here or in another process."""

    def inject(self, raw: bytes, by: str) -> None:
        """Send the command *raw*, a line with its end, once no reply is outstanding."""

    def abort(self, ending: Ending) -> None:
        """Close both sides now."""


class SteeredProxy(Protocol):
    """A proxy, or several processes that are one."""

    def link(self, number: int) -> SteeredLink | None:
        """Return the link of session *number*, None if there is none any more."""

    def regate(self) -> None:
        """Let every session be judged by whoever keeps the gate now."""


class Table(Protocol):
    """A subscriber that counts, and tells the result as lines."""

    def __call__(self, session: Session, /) -> Reader:
        """Return what counts in *session*."""

    def table(self) -> str:
        """Return the lines, each with its end."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """Why a line was not done; ``column`` is where in a filter or a fault the mistake is, from 1.

    ``pointer`` is two lines: what was typed and a caret below the mistake.  No secret is in it.
    """

    why: str
    column: int | None = None
    pointer: str = ""


class KnownSessions(Protocol):
    """The sessions that a console knows by number."""

    open: dict[int, Session]

    def find(self, number: int) -> Session | None:
        """Return session *number*, None if nothing is known of it any more."""

    def all(self) -> list[Session]:
        """Return those that are known: first those that are over."""

    def past(self, number: int) -> list[Told] | None:
        """Return all that happened in session *number*; None if that is not known any more."""


class LiveConsole:
    """Steers *proxy*, at whose gate *holds* and *faults* stand; rows go to *stream* as they come.

    Let it ``subscribe_to`` the bus.  *make* makes a new transcript on the screen, *changed* is
    called whenever ``prompt`` may tell something else.  *columns* tells how many the terminal has,
    None if there is none.  In a *dry_run* no DELE goes to a server.  Unless somebody
    *judges* what is said, nothing is ever found.  ``new_link`` gives one to the inspector, if there
    is one.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works on
        self,
        proxy: SteeredProxy,
        holds: Holds,
        faults: Faults,
        clock: Clock,
        stream: RowStream,
        stats: Table,
        make: Callable[[], Subscriber],
        *,
        colour: bool = False,
        dry_run: bool = False,
        judges: bool = True,
        changed: Callable[[], None] = lambda: None,
        columns: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.proxy = proxy
        self.holds = holds
        self.faults = faults
        self.clock = clock
        self.stats = stats
        self.sessions: KnownSessions = SessionList()
        self.waits = OwedReplies()
        self.injected = Injected(self.tell)
        self.showing = Showing(make, _elsewhere)
        self.judges = judges
        self.leaving = False
        self.person: LivePerson
        self.bus: Bus
        self._stream = stream
        self._colour = colour
        self._dry_run = dry_run
        self._changed = changed
        self._columns = columns
        self.hear: Callable[[Row], None] = lambda _: None
        self.new_link: Callable[[], str] | None = None
        self.where = ""
        self._watches = True

    def subscribe_to(self, bus: Bus) -> None:
        """Read along."""
        self.bus = bus
        self.sessions = sessions = SessionList()
        for subscriber in (
            *(sessions, self.waits, self.stats, self.showing, self.injected, self._begin),
        ):
            bus.subscribe(subscriber)
        bus.subscribe_to_notes(sessions.note)

    def subscribe_silently_to(self, bus: Bus, sessions: KnownSessions) -> None:
        """Steer *sessions* of *bus*, and show nothing of what is said: somebody else does."""
        self.bus, self.sessions, self._watches = bus, sessions, False
        bus.subscribe(self._begin_silently)

    def used_by(self, person: LivePerson, hear: Callable[[Row], None], where: str) -> "LiveConsole":
        """Return this console as *person* uses it from elsewhere, who is told its rows by *hear*.

        They are shown here as well, so whoever sits here sees what was done, and *where*.
        """
        other = copy(self)
        other.person, other.hear, other.where = person, hear, f"{where}: "
        return other

    def expects(self, session: Session) -> None:
        """Know that one more command is going to be said in *session*, whose reply is shown."""
        if self._watches:
            self.injected.expect(session)

    def tell(self, *rows: Row) -> None:
        """Show *rows* at once."""
        write_rows(rows, self._stream, self._columns(), colour=self._colour)
        for row in rows:
            self.hear(row)

    @property
    def prompt(self) -> str:
        """How many sessions there are, and what is held."""
        parts = [f"{len(self.sessions.open):,} open"]
        if self.holds.tickets:
            parts.append(f"{len(self.holds.tickets):,} held")
        elif self.holds.wanted:
            parts.append("holding")
        if self.showing.followed is not None:
            parts.append(f"follows {self.showing.followed}")
        if self.showing.wanted is not None:
            parts.append("filtered")
        return f"pop3spy {', '.join(parts)}> "

    def hides(self, text: str) -> int | None:
        """Return where in a line that is typed begins what must not be seen, if anywhere."""
        held = self.holds_secret
        return hidden_from_live(text, LIVE_COMMANDS.wire, self._state, held=held)

    def hides_in(self, session: Session) -> Hides:
        """Return what tells the same of a line that is for the server of *session*."""
        return lambda text: hidden_from(text, session.state, held=self.holds_secret)

    @property
    def holds_secret(self) -> bool:
        """Whether a command is held that has something to hide."""
        return any(ticket.moment.shown.masks for ticket in self.holds.tickets.values())

    def end(self) -> None:
        """Let everything go on: nobody is here to decide any more."""
        self.holds.release_all()
        self.proxy.regate()

    async def dispatch(self, line: str) -> bool:
        """Do what *line* says; return whether it may be remembered."""
        line = line.strip()
        secret = self._secret_in(line)  # now: what is held may be gone behind it
        refused = await self.attempt(line)
        if refused is None:
            return bool(line) and not secret and self.hides(line) is None
        self.tell(error_row(refused.why))
        self.tell(*(Row("  ", text, hang=None) for text in refused.pointer.splitlines()))
        return False

    async def attempt(self, line: str) -> RefusedLine | None:
        """Do what *line* says; return why not, if it is refused or fails."""
        secret = self._secret_in(line)
        try:
            await self._do(line)
        except FilterError as error:
            pointer = "" if secret else error.pointer
            return RefusedLine(unrepeated(str(error), secret), error.column, pointer)
        except (RefusalError, Pop3SpyError) as error:
            return RefusedLine(unrepeated(str(error), secret))
        except Exception as error:  # noqa: BLE001 - whatever fails here, the traffic goes on
            return RefusedLine(f"that failed, and the traffic goes on: {describe(error)}")
        finally:
            self._changed()
        return None

    def _secret_in(self, line: str) -> str:
        hidden = self.hides(line)
        return "" if hidden is None else line[hidden:]

    async def _do(self, line: str) -> None:
        if not line:
            return
        if not line.startswith(":"):
            raise RefusalError(_without_colon(line))
        word, _, rest = line[1:].partition(" ")
        row = LIVE_COMMANDS.find(word)
        self.tell(note(f"{self.where}{escape(row.repeated(rest))}"))
        nothing_behind(row, rest)
        await row.run(self, rest.strip())

    # -- what commands ask ----------------------------------------------------------------------

    def session(self, rest: str, usage: str) -> Session:
        """Return the session that *rest* names; raise RefusalError if there is none."""
        session = self.sessions.find(number_of(rest, "session", usage))
        if session is None:
            raise RefusalError("there is no such session; :sessions lists them")
        return session

    def link(self, rest: str, usage: str) -> tuple[Session, SteeredLink]:
        """Return the open session that *rest* names; raise RefusalError if there is none."""
        session = self.session(rest, usage)
        link = self.proxy.link(session.id)
        if link is None:
            raise RefusalError(f"session {session.id} is over")
        return session, link

    def ticket(self, rest: str, usage: str) -> Ticket:
        """Return what is held as the number *rest*; raise RefusalError if nothing is."""
        ticket = self.holds.tickets.get(number_of(rest, "held command", usage))
        if ticket is None:
            raise RefusalError("nothing is held by that number; :hold tells what is")
        return ticket

    def must_be_safe(self, line: bytes) -> None:
        """Raise RefusalError for a DELE in a dry run: nobody would keep it from the server."""
        if self._dry_run and _DELETES.match(line):
            raise RefusalError("this is a dry run: no DELE goes to the server")

    def _state(self, number: int) -> State:
        session = self.sessions.open.get(number)
        return session.state if session else State.AUTHORIZATION

    def _begin(self, _: Session) -> Reader:
        return self._told

    def _begin_silently(self, _: Session) -> Reader:
        return self._forget

    def _forget(self, event: Event) -> None:
        if isinstance(event, Ended):
            self.holds.forget(event.session.id)

    def _told(self, event: Event) -> None:
        self._forget(event)
        if isinstance(event, Intervened) and event.frame and _is_held(event):
            text = f"s{event.session.id} {line_text(event.frame)}: {event.did}"
            self.tell(Row(" ◆", text, RowTone.HINT))
        self._changed()


def _without_colon(line: str) -> str:
    """Return what to tell somebody who left the colon out, or takes this for ``connect``."""
    word = line.split(maxsplit=1)[0].lower()
    near = f"did you mean :{word}?" if word in LIVE_COMMANDS.wire else ""
    return "commands begin with a colon; " + (
        near or ":send N COMMAND says one to the server of session N"
    )


def _elsewhere(event: Event) -> bool:
    """Return whether *event* is shown in rows of its own, whatever is filtered."""
    return _is_held(event) or is_injected(event)


def _is_held(event: Event) -> bool:
    return isinstance(event, Intervened) and event.did.deed is Deed.HELD


def number_of(rest: str, noun: str, usage: str) -> int:
    """Return the number of a *noun* that is all of *rest*; raise RefusalError with *usage*."""
    if not (rest.isascii() and rest.isdigit()) or len(rest) > _DIGITS:
        raise RefusalError(f"which {noun}?  Write {usage}")
    return int(rest)
