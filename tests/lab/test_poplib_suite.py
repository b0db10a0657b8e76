"""CPython's own tests of poplib pass with the proxy in the middle, on either event loop."""

import pytest

from lab.poplib_suite import Outcome, run_suite

pytestmark = [pytest.mark.lab, pytest.mark.slow]

judged = pytest.mark.parametrize(("loop", "manner"), [("uvloop", "passing"), ("asyncio", "gated")])
"""Each loop and each manner once: the suite starts a proxy for every test of it."""


@pytest.fixture(scope="module")
def direct() -> Outcome:
    """The suite without the proxy, to know how many tests and connections there are."""
    return run_suite("direct")


@judged
def test_every_test_of_poplib_passes_through_the_proxy(
    direct: Outcome, loop: str, manner: str
) -> None:
    relayed = run_suite("proxied", loop, manner)

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
    direct: Outcome, loop: str, manner: str
) -> None:
    """Every handshake that a client did was with the proxy, and all that was said was read."""
    relayed = run_suite("inspected", loop, manner)

    assert relayed.failed == []
    assert relayed.skipped == direct.skipped
    assert relayed.troubles == []
    assert relayed.tests == direct.tests >= 60
    assert relayed.sessions == relayed.connections == direct.connections >= relayed.tests
    assert relayed.inspected == relayed.handshakes == direct.handshakes >= 40
    assert relayed.unread == 0
