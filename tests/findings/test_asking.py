"""When a rule is asked, and what it is told then."""

from dataclasses import replace

import pytest

from findings.test_engine import TLS_GOES_ON, found, silent_after
from pop3spy.findings import (
    AtFault,
    Claim,
    Claims,
    Findings,
    Observed,
    On,
    Scope,
    Severity,
    rule,
)
from pop3spy.findings.dialogue import LOGIN, read_dialogue
from pop3spy.findings.rule import RULES
from pop3spy.findings.silence import Resumed
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Event, Raised
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.tape import Changed, Closed, Over

pytestmark = pytest.mark.usefixtures("rules")


def heard_at(*times: float) -> list[Raised]:
    """Return what is raised if the client says something at these times, and nobody ticks."""
    events: list[Event] = []

    def complain(_: object, error: Exception) -> None:
        raise error

    bus = Bus(complain)
    bus.subscribe(Findings(bus.publish, dict(RULES), complain))
    bus.subscribe(lambda _: events.append)
    reading = Reading(1, Peer("192.0.2.10", 50000), Peer("192.0.2.1", 110), 0.0, bus.publish)
    reading.hear(Chunk(Side.SERVER, b"+OK ready\r\n", 0.0))
    for at in times:
        reading.hear(Chunk(Side.CLIENT, b"NOOP\r\n", at))
    return [event for event in events if isinstance(event, Raised)]


def test_a_silence_that_nobody_noticed_is_told_when_it_is_over() -> None:
    silent_after(10.0)
    assert [event.at for event in heard_at(5.0, 30.0)] == [15.0]


@pytest.mark.parametrize(
    ("pause", "asked"),
    [(9.0, []), (10.0, ["short"]), (19.0, ["short"]), (20.0, ["short", "long"])],
)
def test_a_rule_is_asked_about_pauses_that_are_as_long_as_it_says(
    pause: float, asked: list[str]
) -> None:
    def paused(_: Observed, event: Resumed) -> Claims:
        """Nobody spoke.

        To do: nothing.
        """
        yield Claim(f"Nothing was said for {event.silence:g} s.")

    for name, after in [("short", 10.0), ("long", 20.0)]:
        rule(
            *(name, Severity.INFO, AtFault.CLIENT, Scope.TIMING),
            rank=1,
            basis="practice",
            raises="-- 10 s",
            on=On.RESUMED,
            after=after,
        )(paused)
    found = [event.finding for event in heard_at(5.0, 5.0 + pause)]
    assert [finding.id for finding in found] == asked
    assert {finding.text for finding in found} <= {f"Nothing was said for {pause:g} s."}


@pytest.mark.parametrize(
    ("closings", "first"),
    [
        ([], None),
        ([(Side.CLIENT, 0.0), (Side.SERVER, 0.01)], Side.CLIENT),
        ([(Side.SERVER, 0.0), (Side.CLIENT, 0.0)], None),
        ([(Side.SERVER, 0.0), (Side.SERVER, 0.0)], Side.SERVER),
    ],
)
def test_who_closed_first_is_known_unless_both_did_at_once(
    closings: list[tuple[Side, float]], first: Side | None
) -> None:
    closers = []

    @rule(
        *("closed", Severity.INFO, AtFault.CLIENT, Scope.CONNECTION),
        rank=1,
        basis="practice",
        raises="-- client closes",
        on=On.FINISHED,
    )
    def closed(seen: Observed, _: object) -> Claims:
        """It is over.

        To do: nothing.
        """
        closers.append(seen.first_close and seen.first_close.side)
        return ()

    *said, over = read_dialogue("C: NOOP").tape()
    assert isinstance(over, Over)
    fins = [
        Closed(1, over.at + later, side, reset=number > 0)
        for number, (side, later) in enumerate(closings)
    ]
    found(iter([*said, *fins, replace(over, at=over.at + 1)]))
    assert closers == [first]


EVERYTHING = rf"""
    {TLS_GOES_ON}
    -- client closes
    -- session
    S: +OK ready
    C: NOOP
    -- 10 s
    S: -ERR
    C< noop\n
    S: +OK \xff
    S: what
    C: CAPA
    C| CAPA
    S: +OK / TOP / . / +OK / .
    -- both clog
    -- one takes again
    -- TLS
    C: AUTH PLAIN
    S: +
    C: AGJvYgB4
    S: +OK
    C: RETR 1
    S: +OK / x / .
    C: STAT
    -- client closes
    -- session
    S: +OK ready
    C: QUIT
    S: +OK
    -- server closes
"""


