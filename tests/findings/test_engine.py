"""What holds for every finding, whatever its rule."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from findings.doors import Gathered, ids
from pop3spy.findings import (
    AtFault,
    Claim,
    Claims,
    Findings,
    Observed,
    On,
    Rule,
    RuleError,
    Scope,
    Severity,
    on,
    own_rules,
    rule,
)
from pop3spy.findings.dialogue import LOGIN, read_dialogue
from pop3spy.findings.rule import RULES
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import Finding
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item

OWN = dict(own_rules())


pytestmark = pytest.mark.usefixtures("rules")


def found(items: Iterator[Item], failed: list[str] | None = None) -> list[Finding]:
    gathered = Gathered()

    def complain(rule: Rule, error: Exception) -> None:
        assert failed is not None, error
        failed.append(rule.id)

    play_back(items, gathered, judge=lambda publish: Findings(publish, dict(RULES), complain))
    return [finding for _, finding in gathered.found]


def dele(name: str, **columns: object) -> None:
    """Register a rule that is raised by every answered DELE, and says what is *claimed*."""
    claimed = columns.pop("claimed", None)

    @rule(
        name,
        Severity.WARNING,
        AtFault.CLIENT,
        columns.pop("scope", Scope.EXCHANGE),  # type: ignore[arg-type]
        rank=1,
        basis="practice",
        raises="C: DELE 1\nS: +OK",
        on=On.ANSWERED,
        verbs=("DELE",),
        **columns,  # type: ignore[arg-type]
    )
    def found(_: Observed, event: Answered) -> Claims:
        """It is there.

        To do: nothing.
        """
        told = {"text": "A DELE was answered.", "evidence": {"number": event.exchange.number}}
        yield Claim(**(claimed or told))  # type: ignore[arg-type]


TWICE = """
    -- login
    C: DELE 1
    S: +OK
    C: DELE 2
    S: +OK
    C: DELE 3
    S: +OK
    C: DELE 4
    S: +OK
