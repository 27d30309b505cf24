"""A real PostgreSQL for all tests, and a database of its own for each test that asks for one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from exporter.demo.runtime.server import EmbeddedServer
from tests.support.effort import examples

_NUMBERS = count(1)

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("busy", deadline=None, max_examples=examples(40))
settings.load_profile("busy")


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server of this run; prepared transactions are allowed, and nothing waits for the disk.

    Its directory is not one of pytest's: these are closed to other users, PostgreSQL's among them, whenever
    another run of pytest begins.
    """
    settings = {"max_prepared_transactions": "10", "fsync": "off", "synchronous_commit": "off"}
    with (
        tempfile.TemporaryDirectory(prefix="campaign-exporter-", ignore_cleanup_errors=True) as directory,
        EmbeddedServer(Path(directory), settings) as running,
    ):
        yield running


@pytest.fixture
def database_url(server: EmbeddedServer) -> Iterator[str]:
    """A fresh, empty database."""
    name = f"test_{next(_NUMBERS)}"
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)