def test_a_rule_is_asked_about_everything_that_happens() -> None:
    asked: set[On] = set()

    def ask(kind: On, name: str) -> None:
        def happened(_: Observed, __: object) -> Claims:
            """It happened.

            To do: nothing.
            """
            asked.add(kind)
            return ()

        rule(
            *(name, Severity.INFO, AtFault.CONFIG, Scope.LINE),
            rank=3,
            basis="practice",
            raises="-- 10 s",
            opaque_too=True,
            on=kind,
            after=5.0 if kind in (On.SILENT, On.RESUMED) else 0.0,
        )(happened)

    for kind in On:
        ask(kind, kind.name.lower().replace("_", "-"))
    *items, over = read_dialogue(EVERYTHING.replace("    ", "")).tape()
    did = Done(Deed.CHANGED)
    held = Changed(over.session, over.at, Side.SERVER, "rewrite", did)
    found(iter([*items, held, over]))
    assert asked == set(On)


def at_the_end(talk: str) -> Observed:
    """Return what was observed of *talk* when the session is over."""
    seen_last: list[Observed] = []

    @rule(
        *("over", Severity.INFO, AtFault.CLIENT, Scope.CONNECTION),
        rank=1,
        basis="practice",
        raises="-- client closes",
        on=On.FINISHED,
    )
    def finished(seen: Observed, _: object) -> Claims:
        """It is over.

        To do: nothing.
        """
        seen_last.append(seen)
        return ()

    found(read_dialogue(talk).tape())
    return seen_last[0]


def test_known_commands_are_counted_by_their_verbs() -> None:
    talk = "-- login\nC: NOOP\nS: +OK\nC: noop\nS: +OK\nC: XFOO\nS: -ERR\nC: STAT"
    assert at_the_end(talk).used == {"USER": 1, "PASS": 1, "NOOP": 2, "STAT": 1}


@pytest.mark.parametrize(
    ("talk", "greeted_at"),
    [("C: NOOP\nS: +OK\nC: NOOP\nS: +OK", 0.001), ("S: hello\nC: NOOP\nS: +OK", None)],
)
def test_the_greeting_is_when_it_came_and_no_reply_is_one(
    talk: str, greeted_at: float | None
) -> None:
    assert at_the_end(talk).greeted_at == greeted_at


@pytest.mark.parametrize(("reply", "logged_in_at"), [("+OK", 0.005), ("-ERR no", None)])
def test_a_login_is_known_when_its_reply_is_judged(reply: str, logged_in_at: float | None) -> None:
    known = []

    @rule(
        *("login", Severity.INFO, AtFault.CLIENT, Scope.EXCHANGE),
        rank=1,
        basis="practice",
        raises=LOGIN,
        on=On.ANSWERED,
        verbs=("PASS",),
    )
    def login(seen: Observed, _: object) -> Claims:
        """It was answered.

        To do: nothing.
        """
        known.append(seen.logged_in_at)
        return ()

    found(read_dialogue(f"C: USER bob\nS: +OK\nC: PASS x\nS: {reply}").tape())
    assert known == [logged_in_at]


def test_where_nothing_can_be_read_only_rules_are_asked_that_need_no_reading() -> None:
    asked: list[str] = []

    def unread(name: str, *, opaque_too: bool) -> None:
        def ask(_: Observed, __: object) -> Claims:
            """Octets that are not read.

            To do: nothing.
            """
            asked.append(name)
            return ()

        rule(
            *(name, Severity.INFO, AtFault.CONFIG, Scope.CONNECTION),
            rank=3,
            basis="practice",
            raises=TLS_GOES_ON,
            opaque_too=opaque_too,
            on=On.OPAQUE,
        )(ask)

    unread("of-octets", opaque_too=True)
    unread("of-lines", opaque_too=False)
    found(read_dialogue(TLS_GOES_ON).tape())
    assert asked == ["of-octets", "of-octets"]
