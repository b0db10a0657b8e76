"""What an audit will cost, said before the first login; an upper bound, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pop3spy.check.needs import Need
from pop3spy.check.options import AuditOptions
from pop3spy.check.registry import EACH_MECHANISM, Check
from pop3spy.protocol.text import count

_REOPENED: Final = 10
"""Times that a server may end the common session, since it bears only so many errors."""
_LOOKS: Final = 12
"""Connections that find out what there is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """At most so many ``logins`` and ``connections``; ``delay`` is the server's LOGIN-DELAY."""

    user: str
    logins: int
    wrong: int
    connections: int
    deletes: str
    delay: int = 0
    waits: float = 0.0

    @property
    def text(self) -> str:
        """The plan as one line for people."""
        logins = "nobody logs in"
        if self.logins:
            logins = f"at most {count(self.logins, 'login')} as {self.user}"
            logins += (
                f" ({self.wrong} of them wrong ones of an invented user)" if self.wrong else ""
            )
        waits = f"waits up to {self.waits:.0f} s" if self.waits else "is not waited for"
        delay = f"; LOGIN-DELAY {self.delay} {waits}" if self.delay and self.logins > 1 else ""
        return f"plan: {logins}, {count(self.connections, 'connection')}; {self.deletes}{delay}"


def plan_of(
    checks: Sequence[Check], options: AuditOptions, delay: int = 0, mechanisms: int = 8
) -> Plan:
    """Return what running *checks* costs at most, with so many *mechanisms* to log in by."""
    shared = bool(options.user) and any(Need.LOGIN in check.needs for check in checks)
    allowed = allowed_by(options)  # what the server must have for a check is not known yet
    running = [check for check in checks if all(allowed.get(need, True) for need in check.needs)]
    own = sum(check.logins for check in running if check.logins != EACH_MECHANISM)
    own += mechanisms * any(check.logins == EACH_MECHANISM for check in running)
    refusing = any(Need.LOGIN in check.needs and not check.logins for check in checks)
    logins = own + (1 + _REOPENED * refusing) * shared
    if options.max_logins:
        logins = min(logins, options.max_logins)
    wrong = sum(check.logins for check in running if Need.WRONG_LOGIN in check.needs)
    kept = delay if delay <= options.max_wait and not options.ignore_login_delay else 0
    return Plan(
        options.user or "nobody",
        logins,
        wrong,
        sum(check.connections for check in running) + _LOOKS + _REOPENED * refusing * shared,
        "deletes nothing" if options.dele == "no" else _deletes(options),
        delay,
        max(0, logins - 1) * (kept + 1) if kept else 0.0,
    )


def _deletes(options: AuditOptions) -> str:
    which = f"message {options.dele_message}" if options.dele_message else "the smallest message"
    lost = "; a broken server may lose it"
    return f"marks {which} as deleted, and takes that back with RSET{lost}"


def allowed_by(options: AuditOptions) -> dict[Need, bool]:
    """Return which of the needs that options meet *options* do meet."""
    return {
        Need.NAME: bool(options.user),
        Need.LOGIN: bool(options.user),
        Need.WRONG_LOGIN: options.wrong_login,
        Need.DELE: options.dele != "no",
        Need.DROP: options.dele == "drop",
        Need.ALL_MECHANISMS: options.all_mechanisms,
        Need.PROBE_USER: bool(options.probe_user),
        Need.LOGIN_DELAY: options.probe_login_delay,
        Need.TOKEN: options.token is not None,
        Need.STRESS: options.stress,
        Need.SLOW: options.slow,
        Need.DNS: options.dns,
        Need.DOMAIN: bool(options.domain),
    }
