"""From the table of settings to options of the command line."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, Concatenate, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from pop3spy.capture.header import REDACTIONS
from pop3spy.config.file import read_config
from pop3spy.config.kinds import FILE, FLAG, PATH, ValueKind, wrong
from pop3spy.config.settings import SETTINGS, Setting, settings_of

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S")

Command = Callable[..., int]
"""What click calls: every value by its name."""
Typed = Callable[Concatenate[S, ...], int]
"""What does the work of a command: its settings come first, as one object."""


class ValueType(click.ParamType):  # type: ignore[type-arg]  # generic in newer clicks only
    """Reads a value of the command line as its kind says; *label* is how errors call it."""

    def __init__(self, kind: ValueKind, label: str) -> None:
        self._kind = kind
        self._label = label
        self.name = kind.metavar
        self.is_file = kind.file

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - click's
        """Return what *value* means; raise ConfigError with what would be right."""
        try:
            return self._kind.read(value)
        except ValueError as error:
            raise wrong(self._label, error) from None

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return what a shell offers for a value that begins with *incomplete*."""
        words = self._kind.offered(incomplete)
        if self._kind.file and not words:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(word) for word in words]


FILE_NAME: Final = ValueType(FILE, "FILE")
"""A name of a file as it was typed; - may be standard input."""


def with_settings(verb: str, made: type[S]) -> Callable[[Typed[S]], Command]:
    """Give a command every setting of *verb* as an option, and ``--config FILE`` for them all.

    The function of the command is given them as one object, *made* of their values.
    """

    def decorate(function: Typed[S]) -> Command:
        command = collected(made)(function)
        for setting in reversed(settings_of(verb)):
            command = _option(setting)(command)
        return click.option(
            "--config",
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=lambda ctx, _, value: _read(ctx, verb, value),
            help="Read options from this YAML file; the command line wins.",
        )(command)

    return decorate


def collected(made: type[S]) -> Callable[[Typed[S]], Command]:
    """Give a function one object, *made* of the values of the command line that are its fields.

    What is no field of it stays a parameter of the function.
    """
    names = signature(made).parameters

    def decorate(function: Typed[S]) -> Command:
        @wraps(function)
        def command(**values: Any) -> int:
            own = {name: value for name, value in values.items() if name in names}
            others = {name: value for name, value in values.items() if name not in names}
            return function(made(**own), **others)

        return command

    return decorate


def with_setting(name: str) -> Callable[[F], F]:
    """Give a command that no file configures the option *name*, as the table of settings has it."""
    return _option(SETTINGS[name])


def with_redaction(function: F) -> F:
    """Give a command that writes for others the option ``--redact``."""
    return click.option(
        "--redact",
        type=click.Choice(list(REDACTIONS)),
        default="secrets",
        metavar="|".join(REDACTIONS),
        help="Hide secrets, or user names and addresses too.  [default: secrets]",
    )(function)


def _option(setting: Setting) -> Callable[[F], F]:
    flag = f"--{setting.name}"
    if setting.kind is FLAG:
        both = f"{flag}/--no-{setting.name}"  # so that the command line can win over a file
        return click.option(both, default=setting.default, help=setting.help)
    return click.option(
        flag,
        type=ValueType(setting.kind, flag),
        metavar=setting.kind.metavar,
        multiple=setting.many,
        default=setting.default,
        help=setting.help + default_note(setting),
        **({} if setting.alone is None else {"is_flag": False, "flag_value": setting.alone}),
    )


def default_note(setting: Setting) -> str:
    """Return the default for a person, or nothing if there is none worth telling."""
    if setting.default in (None, ()) or setting.kind is FLAG:
        return ""
    value = ", ".join(map(str, setting.default)) if setting.many else setting.default
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"  [default: {text}]"


def _read(ctx: click.Context, verb: str, value: str | None) -> None:
    if value is not None:
        path: Path = ValueType(PATH, "--config").convert(value, None, ctx)
        values = read_config(path, verb)
        ctx.default_map = {SETTINGS[name].field: values[name] for name in values}
