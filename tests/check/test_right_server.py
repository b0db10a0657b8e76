"""Every check passes on a server that does all as it should."""

from pathlib import Path

import pytest

from check.auditing import audited, certificate_in
from check.small_server import Wrong, running
from check.test_dns import ROWS as OF_THE_DNS
from check.test_wrong_servers import ROWS
from pop3spy.check.registry import CheckOutcome
from pop3spy.net.trust import Trust

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

EXPECTED = {
    CheckOutcome.INFO: {
        *("net/1", "capa/10", "tls/17", "tls/19", "auth/19", "state/19", "oauth/1", "oauth/2"),
        "timing/5",
    },
    CheckOutcome.SKIPPED: {
        *("tls/22", "capa/13", "auth/20", "timing/3", "timing/4", "oauth/4", "utf8/4"),
        *("dns/1", "dns/2", "dns/3"),
    },
}
"""What a right server cannot pass, on this machine and without some switches."""
NOT_PASSING = {
    "tls/19": "nginx passes it, in the lab",
    "auth/19": "it informs",
    "state/19": "it informs",
    "oauth/1": "it informs",
    "timing/5": "it informs",
}
"""Checks that no server of these tests passes, and why."""


async def test_a_right_server_passes_every_check(certificates: Path) -> None:
    with certificate_in(certificates, "good") as certificate:
        async with running(Wrong(), certificate) as server:
            report = await audited(
                server,
                patience=0.2,
                trust=Trust(ca=certificate),
                wrong_login=True,
                dele="drop",
                all_mechanisms=True,
            )
    odd: dict[CheckOutcome, set[str]] = {}
    for result in report.results:
        if result.outcome is not CheckOutcome.PASS:
            odd.setdefault(result.outcome, set()).add(result.check.id)
    assert odd == EXPECTED


def test_every_check_that_can_be_passed_is_passed_by_a_server() -> None:
    others = {row[0] for row in (*ROWS, *OF_THE_DNS) if row[1] == "pass"}
    assert set.union(*EXPECTED.values()) - others == set(NOT_PASSING)
