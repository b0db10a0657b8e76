"""The command of the live console that breaks what is said."""

from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowTone, note
from pop3spy.gate.faulttext import read_fault
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole, number_of
from pop3spy.protocol.text import escape
from pop3spy.session.events import Noted

_MOST_ROWS = 40


@LIVE_COMMANDS.add(
    "fault", "FAULT|off [N]", "sets a fault, or takes one or all away; alone, tells what is set"
)
async def fault(console: LiveConsole, rest: str) -> None:
    """Set a fault, or take some away."""
    word, _, number = rest.partition(" ")
    if not rest:
        _tell_faults(console)
    elif word == "off":
        _take_away(console, number.strip())
    else:
        keeper = console.faults.add(read_fault(rest))
        console.proxy.regate()
        console.bus.publish(Noted("fault_set", console.clock.now(), keeper.facts))


def _take_away(console: LiveConsole, number: str) -> None:
    found = [number_of(number, "fault", ":fault off 1")] if number else list(console.faults.set)
    if not console.faults.set.keys() & set(found):
        raise RefusalError("no such fault is set; :fault tells which are")
    for each in found:
        keeper = console.faults.remove(each)
        console.bus.publish(Noted("fault_taken", console.clock.now(), {"fault": str(keeper.fault)}))
    console.proxy.regate()


def _tell_faults(console: LiveConsole) -> None:
    found = list(console.faults.set.items())
    for number, keeper in found[:_MOST_ROWS]:
        told = "  ".join(f"{name} {value}" for name, value in keeper.facts.items())
        console.tell(Row(f"{number:>4}", escape(told.removeprefix("fault ")), RowTone.BODY))
    if len(found) > _MOST_ROWS:
        console.tell(note(f"and {len(found) - _MOST_ROWS:,} more"))
    if not found:
        console.tell(note("no fault is set; :fault NAME sets one, such as :fault delay time=2s"))
