"""What the tests of the authority share: one that is made once."""

from pathlib import Path

import pytest

from pop3spy.authority import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(Path(tmp_path_factory.mktemp("ca")) / "authority", "alice@laptop")
