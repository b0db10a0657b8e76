"""What is known of the maildrop in the session that many checks share: listings and messages."""

import re
from dataclasses import dataclass, field
from typing import Final

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.conversation import Conversation
from pop3spy.check.reply import Reply
from pop3spy.check.transcript import TranscriptLine
from pop3spy.protocol.replies import number_of

SMALLEST: Final = 20
MOST: Final = 50
MOST_OCTETS: Final = 4 << 20
LARGEST: Final = 1 << 20
_LINE: Final = re.compile(rb"\s*([0-9]{1,20})\s+(\S+)")


@dataclass(slots=True)
class Fetched:
    """A message as RETR sent it: its status line, its lines on the wire, and what came behind it.

    ``wire`` is None if no lone dot ended it.
    """

    number: int
    size: int
    status: Reply
    wire: bytes | None
    behind: Reply
    lines: list[TranscriptLine] = field(default_factory=list)

    @property
    def stored(self) -> bytes:
        """The message without the dots that were stuffed."""
        wire = self.wire or b""
        body = wire.replace(b"\n..", b"\n.")
        return body[1:] if body.startswith(b"..") else body

    @property
    def octets(self) -> int:
        """How many octets RETR sent, as LIST should have them."""
        return len(self.stored)

    @property
    def head(self) -> bytes:
        """The header, with the blank line behind it."""
        head, blank, _ = self.stored.partition(b"\r\n\r\n")
        return head + blank if blank else self.stored

    @property
    def body(self) -> bytes:
        """What stands behind the header and the blank line."""
        return self.stored[len(self.head) :]


class AuditedMaildrop:
    """Asks for listings and messages on *talk* once, and remembers them for this session."""

    def __init__(self, audit: Audit, talk: Conversation) -> None:
        self.talk = talk
        self._audit = audit
        self._listings: dict[str, tuple[Reply, list[bytes] | None, list[TranscriptLine]]] = {}
        self._sample: list[Fetched] | None = None

    async def listing(self, command: str, *, anew: bool = False) -> tuple[Reply, list[bytes]]:
        """Return the reply to LIST, UIDL or CAPA, and the lines behind it; none without a dot."""
        transcript = self._audit.transcript
        if anew or command not in self._listings:
            begun = len(transcript.lines)
            reply, lines = await self.talk.listing(command)
            self._listings[command] = reply, lines, transcript.lines[begun:]
        else:
            transcript.add(self._listings[command][2])
        reply, lines, _ = self._listings[command]
        return reply, lines or []

    async def pairs(self, command: str, *, anew: bool = False) -> dict[int, bytes]:
        """Return what a listing has for each number, as far as its lines can be read."""
        _, lines = await self.listing(command, anew=anew)
        return pairs_of(lines)

    async def sizes(self) -> dict[int, int]:
        """Return the size of each message, by LIST."""
        read = await self.pairs("LIST")
        sizes = {number: number_of(word) for number, word in read.items()}
        return {number: size for number, size in sizes.items() if size is not None}

    async def numbers(self) -> list[int]:
        """Return the numbers of all messages; raise SkipError if there is none."""
        if not (numbers := sorted(await self.sizes())):
            raise SkipError("the maildrop is empty")
        return numbers

    async def few(self) -> list[int]:
        """Return the first, the middle and the last number."""
        numbers = await self.numbers()
        return sorted({numbers[0], numbers[len(numbers) // 2], numbers[-1]})

    async def beyond(self) -> int:
        """Return a number that no message has."""
        return max(await self.sizes(), default=0) + 1

    # -- messages -------------------------------------------------------------------------------

    async def sample(self) -> list[Fetched]:
        """Return messages of all kinds, each fetched once; raise SkipError if there is none."""
        if self._sample is None:
            sizes = await self.sizes()
            chosen = chosen_of(sizes, everything=self._audit.options.sample_all)
            if (dotted := self._audit.options.dot_message) in sizes:
                chosen = sorted({*chosen, dotted})
            self._sample = [await self.fetch(number, sizes[number]) for number in chosen]
        if not self._sample:
            raise SkipError("the maildrop is empty, or has only large messages")
        return self._sample

    @property
    def sampled(self) -> dict[int, Fetched]:
        """The messages of the sample so far, by number."""
        return {each.number: each for each in self._sample or ()}

    async def fetch(self, number: int, size: int = 0) -> Fetched:
        """Retrieve a message, and ask for STAT behind it, whose form no line of a body has."""
        transcript, timing = self._audit.transcript, self._audit.timing
        begun = len(transcript.lines)
        status = await self.talk.ask(f"RETR {number}", timing.login)
        wire = await self.talk.body() if status.ok else None
        await self.talk.send(b"STAT\r\n")  # what is left of the body is taken for the answer
        behind = await self.talk.reply()
        return Fetched(number, size, status, wire, behind, transcript.lines[begun:])

    async def two_with_bodies(self) -> list[Fetched]:
        """Return the smallest and a middle message that have three lines of body or more."""
        sample = [each for each in await self.sample() if each.body.count(b"\n") >= 3]  # noqa: PLR2004 - enough for TOP
        sample.sort(key=lambda each: each.octets)
        if not sample:
            raise SkipError("no message of the sample has three lines of body")
        return list({each.number: each for each in (sample[0], sample[len(sample) // 2])}.values())


def pairs_of(lines: list[bytes]) -> dict[int, bytes]:
    """Return the second word of each line by its number."""
    matches = (_LINE.match(line) for line in lines)
    return {int(match[1]): match[2] for match in matches if match}


def chosen_of(sizes: dict[int, int], *, everything: bool = False) -> list[int]:
    """Return which messages are a sample: the smallest, the newest, then others, within bounds."""
    small = [number for number in sizes if sizes[number] <= LARGEST]
    if everything:
        return sorted(small)
    order = sorted(small, key=lambda number: sizes[number])[:SMALLEST]
    order += [max(small)] if small else []
    order += sorted(small)
    chosen: dict[int, None] = {}
    octets = 0
    for number in order:
        if number in chosen or len(chosen) >= MOST or octets + sizes[number] > MOST_OCTETS:
            continue
        chosen[number] = None
        octets += sizes[number]
    return sorted(chosen)


def lines_with(wire: bytes, beginning: bytes) -> list[bytes]:
    """Return the lines of *wire* that begin so, without their ends."""
    return [line.rstrip(b"\r") for line in wire.split(b"\n") if line.startswith(beginning)]
