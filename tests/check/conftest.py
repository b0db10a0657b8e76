"""What the tests of checks share: certificates, made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import serving


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of ``pop3spy serve``, which has messages for the user demo."""
    with serving() as port:
        yield f"127.0.0.1:{port}"