"""


def test_a_finding_is_raised_once_and_counted_with_its_first_three_places(
    rules: dict[str, Rule],
) -> None:
    dele("dele")
    (finding,) = found(read_dialogue(TWICE).tape())
    assert rules.keys() == {"dele"}
    assert finding.count == 4
    assert [place.exchange for place in finding.places] == [3, 4, 5]
    assert (finding.exchange, finding.remedy, finding.evidence) == (3, "nothing.", {"number": 3})


@pytest.mark.parametrize("first", ["general", "specific"])
def test_the_specific_finding_beats_the_general_one(first: str) -> None:
    order = ["general", "specific"] if first == "general" else ["specific", "general"]
    for name in order:
        dele(name, beats=("general",) if name == "specific" else ())
    assert ids([(1, one) for one in found(read_dialogue(TWICE).tape())]) == ["specific"]


def test_who_beats_one_that_beats_another_beats_both() -> None:
    dele("general")
    dele("specific", beats=("middle",))
    dele("middle", beats=("general",))
    assert [finding.id for finding in found(read_dialogue(TWICE).tape())] == ["specific"]


def test_what_is_explained_at_one_place_and_not_at_another_stays() -> None:
    @rule(
        *("early", Severity.WARNING, AtFault.CLIENT, Scope.LINE),
        rank=1,
        basis="practice",
        raises="C: DELE 1",
        on=On.COMMAND,
        verbs=("DELE", "NOOP"),
    )
    def early(_: Observed, __: Heard) -> Claims:
        """It is early.

        To do: wait.
        """
        yield Claim("Something was said.")

    dele("late", beats=("early",))
    general, _ = found(read_dialogue(f"{TWICE}    C: NOOP").tape())
    assert (general.count, general.explained, general.explained_by) == (5, 4, None)


def test_what_is_told_later_explains_what_was_told_before() -> None:
    @rule(
        *("early", Severity.WARNING, AtFault.CLIENT, Scope.LINE),
        rank=1,
        basis="practice",
        raises="C: DELE 1",
        on=On.COMMAND,
        verbs=("DELE",),
    )
    def early(_: Observed, __: Heard) -> Claims:
        """It is early.

        To do: wait.
        """
        yield Claim("A DELE was said.")

    dele("late", beats=("early",))
    general, specific = found(read_dialogue(TWICE).tape())
    assert (general.id, general.explained_by, general.count) == ("early", "late", 4)
    assert (specific.id, specific.count) == ("late", 4)


def test_a_rule_that_fails_is_told_of_once_and_the_others_go_on() -> None:
    @rule(
        *("broken", Severity.WARNING, AtFault.CLIENT, Scope.LINE),
        rank=1,
        basis="practice",
        raises="C: DELE 1",
        on=On.ANSWERED,
    )
    def broken(_: Observed, __: Answered) -> Claims:
        """It fails.

        To do: nothing.
        """
        raise ZeroDivisionError

    dele("dele")
    failed: list[str] = []
    two = f"{TWICE}\n-- session 5 min later\n{TWICE}".replace("    ", "")
    assert [finding.id for finding in found(read_dialogue(two).tape(), failed)] == ["dele", "dele"]
    assert failed == ["broken"]


def silent_after(seconds: float) -> None:
    @rule(
        *("silent", Severity.INFO, AtFault.CLIENT, Scope.TIMING),
        rank=1,
        basis="practice",
        raises="-- 10 s",
        on=On.SILENT,
        after=seconds,
    )
    def silent(seen: Observed, _: object) -> Claims:
        """Nobody speaks.

        To do: nothing.
        """
        yield Claim(f"Nothing was said for {seen.now - seen.spoken_at:.3f} s.")


@pytest.mark.parametrize(
    ("waits", "times"),
    [("9.99 s", 0), ("10 s", 1), ("5 min", 1), ("9.99 s\nC: NOOP\n-- 9.99 s", 0)],
)
def test_a_silence_is_told_at_its_time_and_once(waits: str, times: int) -> None:
    silent_after(10.0)
    talk = f"-- login\n-- {waits}\nC: NOOP\nS: +OK"
    findings = found(read_dialogue(talk).tape())
    assert [finding.text for finding in findings] == ["Nothing was said for 10.000 s."] * times


def test_a_check_comes_after_its_time_unless_the_session_is_over() -> None:
    @rule(
        *("later", Severity.INFO, AtFault.CLIENT, Scope.TIMING),
        rank=1,
        basis="practice",
        raises="C: NOOP",
    )
    class Later:
        """Something is checked later.

        To do: nothing.
        """

        def __init__(self, seen: Observed) -> None:
            self.seen = seen

        @on(On.COMMAND, "NOOP")
        def noop(self, event: Heard) -> Claims:
            self.seen.after(2.0, self.check, event.frame.number)
            yield from ()

        @staticmethod
        def check(seen: Observed, number: int) -> Claims:
            yield Claim(f"{seen.now:.3f}", exchange=number)

    talk = "-- login\nC: NOOP\n-- 5 s\nS: +OK\n-- 1 s\nC: NOOP"
    (finding,) = found(read_dialogue(talk).tape())
    assert (finding.text, finding.exchange) == ("2.006", 3)
    assert finding.at == pytest.approx(2.006)


def test_a_rule_that_looks_again_and_again_does_not_follow_a_leap_of_the_clock() -> None:
    looks = []

    @rule(
        *("again", Severity.INFO, AtFault.CLIENT, Scope.TIMING),
        rank=1,
        basis="practice",
        raises="C: NOOP",
        on=On.COMMAND,
        verbs=("NOOP",),
    )
    def again(seen: Observed, _: object) -> Claims:
        """It looks again.

        To do: nothing.
        """
        looks.append(seen.now)
        seen.after(1.0, again, None)
        return ()

    found(read_dialogue("-- login\nC: NOOP\n-- 100000 days\nS: +OK\nC: STAT").tape())
    assert len(looks) == 1001  # at the command, and as often as may fall due at once


def test_on_this_machine_what_passes_in_clear_is_an_info() -> None:
    dele("dele", about_clear=True)
    for server, severity in [("198.51.100.7", Severity.WARNING), ("127.0.0.1", Severity.INFO)]:
        talk = f"-- clear\n-- client 127.0.0.1\n-- server {server}\n{TWICE}"
        lines = "\n".join(line.strip() for line in talk.split("\n"))
        assert [finding.severity for finding in found(read_dialogue(lines).tape())] == [severity]


@pytest.mark.parametrize(
    ("doc", "said"),
    [("It is.", "must end with a paragraph"), ("It is.\n\nTo do: nothing.", "two rules dele")],
)
def test_a_rule_that_is_none_is_told_with_the_reason(doc: str, said: str) -> None:
    dele("dele")

    def made() -> None: ...

    made.__doc__ = doc
    with pytest.raises(RuleError, match=said):
        rule(
            *("dele", Severity.INFO, AtFault.CLIENT, Scope.LINE),
            rank=1,
            basis="practice",
            raises="",
            on=On.OPENED,
        )(made)


TLS_GOES_ON = r"""
    -- clear
    -- no greeting
    C< \x16\x03\x01\x00\x04\x01\x00\x00\x00
    S< \x16\x03\x03\x00\x04\x02\x00\x00\x00
    C< \x17\x03\x03\x00\x05hello
    S< \x17\x03\x03\x00\x05hello
    C< \x17\x03\x03\x00\x05again
