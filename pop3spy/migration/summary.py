"""What a comparison of accounts means to people: a line for each that differs, and a summary.

Rule: memory does not grow with the accounts: what is kept is counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pop3spy.migration.account import AccountOutcome
from pop3spy.migration.content import ContentOf
from pop3spy.protocol.text import count, escape

MOST_NUMBERS: Final = 10
"""Message numbers that are told of a kind in the line of an account."""
_MOST_KINDS: Final = 100
"""Different texts that are counted, such as certificates."""
_SHOWN: Final = 5

WORDS: Final = {
    "missing": "missing",
    "added": "added",
    "changed": "changed",
    "resized": "of another size",
    "unread": "not read",
}
"""What each kind of messages is called."""


def account_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what *facts* tell of an account, the first line with its name."""
    name, outcome = escape(facts["account"]), facts["outcome"]
    if outcome == AccountOutcome.FAILED.value and not facts["both"]:
        yield f"{name}: could not be compared: {facts['why']}"
        return
    counts = facts["counts"]
    head = "not all read" if counts["unread"] else "all there"
    head = "not all there" if counts["missing"] else head
    yield f"{name}: {head}: {_messages(facts)}"
    for kind, word in WORDS.items():
        if total := facts["counts"][kind]:
            numbers = facts[kind][:MOST_NUMBERS]
            more = f" and {total - len(numbers):,} more" if total > len(numbers) else ""
            whose = "at the new server" if kind == "added" else "at the old server"
            yield f"  {total:,} {word}: {', '.join(map(str, numbers))}{more} ({whose})"
    if facts["moved"]:
        yield f"  {count(facts['moved'], 'message')} in another order"
    yield f"  {_ids(facts)}"
    if facts["advice"]:
        yield f"  to keep them: {facts['advice']}"
    if facts["retrieved"]:
        servers = " and ".join(facts["retrieved"])
        yield f"  taken with RETR, for want of TOP, which may mark mail as read: {servers} server"
    if facts["why_less"]:
        yield f"  looked at by {facts['looked_at']} only: {facts['why_less']}"


def _messages(facts: Mapping[str, Any]) -> str:
    return (
        f"{count(facts['both'], 'message')} of {facts['messages']:,} in both,"
        f" found by {facts['found_by']}"
    )


def _ids(facts: Mapping[str, Any]) -> str:
    known, changed = facts["ids_known"], facts["ids_changed"]
    if not known:
        return "no unique-ids to compare" if facts["both"] else "no messages to have unique-ids"
    if not changed:
        return "unique-ids kept: clients that leave mail on the server fetch none again"
    return (
        f"unique-ids changed for {changed:,} of {known:,}: clients that leave mail on the server"
        f" will fetch {count(changed, 'message')} again"
    )


class ComparisonSummary:
    """Counts what accounts came to."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._texts: dict[str, Counter[str]] = {}

    @property
    def accounts(self) -> int:
        """How many accounts there were."""
        return self.outcomes.total()

    def add(self, facts: Mapping[str, Any]) -> None:
        """Take in what an account came to."""
        self.outcomes[facts["outcome"]] += 1
        for kind, total in facts["counts"].items():
            self.totals[kind] += total
        for name in ("messages", "octets", "both", "moved", "ids_known", "ids_changed"):
            self.totals[name] += facts[name]
        for text in facts["capabilities"]:
            self._count("capabilities", text)
        for side, text in facts["tls"].items():
            self._count(f"TLS, {side} server", text)
        if facts["advice"]:
            self._count("to keep unique-ids", facts["advice"])
        if facts["why_less"]:
            self._count(f"looked at by {facts['looked_at']} only", facts["why_less"])

    def _count(self, kind: str, text: str) -> None:
        text = escape(text).replace("\\\\", "\\")  # it may come from a file; once is enough
        known = self._texts.setdefault(kind, Counter())
        if text in known or len(known) < _MOST_KINDS:
            known[text] += 1

    def lines(self, content: ContentOf) -> Iterator[str]:
        """Yield the summary; *content* is how much of each message was to be looked at."""
        same, differ, failed = (
            self.outcomes[each.value]
            for each in (AccountOutcome.SAME, AccountOutcome.DIFFERS, AccountOutcome.FAILED)
        )
        yield (
            f"{count(self.accounts, 'account')}: {same:,} the same, {differ:,} differ,"
            f" {failed:,} could not be compared"
        )
        if not same + differ and not self.totals["messages"]:
            return
        told = ", ".join(f"{self.totals[kind]:,} {word}" for kind, word in WORDS.items())
        yield f"{count(self.totals['messages'], 'message')}: {told}"
        changed, known = self.totals["ids_changed"], self.totals["ids_known"]
        again = ": clients that leave mail on the server will fetch these again" if changed else ""
        yield f"unique-ids changed for {changed:,} of {known:,} messages{again}"
        for kind, texts in self._texts.items():
            for text, times in texts.most_common(_SHOWN):
                of = "" if times == self.accounts else f" ({count(times, 'account')})"
                yield f"{kind}: {text}{of}"
            if len(texts) > _SHOWN:
                yield f"{kind}: and {len(texts) - _SHOWN} more"
        if self.totals["resized"] and content is ContentOf.TOP:
            yield "only headers were looked at; --content full tells whether the rest differs"

    def facts(self) -> dict[str, object]:
        """Return it for machines."""
        outcomes = {each.value: self.outcomes[each.value] for each in AccountOutcome}
        texts = {kind: dict(found) for kind, found in sorted(self._texts.items())}
        return {"accounts": self.accounts, **outcomes, **dict(self.totals), "told": texts}
