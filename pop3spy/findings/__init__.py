"""What is wrong in a session, whose side it is, and what to do.

``rule`` registers a rule, ``Findings`` asks the rules about a session.
"""

from pop3spy.findings.engine import Findings
from pop3spy.findings.limits import Limits
from pop3spy.findings.loading import own_rules
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import RULES, Claim, Claims, On, Rule, RuleError, Scope, on, rule
from pop3spy.session.finding import Evidence, Fault, Finding, Severity

__all__ = [
    "RULES",
    "Claim",
    "Claims",
    "Evidence",
    "Fault",
    "Finding",
    "Findings",
    "Limits",
    "Observed",
    "On",
    "Rule",
    "RuleError",
    "Scope",
    "Severity",
    "on",
    "own_rules",
    "rule",
]
