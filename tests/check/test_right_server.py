"""Every check passes on a server that does all as it should."""

from pathlib import Path

import pytest

from check.auditing import audited, certificate_in
from check.small_server import Wrong, running
from pop3spy.check.registry import CheckOutcome
from pop3spy.net.trust import Trust

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

EXPECTED = {
    CheckOutcome.INFO: {
        *("net/1", "capa/10", "tls/17", "tls/19", "auth/19", "state/19", "oauth/1", "oauth/2"),
        "timing/5",
    },
    CheckOutcome.MISSING: {"auth/15"},
    CheckOutcome.SKIPPED: {
        *("tls/22", "capa/13", "auth/20", "timing/3", "timing/4", "oauth/4", "utf8/4"),
    },
}
"""What a right server cannot pass, on this machine and without some switches."""


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
    odd = {
        result.check.id: f"{result.outcome.value}: {result.judgement.note}"
        for result in report.results
        if result.outcome is not CheckOutcome.PASS
        and result.check.id not in EXPECTED.get(result.outcome, set())
    }
    assert odd == {}
