"""What a rule is: the row that says what it finds, and the function or class that finds it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from inspect import cleandoc
from math import isfinite
from typing import Any, Final

from pop3spy.errors import Pop3SpyError
from pop3spy.protocol.text import escape
from pop3spy.session.finding import AtFault, Evidence, Severity


class RuleError(Pop3SpyError):
    """A rule is not one that can be asked."""


class Scope(Enum):
    """How much of what happened a rule has to know."""

    LINE = "line"  # one line is enough
    EXCHANGE = "exchange"  # a command and its reply
    CONNECTION = "connection"  # all that was said
    TIMING = "timing"  # and when
    HISTORY = "history"  # several connections


class On(Enum):
    """What a rule is asked about."""

    __hash__ = object.__hash__  # Enum's own is Python code, and tables are looked up all the time

    OPENED = "a client connected"
    GREETING = "the server's first line"
    COMMAND = "a command of the client"
    AHEAD = "a command that was said before the reply before it had ended"
    ODD_COMMAND = "a command that is not plain: wrong line end, odd octets, blanks, too long"
    SASL = "an answer of the client inside AUTH"
    CHALLENGE = "a challenge of the server"
    STATUS = "the status line of a reply"
    ODD_STATUS = "a status line, the greeting too, that is not plain, or is hidden in part"
    JUNK = "a line of the server that is no reply"
    OPAQUE = "octets that are not read; of what goes on encrypted, the first of each side"
    BODY_END = "the lone dot that ends a body"
    ANSWERED = "a reply that has ended, or broke off"
    REFUSED = "a reply that is -ERR"
    UNANSWERED = "it is certain that no reply comes"
    MOVED = "the state changed"
    SECURED = "TLS began"
    GLIMPSED = "something was seen of TLS that passes unread"
    INTERVENED = "a gate did something"
    CLOGGED = "neither side takes what is sent to it, or one does so again"
    CLOSED = "a side closed"
    CLOSED_EARLY = "a side closed, and the last thing said was no answer to QUIT"
    SILENT = "nobody has said anything for so long"
    RESUMED = "somebody speaks, and nobody had said anything for so long"
    FINISHED = "all was said, and the session is over"
    FINISHED_EARLY = "the session is over, and the last thing said was no answer to QUIT"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule says of one place.

    ``text`` is one sentence.  ``exchange`` is the number of the exchange that it is about: that of
    the event, unless the rule says another, or 0 for the whole connection.  ``at`` is when, if not
    at the event.  ``severity``, ``fault`` and ``remedy`` are those of the rule unless they are
    given.  ``covers`` are other exchanges that it explains as well.
    """

    text: str
    exchange: int | None = None
    at: float | None = None
    severity: Severity | None = None
    fault: tuple[AtFault, ...] | None = None
    remedy: str | None = None
    covers: tuple[int, ...] = ()
    evidence: Evidence = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise TypeError for what no log can hold; a text never holds an escape sequence."""
        values = (self.text, self.remedy or "", *self.evidence, *self.evidence.values())
        if not all(isinstance(value, str | int | float) for value in values):
            raise TypeError("a claim is made of texts and numbers")
        if not isinstance(self.text, str) or not isinstance(self.exchange, int | None):
            raise TypeError("a claim is a text about the number of an exchange")
        if any(isinstance(value, float) and not isfinite(value) for value in values):
            raise TypeError("the numbers of a claim are finite")
        for name in ("text", "remedy"):  # what is quoted has been escaped, and nothing else is odd
            if not (getattr(self, name) or "").isprintable():
                object.__setattr__(self, name, escape(getattr(self, name)))


Claims = Iterable[Claim]
"""What a rule yields, or returns; nothing says that all is well."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of event that a rule is asked about.

    With *verbs* only those commands count; ``after`` is for SILENT and RESUMED, in seconds, or is
    the name of a threshold.
    ``method`` is the name of the method of a class, and None where the rule is a function.
    """

    on: On
    verbs: tuple[str, ...] = ()
    after: float | str = 0.0
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything there is to know of one kind of finding.

    ``beats`` are more general rules: where both hold, only this one is raised.  ``about_clear`` is
    true if it says that something passed without TLS: on this machine alone that is no more than
    an info.  ``needs_start`` is whether the rule has to know how the connection began, and
    ``opaque_too`` whether it holds where nothing can be read.  ``too_long`` is whether it says of
    an exchange that somebody waited too long in it.  ``raises`` and ``silent`` are
    conversations: the first raises exactly this, the second nothing.
    """

    id: str
    severity: Severity
    fault: tuple[AtFault, ...]
    scope: Scope
    rank: int
    basis: str
    group: str
    raises: tuple[str, ...]
    silent: tuple[str, ...]
    beats: tuple[str, ...]
    about_clear: bool
    needs_start: bool
    opaque_too: bool
    too_long: bool
    asked: tuple[Asked, ...]
    made: Callable[..., Any]
    meaning: str
    details: str
    remedy: str

    @property
    def is_class(self) -> bool:
        """Whether it keeps something of each session."""
        return isinstance(self.made, type)


