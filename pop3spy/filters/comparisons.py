"""What a comparison of a filter comes to, for one exchange."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from pop3spy.filters.pattern import Matches
from pop3spy.filters.terms import Term
from pop3spy.session.model import Exchange, Session

Judge = Callable[[Session, Exchange], bool]

_ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def negation(judge: Judge) -> Judge:
    """Return what is true where *judge* is not."""
    return lambda session, exchange: not judge(session, exchange)


def with_either(judge: Judge) -> Judge:
    """Return what is true where *judge* is of what the server heard, or of what the client said."""

    def either(session: Session, exchange: Exchange) -> bool:
        return judge(session, exchange) or (
            exchange.changed and judge(session, replace(exchange, line=exchange.said))
        )

    return either


def text_judge(term: Term, tests: Sequence[Matches]) -> Judge:
    """Return what is true where any text of *term* passes any of *tests*."""

    def judge(session: Session, exchange: Exchange) -> bool:
        return any(test(text) for text in term.value(session, exchange) for test in tests)

    return judge


def amount_judge(term: Term, sign: str, amounts: Sequence[float]) -> Judge:
    """Return what is true where *term* is in that order to the first of *amounts*, or is one.

    What is not known is in no order.
    """
    order = _ORDERS.get(sign)
    if order is None:
        return lambda session, exchange: term.value(session, exchange) in amounts
    bound, compare = amounts[0], order

    def judge(session: Session, exchange: Exchange) -> bool:
        amount = term.value(session, exchange)
        return amount is not None and compare(amount, bound)

    return judge
