"""CPython's own tests of poplib pass with the proxy in the middle, on either event loop."""

from collections.abc import Sequence

import pytest

from lab.poplib_suite import Outcome, run_suite
from lab.relay import GATED

pytestmark = [pytest.mark.lab, pytest.mark.slow]

judged = pytest.mark.parametrize(
    ("loop", "options"),
    [
        pytest.param("uvloop", (), id="uvloop, passing"),
        pytest.param("asyncio", GATED, id="asyncio, gated"),
    ],
)
"""Each loop and each way once: the suite starts a proxy for every test of it."""


@pytest.fixture(scope="module")
def direct() -> Outcome:
    """The suite without the proxy, to know how many tests and connections there are."""
    return run_suite("direct")


@judged
def test_every_test_of_poplib_passes_through_the_proxy(
    direct: Outcome, loop: str, options: Sequence[str]
) -> None:
    relayed = run_suite("proxied", "--loop", loop, *options)

    assert relayed.failed == []
    assert relayed.skipped == direct.skipped
    assert relayed.troubles == []
    assert relayed.tests == direct.tests >= 60
    assert relayed.sessions == relayed.connections == direct.connections >= relayed.tests
    assert relayed.handshakes == direct.handshakes
    assert relayed.inspected == 0
    assert relayed.unread > 0


@judged
def test_every_test_of_poplib_passes_with_tls_taken_apart(
    direct: Outcome, loop: str, options: Sequence[str]
) -> None:
    """Every handshake that a client did was with the proxy, and all that was said was read."""
    relayed = run_suite("inspected", "--loop", loop, *options)

    assert relayed.failed == []
    assert relayed.skipped == direct.skipped
    assert relayed.troubles == []
    assert relayed.tests == direct.tests >= 60
    assert relayed.sessions == relayed.connections == direct.connections >= relayed.tests
    assert relayed.inspected == relayed.handshakes == direct.handshakes >= 40
    assert relayed.unread == 0
