"""Made-up diallers in different styles, and the draft of each, run as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exporter.commands.adopt.draft import draft
from exporter.commands.check.examine import check
from exporter.commands.check.report import Report
from exporter.config import Config, parse
from exporter.demo.runtime.server import EmbeddedServer
from tests.support.contract import session

ROLE = "Adopt er"
DIALLERS = Path(__file__).parent / "diallers"


@dataclass(frozen=True, slots=True)
class Adopted:
    """A dialler with its draft, which was run, and what `check` says of it as the role that the draft made."""

    url: str
    text: str
    report: Report

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query says."""
        with session(self.url) as connection:
            return connection.execute(query).fetchall()


def configured(url: str) -> Config:
    return parse(yaml.safe_dump({"database": {"url": url}}), "test.yaml")


@pytest.fixture(scope="module")
def adopted(server: EmbeddedServer) -> Iterator[Callable[[str], Adopted]]:
    """Drafts a dialler of the folder once."""
    done: dict[str, Adopted] = {}

    def adopt(name: str) -> Adopted:
        if name not in done:
            server.create_database(f"adopt_{name}")
            url = server.url(f"adopt_{name}")
            with session(url) as connection:
                connection.execute((DIALLERS / f"{name}.sql").read_text(encoding="utf-8"))
                text = draft(configured(url), ROLE)
                connection.execute(text)
            done[name] = Adopted(url, text, check(configured(make_conninfo(url, user=ROLE))))
        return done[name]

    yield adopt
    for name in done:
        server.drop_database(f"adopt_{name}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))
