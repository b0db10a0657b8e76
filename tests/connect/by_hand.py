"""The console with a script in place of a person, and what it shows."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from net.serving import hosting, nothing_in_the_log
from pop3spy.capture.files import Keeping
from pop3spy.cli.judging import judge_sessions
from pop3spy.config.verbs import FindingsSettings
from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.connect.console import Console
from pop3spy.connect.login_details import LoginDetails
from pop3spy.connect.scripted import ScriptedPerson
from pop3spy.console.record import SessionRecording
from pop3spy.net.connection import Connection
from pop3spy.net.trust import Trust
from pop3spy.postoffice import DEMO_ACCOUNTS, PostOffice
from pop3spy.postoffice.demo_mail import DEMO_MESSAGES
from pop3spy.postoffice.memory import MemoryMaildrop
from pop3spy.protocol.url import Url
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.responder import Responder

PASSWORD = "tanstaaf-Hunter2"
LOGIN = ("USER demo", "PASS demo")


@dataclass(frozen=True)
class Shown:
    """What a session by hand came to."""

    rows: list[str]
    failed: bool
    remembered: list[str]
    console: Console

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def behind(self, row: str) -> list[str]:
        """Return the rows behind the first one that is *row*."""
        return self.rows[self.rows.index(row) + 1 :]


class Hand(ScriptedPerson):
    """Plays a script, and notes which of its lines may be remembered."""

    def __init__(self, lines: Sequence[str], stream: io.StringIO) -> None:
        super().__init__(lines, stream)
        self.remembered: list[str] = []


async def talking(  # noqa: PLR0913 - all that a session may begin with
    url: Url,
    lines: Sequence[str],
    trust: Trust | None = None,
    patience: float | None = 15.0,
    *,
    then: Callable[[Console], None] = lambda _: None,
    login: LoginDetails | None = None,
    hide_unknown: bool = False,
    judged: bool = False,
) -> Shown:
    """Say *lines* to the server at *url*; *then* may look at the console while it is connected.

    With *hide_unknown*, commands that nobody knows are hidden.  If it is *judged*, findings are
    raised.
    """

    def complain(_: object, error: Exception) -> None:
        raise error

    stream = io.StringIO()
    bus, clock, hand = Bus(complain), Clock(), Hand(lines, stream)
    typist = None if hide_unknown else Typist()
    if judged:
        judge_sessions(FindingsSettings(findings="warnings", rules=(), threshold=()), bus, clock)

    async def dial(number: int) -> Connection:
        return await Connection.open(
            url, bus, clock, patience=None, number=number, trust=trust, typist=typist
        )

    console = Console(url, dial, hand, CONNECT_COMMANDS, patience, login=login, typist=typist)
    console.subscribe_to(bus)
    recording = console.recording = SessionRecording(bus, clock, Keeping("pop3spy"))
    dispatch = console.dispatch

    async def noting(line: str) -> bool:
        if kept := await dispatch(line):
            hand.remembered.append(line)
        return kept

    console.dispatch = noting  # type: ignore[method-assign]  # to see what it returns

    async def work() -> None:
        await hand.play(console)
        then(console)

    try:
        await console.run(work)
    finally:
        recording.close()
    return Shown(
        stream.getvalue().splitlines(),
        console.broke or console.failed_at is not None,
        hand.remembered,
        console,
    )


async def to_office(
    *lines: str,
    then: Callable[[Console], None] = lambda _: None,
    hide_unknown: bool = False,
    login: LoginDetails | None = None,
) -> Shown:
    """Say *lines* to the post office with its demo mail."""
    office = PostOffice(
        DEMO_ACCOUNTS,
        {"demo": MemoryMaildrop(DEMO_MESSAGES)},
        hostname="post.example",
        pid=7,
        clock=iter(range(1, 100)).__next__,
    )
    return await to_responder(
        office.session, *lines, then=then, login=login, hide_unknown=hide_unknown
    )


async def to_responder(
    responder: Callable[[], Responder],
    *lines: str,
    then: Callable[[Console], None] = lambda _: None,
    login: LoginDetails | None = None,
    hide_unknown: bool = False,
    judged: bool = False,
) -> Shown:
    with nothing_in_the_log():
        async with hosting(responder) as hosted:
            return await talking(
                hosted.urls[0],
                lines,
                then=then,
                login=login,
                hide_unknown=hide_unknown,
                judged=judged,
            )
