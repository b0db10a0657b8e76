"""Filter expressions: which exchanges are meant, said in one language everywhere.

    filter  =  and { "or" and }
    and     =  not { "and" not }
    not     =  { "not" } ( "(" filter ")" | "text" | FLAG | NAME OPERATOR value { "," value } )

Rules: 1. a comparison with what is not there is false, and ``a != b`` is ``not a = b``; 2. without
quotes ``*`` and ``?`` are wild, in quotes nothing is; 3. a mistake is found when the expression is
read, never when an exchange is judged; 4. where the server heard another command than the client
said, an exchange is meant if it is with either, so who has been shown the one keeps it.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from pop3spy.filters.comparisons import Judge, amount_judge, negation, text_judge, with_either
from pop3spy.filters.pattern import Matches, RegularExpression, glob
from pop3spy.filters.terms import OPERATORS, TERMS, Progress, Term, TermKind
from pop3spy.filters.tokens import FilterError, Token, tokens
from pop3spy.session.model import Exchange, Session

T = TypeVar("T")

_DEEPEST: Final = 50
_WHEN: Final = {
    Progress.ASKED: "when the command is asked",
    Progress.ANSWERED: "once the status line has come",
    Progress.ENDED: "once the whole reply has come",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """An expression that was read; ``means`` tells whether it means an exchange of a session.

    ``text`` is a plain spelling, which reads as the same filter; ``known`` is when an exchange can
    be judged, and ``settled`` whether the verdict is then the last.
    """

    text: str
    known: Progress
    settled: bool
    means: Judge = field(compare=False, repr=False)

    def __str__(self) -> str:
        """Return the plain spelling."""
        return self.text


class _Clause(NamedTuple):
    """A part of an expression; the lower its rank, the sooner it needs parentheses."""

    judge: Judge
    text: str
    known: Progress
    settled: bool
    rank: int = 3

    def inside(self, rank: int) -> str:
        return self.text if self.rank >= rank else f"({self.text})"


def compile_filter(text: str, known: Progress = Progress.ENDED) -> Filter:
    """Return the filter that *text* is, for exchanges of which so much is *known*.

    Raise FilterError, with the column, if it is none or asks for what is not known yet.
    """
    reader = _Reader(text, known)
    clause = reader.either()
    reader.end()
    return Filter(clause.text, clause.known, clause.settled, with_either(clause.judge))


class _Reader:
    """Reads an expression from its beginning to its end, a method for each line of the grammar."""

    def __init__(self, text: str, known: Progress) -> None:
        self._text = text
        self._known = known
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    def either(self) -> _Clause:
        """Read ``a or b``."""
        clauses = [self._both()]
        while self._take("or"):
            clauses.append(self._both())
        return _joined(clauses, any, "or", 1)

    def end(self) -> None:
        """Make sure that nothing is left."""
        token = self._next
        if token.kind == "symbol" and token.text == ")":
            raise self._wrong("no ( stands before this )")
        if token.kind != "end":
            raise self._wrong("'and' or 'or' belongs before this")

    def _both(self) -> _Clause:
        clauses = [self._negated()]
        while self._take("and"):
            clauses.append(self._negated())
        return _joined(clauses, all, "and", 2)

    def _negated(self) -> _Clause:
        negations = 0
        while self._take("not"):
            negations += 1
        clause = self._primary()
        if negations:
            clause = clause._replace(text="not " * negations + clause.inside(3), rank=3)
        return clause._replace(judge=negation(clause.judge)) if negations % 2 else clause

    def _primary(self) -> _Clause:
        token = self._next
        if self._take("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise FilterError(self._text, token.at, "there are too many ( inside one another")
            clause = self.either()
            if not self._take(")"):
                raise self._wrong(f"the ( in column {token.at + 1} needs its )")
            self._depth -= 1
            return clause
        if token.kind == "quoted":
            self._at += 1
            return self._found_anywhere(token)
        if token.kind != "word":
            example = " and ".join(row.example for row in (TERMS["verb"], TERMS["latency"]))
            raise self._wrong(f"a term belongs here, as in: {example}")
        return self._term()

    def _found_anywhere(self, token: Token) -> _Clause:
        term, wanted = TERMS["text"], token.text.lower()

        def judge(session: Session, exchange: Exchange) -> bool:
            return any(wanted in text.lower() for text in term.value(session, exchange))

        return _Clause(judge, str(token), term.known, not term.grows)

    def _term(self) -> _Clause:
        name = self._next
        term = TERMS.get(name.text.lower())
        if term is None:
            near = _nearest(name.text, TERMS)
            hint = near or f"there are {', '.join(TERMS)}, and text in quotes"
            raise self._wrong(f"there is no such term; {hint}")
        if term.known > self._known:
            raise self._wrong(
                f"{term.name} is known only {_WHEN[term.known]}, which is too late here"
            )
        self._at += 1
        if term.kind is TermKind.FLAG:
            if self._next.text in OPERATORS:
                raise self._wrong(f"{term.name} is true or false, and stands alone")
            return _Clause(term.value, term.name, term.known, not term.grows)
        sign = self._next
        if sign.kind != "symbol" or sign.text not in term.kind.operators:
            signs = " ".join(term.kind.operators)
            raise self._wrong(f"{term.name} needs one of {signs} here, as in: {term.example}")
        self._at += 1
        values = self._values(term, sign.text)
        text = f"{term.name} {sign.text} {','.join(map(str, values))}"
        judge = self._comparison(term, sign.text, values)
        return _Clause(judge, text, term.known, not term.grows)

    def _values(self, term: Term, sign: str) -> list[Token]:
        values = []
        while True:
            if self._next.kind not in ("word", "quoted"):
                raise self._wrong(f"a value belongs here, as in: {term.example}")
            values.append(self._next)
            self._at += 1
            if self._next.kind == "symbol" and self._next.text == "," and sign not in ("=", "!="):
                raise self._wrong(f"{sign} takes one value; = and != take several")
            if not self._take(","):
                return values

    def _comparison(self, term: Term, sign: str, values: list[Token]) -> Judge:
        if term.kind is TermKind.TEXT:
            tests = [self._text_test(term, sign, value) for value in values]
            judge = text_judge(term, tests)
        else:
            assert term.kind.read is not None
            amounts = [self._try(value, term.kind.read) for value in values]
            judge = amount_judge(term, sign, amounts)
        return negation(judge) if sign.startswith("!") else judge

    def _text_test(self, term: Term, sign: str, value: Token) -> Matches:
        wild = value.kind == "word" and ("*" in value.text or "?" in value.text)
        wanted = value.text.lower()
        test: Matches
        if sign.endswith("~"):
            test = self._try(value, RegularExpression)
        elif wild:
            test = glob(value.text)
        else:
            test = lambda text: text.lower() == wanted  # noqa: E731 - one of three
        if term.among and not any(map(test, term.among)):
            near = _nearest(value.text, term.among) or f"there are {', '.join(term.among)}"
            raise FilterError(self._text, value.at, f"there is no such {term.name}; {near}")
        return test

    def _try(self, value: Token, read: Callable[[str], T]) -> T:
        try:
            return read(value.text)
        except ValueError as error:
            raise FilterError(self._text, value.at, str(error)) from None

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, text: str) -> bool:
        """Go past the next token if it is *text*, a symbol or one of and, or, not."""
        token = self._next
        taken = token.kind == "symbol" and token.text == text
        self._at += taken
        return taken

    def _wrong(self, problem: str) -> FilterError:
        return FilterError(self._text, self._next.at, problem)


def _joined(
    clauses: list[_Clause], all_or_any: Callable[[Iterable[bool]], bool], word: str, rank: int
) -> _Clause:
    if len(clauses) == 1:
        return clauses[0]
    judges = [clause.judge for clause in clauses]
    text = f" {word} ".join(clause.inside(rank + 1) for clause in clauses)
    known = max(clause.known for clause in clauses)
    settled = all(clause.settled for clause in clauses)
    return _Clause(lambda s, e: all_or_any(j(s, e) for j in judges), text, known, settled, rank)


def _nearest(word: str, names: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean {by_lower[near[0]]}?" if near else ""
