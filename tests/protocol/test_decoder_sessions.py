"""Sessions made up at random, as correct peers hold them, and what must be read in them."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dialogue import Said, read
from pop3spy.protocol.frames import BodyEnd, BodyPart, CommandLine, Side, StatusLine
from pop3spy.protocol.message import stuff, unstuff


@dataclass
class Asked:
    """A command and all of its reply; no content means no body."""

    command: bytes
    status: bytes
    content: bytes | None = None

    @property
    def reply(self) -> bytes:
        body = b"" if self.content is None else stuff(self.content) + b".\r\n"
        return self.status + b"\r\n" + body


words = st.text("+-.OKERQUIT 10\t\xe9", max_size=12).map(lambda text: text.encode("latin-1"))
contents = st.lists(words | st.just(b".") | st.binary(max_size=9), max_size=5).map(
    lambda lines: b"".join(line.replace(b"\n", b"") + b"\r\n" for line in lines)
)
refused = st.builds(
    Asked,
    st.sampled_from([b"RETR 9", b"LIST", b"STLS", b"AUTH X", b"XTND XMIT", b"FOO", b"HELP"]),
    words.map(lambda text: b"-ERR " + text),
)
answered = st.builds(
    Asked,
    st.sampled_from([b"STAT", b"noop", b"DELE 1", b"LIST x", b"USER a b", b"PASS  x "]),
    words.map(lambda text: b"+OK " + text),
)
told = st.builds(
    Asked,
    st.sampled_from([b"RETR 1", b"TOP 1 0", b"LIST", b"UIDL", b"CAPA", b"AUTH"]),
    words.map(lambda text: b"+OK " + text),
    contents,
)
sessions = st.lists(st.lists(refused | answered | told, min_size=1, max_size=4), max_size=6)


def cut(draw: st.DrawFn, side: Side, data: bytes) -> list[Said]:
    """Return *data* of *side* in chunks."""
    places = st.lists(st.integers(0, len(data)), max_size=4).map(sorted)
    return [(side, data[a:b]) for a, b in pairwise([0, *draw(places), len(data)])]


@st.composite
def wire(draw: st.DrawFn, session: list[list[Asked]]) -> list[Said]:
    """Return the chunks of *session*, whose groups are pipelined."""
    chunks = cut(draw, Side.SERVER, b"+OK ready\r\n")
    for group in session:
        commands = b"".join(asked.command + b"\r\n" for asked in group)
        chunks += cut(draw, Side.CLIENT, commands)
        chunks += cut(draw, Side.SERVER, b"".join(asked.reply for asked in group))
    return chunks


@given(sessions, st.data())
def test_every_command_gets_its_reply_and_every_body_its_content(
    session: list[list[Asked]], data: st.DataObject
) -> None:
    frames = read(data.draw(wire(session)))

    for number, asked in enumerate((asked for group in session for asked in group), start=1):
        mine = [frame for frame in frames if frame.number == number]
        [command] = [frame for frame in mine if isinstance(frame, CommandLine)]
        [status] = [frame for frame in mine if isinstance(frame, StatusLine)]
        content = b"".join(frame.raw for frame in mine if isinstance(frame, BodyPart))

        assert command.raw == asked.command + b"\r\n"
        assert status.raw == asked.status + b"\r\n"
        assert sum(isinstance(frame, BodyEnd) for frame in mine) == (asked.content is not None)
        assert unstuff(content) == (asked.content or b"")


@given(sessions, st.data())
def test_the_first_of_a_group_is_not_pipelined_and_the_others_are(
    session: list[list[Asked]], data: st.DataObject
) -> None:
    frames = read(data.draw(wire(session)))

    found = [frame.pipelined for frame in frames if isinstance(frame, CommandLine)]
    assert found == [at > 0 for group in session for at in range(len(group))]
