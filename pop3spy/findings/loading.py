"""Where rules come from: every module of ``pop3spy.findings.rules``, and whatever others add."""

from importlib import import_module
from pkgutil import iter_modules

from pop3spy.findings import rules
from pop3spy.findings.rule import RULES, Rule


def own_rules() -> dict[str, Rule]:
    """Return the rules that come with the program, by id; they are loaded when first asked for."""
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")
    return RULES
