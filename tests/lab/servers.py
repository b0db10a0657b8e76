"""The servers as fixtures: each test process has its own, started when first asked for."""

from collections.abc import Iterator

import pytest

from lab.cyrus import running_cyrus
from lab.dovecot import running_dovecot
from lab.mailserver import MailServer
from lab.popa3d import running_popa3d

__all__ = [
    "MailServer",
    "cyrus",
    "dovecot",
    "popa3d",
    "running_cyrus",
    "running_dovecot",
    "running_popa3d",
]


@pytest.fixture(scope="session")
def dovecot() -> Iterator[MailServer]:
    with running_dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def popa3d() -> Iterator[MailServer]:
    with running_popa3d() as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[MailServer]:
    with running_cyrus() as server:
        yield server
