"""A real PostgreSQL for all tests, and a database of its own for each test that asks for one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from exporter.demo.runtime.server import EmbeddedServer
from exporter.refresh import service
from tests.support import memory
from tests.support.effort import PROVING, examples

_NUMBERS = count(1)

# How long an example takes says how busy the machine is, and nothing of what is tested.
# The same examples at each run: `make prove SEED=8` draws others.
settings.register_profile("busy", deadline=None, max_examples=examples(40), derandomize=not PROVING)
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def _one_heap() -> Iterator[None]:
    """An exporter looks through all of its process once, when it has loaded: thousands of them live in this one."""
    service.settle()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "settle", lambda: None)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server of this run; it allows prepared transactions and logical replication, and waits for no disk.

    Its directory is not one of pytest's: these are closed to other users, PostgreSQL's among them, whenever
    another run of pytest begins.
    """
    settings = {
        "max_prepared_transactions": "10", "wal_level": "logical", "max_wal_size": "256MB", "fsync": "off",
        "synchronous_commit": "off", "wal_keep_size": "64MB",
    }  # fmt: skip
    with (
        tempfile.TemporaryDirectory(
            prefix="campaign-exporter-", dir=memory.parent(), ignore_cleanup_errors=True
        ) as directory,
        EmbeddedServer(Path(directory), settings) as running,
    ):
        yield running


@pytest.fixture
def database_url(server: EmbeddedServer) -> Iterator[str]:
    """A fresh, empty database."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        # Copying files takes half the time of writing them to the log, where the disk is memory.
        connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY file_copy").format(sql.Identifier(name)))
        yield server.url(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
