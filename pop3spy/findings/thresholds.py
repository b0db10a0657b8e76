"""Where a time becomes too long or a number too large: the defaults, which users may change."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final


def _limit(default: float, unit: str, words: str) -> Any:
    return field(default=default, metadata={"unit": unit, "words": words})


# fmt: off
@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of rules; each has its default, its unit, and what it says."""

    greeting_slow: float = _limit(5.0, "seconds", "a greeting that comes later is slow")
    greeting_missing: float = _limit(60.0, "seconds", "a server that has not greeted by then is taken to be silent")
    greeting_awaited: float = _limit(20.0, "seconds", "a client that closes sooner may not have waited for a greeting")
    hung_up: float = _limit(5.0, "seconds", "a server that closes so soon wants no talk")
    reply_slow: float = _limit(10.0, "seconds", "a reply that takes longer is slow")
    login_slow: float = _limit(15.0, "seconds", "a reply to a login that takes longer is slow")
    stalled: float = _limit(30.0, "seconds", "a pause in a message that is longer is a stall")
    gave_up: float = _limit(10.0, "seconds", "a client that says nothing for so long waits for something")
    stray: float = _limit(2.0, "seconds", "so long a status line may come behind a line that is none")
    parting: float = _limit(2.0, "seconds", "so soon a server closes behind its last words")
    deadlocked: float = _limit(10.0, "seconds", "so long both sides have to be stuck to block each other")
    idle_shortest: float = _limit(20.0, "seconds", "a shorter silence is no idling")
    idle_standard: float = _limit(590.0, "seconds", "a server that waits so long keeps to the standard, with some tolerance")
    idle_dead: float = _limit(60.0, "seconds", "so long a silence may cost a connection its way")
    held_open: float = _limit(600.0, "seconds", "a session that only polls for so long is held open")
    bad_commands: int = _limit(3, "times", "so many bad commands in a row make a server hang up")
    same_answers: int = _limit(3, "times", "so often the same answer to the same question is a habit")
    same_spread: float = _limit(60.0, "seconds", "over so long at least")
    lock_kept: float = _limit(900.0, "seconds", "so long a lock may outlive a session that was left without QUIT")
    polls: int = _limit(10, "times", "so many sessions without anything new are too many")
    polls_within: float = _limit(600.0, "seconds", "within so long")
    listed_alone: int = _limit(10, "times", "so many messages asked about one by one are many")
    previewed: int = _limit(5, "times", "so many messages retrieved behind a TOP are a habit")
    redownloaded: int = _limit(3, "times", "so many messages downloaded again are no accident")
    single_sessions: int = _limit(5, "times", "so many sessions with one message each are a habit")
    single_apart: float = _limit(30.0, "seconds", "if they begin within so long of each other")
    replicated: float = _limit(60.0, "seconds", "by then all servers of a mailbox know what one of them did")
    line_refused: int = _limit(2048, "octets", "a longer line of mail is refused by common clients")
    other_way: float = _limit(3600.0, "seconds", "so soon another way to log in tells that APOP never works")
    worked: float = _limit(3600.0, "seconds", "so long a password that worked is taken for the right one")
    retrying: float = _limit(600.0, "seconds", "passwords refused within so long belong together")
    retries: int = _limit(3, "times", "so often the same password is refused while a client is retrying")
    listed_days: float = _limit(30.0, "days", "so long a server is known to offer STLS")
    password_days: float = _limit(30.0, "days", "so long an account is known to take passwords")
    without_tls: float = _limit(60.0, "seconds", "so soon a client comes back without TLS that was refused it")
# fmt: on


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One threshold as people are told of it: ``reply-slow``, 10, ``seconds``, and its words."""

    name: str
    default: float
    unit: str
    words: str


ROWS: Final = {
    name: ThresholdRow(
        name, getattr(Thresholds(), each.name), each.metadata["unit"], each.metadata["words"]
    )
    for each in fields(Thresholds)
    for name in [each.name.replace("_", "-")]
}
"""Every threshold by the name that people give it."""
_MOST: Final = 1e9


def thresholds_of(changes: tuple[tuple[str, float], ...]) -> Thresholds:
    """Return the defaults with *changes*: pairs of a name in ROWS and a value in its unit."""
    given: dict[str, Any] = {name.replace("-", "_"): value for name, value in changes}
    return replace(Thresholds(), **given)


def read_threshold(text: str) -> tuple[str, float]:
    """Return the name and the value that *text* gives, as in ``reply-slow=20``.

    Raise ValueError with what would be right.
    """
    name, sign, value = text.partition("=")
    name, value = name.strip().replace("_", "-"), value.strip()
    row = ROWS.get(name)
    if row is None or not sign:
        raise ValueError(f"{text!r} is no threshold; docs/findings.md has all, as in reply-slow=20")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    whole = row.unit in ("times", "octets")
    if not 0 <= number <= _MOST or (whole and number != int(number)):
        raise ValueError(f"{name} takes {row.unit}, as in {name}={row.default:g}")
    return name, int(number) if whole else number
