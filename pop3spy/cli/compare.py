"""``pop3spy compare``: two recordings side by side."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, Verb, with_setting
from pop3spy.replay.compare import Compared, compare_sessions
from pop3spy.replay.recording import Numbered, all_outcomes_of, outcomes_of
from pop3spy.replay.report import tables


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy compare yesterday.yaml today.yaml\n"
    "  pop3spy compare old-server.pcap new-server.pcap --json\n"
    "\n\b\n"
    "Dates, banners and the texts of +OK are no differences.\n"
    "Sessions are compared in order: the first with the first, and so on.\n"
    "The exit status is 1 if there are any.",
)
@click.argument("a", type=FILE_NAME)
@click.argument("b", type=FILE_NAME)
@click.option(
    "--session", type=int, metavar="N", help="Compare only this session of both.  [default: all]"
)
@with_setting("port")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: str, b: str, session: int | None, port: tuple[int, ...], *, as_json: bool) -> int:
    """Compare what the servers answered in two recordings.

    Compared are status, sizes, unique-ids, capabilities and what multi-line replies hold.
    """
    first, second = _sessions(a, session, port), _sessions(b, session, port)
    compared = compare_sessions(first, second)
    click.echo(_json(compared) if as_json else tables(compared, (a, b)), nl=False)
    return ExitStatus.FOUND if any(each.differences for each in compared) else ExitStatus.DONE


def _json(compared: Sequence[Compared]) -> str:
    report = {
        "sessions": len(compared),
        "exchanges": sum(each.exchanges for each in compared),
        "differences": [
            {"session": each.session, **asdict(difference)}
            for each in compared
            for difference in each.differences
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def _sessions(path: str, session: int | None, ports: tuple[int, ...]) -> list[Numbered]:
    with open_recording(path, ports=ports) as recording:
        tape, contents = recording.items, recording.bodies_kept
        if session is None:
            return all_outcomes_of(tape, contents=contents)
        return [(session, outcomes_of(tape, session, contents=contents))]
