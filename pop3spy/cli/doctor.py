"""``pop3spy doctor``: what this installation can do."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.installation import Condition, InstalledPart, installed_parts
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.cli.verb import Verb
from pop3spy.wrapping import wrapped

_COLOURS: Final = {Condition.THERE: "green", Condition.MISSING: "yellow", Condition.BROKEN: "red"}
_STATES: Final = max(len(condition.value) for condition in Condition)


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy doctor            what there is, what is missing, and what to do\n"
    "  pop3spy doctor --json     for a program\n"
    "\n\b\n"
    "The exit status is 1 if something is broken; what is missing is not.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> int:  # noqa: FBT001 - click gives it by name
    """Tell what this installation can do, and what to do for more."""
    found = installed_parts()
    if as_json:
        rows = [{**asdict(part), "condition": part.condition.value} for part in found]
        click.echo(json.dumps(rows, indent=2))
    else:
        for line in _table(found):
            click.echo(line)
    broken = any(part.condition is Condition.BROKEN for part in found)
    return ExitStatus.FOUND if broken else ExitStatus.DONE


def _table(found: list[InstalledPart]) -> Iterator[str]:
    """Yield a line for each part; on a terminal it goes on under itself."""
    names = max(len(part.name) for part in found)
    indent = _STATES + names + 4
    columns = width_of(sys.stdout)()
    for part in found:
        text = f"{part.text}; {part.remedy}" if part.remedy else part.text
        room = max(20, columns - indent) if columns else len(text)
        first, *rest = wrapped(text, room, room)
        word = f"{part.condition.value:<{_STATES}}"
        if colourful(sys.stdout):
            word = click.style(word, fg=_COLOURS[part.condition])
        yield f"{word}  {part.name:<{names}}  {first}"
        yield from (f"{'':<{indent}}{line}" for line in rest)
