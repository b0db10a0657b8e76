"""Messages that come with another size than was listed."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.size_differences import SizeCause, SizeDifference, difference_of
from pop3spy.findings.wording import count
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "size-lf-counted",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 11",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 14
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / z / w / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 8 / 2 8 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 14 / 2 7 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / z / w / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        """,
    ),
    silent="""
        -- login
        C: LIST 1
        S: +OK 1 20
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / z / w / .
    """,
)
def size_lf_counted(seen: Observed, event: Answered) -> Claims:
    """The server counts each line end as one octet where two are sent.

    It lists the size of its file, whose lines end with LF alone, so every message comes with as
    many octets more as it has lines.  Clients show their progress wrongly, and a limit on sizes
    lets too much pass.

    To do: let the server count what it sends (qmail-pop3d does not; with Dovecot, set
    ``pop3_fast_size_lookups = no``); a client need not care.
    """
    for found, place in _found(seen, event, SizeCause.LF_COUNTED):
        yield Claim(
            f"The server counts line ends as one octet: it lists message {found.message} with"
            f" {count(found.listed, 'octet')}, and {found.came:,} come.",
            exchange=place,
            evidence=_numbers(found),
        )


@rule(
    "size-final-newline",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, sections 3 and 5",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 9
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: LIST 1
        S: +OK 1 6
        C: RETR 1
        S: +OK / A: b / (blank) / .
        """,
    ),
    silent="""
        -- login
        C: LIST 1
        S: +OK 1 11
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
    """,
)
def size_final_newline(seen: Observed, event: Answered) -> Claims:
    """A message came with two octets more than was listed: its last line had no line end.

    The server keeps the message without that line end and has to add it, as each line of a reply
    ends with CRLF.

    To do: nothing; two octets harm nobody.
    """
    for found, place in _found(seen, event, SizeCause.FINAL_NEWLINE):
        counted = found.lines == found.came - found.listed
        other = ", or the server counts line ends as one octet" if counted else ""
        yield Claim(
            f"Message {found.message} came with 2 octets more than was listed: it is stored without"
            f" a line end behind its last line{other}.",
            exchange=place,
            evidence=_numbers(found),
        )


@rule(
    "size-counts-stuffing",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 11",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises="""
        -- login
        C: LIST 1
        S: +OK 1 13
        C: RETR 1
        S: +OK / A: b / (blank) / ..x / .
    """,
    silent="""
        -- login
        C: LIST 1
        S: +OK 1 12
        C: RETR 1
        S: +OK / A: b / (blank) / ..x / .
    """,
)
def size_counts_stuffing(seen: Observed, event: Answered) -> Claims:
    """The listed size counts the dots that are doubled on the wire.

    A dot at the beginning of a line is doubled while the message is sent, and is no part of it.

    To do: correct the server; a client need not care.
    """
    for found, place in _found(seen, event, SizeCause.STUFFING):
        yield Claim(
            f"The server counts doubled dots: it lists message {found.message} with"
            f" {count(found.listed, 'octet')}, {found.listed - found.came:,} more than it has.",
            exchange=place,
            evidence=_numbers(found),
        )


@rule(
    "size-counts-terminator",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, sections 3 and 5",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 14 / 2 14 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 16 / 2 16 / 3 16 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        C: RETR 3
        S: +OK / A: b / (blank) / x / .
        """,
    ),
    silent="""
        -- login
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
    """,
)
def size_counts_terminator(seen: Observed, event: Answered) -> Claims:
    """The listed size counts the lone dot behind the message.

    That line ends the reply and is no part of the message, so every message seems to have three
    octets more than it has, or five.

    To do: correct the server; a client need not care.
    """
    for found, place in _found(seen, event, SizeCause.TERMINATOR):
        yield Claim(
            f"The server counts the final dot: it lists message {found.message} with"
            f" {count(found.listed, 'octet')}, {found.listed - found.came} more than it has.",
            exchange=place,
            evidence=_numbers(found),
        )


@rule(
    "size-rounded",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 1939, section 5",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises="""
        -- login
        C: LIST
        S: +OK / 1 1024 / 2 2048 / 3 1024 / .
        C: RETR 1
        S: +OK / A: b / (blank) / {x*690} / .
    """,
    silent="""
        -- login
        C: LIST
        S: +OK / 1 1024 / 2 2048 / 3 1024 / .
        C: RETR 1
        S: +OK / A: b / (blank) / {x*500} / {y*512} / .
    """,
)
def size_rounded(seen: Observed, event: Answered) -> Claims:
    """All listed sizes are multiples of 512 octets, and the messages have other sizes.

    LIST has to tell the exact size.  With rounded ones a limit on sizes and the progress that a
    client shows are wrong, and a client that compares sizes takes every message for broken.

    To do: let the server tell exact sizes; some have a setting for that.
    """
    for found, place in _found(seen, event, SizeCause.ROUNDED):
        yield Claim(
            f"The listed sizes are rounded: message {found.message} is listed with"
            f" {count(found.listed, 'octet')}, and {found.came:,} came.",
            exchange=place,
            evidence=_numbers(found),
        )


@rule(
    "size-mismatch",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 5; RFC 6856, section 2.1",
    on=On.ANSWERED,
    verbs=("RETR",),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 500
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 14 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK 500 octets / A: b / (blank) / x / .
        """,
        """
        -- login
        C: LIST 1
        S: +OK 1 11
        C: RETR 1
        S: +OK 500 octets / A: b / (blank) / x / .
        """,
    ),
)
def size_mismatch(seen: Observed, event: Answered) -> Claims:
    """A message came whole, and with another size than was listed.

    Something changes messages while they are sent, such as a scanner for viruses or spam, or the
    server lists the size of what it stores in another form.  Clients that compare sizes take the
    message for broken and fetch it again.

    To do: let the server list the size of what it sends; look for a scanner between.
    """
    for found, place in _found(seen, event, SizeCause.UNKNOWN):
        yield Claim(
            f"Message {found.message} was listed with {count(found.listed, 'octet')} and came whole"
            f" with {found.came:,}.",
            exchange=place,
            evidence=_numbers(found),
        )


def _found(seen: Observed, event: Answered, why: SizeCause) -> list[tuple[SizeDifference, int]]:
    """Return the difference that *event* shows, if *why* explains it, for each of its places."""
    found = difference_of(seen, event.exchange)
    if found is None or found.why is not why or _switched(seen):
        return []
    return [(found, place) for place in (*found.before, found.exchange)]


def _switched(seen: Observed) -> bool:
    """Return whether the client asked for UTF-8 behind its login: sizes may be those of before."""
    utf8 = seen.accepted.get("UTF8")
    return utf8 is not None and bool(seen.logins) and utf8 > seen.logins[-1].number


def _numbers(found: SizeDifference) -> dict[str, int]:
    return {"message": found.message, "listed": found.listed, "came": found.came}
