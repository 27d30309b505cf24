"""A platform in a database of its own, and an exporter that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import contract, platforms
from tests.support.exporting import Exporter, exporting


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The platform's own session. Campaign 1 is complete and good; campaign 2 has one good task and one good call."""
    with contract.session(database_url) as connection:
        with connection.transaction():
            platforms.create(connection)
            platforms.campaign(connection, "2")
            platforms.task(connection, 1, 2)
            platforms.call(connection, 1, 2)
        yield connection


@pytest.fixture
def exporter(database_url: str) -> Iterator[Exporter]:
    """An exporter of that database, not yet started."""
    with exporting(database_url) as made:
        yield made


@pytest.fixture(autouse=True)
def audits_wait_for_no_quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is suspect is audited within the refresh, however long that takes here."""
    monkeypatch.setattr("exporter.refresh.auditor._EARLY_AUDIT_SECONDS", 60.0)