"""


def test_of_tls_that_is_not_read_only_the_first_of_each_side_is_asked_about() -> None:
    @rule(
        "unread",
        Severity.INFO,
        AtFault.CONFIG,
        Scope.CONNECTION,
        rank=3,
        basis="practice",
        raises=TLS_GOES_ON,
        opaque_too=True,
        on=On.OPAQUE,
    )
    def unread(seen: Observed, _: Heard) -> Claims:
        """Octets that are not read.

        To do: nothing.
        """
        yield Claim(f"{sum(seen.encrypted.values())} octets so far.")

    (finding,) = found(read_dialogue(TLS_GOES_ON).tape())
    assert finding.count == 2
    assert finding.text == "9 octets so far."


@pytest.mark.parametrize(
    "claimed",
    [
        {"text": None},
        {"text": b"octets"},
        {"text": "so", "exchange": "3"},
        {"text": "so", "evidence": {"octets": b"so"}},
        {"text": "so", "evidence": {"seconds": float("nan")}},
    ],
)
def test_a_claim_that_no_log_can_hold_is_a_rule_that_fails(claimed: dict[str, Any]) -> None:
    failed: list[str] = []
    dele("odd", claimed=claimed)
    dele("sound")
    items = read_dialogue(f"{LOGIN}\nC: DELE 1\nS: +OK").tape()
    assert [finding.id for finding in found(items, failed)] == ["sound"]
    assert failed == ["odd"]


def test_a_text_with_an_escape_sequence_is_told_without_it() -> None:
    dele("odd", claimed={"text": "\x1b]52;c;x\x07\n::error::x"})
    (finding,) = found(read_dialogue(f"{LOGIN}\nC: DELE 1\nS: +OK").tape())
    assert finding.text == r"\x1b]52;c;x\x07\n::error::x"


def test_a_session_that_is_over_leaves_nothing_to_be_collected(rules: dict[str, Rule]) -> None:
    rules |= OWN
    talks = [f"{TWICE}    C: QUIT\n    S: +OK\n    -- server closes"]
    talks += [talk for rule in OWN.values() for talk in rule.raises]
    tapes = [list(read_dialogue(talk).tape()) for talk in talks]
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for items in tapes:
            found(iter(items))
        gc.collect()
        left = {type(each) for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left & {Observed, *(rule.made for rule in OWN.values() if rule.is_class)} == set()
