"""The man pages, made of what the program says of its verbs and options.

A page is text for troff.  ``make docs`` writes them to ``docs/man``, which the wheel installs.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from cli.program import VERBS
from pop3spy import __version__
from pop3spy.cli.main import program

_STATUSES = re.compile(r"^\| (\d+) \| (.*) \|$", re.MULTILINE)


def man_pages(command_line: str) -> dict[str, str]:
    """Return each page by the name of its file; *command_line* is the page with the statuses."""
    pages = {"pop3spy.1": "".join(_program(command_line))}
    for verb, command in VERBS.items():
        name = f"pop3spy-{verb.replace(' ', '-')}"
        pages[f"{name}.1"] = "".join(_page(name, f"pop3spy {verb}", command))
    return pages


def write_man_pages(folder: Path, command_line: str) -> None:
    """Make *folder* hold these pages and no other."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.1"):
        old.unlink()
    for name, text in man_pages(command_line).items():
        (folder / name).write_text(text, encoding="utf-8")


def _program(command_line: str) -> Iterator[str]:
    yield from _head("pop3spy", "pop3spy", program)
    yield ".SH COMMANDS\n"
    for verb, command in VERBS.items():
        yield f".TP\n.BR pop3spy\\-{_roff(verb.replace(' ', '-'))} (1)\n{_first(command)}\n"
    yield from _sections(program)
    yield ".SH EXIT STATUS\n"
    for status, meaning in _STATUSES.findall(command_line):
        yield f".TP\n.B {status}\n{_roff(meaning.replace('`', ''))}\n"


def _page(name: str, typed: str, command: click.Command) -> Iterator[str]:
    yield from _head(name, typed, command)
    yield ".SH OPTIONS\n"
    context = click.Context(command, info_name=typed)
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record and not isinstance(param, click.Argument):  # these are in the synopsis
            yield f".TP\n.B {_roff(record[0])}\n{_roff(record[1])}\n"
    yield from _sections(command)
    yield ".SH SEE ALSO\n.BR pop3spy (1)\n"


def _head(name: str, typed: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=typed)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.TH {_roff(name.upper())} 1 "" "pop3spy {__version__}" "pop3spy"\n'
    yield f".SH NAME\n{_roff(name)} \\- {_first(command)[:1].lower()}{_first(command)[1:-1]}\n"
    yield f".SH SYNOPSIS\n.B {_roff(typed)}\n{_roff(usage)}\n.SH DESCRIPTION\n"
    told = inspect.cleandoc(command.help or "").split("\f")[0].strip()
    yield "\n.PP\n".join(_roff(part.replace("\n", " ")) for part in told.split("\n\n")) + "\n"


def _sections(command: click.Command) -> Iterator[str]:
    for section in (command.epilog or "").split("\b\n"):
        title, *lines = section.strip("\n").splitlines() or [""]
        if title.endswith(":"):
            rows = "".join(f"{_roff(line[2:])}\n" for line in lines)
            yield f".SH {title.rstrip(':').upper()}\n.nf\n{rows}.fi\n"
        elif title:
            yield f".PP\n{_roff(' '.join(section.split()))}\n"


def _first(command: click.Command) -> str:
    return _roff(command.get_short_help_str(limit=200))


def _roff(text: str) -> str:
    r"""Return *text* so that troff prints it as it is: ``-`` is a hyphen there, ``\`` an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    text = text.replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text.startswith(".") else text
