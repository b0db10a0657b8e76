"""What conversations need that are played live."""

import pytest

from findings.live_tls import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.issued(tmp_path_factory.mktemp("findings") / "ca")