RULES: Final[dict[str, Rule]] = {}
"""Every rule that was loaded, by its id."""


def on(what: On, *verbs: str, after: float | str = 0.0) -> Callable[[Any], Any]:
    """Let a method of a rule be asked about *what*; with *verbs* of those commands alone."""

    def mark(method: Any) -> Any:
        asked = getattr(method, "asked_on", ())
        method.asked_on = (*asked, Asked(what, verbs, after, method.__name__))
        return method

    return mark


def rule(  # noqa: PLR0913 - the columns of the table
    id: str,  # noqa: A002 - what everybody calls it
    severity: Severity,
    fault: AtFault | tuple[AtFault, ...],
    scope: Scope,
    *,
    rank: int,
    basis: str,
    raises: str | tuple[str, ...],
    silent: str | tuple[str, ...] = (),
    on: On | tuple[On, ...] = (),
    verbs: tuple[str, ...] = (),
    after: float | str = 0.0,
    beats: tuple[str, ...] = (),
    about_clear: bool = False,
    needs_start: bool | None = None,
    opaque_too: bool = False,
    too_long: bool = False,
) -> Callable[[Any], Any]:
    """Register a function or a class as the rule *id*; see ``Rule`` for the columns.

    A function is called with the ``Observed`` and the event; *on*, *verbs* and *after* say about
    what.  A class is made for each session, with the ``Observed``; its methods are marked with
    ``on`` and are called with the event.  Both yield claims.

    The docstring has three parts: a sentence that says what it means, why it matters, and what to
    do, which begins with ``To do:``.  Raise RuleError if it has not, or if the id is taken.
    """

    def register(made: Any) -> Any:
        doc = cleandoc(made.__doc__ or "").split("\n\n")
        meaning, remedy = doc[0], doc[-1].removeprefix("To do:").strip()
        if len(doc) < 2 or not doc[-1].startswith("To do:"):  # noqa: PLR2004 - first and last
            raise RuleError(f"the docstring of the rule {id} must end with a paragraph 'To do: …'")
        if id in RULES:
            raise RuleError(f"there are two rules {id}; give one of them another id")
        ways = (on,) if isinstance(on, On) else on
        asked = tuple(Asked(way, verbs, after) for way in ways)
        if isinstance(made, type):
            asked = tuple(way for name in dir(made) for way in _asked_on(getattr(made, name)))
        if not asked:
            raise RuleError(f"the rule {id} is asked about nothing; say on what")
        RULES[id] = Rule(
            id=id,
            severity=severity,
            fault=fault if isinstance(fault, tuple) else (fault,),
            scope=scope,
            rank=rank,
            basis=basis,
            group=made.__module__.rpartition(".")[2].partition("_")[0],
            raises=tuple(map(cleandoc, (raises,) if isinstance(raises, str) else raises)),
            silent=tuple(map(cleandoc, (silent,) if isinstance(silent, str) else silent)),
            beats=beats,
            about_clear=about_clear,
            needs_start=scope is not Scope.LINE if needs_start is None else needs_start,
            opaque_too=opaque_too,
            too_long=too_long,
            asked=asked,
            made=made,
            meaning=" ".join(meaning.split()),
            details="\n\n".join(doc[1:-1]),
            remedy=" ".join(remedy.split()),
        )
        return made

    return register


def _asked_on(attribute: Any) -> tuple[Asked, ...]:
    asked: tuple[Asked, ...] = getattr(attribute, "asked_on", ())
    return asked
