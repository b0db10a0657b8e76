"""What is wrong in a session, whose side it is, and what to do.

``rule`` registers a rule, ``Findings`` asks the rules about a session.  Names are loaded when they
are asked for: what a setting means is needed at every start, and rules are not.  ``rule`` is
loaded at once, as the package would name the module of that name else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pop3spy.findings.rule import rule

if TYPE_CHECKING:
    from pop3spy.findings.engine import Findings
    from pop3spy.findings.loading import own_rules
    from pop3spy.findings.observed import Observed
    from pop3spy.findings.rule import RULES, Claim, Claims, On, Rule, RuleError, Scope, on
    from pop3spy.findings.thresholds import Thresholds
    from pop3spy.session.finding import AtFault, Evidence, Finding, Severity

_HOMES: Final = {
    "pop3spy.findings.engine": ("Findings",),
    "pop3spy.findings.loading": ("own_rules",),
    "pop3spy.findings.observed": ("Observed",),
    "pop3spy.findings.rule": (
        *("RULES", "Claim", "Claims", "On", "Rule", "RuleError", "Scope", "on"),
    ),
    "pop3spy.findings.thresholds": ("Thresholds",),
    "pop3spy.session.finding": ("AtFault", "Evidence", "Finding", "Severity"),
}
_MODULES: Final = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "RULES",
    "AtFault",
    "Claim",
    "Claims",
    "Evidence",
    "Finding",
    "Findings",
    "Observed",
    "On",
    "Rule",
    "RuleError",
    "Scope",
    "Severity",
    "Thresholds",
    "on",
    "own_rules",
    "rule",
]


def __getattr__(name: str) -> Any:
    """Return what has that *name*, and load it first."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
