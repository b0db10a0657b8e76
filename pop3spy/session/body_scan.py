"""The facts about a body that findings need, taken while it passes; no octet of it stays."""

from typing import Final

from pop3spy.protocol.facts import FactValue
from pop3spy.session.body_digest import ContentDigest, keyed_digest
from pop3spy.session.header_facts import HeaderFacts, HeaderGatherer, facts_of_header
from pop3spy.session.line_beginnings import LineBeginnings
from pop3spy.session.line_ends import LineEnds
from pop3spy.session.long_lines import LongLines

EXACT: Final = 1 << 16
"""How many octets of a body are read for everything, unless somebody wants more."""

ALL: Final = 1 << 62
"""Every octet is read for everything."""

MOST_NUL: Final = 10_000
"""How many NUL are counted: octets that are no text have more, and nobody needs to know."""


class BodyScan:
    """What there is to know of a body as it passes, without its lone dot (RFC 1939, section 3).

    All facts are the same however the octets are cut, and final after ``end``; before that, what
    begins in the last 5 octets may not be counted yet, nor has a header an end.  Offsets and
    ``octets`` are of the wire, stuffed dots included; a line ends with LF.  To count line ends
    costs as much as to relay, so it stops behind *exact* octets: then ``lines`` is None, and
    behind them bare line ends and lone dots behind a bare CR are not seen, so that there are as
    many as was counted, or more.  ``size``, dots behind LF and long lines are
    always exact, NUL up to MOST_NUL of them.

    With a *key*, at most 64 octets, there are digests: of the header, the size, and the first
    octets behind the header.  Only a *message* has a header and digests.
    """

    __slots__ = (
        "_content",
        "_exact",
        "_gatherer",
        "_key",
        "_long_lines",
        "beginnings",
        "ended",
        "ends",
        "first_nul",
        "has_blank_line",
        "header",
        "likeness",
        "nul",
        "octets",
        "told",
    )

    def __init__(self, key: bytes = b"", *, message: bool = True, exact: int = EXACT) -> None:
        self.ended = False
        self.told = False  # whether these are facts that were told of a body that nobody has
        self.likeness: tuple[FactValue | None, ...] = ()  # ... and which are equal to those of it
        self.octets = 0
        self.nul = 0
        self.first_nul: int | None = None
        self.header: HeaderFacts | None = None  # None as long as it has not ended, or if too long
        self.has_blank_line = False
        self.ends = LineEnds()
        self.beginnings = LineBeginnings()
        self._exact = exact
        self._key = key if message else b""
        self._long_lines = LongLines()
        self._gatherer = HeaderGatherer() if message else None
        self._content = ContentDigest(self._key) if self._key else None

    def add(self, part: bytes, *, dotted: bool = True) -> None:
        """Take another *part*; *dotted*: a line that begins in it may begin with a dot."""
        if not part:
            return
        if self.nul < MOST_NUL and (nul := part.find(b"\0")) >= 0:
            if self.first_nul is None:
                self.first_nul = self.octets + nul
            self.nul = min(self.nul + part.count(b"\0"), MOST_NUL)
        self._long_lines.add(part)
        if self.octets < self._exact:
            self._add_exact(part, dotted=dotted)
        else:
            self.beginnings.add(part, dotted=dotted, bare_cr=False)
        if self._gatherer is None:
            if self._content:
                self._content.add(part, dotted=dotted)
        elif (rest := self._gatherer.add(part)) is not None:
            self._end_header(rest, self._gatherer, dotted=dotted)
        self.octets += len(part)

    def end(self) -> None:
        """Know that no more will come, be it the lone dot or a close; again, it changes nothing."""
        if self.ended:
            return
        self.ended = True
        self._long_lines.end()
        self.beginnings.end(bare_cr=self.whole)
        if self._gatherer is not None:
            self.header = facts_of_header(self._gatherer.header, self._key)
            self._gatherer = None

    def _add_exact(self, part: bytes, *, dotted: bool) -> None:
        left = self._exact - self.octets
        exact = part if left >= len(part) else part[:left]
        self.ends.add(exact)
        bare_cr = self.ends.bare_cr > 0
        self.beginnings.add(exact, dotted=dotted, bare_cr=bare_cr)
        if left < len(part):
            self.beginnings.add(part[left:], dotted=dotted, bare_cr=False)

    def _end_header(self, rest: bytes, gatherer: HeaderGatherer, *, dotted: bool) -> None:
        if gatherer.ended:
            self.has_blank_line = True
            self.header = facts_of_header(gatherer.header, self._key)
        self._gatherer = None
        if self._content:
            # Without a header, what came before is in it as well.
            self._content.add(rest, dotted=dotted or not gatherer.ended)

    # -- what follows from it -------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Octets of the content: what a LIST should have said (RFC 1939, section 11)."""
        return self.octets - self.beginnings.stuffed

    @property
    def whole(self) -> bool:
        """Whether every octet was read for everything."""
        return self.octets <= self._exact

    @property
    def lines(self) -> int | None:
        """How many LF there are; None if that is not known."""
        return self.ends.lines if self.whole else None

    @property
    def body_lines(self) -> int | None:
        """How many lines are behind the first empty one, as TOP counts them; None: not known."""
        if not (self.whole and self.header and self.has_blank_line):
            return None
        return self.ends.lines - self.header.lines - 1

    @property
    def longest_line(self) -> int:
        """Octets of the longest line without its line end; 998: no line is longer than that."""
        return self._long_lines.longest

    @longest_line.setter
    def longest_line(self, octets: int) -> None:
        self._long_lines.longest = octets

    @property
    def digests_all(self) -> bool:
        """Whether the digests cover all octets, and not only the first of them."""
        return self._content is not None and self._content.whole

    @property
    def digest(self) -> bytes | None:
        """The digest of the content, with its size; None without a key."""
        return self._digest_of(self.header.digest if self.header else b"", self.size)

    @property
    def stable_digest(self) -> bytes | None:
        """The same without what servers write into a header; None without a header or a key."""
        if not self.header:
            return None
        return self._digest_of(self.header.stable_digest, self.size - self.header.octets)

    def _digest_of(self, header_digest: bytes, size: int) -> bytes | None:
        if not self._content:
            return None
        blank = b"\n" if self.has_blank_line else b""
        parts = (b"%d" % size, header_digest, blank, self._content.value())
        return keyed_digest(b" ".join(parts), self._key)
