"""``pop3spy compare``: two recordings side by side."""

import json
from dataclasses import asdict

import click

from pop3spy.cli.environment import ExitStatus
from pop3spy.cli.options import Verb, with_setting
from pop3spy.cli.tapes import open_recording
from pop3spy.replay.compare import compare as differences_of
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recording import outcomes_of
from pop3spy.replay.report import table


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy compare yesterday.yaml today.yaml\n"
    "  pop3spy compare old-server.pcap new-server.pcap --json\n"
    "\n\b\n"
    "Dates, banners and the texts of +OK are no differences.\n"
    "The exit status is 1 if there are any.",
)
@click.argument("a")
@click.argument("b")
@click.option(
    "--session", type=int, metavar="N", help="Compare this session of both.  [default: the first]"
)
@with_setting("port")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: str, b: str, session: int | None, port: tuple[int, ...], *, as_json: bool) -> int:
    """Compare what the servers answered in two recordings.

    Compared are status, sizes, unique-ids, capabilities and what multi-line replies hold.
    """
    first, second = _outcomes(a, session, port), _outcomes(b, session, port)
    found = differences_of(first, second)
    if as_json:
        report = {"exchanges": len(first), "differences": [asdict(each) for each in found]}
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(table(found, len(first), (a, b)), nl=False)
    return ExitStatus.FOUND if found else ExitStatus.DONE


def _outcomes(path: str, session: int | None, ports: tuple[int, ...]) -> tuple[Outcome, ...]:
    with open_recording(path, ports=ports) as recording:
        return outcomes_of(recording.items, session, contents=recording.bodies_kept)
