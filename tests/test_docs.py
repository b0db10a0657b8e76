"""The docs say what the code says.

``POP3SPY_WRITE_DOCS=1 pytest tests/test_docs.py`` writes the generated parts anew.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import click
import pytest

from cli.program import VERBS
from man_pages import man_pages, write_man_pages
from pop3spy.cli.installation import FOR_DEVELOPERS
from pop3spy.cli.options import default_note
from pop3spy.cli.trusting import TRUST_STORES
from pop3spy.config.personality import read_personality
from pop3spy.config.settings import SETTINGS
from pop3spy.config.shipped import shipped
from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.extras import EXTRAS
from pop3spy.filters.terms import TERMS
from pop3spy.gate.faults import FAULTS
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.logs.fields import EVENTS
from pop3spy.metrics.families import FAMILIES, Label
from pop3spy.net import failed, refused
from pop3spy.otlp.attributes import AT_THE_END, CONVENTIONAL
from pop3spy.postoffice.phrases import Phrase
from pop3spy.protocol.capabilities import CAPABILITIES
from pop3spy.protocol.commands import COMMANDS, CommandSpec, Shape, Turn
from pop3spy.protocol.sasl import MECHANISMS
from pop3spy.protocol.states import State
from pop3spy.redaction.fields import FIELDS
from pop3spy.redaction.secret_facts import FACTS
from pop3spy.session.body_facts import BODY_FACTS
from pop3spy.tables.columns import TABLES, TableSpec
from pop3spy.tables.json_schema import json_schema, shipped_schema
from pop3spy.wrapping import columns
from postoffice.speaking import FIRST, Client, office
from security.withstood import table as withstood

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def table(head: str, rows: Iterator[tuple[str, ...]]) -> str:
    columns = head.count("|") - 1
    lines = [head, "|" + "---|" * columns]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def settings() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for setting in SETTINGS.values():
            value = setting.kind.metavar or "true|false"
            default = default_note(setting).strip().removeprefix("[default: ").removesuffix("]")
            many = "; may be a list" if setting.many else ""
            verbs = ", ".join(setting.verbs)
            text = re.sub(r"\s+\[default: .*\]", "", setting.help)
            yield f"`{setting.name}`", f"{value}{many}", verbs, default, text

    return table("| setting | value | of | default | what it does |", rows())


def commands() -> str:
    states = {State.AUTHORIZATION: "A", State.USER_GIVEN: "U", State.TRANSACTION: "T"}

    def reply(spec: CommandSpec) -> str:
        if spec.turn is Turn.SASL:
            return "challenges, then one line; bare: a listing"
        return {
            Shape.LINE: "one line",
            Shape.LISTING: "a listing",
            Shape.BARE_LISTING: "a listing, or one line with the optional argument",
            Shape.MESSAGE: "a message",
            Shape.UNKNOWN: "whatever the server makes of it",
        }[spec.shape]

    def rows() -> Iterator[tuple[str, ...]]:
        for spec in COMMANDS.values():
            allowed = "".join(letter for state, letter in states.items() if state in spec.states)
            yield f"`{spec.usage}`", allowed, reply(spec), spec.reference, spec.summary

    return table("| command | states | positive reply | where it is from | what it does |", rows())


def capabilities() -> str:
    rows = (
        (f"`{row.tag} {row.syntax}`".replace(" `", "`"), row.reference, row.summary)
        for row in CAPABILITIES.values()
    )
    return table("| capability | where it is from | what it says |", rows)


def mechanisms() -> str:
    rows = (
        (f"`{row.name}`", "client" if row.client_first else "server", row.reference)
        for row in MECHANISMS.values()
    )
    return table("| mechanism | who speaks first | where it is from |", rows)


def terms() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for term in TERMS.values():
            known = f"{term.known.name.lower()}{', then more' * term.grows}"
            signs = " ".join(f"`{sign}`" for sign in term.kind.operators)
            yield (
                f"`{term.name}`",
                term.compares,
                term.kind.words,
                signs,
                known,
                f"`{term.example}`",
            )

    return table("| term | what it is | its value | takes | known when | example |", rows())


def console_commands() -> str:
    rows = ((f"`{row.usage}`", row.summary) for row in CONNECT_COMMANDS)
    return table("| command | what it does |", rows)


def live() -> str:
    rows = ((f"`{row.usage}`", row.summary) for row in LIVE_COMMANDS)
    return table("| command | what it does |", rows)


def helps() -> str:
    def one(verb: str) -> str:
        command = VERBS[verb]
        context = click.Context(command, info_name=f"pop3spy {verb}", terminal_width=96)
        return f"## pop3spy {verb}\n\n```text\n{command.get_help(context)}\n```"

    return "\n\n".join(map(one, VERBS))


def faults() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for fault in FAULTS.values():
            params = " ".join(f"{param.name}={_in_quotes(param.default)}" for param in fault.params)
            side = fault.side.name.lower() + (", or the other" if len(fault.sides) > 1 else "")
            yield f"`{fault.name}`", f"`{params}`" if params else "", side, fault.does, fault.finds

    return table("| fault | settings and defaults | side | what it does | what it finds |", rows())


def _in_quotes(value: str) -> str:
    return f'"{value}"' if " " in value or not value else value


def places() -> str:
    """Return the steps with the names of things in place of those of one authority."""
    facts = {
        "pem": "~/.config/pop3spy/ca.pem",
        "export": "pop3spy ca export",
        "sha256": "FINGERPRINT",
        "serial": "SERIAL",
    }
    sections = (
        "\n".join([f"**{place.name}**\n\n```sh", *place.trust, "# and back:", *place.undo, "```"])
        for place in TRUST_STORES
    )
    return "\n\n".join(sections).format_map(facts)


def failures() -> str:
    """Return what is said of servers and of clients whose handshake fails."""

    def rows(whose: str, sentences: dict[str, str]) -> Iterator[tuple[str, ...]]:
        for cause, template in sentences.items():
            sentence = template.replace("{plain}", failed.AT_ONCE)
            sentence = sentence.replace("{trust}", refused.MINTED)
            yield whose, cause, re.sub(r"\{(\w+)\}", r"*\1*", sentence)

    both = chain(rows("server", failed.SENTENCES), rows("client", refused.SENTENCES))
    return table("| leg | what is wrong | what pop3spy says |", both)


def fields() -> str:
    rows = ((row.what, row.secrets, row.strict) for row in FIELDS)
    return table("| what | `--redact secrets` | `--redact strict` |", rows)


def facts() -> str:
    rows = ((f"`{row.name}`", row.of, str(row.values), row.says) for row in FACTS.values())
    return table("| fact | of | its values | what it says |", rows)


def body_facts() -> str:
    return table(
        "| fact | what it says |", ((f"`{name}`", says) for name, says in BODY_FACTS.items())
    )


def phrases() -> str:
    rows = (
        (
            f"`{phrase.key}`",
            "+OK" if phrase.value.ok else "-ERR",
            f"`{phrase.value.text}`" if phrase.value.text else "",
            " ".join(f"`{{{fact}}}`" for fact in phrase.value.facts),
        )
        for phrase in Phrase
    )
    return table("| reply | status | pop3spy's own text | can be filled in |", rows)


MET = """CAPA
USER demo
PASS wrong
USER demo
PASS demo
STAT
LIST
TOP 1 0
DELE 9
XYZZY
QUIT"""


def personalities() -> str:
    """Return what is said to a client at each personality, the first line of every reply."""

    def replies(name: str) -> list[str]:
        chosen = read_personality(name).without_stls
        client = Client(office(FIRST, personality=chosen).session())
        said = [client.send(line.encode()).decode().split("\r\n") for line in MET.splitlines()]
        capabilities = ", ".join(said[0][1:-2])
        heads = [client.greeting.decode().strip(), *(reply[0] for reply in said)]
        return [*heads[:1], f"{heads[1]}: {capabilities}", *heads[2:]]

    names = list(shipped())
    rows = zip(("", *MET.splitlines()), *map(replies, names), strict=True)
    cells = (tuple(f"`{cell}`" if cell else "" for cell in row) for row in rows)
    return table(f"| client | {' | '.join(names)} |", cells)


def metrics() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for family in FAMILIES.values():
            labels = " ".join(f"`{label.name}`" for label in family.labels)
            yield f"`{family.name}`", family.kind.value, labels, family.says

    return table("| metric | kind | labels | what it is |", rows())


def metric_labels() -> str:
    """Return each label with the metrics that have it."""
    having: dict[Label, list[str]] = {}
    for family in FAMILIES.values():
        for label in family.labels:
            having.setdefault(label, []).append(f"`{family.name}`")
    rows = (
        (f"`{label.name}`", " ".join(names), label.says, " ".join(f"`{v}`" for v in label.values))
        for label, names in having.items()
    )
    return table("| label | of | what it says | its values |", rows)


def attributes() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, (says, _) in CONVENTIONAL.items():
            yield f"`{name}`", "the span", says
        for name, (says, _) in AT_THE_END.items():
            yield f"`{name}`", "the span, at its end", says
        places = {"session_ended": "the span, at its end", "finding_raised": "a log record"}
        own = {f"pop3.{name}" for name in EVENTS["session_opened"].fields}
        for event, described in EVENTS.items():
            for field, says in described.fields.items():
                if f"pop3.{field}" not in own:
                    yield f"`pop3.{field}`", places.get(event, f"the event `{event}`"), says

    return table("| attribute | of | what it says |", rows())


def tables() -> str:
    """Return every table of the schema of rows."""

    def rows(spec: TableSpec) -> Iterator[tuple[str, ...]]:
        for column in spec.columns:
            words = ", ".join(f"`{word}`" for word in column.words)
            told = (
                column.meaning
                if not words or "`" in column.meaning
                else f"{column.meaning}: {words}"
            )
            yield f"`{column.name}`", column.kind.value, "yes" if column.optional else "", told

    return "\n\n".join(
        f"### `{name}`\n\n{spec.summary}\n\n"
        + table("| column | holds | may be null | what it says |", rows(spec))
        for name, spec in TABLES.items()
    )


GENERATED: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/config.md", "settings"): settings,
    ("docs/faults.md", "faults"): faults,
    ("docs/commands.md", "commands"): commands,
    ("docs/commands.md", "capabilities"): capabilities,
    ("docs/commands.md", "mechanisms"): mechanisms,
    ("docs/filters.md", "terms"): terms,
    ("docs/command-line.md", "helps"): helps,
    ("docs/personalities.md", "personalities"): personalities,
    ("docs/personalities.md", "phrases"): phrases,
    ("docs/console.md", "metas"): console_commands,
    ("docs/console.md", "live"): live,
    ("docs/tls.md", "places"): places,
    ("docs/tls.md", "failures"): failures,
    ("docs/security.md", "fields"): fields,
    ("docs/security.md", "facts"): facts,
    ("docs/captures.md", "body-facts"): body_facts,
    ("docs/metrics.md", "metrics"): metrics,
    ("docs/metrics.md", "labels"): metric_labels,
    ("docs/opentelemetry.md", "attributes"): attributes,
    ("docs/schema.md", "tables"): tables,
    ("docs/security.md", "withstood"): withstood,
}


@pytest.mark.parametrize(("page", "part"), GENERATED, ids=str)
def test_what_is_generated_is_current(page: str, part: str) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    start, end = f"<!-- {part}:start -->\n", f"\n<!-- {part}:end -->"
    made = GENERATED[page, part]()
    before, rest = text.split(start)
    old, after = rest.split(end)
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        path.write_text(f"{before}{start}{made}{end}{after}", encoding="utf-8")
    else:
        assert old == made, "stale: run make docs"


def test_the_json_schema_in_the_package_is_current() -> None:
    made = f"{json.dumps(json_schema(), indent=1)}\n"
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        path = ROOT / "pop3spy" / "tables" / "rows.schema.json"
        path.write_text(made, encoding="utf-8")
    assert shipped_schema() == made, "stale: run make docs"


def test_the_man_pages_are_current() -> None:
    folder = ROOT / "docs" / "man"
    command_line = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        write_man_pages(folder, command_line)
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert there == man_pages(command_line), "stale: run make docs"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_troff_takes_the_man_pages_without_a_word() -> None:
    pages = sorted(map(str, (ROOT / "docs" / "man").iterdir()))
    groff = ["groff", "-man", "-Tutf8", "-ww", "-rLL=78n", *pages]
    done = subprocess.run(groff, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "pop3spy show --filter err session.yaml" in done.stdout


def shell_lines() -> Iterator[str]:
    """Yield every line of the docs that a reader would type to run pop3spy."""
    for page in PAGES:
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                typed = line.removeprefix("$ ")
                if re.match(r"(\.venv/bin/)?pop3spy\b", typed):
                    words = shlex.split(typed, comments=True)
                    ends = [words.index(sign) for sign in (">", "|") if sign in words]
                    yield shlex.join(words[: min(ends, default=len(words))])


@pytest.mark.parametrize("line", sorted(set(shell_lines())))
def test_every_command_in_the_docs_is_one_that_the_program_takes(line: str) -> None:
    _, verb, *rest = shlex.split(line)
    if verb.startswith("-"):
        return
    if f"{verb} {rest[:1][0] if rest else ''}" in VERBS:
        verb = f"{verb} {rest.pop(0)}"
    command = VERBS[verb]
    with click.Context(command, info_name=verb) as context:
        command.parse_args(context, [word for word in rest if word != "&"])


def test_every_verb_and_every_option_has_its_place_in_the_docs() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    words = [f"pop3spy {verb}" for verb in VERBS] + [f"`{name}`" for name in SETTINGS]
    assert [word for word in words if word not in text] == []


def test_every_extra_for_users_is_looked_for_and_has_its_place_in_the_docs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert set(project["optional-dependencies"]) - FOR_DEVELOPERS == set(EXTRAS)
    assert [extra for extra in EXTRAS if f"| `{extra}` |" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in link.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_is_one_link_away_from_the_readme() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"](docs/{page.name}" not in readme] == []


def test_every_page_has_its_place_in_the_site() -> None:
    chapters = (ROOT / "docs" / "site" / "conf.py").read_text(encoding="utf-8")
    names = [str(path.relative_to(ROOT).with_suffix("")) for path in PAGES]
    assert [name for name in names if f'"{name}"' not in chapters] == []


def test_what_the_readme_shows_fits_a_terminal() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 50
    assert [line for line in lines if columns(line) > 80] == []


CONSOLE = re.compile(r"```console\n\$ pop3spy ([^\n]*)\n(.*?)```", re.DOTALL)


def shown_commands() -> Iterator[tuple[str, str, str]]:
    """Yield page, arguments and output of every command whose output the docs show."""
    for page in PAGES:
        for args, output in CONSOLE.findall(page.read_text(encoding="utf-8")):
            yield page.name, args, output


@pytest.mark.parametrize(("page", "args", "output"), list(shown_commands()))
def test_a_command_prints_what_the_docs_show(page: str, args: str, output: str) -> None:
    """It reads recordings that are in the repository, so every octet is the same."""
    command = [sys.executable, "-m", "pop3spy", *shlex.split(args)]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    fresh = "".join(f"{line.rstrip()}\n" for line in printed.stdout.splitlines())
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        path = next(each for each in PAGES if each.name == page)
        text, head = path.read_text(encoding="utf-8"), f"```console\n$ pop3spy {args}\n"
        path.write_text(text.replace(f"{head}{output}```", f"{head}{fresh}```"), encoding="utf-8")
    else:
        assert printed.stderr == ""
        assert output == fresh, "stale: run make docs"
