"""What the tests of the command line share: a server to relay to, and what root does for a user."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.late import Late
from cli.program import serving
from lab.processes import need_root

USER = "nobody"
"""Whom root becomes."""


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of ``pop3spy serve``, which has messages for the user demo."""
    with serving() as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
def root() -> None:
    need_root("become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the user's; that of pytest is in one that only root may enter."""
    need_root("give a folder away")
    path = Path(tempfile.mkdtemp(prefix="pop3spy-"))
    try:
        os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def late(tmp_path: Path) -> Late:
    return Late(tmp_path)
