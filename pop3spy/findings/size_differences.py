"""Why a message has another size than was listed: what every rule about sizes goes by.

One difference has one explanation, the most special that fits; it is looked for once a message.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pop3spy.findings.mail import mail_of
from pop3spy.findings.observed import Observed, listed_size
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.model import Exchange

_KEY: Final = "size differences"
_BLOCK: Final = 512
_LINES: Final = 5
"""So many lines have to agree until it is no coincidence."""
_LINE_END: Final = 2
_DOT: Final = (3, 5)
"""Octets of the lone dot with its line end, and with the line end before it."""


class SizeCause(Enum):
    """What explains that a message came with more octets than were listed, or fewer."""

    ROUNDED = "the listed sizes are rounded"
    LF_COUNTED = "line ends are counted as one octet"
    OTHERS = "what other findings are about: dots, bare line ends"
    FINAL_NEWLINE = "the last line had no end"
    STUFFING = "stuffed dots are counted"
    TERMINATOR = "the lone dot is counted"
    UNKNOWN = "nothing that is known"


@dataclass(frozen=True, slots=True)
class SizeDifference:
    """A message that came with *came* octets where *listed* were told; ``lines`` None: unknown.

    ``before`` are the exchanges of earlier differences that have the same explanation, which could
    not be known then.
    """

    exchange: int
    message: int
    listed: int
    came: int
    lines: int | None
    why: SizeCause
    before: tuple[int, ...] = ()


@dataclass(slots=True)
class _Known:
    """What is kept of one session."""

    last: SizeDifference | None = None
    judged: int = 0  # the exchange that ``last`` is about
    lines: int = 0  # of all messages so far of which each had one octet a line more
    one_octet: bool = True  # all of them had
    one_octet_at: list[int] = field(default_factory=list)  # exchanges, before it was certain
    dots: dict[int, tuple[int, int]] = field(default_factory=dict)  # first message, its exchange
    rounded: tuple[int, bool] | None = None  # what was found out of the listing of an exchange


def difference_of(seen: Observed, exchange: Exchange) -> SizeDifference | None:
    """Return how the size of a message that was retrieved whole differs from what LIST said."""
    known: _Known | None = seen.memory.get(_KEY)
    if known is None:
        known = seen.memory[_KEY] = _Known()
    if known.judged != exchange.number:
        known.judged = exchange.number
        known.last = _compare(seen, exchange, known)
    return known.last


def _compare(seen: Observed, exchange: Exchange, known: _Known) -> SizeDifference | None:
    mail = mail_of(seen, exchange)
    number, scan = mail.number, mail.scan
    listed = listed_size(seen, exchange)
    if number is None or scan is None or listed is None:
        return None
    came = scan.size + scan.beginnings.unstuffed.count  # what is not stuffed, nothing is taken from
    more = came - listed
    fits = _count_lines(scan, more, known)
    if not more:
        return None
    why = _of_session(seen, known, fits=fits)
    before: tuple[int, ...] = ()
    if why is SizeCause.LF_COUNTED:
        before = tuple(known.one_octet_at)
        known.one_octet_at.clear()
    elif why is SizeCause.UNKNOWN:
        why = _of_message(scan, more, listed)
    if why is SizeCause.UNKNOWN and -more in _DOT:
        first, at = known.dots.setdefault(-more, (number, exchange.number))
        if first != number:
            why, before = SizeCause.TERMINATOR, ((at,) if at else ())
            known.dots[-more] = (first, 0)
    if fits and why is SizeCause.UNKNOWN and known.one_octet:
        known.one_octet_at.append(exchange.number)
    return SizeDifference(exchange.number, number, listed, came, scan.lines, why, before)


def _of_session(seen: Observed, known: _Known, *, fits: bool) -> SizeCause:
    """Return what explains all sizes of the session; *fits*: one octet a line explains this one."""
    if _is_rounded(seen, known):
        return SizeCause.ROUNDED
    return (
        SizeCause.LF_COUNTED
        if fits and known.one_octet and known.lines >= _LINES
        else SizeCause.UNKNOWN
    )


def _of_message(scan: BodyScan, more: int, listed: int) -> SizeCause:
    """Return what in the message alone explains that it has so many octets *more*, or fewer."""
    if _others_explain(scan, more, listed):
        return SizeCause.OTHERS
    if more == _LINE_END:
        return SizeCause.FINAL_NEWLINE
    stuffed = scan.beginnings.stuffed - scan.beginnings.unstuffed.count
    return SizeCause.STUFFING if -more == stuffed else SizeCause.UNKNOWN


def _count_lines(scan: BodyScan, more: int, known: _Known) -> bool:
    """Count a message whose lines each have one octet more; return whether it is one.

    Once that is certain, the last line may have two more: nothing ends it where it is stored.
    """
    if scan.lines is None:
        return False
    unended = known.one_octet and known.lines >= _LINES and more == scan.lines + 1
    fits = (more == scan.lines or unended) and not scan.ends.bare_lf
    known.one_octet = known.one_octet and fits
    known.lines += scan.lines
    return fits and more > 0


def _others_explain(scan: BodyScan, more: int, listed: int) -> bool:
    """Return whether dots that are wrong, or bare line ends, explain it, or may do so."""
    dots = scan.beginnings
    if dots.over_stuffed and more == dots.over_stuffed:
        return True
    if dots.unstuffed.count and listed == scan.octets:
        return True
    if scan.lines is None:  # nobody counted its line ends
        return more != _LINE_END and -more != dots.stuffed and abs(more) <= scan.octets
    bare = scan.ends.bare_lf, scan.ends.bare_lf + scan.ends.bare_cr
    return any(bare) and abs(more) in bare


def _is_rounded(seen: Observed, known: _Known) -> bool:
    """Return whether all sizes of the last whole LIST are multiples of a block."""
    listing = seen.maildrop.last_list
    if listing is None:
        return False
    if known.rounded is None or known.rounded[0] != listing.exchange:
        known.rounded = listing.exchange, _all_rounded(listing.sizes.values())
    return known.rounded[1]


def _all_rounded(sizes: Iterable[int]) -> bool:
    listed = list(sizes)
    return len(listed) > 2 and not any(size % _BLOCK for size in listed)  # noqa: PLR2004 - three
