"""Places for ledgers: a file, and a database of a server of its own."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.postgres import Postgres, running_postgres
from ledger.opening import Place
from pop3spy.ledger import Database
from pop3spy.ledger.database import read_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


_SCHEMAS = itertools.count()


@pytest.fixture
def database(postgres: Postgres) -> Database:
    """A database without tables."""
    schema = f"test{next(_SCHEMAS)}"
    with postgres.connect() as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return read_database(postgres.url(schema))


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each place in which a ledger may be."""
    found: Place = request.getfixturevalue("path" if request.param == "file" else "database")
    return found
