"""What holds for every recording, sense or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import octets_of, wild_talk
from dialogue import Said
from pop3spy.errors import ConfigError
from pop3spy.protocol.frames import Side
from pop3spy.replay.assemble import read_script
from pop3spy.replay.chosen_login import WAYS
from pop3spy.replay.compare import compare
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.play_options import PlayOptions
from pop3spy.replay.player import ClientPlayer
from pop3spy.replay.recording import outcomes_of
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.tape import Began, Item, Over, Spoke
from replay.asking import Client
from replay.tapes import CLIENT, SERVER, behind_login, outcomes
from replay.test_player import Stage

LOGIN: list[Said] = [
    (Side.SERVER, b"+OK <1.2@x>\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
    (Side.SERVER, b"+OK\r\n"),
    (Side.CLIENT, b"PASS tanstaaf\r\n"),
    (Side.SERVER, b"+OK\r\n"),
]
EVERYTHING = Credentials(b"bob", b"secret", b"token")

ASKED = {
    b"NOOP": [b"+OK\r\n", b"-ERR no\r\n"],
    b"STAT": [b"+OK 2 30\r\n", b"-ERR no\r\n"],
    b"LIST": [b"+OK\r\n1 10\r\n2 20\r\n.\r\n"],
    b"LIST 2": [b"+OK 2 20\r\n", b"+OK 2 messages\r\n1 10\r\n2 20\r\n.\r\n"],
    b"UIDL 1": [b"+OK 1 a\r\n", b"+OK all\r\n1 a\r\n2 b\r\n.\r\n"],
    b"RETR 1": [b"+OK\r\na: b\r\n\r\n..x\r\n.\r\n", b"-ERR no\r\n"],
    b"CAPA": [b"+OK\r\nTOP\r\n.\r\n"],
}
ODD = [b"\r\n", b"OK\r\n", b" +OK\r\n", b"+ERR\r\n", b"-OK\r\n", b"+OK2 300\r\n", b"debug: +OK\r\n"]


@st.composite
def odd_exchange(draw: st.DrawFn) -> list[Said]:
    """Return a command and its reply, with lines without a status before that or in its place."""
    line = draw(st.sampled_from(sorted(ASKED)))
    odd = draw(st.lists(st.sampled_from(ODD), max_size=2))
    reply = draw(st.sampled_from(ASKED[line] if not odd else [*ASKED[line], b""]))
    said = b"".join([*odd, reply])
    cut = draw(st.integers(0, len(said)))
    return [(Side.CLIENT, line + b"\r\n"), (Side.SERVER, said[:cut]), (Side.SERVER, said[cut:])]


talk = wild_talk.map(lambda said: [*LOGIN, *said]) | st.just(LOGIN)
lines = st.lists(octets_of(Side.CLIENT).map(lambda data: data.split(b"\n")[0]), max_size=8)


def tape_of(said: list[Said]) -> list[Item]:
    items: list[Item] = [Began(1, 0.0, CLIENT, SERVER)]
    for number, (side, data) in enumerate(said):
        if data:
            items.append(Spoke(1, Chunk(side, data, number / 10)))
    return [*items, Over(1, len(said) / 10, Ending(How.SERVER_CLOSED))]


def script_of(said: list[Said]) -> Script:
    return read_script(iter(tape_of(said)))


@given(talk)
def test_a_conversation_does_not_differ_from_itself(said: list[Said]) -> None:
    read = script_of(said)
    assert compare(read.outcomes, read.outcomes) == []
    assert outcomes_of(iter(tape_of(said))) == read.outcomes


@given(st.lists(odd_exchange(), max_size=8), st.booleans())
def test_a_stand_in_says_odd_lines_where_they_were(
    asked: list[list[Said]],
    strict: bool,  # noqa: FBT001 - drawn
) -> None:
    said = [*LOGIN, *(each for exchange in asked for each in exchange)]
    client = Client(StandIn(script_of(said), strict=strict))
    octets = client.greeting
    for side, data in said:
        if side is Side.CLIENT:
            octets += client.send(data or b"")
    assert octets == b"".join(data or b"" for side, data in said if side is Side.SERVER)
    assert client.closed


@given(talk, lines, st.booleans())
def test_a_stand_in_always_answers(said: list[Said], asked: list[bytes], strict: bool) -> None:  # noqa: FBT001 - drawn
    client = Client(StandIn(script_of(said), strict=strict))
    for line in [b"USER eve", b"PASS x", *asked]:
        if client.closed:
            return
        client.send(line)


@given(
    talk,
    st.lists(octets_of(Side.SERVER), max_size=8),
    st.booleans(),
    st.lists(st.sampled_from(WAYS), max_size=3, unique=True),
)
def test_a_client_can_be_played_to_any_server(
    said: list[Said],
    replies: list[bytes],
    timed: bool,  # noqa: FBT001 - drawn
    auth: list[str],
) -> None:
    options = PlayOptions(timed=timed, auth=tuple(auth))
    try:
        stage = Stage(script_of(said), EVERYTHING, options)
    except ConfigError as error:  # a mechanism that cannot be computed, and no other is named
        assert (auth, "--auth PLAIN" in str(error)) == ([], True)  # noqa: PT017 - it may be so
        return
    for data in [b"+OK\r\n", b"+OK\r\n", b"+OK\r\n", *replies]:
        while stage.next():
            pass
        stage.server(data)
    stage.player.lost("the test is over")
    assert stage.player.done
    assert isinstance(stage.player, ClientPlayer)


@pytest.mark.parametrize("odd", ["9" * 5000, "\\xb2", "-1", "0x1"])
@pytest.mark.parametrize(
    "text",
    ["C: STAT\nS: +OK {0} {0}", "C: LIST\nS: +OK\nS| {0} {0}\nS| .", "C: LIST 1\nS: +OK {0} {0}"],
)
def test_numbers_that_are_none_harm_nobody(text: str, odd: str) -> None:
    text = text.format(odd)
    client = Client(StandIn(behind_login(f"{text}\nC: QUIT\nS: +OK"))).login()
    for line in (b"DELE 1", b"STAT", b"LIST", b"LIST 2", b"UIDL", b"TOP " + b"9" * 5000):
        client.send(line)
    found = outcomes(f"S: +OK\n{text}")
    assert compare(found, found) == []
