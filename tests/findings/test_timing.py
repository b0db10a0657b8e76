"""What is found of times, beyond what the conversations beside the rules can say."""

from collections.abc import Iterator
from dataclasses import replace

from findings.doors import ids, judged
from pop3spy.errors import Unreached
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.session.tape import Item, Over

WAITED = "-- no greeting\n-- 30 s\n-- client closes"


def ending_with(unreached: Unreached | None) -> Iterator[Item]:
    """Yield a session whose client waits for a greeting, with what is known of its server."""
    for item in read_dialogue(WAITED).tape():
        if isinstance(item, Over):
            item = replace(item, ending=replace(item.ending, unreached=unreached))  # noqa: PLW2901
        yield item


def test_no_greeting_is_missed_of_a_server_that_may_not_be_there() -> None:
    assert ids(judged(ending_with(Unreached.UNDECIDED))) == []
    assert ids(judged(ending_with(None))) == ["greeting-missing"]
