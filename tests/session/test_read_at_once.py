"""What a link reads at once is told as what it has to keep first, masks and times as well."""

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import wild_talk
from dialogue import Said, said
from pop3spy.protocol.commands import Command, parse_command
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Told
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

LOGIN = said("""
    S: +OK ready
    C: USER alice
    S: +OK
    C: PASS wonderland
    S: +OK wonderland is no secret here
    C: STAT
    S: +OK 3 6084
    C: QUIT
    S: +OK
""")
MASKED = said("C: PASS ********")


def told(talk: list[Said], *, at_once: bool, masked: int = -1) -> list[Told]:
    """Return what is told of *talk*; of the chunk at *masked* the last eight octets are filler."""
    events: list[Told] = []
    reading = Reading(1, Peer("client", 1), Peer("server", 110), 0.0, events.append)
    for at, (side, data) in enumerate(talk):
        if data is None:
            continue
        chunk = Chunk(side, data, float(at))
        if at == masked:
            reading.hear(chunk, ((len(data) - 10, len(data) - 2),))
        elif at_once:
            reading.hear(chunk)
        else:
            reading.append(chunk)
            reading.read_all()
    return events[1:]  # but for the beginning, of a session that is another object


def shown(events: list[Told]) -> list[str]:
    """Return what tells of events, without their session."""
    return [
        ", ".join(
            f"{field.name}={getattr(event, field.name)!r}"
            for field in fields(event)
            if field.name != "session"
        )
        for event in events
    ]


def test_a_line_that_nothing_stands_before_is_read_at_once() -> None:
    decoder = Decoder()

    for side, data in LOGIN:
        assert decoder.at_once(side, data or b"") is not None
        assert decoder.unfinished(side) == 0


@given(st.sampled_from([[], LOGIN[:5]]), wild_talk)
def test_the_same_is_told_whether_lines_are_read_at_once_or_kept(
    before: list[Said], talk: list[Said]
) -> None:
    talk = [*before, *talk]

    assert shown(told(talk, at_once=True)) == shown(told(talk, at_once=False))


def test_filler_of_a_recording_is_not_taken_for_a_password() -> None:
    talk = [*LOGIN[:3], *MASKED, *said("S: +OK ******** is what you said"), *LOGIN[5:]]

    events = shown(told(talk, at_once=True, masked=3))

    assert events == shown(told(talk, at_once=False, masked=3))
    assert any("is what you said" in event for event in events)


def test_a_secret_is_hidden_in_lines_that_are_read_at_once() -> None:
    assert not any("wonderland" in event for event in shown(told(LOGIN, at_once=True)))


@pytest.mark.parametrize("field", [field.name for field in fields(Command)])
@pytest.mark.parametrize("line", [b"NOOP\r\n", b"RETR 1\r\n", b"what\r\n"])
def test_nobody_can_change_a_command_that_others_read_too(line: bytes, field: str) -> None:
    command = parse_command(line)

    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(command, field, None)

    assert parse_command(line) == command


def test_the_commands_of_all_sessions_are_one_where_they_are_a_verb_alone() -> None:
    assert parse_command(b"NOOP\r\n") is parse_command(b"NOOP\r\n")


def test_a_chunk_that_is_half_a_line_waits() -> None:
    reading = Reading(1, Peer("client", 1), Peer("server", 110), 0.0, lambda _: None)

    assert reading.at_once(Chunk(Side.SERVER, b"+OK re", 0.0)) is None
    assert reading.unfinished(Side.SERVER) == 0
