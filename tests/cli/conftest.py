"""What the tests of the command line share: a server to relay to."""

from collections.abc import Iterator

import pytest

from cli.program import serving


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of ``pop3spy serve``, which has messages for the user demo."""
    with serving() as port:
        yield f"127.0.0.1:{port}"
