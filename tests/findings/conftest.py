"""What conversations need that are played live, and tests that make rules of their own."""

from collections.abc import Iterator

import pytest

from findings.live_tls import Certificates
from pop3spy.findings import RULES, Rule


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.issued(tmp_path_factory.mktemp("findings") / "ca")


@pytest.fixture(name="rules")
def only_these() -> Iterator[dict[str, Rule]]:
    """What a test registers, and nothing else."""
    before = dict(RULES)
    RULES.clear()
    yield RULES
    RULES.clear()
    RULES.update(before)
