"""From the table of settings to options of the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pop3spy.config import FLAG, PATH, Setting, read_config, settings_of

F = TypeVar("F", bound=Callable[..., Any])


class SettingType(click.ParamType):  # type: ignore[type-arg]  # generic in newer clicks only
    """Reads a value of the command line as its row of the table says."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.name = setting.kind.metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what *value* means; tell click what would be right if it means nothing."""
        try:
            return self._setting.kind.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def with_settings(verb: str) -> Callable[[F], F]:
    """Give a command every setting of *verb* as an option, and ``--config FILE`` for them all."""

    def decorate(function: F) -> F:
        for setting in reversed(settings_of(verb)):
            function = _option(setting)(function)
        return click.option(
            "--config",
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=lambda ctx, _, value: _read(ctx, verb, value),
            help="Read options from this YAML file; the command line wins.",
        )(function)

    return decorate


def _option(setting: Setting) -> Callable[[F], F]:
    flag = f"--{setting.name}"
    if setting.kind is FLAG:
        return click.option(flag, is_flag=True, default=setting.default, help=setting.help)
    return click.option(
        flag,
        type=SettingType(setting),
        metavar=setting.kind.metavar,
        multiple=setting.many,
        default=setting.default,
        help=setting.help + default_note(setting),
    )


def default_note(setting: Setting) -> str:
    """Return the default for a person, or nothing if there is none worth telling."""
    if setting.default is None or setting.kind is FLAG:
        return ""
    value = ", ".join(map(str, setting.default)) if setting.many else setting.default
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"  [default: {text}]"


def _read(ctx: click.Context, verb: str, value: str | None) -> None:
    if value:
        path: Path = PATH.read(value)
        ctx.default_map = {key.replace("-", "_"): v for key, v in read_config(path, verb).items()}
