"""The console without a terminal: what a line means, and what comes of it.

Rules: 1. whatever is sent is shown as those who read along see it, with secrets hidden; 2. no error
repeats what was typed, which may be a password; 3. a line may be remembered only if it worked and
held nothing to hide; a command that nobody knows has worked if the server said +OK to it.
"""

import asyncio
import difflib
from collections.abc import Awaitable, Callable
from typing import Protocol

from pop3spy.connect.clear_text import in_clear, shows_secret
from pop3spy.connect.login_details import LoginDetails
from pop3spy.connect.stage import Stage
from pop3spy.connect.talk import Dial, ServerReply, Talk
from pop3spy.console.escapes import CRLF, wire
from pop3spy.console.record import SessionRecording
from pop3spy.console.registry import RefusalError, Registry, Words, nothing_behind
from pop3spy.console.repeating import unrepeated
from pop3spy.console.rows import Row, error_row, hint, note
from pop3spy.console.view import View
from pop3spy.errors import ConfigError, ConnectError
from pop3spy.protocol.commands import COMMANDS, parse_command
from pop3spy.protocol.frames import Spans
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.redaction.password_due import logs_in
from pop3spy.redaction.secret_index import merged
from pop3spy.redaction.typed import login_in
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.finding import Severity
from pop3spy.session.model import Session

CONNECT_COMMANDS: "Registry[Console]" = Registry()
"""The commands of ``pop3spy connect``; ``commands`` has them all."""


