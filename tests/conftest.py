"""A real PostgreSQL for all tests, and a database of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from exporter.demo.server import EmbeddedServer

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The server of this run; prepared transactions are allowed, and nothing waits for the disk."""
    settings = {"max_prepared_transactions": "10", "fsync": "off", "synchronous_commit": "off"}
    with EmbeddedServer(tmp_path_factory.mktemp("postgresql"), settings) as running:
        yield running


@pytest.fixture
def database_url(server: EmbeddedServer) -> Iterator[str]:
    """A fresh, empty database."""
    name = f"test_{next(_NUMBERS)}"
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)
