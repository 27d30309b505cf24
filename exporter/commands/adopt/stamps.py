"""A stamp for tables that have none, as SQL for a live system: short locks, small batches, and the way back.

The column comes without a default, which takes a lock for a moment and rewrites nothing. Then the trigger: from its
commit on each row that is written is stamped. What was there before lies in blocks that the table had by then, unless
it was written since: so these blocks are gone through once, a few at a time, and no row can be missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5

from exporter.commands.adopt.catalogue import Table, named, tables
from exporter.commands.adopt.sql import statement
from exporter.commands.adopt.view import comment
from exporter.config import Config
from exporter.contract.codes import clean_name
from exporter.contract.identifiers import identifier, literal
from exporter.errors import ConfigError
from exporter.source.database import Connection, Database

COLUMN = "campaign_stamp"
SCHEMA = "campaign_stamps"
_BLOCKS = 200
"""Of a batch: some ten thousand rows, whose locks are held for well under a second."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table with rows of its own, alone or below a partitioned one."""

    schema: str
    name: str

    @property
    def table(self) -> str:
        """Its name as SQL takes it."""
        return identifier(self.schema, self.name)


def statements(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """What makes the stamps, to be run one after the other, each a transaction of its own or several."""
    found = _found(connection, wanted)
    return [
        "SET lock_timeout = '2s'",
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.stamp() RETURNS trigger LANGUAGE plpgsql AS $campaign_stamp$\nBEGIN\n"
        f"    NEW.{COLUMN} := clock_timestamp();\n    RETURN NEW;\nEND $campaign_stamp$",
        *(each for table in found for each in _stamped(connection, table)),
    ]


def undone(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """What takes them away again."""
    found = _found(connection, wanted)
    return [
        "SET lock_timeout = '2s'",
        *(
            each
            for table in found
            for each in (
                f"DROP TRIGGER IF EXISTS {COLUMN} ON {table.identifier}",
                f"ALTER TABLE {table.identifier} DROP COLUMN IF EXISTS {COLUMN}",
            )
        ),
    ]


def script(config: Config, wanted: Sequence[str], *, undo: bool) -> str:
    """The same as a file for psql."""
    database = Database(config)
    connection = database.connect()
    try:
        with database.snapshot(connection):
            made = undone(connection, wanted) if undo else statements(connection, wanted)
    finally:
        database.close(connection)
    notes = _UNDO if undo else _DO
    lines = [line for note in notes for line in comment(note)]
    return "\n".join([*lines, "\\set ON_ERROR_STOP on", *(f"{each};" for each in made), ""])


_DO = (
    "A stamp for rows that have none, made by `campaign-exporter adopt --stamps`. Nothing was run. Run it by psql, as"
    " the owner of the tables, outside a transaction; PostgreSQL 14 or newer. It may be run again at any time: after a"
    " lock that was not given within 2 s, after a break.",
    "Afterwards show campaign_stamp AS updated_at in the views. An update of a stamped row writes the index, too.",
)
_UNDO = (
    "Takes the stamps away again. First make the views anew without updated_at, as they hold the column. The schema"
    f" {SCHEMA} may be dropped when no table is stamped any more.",
)


def _found(connection: Connection, wanted: Sequence[str]) -> list[Table]:
    known = tables(connection, ())
    found = [named(known, name, "--stamps") for name in wanted]
    for table in found:
        if table.kind not in "rp":
            shown = clean_name(f"{table.schema}.{table.name}", 80)
            raise ConfigError(f"--stamps {shown!r}: it is no table, so it can have no column of ours")
    return found


def _stamped(connection: Connection, table: Table) -> Iterator[str]:
    parts = [Part(*row) for row in connection.execute(statement("parts"), {"id": table.id})]
    yield f"ALTER TABLE {table.identifier} ADD COLUMN IF NOT EXISTS {COLUMN} timestamptz"
    yield (
        f"CREATE OR REPLACE TRIGGER {COLUMN} BEFORE INSERT OR UPDATE ON {table.identifier}\n"
        f"    FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.stamp()"
    )
    for part in parts:
        yield _filled(part.table)
        yield _without_broken(part.schema, _index(part.name))
        # It waits for all that began before, which may take long, and nobody waits for it.
        yield "SET lock_timeout = 0"
        yield f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {identifier(_index(part.name))} ON {part.table} ({COLUMN})"
        yield "SET lock_timeout = '2s'"
    if table.kind == "p":
        yield f"CREATE INDEX IF NOT EXISTS {identifier(_index(table.name))} ON {table.identifier} ({COLUMN})"


def _index(name: str) -> str:
    """A name of its own, which PostgreSQL would cut after 63 bytes."""
    short = name if len(name.encode()) < 48 else md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{short}_{COLUMN}"


def _without_broken(schema: str, index: str) -> str:
    """An index that was broken off stands there, serves nobody, and has the name."""
    name = identifier(schema, index)
    return (
        "DO $campaign_stamp$ BEGIN\n"
        f"    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass({literal(name)})"
        f" AND NOT indisvalid) THEN\n        DROP INDEX {name};\n    END IF;\nEND $campaign_stamp$"
    )


def _filled(table: str) -> str:
    """Rows that were there before, some blocks at a time."""
    return (
        f"DO $campaign_stamp$\nDECLARE\n"
        f"    blocks bigint := pg_relation_size({literal(table)}) / current_setting('block_size')::bigint;\n"
        f"    low bigint := 0;\nBEGIN\n"
        f"    WHILE low <= blocks LOOP\n"
        f"        UPDATE {table} SET {COLUMN} = NULL\n"
        f"        WHERE ctid >= format('(%s,0)', low)::tid AND ctid < format('(%s,0)', low + {_BLOCKS})::tid\n"
        f"          AND {COLUMN} IS NULL;\n"
        f"        low := low + {_BLOCKS};\n"
        f"        COMMIT;\n"
        f"    END LOOP;\nEND $campaign_stamp$"
    )
