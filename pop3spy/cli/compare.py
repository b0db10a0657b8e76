"""``pop3spy compare``: two recordings, or the accounts of two servers, side by side."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.options import FILE_NAME, ValueType, collected, with_setting
from pop3spy.cli.recorded_sessions import outcomes_in
from pop3spy.cli.server_options import ServerOptions, Shown, with_server_options
from pop3spy.cli.verb import Verb
from pop3spy.config.kinds import PATH
from pop3spy.errors import ConfigError
from pop3spy.newfile import new_file
from pop3spy.protocol.url import Url, parse_url
from pop3spy.replay.compare import Compared, compare_sessions
from pop3spy.replay.messages import PairBy
from pop3spy.replay.report import tables, total, verdicts
from pop3spy.replay.verdict import MOST_PLACES, Place, Texts, first_difference, verdict_of
from pop3spy.session.playback import play_back


@dataclass(frozen=True, kw_only=True)
class CompareOptions(ServerOptions):
    """What is compared, how, and what is told."""

    session: int | None
    by: str | None
    summary: bool
    id_map: Path | None
    port: tuple[int, ...]
    as_json: bool


class _Place(click.ParamType):  # type: ignore[type-arg]  # generic in newer clicks only
    """Reads a recording's file name as it was typed, and a server's URL."""

    name = "place"

    def convert(self, value: object, *_: object) -> str | Url:
        """Return a URL where there is a scheme; raise ConfigError if it makes no sense."""
        if isinstance(value, Url) or "://" not in str(value):
            return value if isinstance(value, Url) else str(FILE_NAME.convert(value, None, None))
        try:
            return parse_url(str(value))
        except ValueError as error:
            raise ConfigError(str(error)) from None

    def shell_complete(self, *args: Any) -> list[CompletionItem]:
        """Return what a shell offers."""
        return FILE_NAME.shell_complete(*args)


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy compare yesterday.yaml today.yaml\n"
    "  pop3spy compare old-server.pcap new-server.pcap --json\n"
    "  pop3spy compare a.yaml b.yaml --summary       what it means, and no more\n"
    "  pop3spy compare a.yaml b.yaml --map ids.csv   old unique-ids to new ones\n"
    "  pop3spy compare pop3s://old.example.org pop3s://new.example.org --user bob\n"
    "  pop3spy compare pop3s://old.example.org pop3s://new.example.org \\\n"
    "      --users accounts.csv --password-command 'pass show \"$POP3SPY_USER\"' \\\n"
    "      --jobs 8 --results results.jsonl --summary\n"
    "\n\b\n"
    "Of recordings, dates, banners and the texts of +OK are no differences, and\n"
    "sessions are compared in order: the first with the first, and so on.\n"
    "Of servers, whole accounts are compared, and nothing is deleted.\n"
    "The exit status is 1 if there are differences, and 3 if there are none as far\n"
    "as could be read, but that was not everything.",
)
@click.argument("a", type=_Place())
@click.argument("b", type=_Place())
@click.option(
    "--session", type=int, metavar="N", help="Compare only this session of both.  [default: all]"
)
@click.option(
    "--by",
    type=click.Choice([by.value for by in PairBy]),
    metavar="|".join(by.value for by in PairBy),
    help="How messages are found again.  [default: what finds most, and it is said]",
)
@click.option(
    "--summary",
    is_flag=True,
    help="Tell what it means and how many differences there are, without the table.",
)
@click.option(
    "--map",
    "id_map",
    type=ValueType(PATH, "--map"),
    metavar="FILE",
    help="Write old unique-ids and new ones, by content, to this new file (.json or .csv).",
)
@with_setting("port")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_server_options
@collected(CompareOptions)
def compare(options: CompareOptions, a: str | Url, b: str | Url) -> int:
    """Compare what two servers have, or answered in two recordings.

    Of recordings, status, sizes, unique-ids, capabilities and what multi-line replies hold are
    compared; of servers (URLs), whole accounts, before or after mail has moved.
    """
    if options.id_map and options.id_map.suffix not in (".json", ".csv"):
        raise ConfigError("--map: the name of the file ends in .json or .csv, which says its form")
    if isinstance(a, Url) and isinstance(b, Url):
        if options.session is not None or options.by is not None or options.port:
            raise ConfigError("--session, --by and --port are about recordings, not about servers")
        # It speaks to servers, and whoever compares recordings need not load all that.
        from pop3spy.cli.compare_servers import compare_servers  # noqa: PLC0415

        return compare_servers(
            (a, b),
            options,
            Shown(as_json=options.as_json, summary=options.summary, id_map=options.id_map),
        )
    if isinstance(a, Url) or isinstance(b, Url):
        raise ConfigError("a recording and a server cannot be compared; record the server first")
    if given := options.given:
        raise ConfigError(f"--{given} is about servers; write two URLs, as in pop3s://host")
    return _compare_recordings(options, a, b)


def _compare_recordings(options: CompareOptions, a: str, b: str) -> int:
    by = PairBy(options.by) if options.by else None
    (first, all_read), (second, all_read_too) = (
        outcomes_in(path, options.session, ports=options.port) for path in (a, b)
    )
    compared = compare_sessions(first, second, by)
    places = [_places(each, (a, b), options.port) for each in compared]
    if options.as_json:
        click.echo(_json(compared, places), nl=False)
    else:
        for lines in verdicts(compared, places):
            click.echo(lines, nl=False)
        click.echo(total(compared) if options.summary else tables(compared, (a, b)), nl=False)
    if options.id_map:
        _write_map(options.id_map, compare_sessions(first, second, PairBy.CONTENT))
    if any(each.differences for each in compared):
        return ExitStatus.FOUND
    return ExitStatus.DONE if all_read and all_read_too else ExitStatus.FAILED


def _places(compared: Compared, files: tuple[str, str], ports: tuple[int, ...]) -> dict[int, Place]:
    """Return where changed messages differ first; of what came by a pipe nobody can tell."""
    pairing = compared.pairing
    if pairing is None or "-" in files or compared.expected is None or compared.got is None:
        return {}
    changed = verdict_of(pairing).changed[:MOST_PLACES]
    before = {number: pairing.before[number].retrieved or 0 for number in changed}
    now = {number: pairing.now[pairing.pairs[number]].retrieved or 0 for number in changed}
    if not changed:
        return {}
    one = _texts(files[0], Texts(compared.expected, before), ports)
    other = _texts(files[1], Texts(compared.got, now), ports)
    return {
        number: first_difference(one[number], other[number])
        for number in changed
        if number in one and number in other
    }


def _texts(path: str, texts: Texts, ports: tuple[int, ...]) -> dict[int, bytes]:
    with open_recording(path, ports=ports) as recording:
        play_back(recording.items, texts)
    return texts.texts


def _json(compared: Sequence[Compared], places: Sequence[dict[int, Place]]) -> str:
    report = {
        "sessions": len(compared),
        "exchanges": sum(each.exchanges for each in compared),
        "messages": [
            {
                "session": each.session,
                **asdict(verdict_of(each.pairing)),
                "places": {number: asdict(place) for number, place in where.items()},
            }
            for each, where in zip(compared, places, strict=True)
            if each.pairing
        ],
        "differences": [
            {"session": each.session, **asdict(difference)}
            for each in compared
            for difference in each.differences
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def _write_map(path: Path, compared: Sequence[Compared]) -> None:
    """Write which unique-id each message had, and which it has, to the new file *path*."""
    rows = [
        (before.unique_id, now.unique_id)
        for each in compared
        if each.pairing
        for _, before, now in each.pairing.both()
        if before.unique_id and now.unique_id
    ]
    with new_file(path) as stream:
        if path.suffix == ".json":
            stream.write(json.dumps(dict(rows), indent=2).encode() + b"\n")
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([("old", "new"), *rows])
        stream.write(text.getvalue().encode())
