"""The dataclass of each verb holds its settings, as the table has them and no others."""

from dataclasses import fields, is_dataclass
from types import GenericAlias
from typing import Any, get_type_hints

import click
import pytest

from cli.program import VERBS
from cli.test_options import PAIRS, SAMPLES, option
from pop3spy.cli.options import with_settings
from pop3spy.cli.verb import Verb
from pop3spy.config.settings import SETTINGS, Setting, settings_of
from pop3spy.config.verbs import LimitSettings, LoopSettings, limits_of


def handed(verb: str) -> Any:
    """Return the class of what the function of *verb* is given."""
    return get_type_hints(VERBS[verb].callback)["settings"]


def type_of(row: Setting) -> Any:
    """Return what a value of *row* is, as the function says that reads it."""
    one = get_type_hints(row.kind.read)["return"]
    if row.many:
        return GenericAlias(tuple, (one, ...))
    return one | None if row.default is None else one


def given(verb: str, *args: str) -> Any:
    """Return what a function that has the settings of *verb* is given for *args*."""
    seen = []

    @click.command(cls=Verb)
    @with_settings(verb, handed(verb))
    def command(settings: Any) -> int:
        seen.append(settings)
        return 0

    command.main(args, standalone_mode=False)
    return seen[0]


OF_VERBS = list(dict.fromkeys(verb for verb, _ in PAIRS))


@pytest.mark.parametrize("verb", OF_VERBS)
def test_every_setting_is_a_field_of_its_type_and_every_field_a_setting(verb: str) -> None:
    expected = {row.field: type_of(row) for row in settings_of(verb)}
    assert get_type_hints(handed(verb)) == expected
    assert {field.name for field in fields(handed(verb))} == set(expected)


def test_every_kind_says_what_it_reads() -> None:
    for row in SETTINGS.values():
        assert get_type_hints(row.kind.read)["return"] not in (Any, object)


@pytest.mark.parametrize("verb", OF_VERBS)
def test_a_field_has_the_default_of_its_row(verb: str) -> None:
    settings = given(verb)
    assert is_dataclass(settings)
    for row in settings_of(verb):
        assert getattr(settings, row.field) == row.default


def test_a_default_is_of_its_type() -> None:
    for row in SETTINGS.values():
        one = get_type_hints(row.kind.read)["return"]
        for value in row.default if row.many else [row.default]:
            assert value is None or isinstance(value, one), row.name


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_a_value_comes_as_the_field_of_its_setting(verb: str, name: str) -> None:
    text, meant, _ = SAMPLES[name]
    settings = given(verb, *option(name, text))
    assert getattr(settings, SETTINGS[name].field) == meant


def test_settings_stay_as_they_were_given() -> None:
    for verb in OF_VERBS:
        settings = given(verb)
        with pytest.raises(AttributeError):
            setattr(settings, fields(settings)[0].name, None)


def test_what_is_no_field_stays_a_parameter() -> None:
    seen = []

    @click.command(cls=Verb)
    @click.argument("file")
    @with_settings("demo", LoopSettings)
    def command(settings: LoopSettings, file: str) -> int:
        seen.append((settings, file))
        return 0

    command.main(["a.yaml", "--loop", "asyncio"], standalone_mode=False)
    assert seen == [(LoopSettings(loop="asyncio"), "a.yaml")]


def test_limits_are_what_the_settings_say() -> None:
    limits = limits_of(LimitSettings(idle_timeout=2.5, max_sessions=3, grace=1.5))
    assert (limits.idle_timeout, limits.max_sessions, limits.grace) == (2.5, 3, 1.5)
