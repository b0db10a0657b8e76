"""What goes wrong inside is told by its place in the code, never by what was being read."""

import os
import re
from collections.abc import Callable
from typing import cast

import pytest

from builds import needs_python
from pop3spy.cli.main import main
from pop3spy.logs import JsonLog, Notes, Transcript
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.decoder import Decoder
from pop3spy.redaction.redactor import Redactor
from pop3spy.redaction.secret_index import SecretIndex
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Blinded, Event, Heard
from pop3spy.session.failure import describe
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading
from pop3spy.session.tracker import Tracker
from security.sinks import Sinks, talk

SECRET = b"Zq7#vKx2!Wm"

TALK = talk(
    *(b"S: +OK", b"C: USER carol", b"S: +OK", b"C: PASS " + SECRET, b"S: -ERR no: " + SECRET),
    *(b"C: AUTH PLAIN AGNhcm9sAFpxNyN2S3gyIVdt", b"S: +OK", b"C: STAT", b"S: +OK 1 5"),
)


class BrokenError(Exception):
    """What a part raises that was made to fail."""


def failing(part: type, name: str, call: int) -> Callable[..., object]:
    """Return the method *name* of *part*, which fails at its *call*th call with all that it got."""
    needs_python(part, name)
    real, calls = getattr(part, name), 0

    def method(self: object, *args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            raise BrokenError(f"{SECRET!r} {args!r} {kwargs!r}", *args) from ValueError(SECRET)
        return real(self, *args, **kwargs)

    return method


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Decoder, "append"),
        (Decoder, "next"),
        (Redactor, "mask"),
        (Redactor, "_learn"),
        (Redactor, "_command_line"),
        (Redactor, "_status_line"),
        (SecretIndex, "add"),
        (SecretIndex, "find"),
        (Tracker, "apply"),
        (Tracker, "_status"),
        (Transcript, "__call__"),
        (JsonLog, "__call__"),
        (Notes, "__call__"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else value,
)
def test_a_part_that_fails_while_it_holds_a_secret_tells_nothing_of_it(
    part: type, name: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, name, failing(part, name, call))
    sinks = Sinks(failing=True).play(TALK)
    monkeypatch.undo()
    sinks.end()
    assert sinks.holding(SECRET) == []


def test_a_session_that_is_blind_tells_nothing_more_of_what_is_said() -> None:
    sinks = Sinks(failing=True)
    sinks.reading.blind(0.0, "KeyError at redact.py:1")
    sinks.play(TALK).end()
    assert sinks.frames == []
    assert sinks.holding(SECRET, b"carol") == []


def mishap() -> None:
    try:
        int(SECRET)
    except ValueError as cause:
        error = ValueError(SECRET, {"password": SECRET})
        error.add_note(SECRET.decode())
        raise error from cause


def test_a_description_has_no_message_no_notes_and_no_cause() -> None:
    with pytest.raises(ValueError, match="password") as raised:
        mishap()
    text = describe(raised.value)
    assert text.startswith("ValueError at security/test_failures.py:")
    assert SECRET.decode() not in text


def test_a_description_names_the_place_in_compiled_code_as_well() -> None:
    reading = Reading(1, Peer("client", 1), Peer("server", 110), 0.0, lambda _: None)
    with pytest.raises((TypeError, AttributeError)) as raised:
        reading.append(cast(Chunk, SECRET))
    text = describe(raised.value)
    assert re.match(r"\w+Error at session/reading\.py:\d+ in append, from security/", text)
    assert SECRET.decode() not in text


def test_a_description_of_what_was_never_raised_is_its_type() -> None:
    assert describe(OSError(SECRET)) == "OSError"


def test_a_reader_of_events_that_fails_is_told_of_by_its_name() -> None:
    sinks = Sinks(failing=True)

    def read(event: Event) -> None:
        if isinstance(event, Heard):
            raise OSError(28, SECRET.decode(), event.frame.raw.decode("latin-1"))

    def careless(_: Session) -> Reader:
        return read

    sinks.bus.subscribe(careless)
    sinks.play(TALK).end()
    assert "careless failed, traffic goes on: No space left on device" in sinks.texts()["notes"]
    assert sinks.holding(SECRET) == []


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET.decode()),
        ExceptionGroup(SECRET.decode(), [KeyError(SECRET)]),
        UnicodeDecodeError("utf-8", SECRET, 0, 1, SECRET.decode()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_bug_is_told_in_one_line_without_its_message(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def run(*_: object) -> None:
        raise error

    monkeypatch.setattr(Proxy, "run", run)
    assert main(["proxy", "--upstream", "127.0.0.1", "--listen", ":0", "--quiet"]) == 3
    said = capfd.readouterr()
    assert SECRET.decode() not in said.out + said.err
    assert said.err.count(os.linesep) == 1
    assert "this is a bug in pop3spy" in said.err


def test_what_blinded_a_session_is_one_line_in_every_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redactor, "mask", failing(Redactor, "mask", 4))
    told: list[Blinded] = []
    sinks = Sinks(failing=True)
    sinks.bus.subscribe(
        lambda _: lambda event: told.append(event) if isinstance(event, Blinded) else None
    )
    sinks.play(TALK).end()
    (blinded,) = told
    assert blinded.why.startswith("BrokenError at security/test_failures.py:")
    assert sinks.texts()["json"].count('"session_blinded"') == 1
