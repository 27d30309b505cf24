"""Which shard a tenant is in: one of them, the same for ever, whatever type its id has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from exporter.config import ShardConfig
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.compiled import Compiled
from exporter.source.shards import of_shard

WHOLE = [str(n) for n in (0, 7, -3, 2**63 - 1)]
UUIDS = [str(UUID(int=n)) for n in (0, 7, 2**127)]
TEXTS = ["7", "Kunde-ü", "客户", "a'b\\c%d", " 7", ""]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connected:
        yield connected


def shards_of(connection: psycopg.Connection[Any], tenant: str | None, typname: str, total: int) -> list[int]:
    """The shards that take rows of a tenant, whose id has this type."""
    table = sql.SQL("CREATE TEMP TABLE rows AS SELECT {}::{} AS tenant_id")
    connection.execute(table.format(sql.Literal(tenant), sql.SQL(typname)))
    found = taking(connection, total)
    connection.execute("DROP TABLE rows")
    return found


def taking(connection: psycopg.Connection[Any], total: int) -> list[int]:
    """The shards that take the one row there is."""
    tenant_id = sa.column("tenant_id", sa.Text)
    taken = [of_shard(tenant_id, ShardConfig(index=index, total=total)) for index in range(total)]
    query = Compiled(sa.select(*taken).select_from(sa.table("rows")))
    (found,) = connection.execute(query.text.encode(), query.bind()).fetchall()
    return [index for index, mine in enumerate(found) if mine]


@pytest.mark.parametrize(
    ("typname", "tenants"),
    [
        ("smallint", WHOLE[:3]), ("bigint", WHOLE), ("uuid", UUIDS), ("text", [*WHOLE, *UUIDS, *TEXTS]),
        ("varchar", [*WHOLE, *UUIDS, *TEXTS]),
    ],
)  # fmt: skip
def test_a_tenant_is_in_the_one_shard_that_its_id_as_text_hashes_to(
    connection: psycopg.Connection[Any], typname: str, tenants: list[str]
) -> None:
    for total in (1, 4, 7):
        for tenant in tenants:
            known = int(hashlib.sha256(tenant.encode()).hexdigest()[:6], 16) % total
            assert shards_of(connection, tenant, typname, total) == [known]


def test_an_id_that_is_null_is_in_the_first(connection: psycopg.Connection[Any]) -> None:
    assert shards_of(connection, None, "bigint", 4) == [0]


def test_bytes_that_are_no_text_are_taken_as_they_are(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url(), autocommit=True) as owner:
        owner.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        with psycopg.connect(server.url("bytes"), autocommit=True) as connection:
            connection.execute("CREATE TEMP TABLE rows AS SELECT convert_from('\\xff41', 'SQL_ASCII') AS tenant_id")
            assert taking(connection, 3) == [int(hashlib.sha256(b"\xffA").hexdigest()[:6], 16) % 3]
        owner.execute("DROP DATABASE bytes")