class Person(Protocol):
    """Who answers questions: somebody at a terminal, or the next lines of a script."""

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Return the answer; raise RefusalError if there is none."""

    async def show(self, rows: list[Row]) -> None:
        """Show what happened."""


class Console:
    """Speaks POP3 with the server at *url* for a *person*, line by line.

    Let it ``subscribe_to`` the bus before anything else.  *console_commands* are those of its
    own; *patience* is how many seconds a reply may take, None for any number; *login* is who logs
    in; *typist* knows the secrets of whoever types, None if nothing unknown is to be shown.
    *findings* that are at least so bad are shown; with None nothing is looked for.
    """

    def __init__(  # noqa: PLR0913 - what a console begins with
        self,
        url: Url,
        dial: Dial,
        person: Person,
        console_commands: "Registry[Console]",
        patience: float | None = None,
        *,
        login: LoginDetails | None = None,
        typist: Typist | None = None,
        findings: Severity | None = Severity.WARNING,
    ) -> None:
        self.url = url
        self.login = login or LoginDetails()
        self.typist = typist
        self.console_commands = console_commands
        self.judges = findings is not None
        self.view = View(findings)
        self.person = person
        self.talk = Talk(dial, patience, self._news)
        self.ending = CRLF  # what ends a line that is typed
        self.pipeline: list[bytes] | None = None  # lines that wait for :go
        self.insisted = ""  # a login in clear that was asked for and refused once
        self.leaving = False
        self._warned: Session | None = None  # whose person knows that it is in clear
        self._broken: str | None = None  # what was told of the connection
        self.broke = False  # a connection did
        self._failed_at: Stage | None = None
        self.recording: SessionRecording | None = None
        self._session: Session | None = None
        self._busy = False
        self._showing = asyncio.Lock()
        self._group: asyncio.TaskGroup | None = None

    def subscribe_to(self, bus: Bus) -> None:
        """Read along."""
        bus.subscribe(self.begin)

    def begin(self, session: Session) -> Reader:
        """Take *session* for the one that is spoken in, and return what shows it."""
        self._session = session
        return self.view

    # -- what becomes of it ---------------------------------------------------------------------

    def fail(self, stage: Stage) -> None:
        """Note that *stage* was not reached; the first of them counts."""
        self._failed_at = self._failed_at or stage

    @property
    def failed_at(self) -> Stage | None:
        """The stage that was not reached, if there is one."""
        return self._failed_at or (Stage.LOGIN if self.insisted else None)

    # -- what others ask ------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """What is known of the session that is, or was last."""
        return self._session

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self.talk.connection is not None

    @property
    def state(self) -> State | None:
        """Where the session stands; None without a connection."""
        return self._session.state if self._session and self.connected else None

    @property
    def takes_everything(self) -> bool:
        """Whether the next line goes to the server as it stands, even if it is empty."""
        connection = self.talk.connection
        return connection is not None and connection.asks

    def hidden_of(self, line: bytes) -> Spans:
        """Return what is hidden of *line* while it is typed now.

        That is what is hidden if it is said, and the beginning of a secret that is known.
        """
        connection, whole = self.talk.connection, ((0, len(line)),)
        if self.typist is None or connection is None:
            return whole
        waiting = b"".join(self.pipeline or ()).splitlines()
        if any(logs_in(parse_command(each)) for each in waiting):
            return whole  # behind it, once they are said
        begun = self.typist.begun(line)
        more = [] if begun is None else [(begun, len(line))]
        return merged([*connection.hidden_of(line), *more])

    @property
    def half_said(self) -> bool:
        """Whether what is typed next goes on with a line that has no end yet."""
        connection = self.talk.connection
        return connection is not None and connection.half_said

    # -- its life -------------------------------------------------------------------------------

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Connect, do *work*, and close the connection; raise ConnectError if there is none."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self.open()
                await work()
            finally:
                await self.talk.close()
                await self.flush()

    async def open(self) -> None:
        """Connect anew."""
        assert self._group is not None
        await self.talk.close()
        self.pipeline = None
        try:
            greeting = await self.talk.open(self._group)
        finally:
            await self.flush()
        if not greeting.ok:
            self.fail(Stage.GREETING)

    async def flush(self) -> None:
        """Show what has happened since, and why the connection broke if it did."""
        async with self._showing:  # nothing else may go on while somebody pages
            if self.talk.broken != self._broken:
                self._broken = self.talk.broken
                if self._broken:
                    self.view.add(error_row(self._broken))
                    self.broke = True
            if rows := self.view.take():
                await self.person.show(rows)

    async def _news(self) -> None:
        if not self._busy or self.talk.slow:
            await self.flush()

    # -- lines ----------------------------------------------------------------------------------

    async def dispatch(self, line: str) -> bool:
        """Do what *line* says; return whether it may be remembered."""
        masked, doubtful = self.view.masked, set(self.view.doubtful)
        login = login_in(line) if line.startswith(":") else None
        secret = "" if login is None else line[login:]
        self._busy = True
        try:
            await self._do(line)
        except (RefusalError, ConnectError, ConfigError) as error:
            self.view.add(error_row(unrepeated(str(error), secret)))
            return False
        finally:
            self._busy = False
            await self.flush()
        harmless = masked == self.view.masked and self.view.doubtful <= doubtful
        return harmless and not secret and not self.half_said and self.pipeline is None

    async def _do(self, line: str) -> None:
        if self.takes_everything:
            await self.say(line)
        elif line.startswith(":"):
            await self._console_command(line[1:])
        elif line.strip():
            await self.say(line)

    async def _console_command(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        row = self.console_commands.find(word)
        self.view.add(note(escape(row.repeated(rest))))
        nothing_behind(row, rest)
        masked = self.view.masked
        try:
            await row.run(self, rest)
        except (RefusalError, ConnectError, ConfigError):
            if isinstance(row.stage, Stage) and not self.insisted:
                self.fail(row.stage)
            raise
        if row.words is Words.ASKS and self.state is State.TRANSACTION:
            self.view.masked = masked  # what was hidden stood in an answer, not in the line

    async def say(self, line: str) -> None:
        """Send what was typed, with the end that lines have; PASS alone asks for the password."""
        verb, _, rest = line.strip().partition(" ")
        await self._warn(line)
        if verb.upper() == "PASS" and not rest and not self.takes_everything:
            line = f"{verb} {await self.person.answer('Password', hidden=True)}"
        data = wire(line) + self.ending
        if self.pipeline is not None:
            self.pipeline.append(data)
            self.view.add(note(f"{len(self.pipeline)} waiting for :go"))
            return
        await self.ask(data)
        self._guess(verb)

    async def _warn(self, line: str) -> None:
        """Tell once a session, before it is said, that a secret would go in clear text."""
        session = self._session
        if self._warned is session or self.takes_everything or not shows_secret(wire(line)):
            return
        if in_clear(session, self.talk.connection):
            self._warned = session
            self.view.add(hint("this goes over the network in clear text; :stls begins TLS"))
            await self.flush()

    def _guess(self, verb: str) -> None:
        """Tell which command may have been meant by a verb that nobody knows."""
        unknown = parse_command(wire(verb)).spec is None and not self.takes_everything
        if unknown and (near := difflib.get_close_matches(verb.upper(), COMMANDS, n=1)):
            self.view.add(hint(f"did you mean {near[0]}?"))

    async def ask(self, data: bytes, sink: Callable[[bytes], None] | None = None) -> ServerReply:
        """Send *data* and return the reply to it; raise RefusalError without a connection.

        What *sink* takes of its body is not kept.
        """
        if not self.connected:
            raise RefusalError(
                "there is no connection any more; :reconnect makes one, :quit leaves"
            )
        return await self.talk.ask(data, sink)

    async def command(self, *words: bytes) -> ServerReply:
        """Send a command of the console's own, whose *words* must not be more than one line.

        Raise RefusalError if they are: what was decoded or typed never becomes a second command.
        """
        line = b" ".join(words)
        if any(octet in line for octet in b"\r\n\0"):
            raise RefusalError("a name or password with a line end or NUL in it is not sent")
        self.must_have_its_turn()
        return await self.ask(line + CRLF)

    def must_have_its_turn(self) -> None:
        """Raise RefusalError while the server still owes a reply, or asks inside AUTH."""
        connection = self.talk.connection
        if connection is not None and connection.awaits_reply:
            raise RefusalError("the server still owes a reply; wait for it, with :wait 10 perhaps")
