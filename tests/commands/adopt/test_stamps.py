"""Stamps are made on a live system: nobody waits for long, no row is missed, and all of it can be taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from exporter.commands.adopt.stamps import statements, undone
from exporter.commands.cli import main
from tests.support.contract import session

NAME = 'public.Call "log" 1'
LEADS = "public.leads"


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Twenty thousand leads, and partitions whose name needs quotes."""
    with session(database_url) as connection:
        connection.execute("""
            CREATE TABLE leads (id int PRIMARY KEY, state text, pad text DEFAULT repeat('x', 300));
            INSERT INTO leads SELECT n, 'new' FROM generate_series(1, 20000) AS n;
            CREATE TABLE "Call ""log"" 1" (id int, at date) PARTITION BY RANGE (at);
            CREATE TABLE "Part 1" PARTITION OF "Call ""log"" 1" FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
            CREATE TABLE part_2 PARTITION OF "Call ""log"" 1" DEFAULT;
            INSERT INTO "Call ""log"" 1" VALUES (1, '2026-01-05'), (2, '2026-05-05')
        """)
        yield connection


def run(connection: psycopg.Connection[Any], made: list[str]) -> None:
    for each in made:
        connection.execute(each.encode())


class Writers(threading.Thread):
    """A dialler that updates and inserts one row after the other, each by itself, until it is told to end."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.over = url, threading.Event()
        self.written, self.longest = 0, 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                while not self.over.is_set():
                    began, self.written = time.monotonic(), self.written + 1
                    key = self.written * 7919 % 20_000 + 1
                    connection.execute(
                        "UPDATE leads SET state = 'called', pad = repeat('y', 300) WHERE id = %s", (key,)
                    )
                    connection.execute("INSERT INTO leads (id, state) VALUES (%s, 'new')", (20_000 + self.written,))
                    self.longest = max(self.longest, time.monotonic() - began)
        except psycopg.Error as error:
            self.error = error


def test_no_row_is_missed_while_others_write(owner: psycopg.Connection[Any], database_url: str) -> None:
    writers = Writers(database_url)
    writers.start()
    try:
        run(owner, statements(owner, [LEADS]))
    finally:
        writers.over.set()
        writers.join()
    assert writers.error is None
    assert writers.written > 10, "nobody wrote meanwhile"
    row = owner.execute("SELECT count(*), count(campaign_stamp) FROM leads").fetchone()
    assert row == (20_000 + writers.written, 20_000 + writers.written)


def test_each_change_moves_the_stamp_whatever_the_program_says(owner: psycopg.Connection[Any]) -> None:
    run(owner, statements(owner, [LEADS]))
    query = "SELECT campaign_stamp FROM leads WHERE id = 1"
    before = owner.execute(query).fetchone()
    owner.execute("UPDATE leads SET state = 'won', campaign_stamp = '2000-01-01' WHERE id = 1")
    after = owner.execute(query).fetchone()
    assert before is not None
    assert after is not None
    assert after[0] > before[0]


def test_partitions_have_stamps_and_indexes_that_are_one(owner: psycopg.Connection[Any]) -> None:
    run(owner, statements(owner, [NAME]))
    assert owner.execute('SELECT count(campaign_stamp) FROM "Call ""log"" 1"').fetchone() == (2,)
    attached = "SELECT count(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid WHERE indisvalid"
    assert owner.execute(attached).fetchone() == (2,)


def test_it_may_be_run_again_after_a_break(owner: psycopg.Connection[Any]) -> None:
    made = statements(owner, [LEADS, NAME])
    run(owner, made[:5])
    owner.execute("CREATE INDEX leads_campaign_stamp ON leads (campaign_stamp)")
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'leads_campaign_stamp'::regclass")
    run(owner, statements(owner, [LEADS, NAME]))
    row = owner.execute("SELECT count(*) FROM leads WHERE campaign_stamp IS NULL").fetchone()
    assert row == (0,)
    broken = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    assert owner.execute(broken).fetchone() == (0,), "a broken index is made anew"


def test_a_table_that_is_locked_is_not_waited_for(owner: psycopg.Connection[Any], database_url: str) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("SELECT 1 FROM leads LIMIT 1")
        made = [each.replace("'2s'", "'50ms'") for each in statements(owner, [LEADS])]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            run(owner, made)


def test_the_tables_are_as_they_were_when_it_is_undone(owner: psycopg.Connection[Any]) -> None:
    shape = "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
    shape += " AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1, 2"
    before = owner.execute(shape.encode()).fetchall()
    run(owner, statements(owner, [LEADS, NAME]))
    run(owner, undone(owner, [LEADS, NAME]))
    assert owner.execute(shape.encode()).fetchall() == before
    assert owner.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal").fetchone() == (0,)


def test_a_table_that_is_not_there_is_named(owner: psycopg.Connection[Any], database_url: str, tmp_path: Any) -> None:
    del owner
    (tmp_path / "a.yaml").write_text(f"database: {{url: '{database_url}'}}")
    arguments = ["adopt", "--stamps", "public.nothing", "--config.file", str(tmp_path / "a.yaml")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, "'public.nothing'" in result.output) == (1, True), result.output
