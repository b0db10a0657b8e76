"""Messages that the recorded client deleted and the player left alone: that is no difference."""

from dataclasses import replace

from pop3spy.replay.difference import Difference, differences
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recorded_maildrop import COUNTING, message_of


class KeptMessages:
    """Remembers these messages by their recorded numbers, and judges replies with that in mind."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()

    def keep(self, number: int | None) -> None:
        """Note that a DELE was left out."""
        if number is not None:
            self._numbers.add(number)

    def forget(self) -> None:
        """Note that the recorded client unmarked all messages (RSET)."""
        self._numbers.clear()

    def judge(self, expected: Outcome, got: Outcome) -> list[Difference]:
        """Compare, but for what differs only because messages were not deleted this time."""
        number, content = message_of(expected.command), got.content
        if number in self._numbers and not expected.ok:
            return []
        if not self._numbers or number is not None or expected.command.verb not in COUNTING:
            return differences(expected, got)
        if content is None or content.entries is None:  # STAT: sums cannot be compared any more
            return differences(replace(expected, words=()), replace(got, words=()))
        known = expected.content.entries if expected.content else None
        gone = self._numbers.difference(known or ())
        left = {key: said for key, said in content.entries.items() if key not in gone}
        return differences(expected, replace(got, content=replace(content, entries=left)))
