"""What is wrong in a session, whose side it is, and what to do.

``rule`` registers a rule, ``Findings`` asks the rules about a session.
"""

from pop3spy.findings.engine import Findings
from pop3spy.findings.loading import own_rules
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import RULES, Claim, Claims, On, Rule, RuleError, Scope, on, rule
from pop3spy.findings.thresholds import Thresholds
from pop3spy.session.finding import AtFault, Evidence, Finding, Severity

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
