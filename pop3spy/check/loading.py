"""The checks that come with the program; they are loaded when first asked for."""

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from pop3spy.check import checks
from pop3spy.check.order import in_order
from pop3spy.check.registry import CHECKS, Check
from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape


def all_checks() -> dict[str, Check]:
    """Return all checks by id, in the order of their groups."""
    for module in iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{module.name}")
    return CHECKS


def chosen_checks(select: tuple[str, ...], ignore: tuple[str, ...]) -> list[Check]:
    """Return the checks that *select* names, by id or by group, without those of *ignore*.

    Raise ConfigError for a name that there is not.
    """
    known = all_checks()
    groups = {check.group for check in known.values()}
    for name in (*select, *ignore):
        if name not in known and name not in groups:
            raise ConfigError(_unknown(name, [*known, *groups]))

    def named(check: Check, names: tuple[str, ...]) -> bool:
        return check.id in names or check.group in names

    wanted = [each for each in known.values() if not select or named(each, select)]
    return in_order([each for each in wanted if not named(each, ignore)])


def check_named(name: str) -> Check:
    """Return the check *name*; raise ConfigError if there is none."""
    known = all_checks()
    if name not in known:
        raise ConfigError(_unknown(name, [*known]))
    return known[name]


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else "pop3spy check --list has them all"
    return f"there is no check {escape(name)}; {hint}"
