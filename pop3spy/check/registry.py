"""What a check is: the row that says what it judges, and the function that does."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from inspect import cleandoc
from typing import TYPE_CHECKING, Final

from pop3spy.check.needs import Need
from pop3spy.errors import Pop3SpyError

if TYPE_CHECKING:  # an audit runs checks, and a check is given the audit
    from pop3spy.check.audit import Audit


class CheckError(Pop3SpyError):
    """A check is not one that can be run."""


class Level(Enum):
    """How much it weighs that a check fails; a property of the check, never of an outcome."""

    MUST = "MUST"  # an RFC's MUST, or plain grammar
    SHOULD = "SHOULD"  # an RFC's SHOULD
    PRACTICE = "practice"  # no RFC says it, experience does


class CheckOutcome(Enum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - the word of test suites, no secret
    NON_STRICT = "non-strict"  # not as required, and every client known copes
    FAIL = "fail"
    INFO = "info"  # a fact without a judgement
    MISSING = "missing"  # optional, and not offered
    SKIPPED = "skipped"  # not run; the note says why
    ERROR = "error"  # begun and not finished


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a check, a note for people, and the numbers that the note puts into words."""

    outcome: CheckOutcome
    note: str = ""
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def passed(note: str = "", **facts: str | float) -> Judgement:
    """Return that all is as required."""
    return Judgement(CheckOutcome.PASS, note, facts)


def non_strict(note: str, **facts: str | float) -> Judgement:
    """Return that something deviates with which clients cope."""
    return Judgement(CheckOutcome.NON_STRICT, note, facts)


def failed(note: str, **facts: str | float) -> Judgement:
    """Return that something is required and not so."""
    return Judgement(CheckOutcome.FAIL, note, facts)


def info(note: str, **facts: str | float) -> Judgement:
    """Return a fact."""
    return Judgement(CheckOutcome.INFO, note, facts)


def missing(note: str, **facts: str | float) -> Judgement:
    """Return that the server does not offer what would be judged."""
    return Judgement(CheckOutcome.MISSING, note, facts)


def skipped(note: str) -> Judgement:
    """Return that a condition is not met."""
    return Judgement(CheckOutcome.SKIPPED, note)


Judge = Callable[["Audit"], Awaitable[Judgement]]
"""What runs a check: it talks, and judges what came."""


@dataclass(frozen=True, slots=True)
class Check:
    """Everything there is to know of one check.

    ``title`` says what a server should do; ``harm`` in one sentence why it matters, and to whom;
    ``details`` what is done and how it is judged.  ``logins`` is how many logins of its own it
    takes at most, and ``connections`` how many connections.
    """

    id: str
    level: Level
    needs: tuple[Need, ...]
    group: str
    reference: str
    title: str
    harm: str
    details: str
    logins: int
    connections: int
    judge: Judge

    @property
    def number(self) -> int:
        """Its place in its group."""
        return int(self.id.rpartition("/")[2])

    @property
    def anchor(self) -> str:
        """Where ``docs/checks.md`` has it."""
        return self.id.replace("/", "-")


EACH_MECHANISM: Final = -1
"""In place of a number of logins: one by each mechanism, shared by all checks that have it."""

CHECKS: Final[dict[str, Check]] = {}
"""Every check that was loaded, by its id."""

_ID: Final = re.compile(r"[a-z0-9]+/[1-9][0-9]*")
_PARTS: Final = 3


def check(  # noqa: PLR0913 - the columns of the table
    id: str,  # noqa: A002 - what everybody calls it
    level: Level,
    reference: str,
    *,
    needs: tuple[Need, ...] = (),
    logins: int = 0,
    connections: int = 1,
    title: str = "",
    harm: str = "",
    done: str = "",
) -> Callable[[Judge], Judge]:
    """Register a function as the check *id*; see ``Check`` for the columns.

    Its docstring has paragraphs: what a server should do; whom it hurts if it does not; what is
    done, and what passes and fails.  Where one function is several checks, *title*, *harm* and what
    is *done* stand in front of it.  Raise CheckError if something of that is not there, or if the
    id is taken.
    """

    def register(judge: Judge) -> Judge:
        doc = cleandoc(judge.__doc__ or "").split("\n\n")
        first, second, *rest = [*doc, "", ""][: max(_PARTS, len(doc))]
        if title and harm and done:
            first, second, rest = title, harm, [f"Done: {done}.", *doc]
        if not (_ID.fullmatch(id) and first and second and any(rest)):
            raise CheckError(f"the check {id} has no id, title, harm and procedure; see check()")
        if id in CHECKS:
            raise CheckError(f"there are two checks {id}; give one of them another id")
        CHECKS[id] = Check(
            id=id,
            level=level,
            needs=needs,
            group=id.partition("/")[0],
            reference=reference,
            title=_line(first).rstrip("."),
            harm=_line(second),
            details="\n\n".join(map(_line, filter(None, rest))),
            logins=logins,
            connections=connections,
            judge=judge,
        )
        return judge

    return register


def _line(text: str) -> str:
    return " ".join(text.split())
