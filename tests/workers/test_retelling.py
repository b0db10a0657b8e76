"""What a worker tells of its sessions is retold as it happened, event for event."""

import json

import pytest
from hypothesis import example, given

from capture.test_gates import gated
from cases.conversation import byte_by_byte, steps
from cases.reading import live
from cases.test_cases import every_case
from cuts import wild_talk
from dialogue import Said
from pop3spy.protocol.frames import CommandLine, Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Ended, Event, Heard, Intervened
from pop3spy.session.glimpse import Glimpse
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls
from pop3spy.workers.forwarding import MOST, Forwarding
from pop3spy.workers.retelling import MISSED, Retelling

CLIENT, SERVER = Peer("192.0.2.1", 50312), Peer("mail.example.org", 110)


def complain(_: object, error: Exception) -> None:
    raise error


def told(event: Event) -> str:
    """Return all that an event is when it is handed out, its session and exchange included."""
    words = ""
    for frame in (getattr(event, name, None) for name in ("frame", "sent", "answer")):
        if isinstance(frame, CommandLine):
            command = frame.command
            words += f" {command.verb} {command.args} {command.rest!r} {command.shape}"
    return f"{event!r}{words}"


class Retold:
    """Two buses, between which is a pipe."""

    def __init__(self, *, strict: bool = False) -> None:
        self.here: list[str] = []
        self.there: list[str] = []
        self.events: list[Event] = []
        self.waiting = 0
        bus = Bus(complain)
        bus.subscribe(lambda _: self._there)
        self.retelling = Retelling(bus, Clock(), anonymous=strict)
        self.forwarding = Forwarding(self._pass, lambda: self.waiting)

    def __call__(self, session: Session) -> Reader:
        """Read along where it happens."""
        forward = self.forwarding(session)

        def read(event: Event) -> None:
            self.here.append(told(event))
            forward(event)

        return read

    def _pass(self, *message: object) -> None:
        self.retelling.tell(1, json.loads(json.dumps(message)))

    def _there(self, event: Event) -> None:
        self.there.append(told(event))
        self.events.append(event)


def reading(retold: Retold, *, strict: bool = False) -> Reading:
    bus = Bus(complain)
    bus.subscribe(retold)
    return Reading(1, CLIENT, SERVER, 0.5, bus.publish, names=Pseudonyms() if strict else None)


def say(reading: Reading, talk: list[Said]) -> None:
    for place, (side, data) in enumerate(talk):
        at = 0.5 + (place + 1) / 1000
        if data is not None:
            reading.hear(Chunk(side, data, at))
        else:
            notified = (None, True, False)[place % 3]
            reading.side_closed(Closing(side, at, place % 2 == 1, notified))


@every_case
@pytest.mark.parametrize("cut", [list, byte_by_byte], ids=["lines", "octets"])
def test_every_case_is_retold(cut: type, case: str) -> None:
    retold = Retold()
    live(cut(steps(case)), retold)
    assert retold.there == retold.here


@given(talk=wild_talk)
@example(talk=[(Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK\r\n+OK\r\na\r\n.\r\n")])
@example(talk=[(Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK\r\n+OK\r\n-ERR mail bob\r\n")])
def test_whatever_is_said_is_retold(talk: list[Said]) -> None:
    for strict in (False, True):
        retold = Retold(strict=strict)
        spoken = reading(retold, strict=strict)
        say(spoken, talk)
        spoken.end(9.0, Ending(How.CLIENT_CLOSED))
        assert retold.there == retold.here


@pytest.mark.parametrize("strict", [False, True])
def test_of_a_message_no_subject_is_retold_where_nobody_may_learn_names(*, strict: bool) -> None:
    retold = Retold(strict=strict)
    spoken = reading(retold, strict=strict)
    mail = b"+OK\r\nFrom: bob@example.org\r\nSubject: Lunch\r\n\r\nNoon?\r\n.\r\n"
    say(spoken, [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, mail)])
    spoken.end(9.0, Ending(How.CLIENT_CLOSED))
    (answered,) = [line for line in retold.there if "RETR" in line and line[:9] == "Answered("]
    assert ("head=b''" in answered) is strict


def test_what_a_gate_did_is_retold() -> None:
    retold = Retold()
    gated(retold)
    assert retold.there == retold.here
    assert sum(isinstance(event, Intervened) for event in retold.events) == 5


def test_what_the_console_injects_is_retold() -> None:
    retold = Retold()
    spoken = reading(retold)
    say(spoken, [(Side.SERVER, b"+OK ready\r\n")])
    spoken.inject(b"PASS tanstaaf\r\n", at=1.0, by="console")
    say(spoken, [(Side.SERVER, b"+OK tanstaaf\r\n")])
    spoken.end(2.0, Ending(How.QUIT))
    assert retold.there == retold.here
    assert retold.events[-1].session.exchanges[0].injected
    assert "tanstaaf" not in repr(retold.there)


def test_tls_names_and_blindness_are_retold() -> None:
    retold = Retold()
    spoken = reading(retold)
    tls = Tls("TLSv1.3", "AES", subject="CN=\xe9", names=("a", "b"), chain=("x", "y"), asked="a")
    spoken.secured(tls, 0.6)
    spoken.glimpsed(Glimpse("client", "hello", ("TLS 1.3",), "mail", ("pop3",)), 0.7)
    say(
        spoken, [(Side.SERVER, b"+OK ready\r\n"), (Side.CLIENT, b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")]
    )
    say(spoken, [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"STAT\r\n")])
    spoken.blind(3.0, "a bug")
    spoken.end(4.0, Ending(How.SERVER_RESET, "why", 3.5))
    assert retold.there == retold.here
    assert retold.events[-1].session.user == "bob"


def test_of_a_session_that_is_too_much_only_the_end_is_told() -> None:
    retold = Retold()
    spoken = reading(retold)
    say(spoken, [(Side.SERVER, b"+OK ready\r\n")])
    retold.waiting = MOST + 1
    say(spoken, [(Side.CLIENT, b"NOOP\r\n")])
    retold.waiting = 0
    say(spoken, [(Side.SERVER, b"+OK\r\n")])
    spoken.end(2.0, Ending(How.QUIT))
    *_, blinded, _, ended = retold.events
    assert repr(blinded).endswith(f"why={MISSED!r})")
    assert isinstance(ended, Ended)
    assert sum(isinstance(event, Heard) for event in retold.events) == 1


def test_a_session_that_begins_while_too_much_waits_is_there_all_the_same() -> None:
    retold = Retold()
    retold.waiting = MOST + 1
    spoken = reading(retold)
    say(spoken, [(Side.SERVER, b"+OK ready\r\n")])
    assert [type(event).__name__ for event in retold.events] == ["Opened", "Blinded"]


def test_sessions_of_a_worker_that_is_lost_end_and_no_others() -> None:
    retold = Retold()
    for worker, number in ((1, 1), (2, 2), (1, 3)):
        retold.retelling.tell(worker, ["opened", number, 0.5, ["c", 1], ["s", 2]])
    retold.retelling.lost(1, "worker 1 was killed by SIGKILL")
    ended = [event for event in retold.events if isinstance(event, Ended)]
    assert [event.session.id for event in ended] == [1, 3]
    assert ended[0].ending == Ending(How.CUT, "worker 1 was killed by SIGKILL")
