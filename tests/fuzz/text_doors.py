"""What people write: settings, users, faults, and what they type."""

import os
from collections.abc import Callable, Mapping, Sequence

import click

from filters.judged import ended
from fuzz import seeds
from fuzz.file_doors import written
from fuzz.trial import Door
from gate.talking import TALK, Talk
from pop3spy.cli.main import program
from pop3spy.config.file import read_config
from pop3spy.config.settings import SETTINGS
from pop3spy.config.yamlfile import load_yaml
from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.console.escapes import octets_of, one_line
from pop3spy.console.input_mask import hidden_from, hidden_from_live
from pop3spy.console.registry import RefusalError
from pop3spy.errors import Pop3SpyError
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.filters.tokens import FilterError
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.plainyaml import PlainYamlError, load_plain_yaml
from pop3spy.postoffice import accounts_from
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.protocol.url import parse_url


def _config(verb: str) -> Callable[[bytes], object]:
    def enter(data: bytes) -> None:
        read_config(written("input", data), verb)

    return enter


def _typed(data: bytes) -> str:
    """Return a text as the command line and the prompt give it."""
    return os.fsdecode(data)


def _users(data: bytes) -> None:
    accounts = accounts_from(load_yaml(written("input", data)), "input")
    for account in accounts:
        account.takes(b"sesame123")
        account.takes_digest(b"0" * 32, b"<1.2@a>")


def _filter(data: bytes) -> None:
    """Read a filter, judge by it, and read again what it says it is."""
    read = compile_filter(_typed(data))
    again = compile_filter(str(read))
    assert [read.means(*each) for each in ended()] == [again.means(*each) for each in ended()]


def _fault(data: bytes) -> None:
    """Read a fault, commit it, and read again what it says it is; it may hide a secret."""
    fault = read_fault(_typed(data))
    Talk([FaultKeeper(fault, fault.seed or 1)]).say(TALK)
    again = read_fault(told := str(fault))
    assert str(again) == told
    assert again == fault or MASK in told


def _fault_of_yaml(data: bytes) -> None:
    given = load_yaml(written("input", data))
    if isinstance(given, Mapping):
        read_fault(given)


def _rewrite(data: bytes) -> None:
    rewrite = read_rewrite(_typed(data))
    Talk([rewrite]).say(TALK)
    read_rewrite(rewrite.text)


def _type(data: bytes) -> None:
    """Hide what is typed, in every state and at both consoles, and make octets of it."""
    text = _typed(data)
    for state in State:
        hidden_from(text, state, CONNECT_COMMANDS.wire)
    hidden_from_live(text, LIVE_COMMANDS.wire, lambda _: State.TRANSACTION)
    word, _, rest = text.removeprefix(":").partition(" ")
    try:
        CONNECT_COMMANDS.find(word)
    except RefusalError:
        octets_of(rest)
    one_line(text)


def _setting(data: bytes) -> None:
    """Read a value of a setting: its name, and behind that a text."""
    name, _, text = data.partition(b"=")
    if setting := SETTINGS.get(name.decode("latin-1")):
        setting.kind.read(_typed(text))


def _settings() -> list[bytes]:
    words = (
        b":1110",
        b"10.0.0.0/8",
        b"500ms",
        b"1.5",
        b"10M",
        b"7",
        b"true",
        b"~/a",
        b"USER,PLAIN",
    )
    return [f"{name}=".encode() + word for name in SETTINGS for word in words]


def _command_line(data: bytes) -> None:
    """Read a command line, and do not do what it says."""
    written("input", b"pop3spy: 1\nrecords:\n")
    with program.make_context("pop3spy", _words(data)) as context:
        _resolve(program, context)


def _command_lines() -> list[bytes]:
    return [line.replace(b"|", seeds.APART) for line in seeds.lines("command-lines")()]


def _words(data: bytes) -> list[str]:
    return [_typed(word) for word in data.replace(b"\0", b"").split(seeds.APART)]


def _resolve(group: click.Group, context: click.Context) -> None:
    """Go on with the verb that *context* is about, and with a verb of that."""
    left = [*context.protected_args, *context.args]
    if not left:
        return
    _, command, rest = group.resolve_command(context, left)
    assert command is not None
    with command.make_context(command.name, rest, parent=context) as inner:
        if isinstance(inner.command, click.Group):
            _resolve(inner.command, inner)


def _one(*texts: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: texts


_CLICK = (Pop3SpyError, click.ClickException, click.Abort, click.exceptions.Exit)
_OURS = (Pop3SpyError, FilterError, ValueError)
DOORS = (
    *(
        Door(
            f"config {verb}",
            seeds.file(f"{name}.yaml"),
            _config(verb),
            (Pop3SpyError,),
            longest=300,
        )
        for verb, name in (("proxy", "config"), ("serve", "serve"))
    ),
    Door("users", seeds.file("users.yaml"), _users, (Pop3SpyError,)),
    Door(
        "plain YAML",
        lambda: [*seeds.by_hand(), *seeds.file("config.yaml")(), *seeds.file("users.yaml")()],
        lambda data: load_plain_yaml(data.decode("utf-8", "replace"), typed=True, deepest=8),
        (PlainYamlError,),
    ),
    Door(
        "filter",
        seeds.lines("filters"),
        _filter,
        (FilterError,),
        longest=128,
        parts=("pop3spy.filters",),
    ),
    Door(
        "hold",
        seeds.lines("holds"),
        lambda data: compile_filter(_typed(data), Progress.ASKED),
        (FilterError,),
    ),
    Door(
        "fault",
        seeds.lines("faults"),
        _fault,
        (FilterError,),
        longest=128,
        parts=("pop3spy.gate", "pop3spy.filters"),
    ),
    Door("fault of YAML", _one(b"{fault: cut, after: 1M, when: err}"), _fault_of_yaml, _OURS),
    Door("rewrite", seeds.lines("rewrites"), _rewrite, (FilterError,)),
    Door("typed line", seeds.lines("typed"), _type, (RefusalError,)),
    Door(
        "URL",
        _one(b"pop3+stls://[::1%25eth0]:1110/", b":110", b"mail.example.org", b"pop3s://b@a"),
        lambda data: parse_url(_typed(data)),
        (ValueError,),
    ),
    Door("setting", _settings, _setting, (ValueError, FilterError)),
    Door("command line", _command_lines, _command_line, _CLICK),
)
