"""Single readers, without what is made of what they read: fast enough for a million inputs."""

from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

from dialogue import Said, read, told
from fuzz import seeds
from fuzz.trial import Door
from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.conversation import Conversation
from pop3spy.check.doors import Target
from pop3spy.check.maildrop import AuditedMaildrop
from pop3spy.check.options import AuditOptions
from pop3spy.check.timing import Timing
from pop3spy.cli.open_recording import open_recording
from pop3spy.config.personality import read_personality
from pop3spy.errors import Pop3SpyError
from pop3spy.net.probe import ProbeConnection
from pop3spy.postoffice.personality import Personality
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Side
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from postoffice.speaking import FIRST, SECOND, Client, office

_CLOSED: Sequence[Said] = [(Side.CLIENT, None), (Side.SERVER, None)]
_SHIPPED = ("", "dovecot", "exchange", "gmail")
_FEW = 300
"""Octets up to which a conversation is also read in small pieces; a longer one is halved."""
_PIECES = 16
"""Octets of the largest of them; the input decides, and so there are far fewer than octets."""


def _decode(data: bytes) -> None:
    """Read a conversation: no octet is lost, and how it is cut makes no difference."""
    talk = [*seeds.talk_of(data), *_CLOSED]
    frames = read(talk)
    assert frames == read(talk, buffered=True)
    size = 1 + crc32(data) % _PIECES if len(data) < _FEW else len(data) // 2
    assert told(read(_cut(talk, size))) == told(frames)


def _cut(talk: Sequence[Said], size: int) -> Sequence[Said]:
    """Return *talk* in pieces of *size* octets; the last of each chunk may be shorter."""
    return [
        (side, piece)
        for side, data in talk
        for piece in (
            [None] if data is None else [data[at : at + size] for at in range(0, len(data), size)]
        )
    ]


def _read_recording(data: bytes) -> None:
    Path("input").write_bytes(data)
    with open_recording("input") as recording:
        for _ in recording.items:
            pass


class _Told(ProbeConnection):
    """A connection whose server says what is given, in these pieces, and then closes."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = iter(pieces)

    async def send(self, octets: bytes) -> None:
        pass

    async def octets(self, _: float) -> bytes | None:
        return next(self._pieces, b"")

    @property
    def was_reset(self) -> bool:
        return False

    @property
    def was_abrupt(self) -> bool:
        return False


def _fail(_: object, error: Exception) -> None:
    raise error


async def _audit(data: bytes) -> None:
    """Ask the server of an input what most checks want to know."""
    target = Target(Url("pop3", "mail.example.org", 110), 110, 995)
    timing, unasked = Timing(), list[bytes]()
    audit = Audit(target, AuditOptions(), timing, Bus(_fail), Clock())
    talk = Conversation(
        _Told([piece for piece in data.split(seeds.APART) if piece]), timing, unasked.append
    )
    greeting = await talk.greeted()
    assert greeting.text in greeting.raw
    str(greeting.code)
    str(greeting)
    maildrop = AuditedMaildrop(audit, talk)
    await maildrop.listing("CAPA")
    await maildrop.pairs("UIDL")
    try:
        for message in await maildrop.sample():
            assert message.stored == message.head + message.body
            str(message.behind)
        await maildrop.two_with_bodies()
    except SkipError:
        pass
    str(await talk.rest(1.0))


def _at_once(ask: Callable[[bytes], Coroutine[object, object, None]]) -> Callable[[bytes], None]:
    """Return what asks *ask*, which waits for nothing, without a loop."""

    def enter(data: bytes) -> None:
        try:
            ask(data).send(None)
        except StopIteration:
            return
        raise AssertionError("it waits")

    return enter


def _answers() -> list[bytes]:
    """Return what servers say to an audit, in pieces."""
    greeting, capabilities = b"+OK [IN-USE] ready", b"+OK\r\nTOP\r\nUIDL\r\n.\r\n"
    ids, sizes = b"+OK\r\n1 a\r\n2 b\r\n.\r\n", b"+OK 2\r\n1 50\r\n2 6\r\n.\r\n"
    message = b"+OK\r\nSubject: a\r\n\r\n..\r\nb\r\nc\r\n.\r\n"
    right = [greeting + b"\r\n", capabilities, ids, sizes, message, b"+OK 2 56\r\n", message]
    wrong = [
        greeting,
        b"\r\n",
        b"-ERR\r\n",
        ids,
        b"+OK\n1 50\n.\n",
        b"+",
        b" x\r\n.\r\n",
        b"ok\r\n",
    ]
    return [seeds.APART.join(right), seeds.APART.join(wrong)]


def _serve(data: bytes) -> None:
    """Say lines to a post office: the decoder reads each of its replies as one, and whole."""
    kind, said = data[:1], data[1:]
    personality = _personality(_SHIPPED[kind[0] % len(_SHIPPED)] if kind else "")
    client = Client(office(FIRST, SECOND, personality=personality).session())
    decoder = Decoder()
    _hear(decoder, client.greeting)
    for line in said.split(b"\n"):
        if client.closed:
            break
        decoder.append(Side.CLIENT, line + b"\r\n")
        reply = client.send(line)
        _hear(decoder, reply)
        assert decoder.quiet or decoder.asks, reply
    client.vanish()


@cache
def _personality(name: str) -> Personality | None:
    return read_personality(name) if name else None


def _hear(decoder: Decoder, reply: bytes) -> None:
    decoder.append(Side.SERVER, reply)
    for frame in iter(decoder.next, None):
        assert frame.raw


def _lines() -> list[bytes]:
    session = (
        b"\0CAPA\nUSER demo\nPASS demo\nSTAT\nLIST\nUIDL 2\nRETR 1\nTOP 2 0\nDELE 1\nRSET\nQUIT"
    )
    sasl = b"AUTH\nAUTH PLAIN AGRlbW8AZGVtbw==\nAUTH LOGIN\n*\nNOOP\nLAST\nXTND XMIT\nSTLS\nQUIT"
    return [session, *(b"%c" % number + sasl for number in range(4)), b"\0AUTH PLAIN\nAGEAYg==\n"]


DOORS = (
    Door("decoder", seeds.conversations, _decode, longest=256, parts=("pop3spy.protocol",)),
    Door(
        "recording reader",
        lambda: [*seeds.captures(), *seeds.by_hand()],
        _read_recording,
        (Pop3SpyError,),
    ),
    Door(
        "packet reader",
        lambda: [*seeds.pcaps(), *seeds.pcapngs()],
        _read_recording,
        (Pop3SpyError,),
    ),
    Door(
        "post office",
        _lines,
        _serve,
        longest=128,
        parts=("pop3spy.postoffice", "pop3spy.protocol.replies", "pop3spy.protocol.states"),
    ),
    Door("audit", _answers, _at_once(_audit), longest=256),
)
