"""Everything at once under a real exporter: rows that move, vanish and come back, tables rewritten, servers killed."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
import yaml

from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, oracle, programs, prometheus
from tests.support.effort import PROVING, SEED
from tests.support.exporting import Scrape, parse_text

SECONDS = float(os.environ.get("CHURN_SECONDS", "90"))
"""How long it goes on."""

ROUND_SECONDS, PATIENCE_SECONDS = 30.0, 120.0
STALE_AFTER = 1800.0
COUNTED = ("_total", "_bucket", "_count", "_sum")
T = "campaign_monitoring"
STAMPS = ("now()", "clock_timestamp()", "statement_timestamp()")

_TASK = f"""
INSERT INTO {T}.tasks (task_id, campaign_id, status, attempts, max_attempts, disposition, created_at, updated_at)
SELECT %(a)s::bigint + i, 1 + (%(a)s::bigint + i) %% 6, %(status)s, 1, 3, %(text)s, {{stamp}}, {{stamp}}
FROM generate_series(1, 20) AS i"""
_CALL = f"""
INSERT INTO {T}.calls (call_id, task_id, campaign_id, attempt, outcome, number_id, talk_seconds, ai_cost, started_at,
    created_at, updated_at)
SELECT %(a)s::bigint + i, %(a)s::bigint + i, 1 + (%(a)s::bigint + i) %% 6, 1, %(status)s, 1, 10, 0.5, {{stamp}}, {{stamp}}, {{stamp}}
FROM generate_series(1, 20) AS i"""  # noqa: E501


class Platform:
    """Sessions that do at random whatever a platform, its operators and its hosts do."""

    def __init__(self, server: EmbeddedServer, random_: random.Random) -> None:
        self.server = server
        self.random = random_
        self.next = 0
        self.prepared: list[str] = []
        self.done: dict[str, int] = {}
        self.slow: psycopg.Connection[Any] | None = None
        self.connection = self.connect()

    def connect(self) -> psycopg.Connection[Any]:
        """A session, as soon as the server takes one."""
        return prometheus.wait_for("the server", self._connected)

    def _connected(self) -> psycopg.Connection[Any] | None:
        with contextlib.suppress(psycopg.OperationalError):
            return psycopg.connect(
                self.server.url("churn"), autocommit=True, options="-c lock_timeout=3s", application_name="platform"
            )
        return None

    def close(self) -> None:
        """End all sessions."""
        for connection in (self.slow, self.connection):
            if connection is not None:
                connection.close()
        self.slow = None

    def act(self) -> None:
        """One thing, more often what is common."""
        acts: dict[Callable[[], object], int] = {
            self.add: 40, self.change: 40, self.late: 4, self.move: 6, self.delete: 3, self.restore: 2, self.old: 2,
            self.prepare: 3, self.finish: 3, self.draft: 2, self.owner: 2, self.refill: 1, self.alter: 1,
            self.truncate: 1, self.cut: 2, self.crash_backend: 1, self.crash_server: 1,
        }  # fmt: skip
        (act,) = self.random.choices(list(acts), list(acts.values()))
        try:
            act()
        except (psycopg.OperationalError, psycopg.InterfaceError):  # killed, or somebody holds a lock
            self.close()
            self.connection = self.connect()
        name = getattr(act, "__name__", "")
        self.done[name] = self.done.get(name, 0) + 1

    def run(self, query: str, *values: Any) -> None:
        self.connection.execute(query.encode(), values or None)

    def add(self, stamp: str | None = None, connection: psycopg.Connection[Any] | None = None) -> None:
        query, statuses = self.random.choice(
            [(_TASK, ("pending", "in_progress", "completed")), (_CALL, ("answered", "busy", "in_progress"))]
        )
        self.next += 20
        values = {"a": self.next, "status": self.random.choice(statuses), "text": f"d{self.next % 7}"}
        stamp = stamp or self.random.choice(STAMPS)
        (connection or self.connection).execute(query.format(stamp=stamp).encode(), values)

    def change(self) -> None:
        key = self.random.randrange(self.next + 1)
        self.run(f"UPDATE {T}.tasks SET status = 'failed', updated_at = clock_timestamp() WHERE task_id = %s", key)
        self.run(f"UPDATE {T}.calls SET outcome = 'answered', score = 50, updated_at = now() WHERE call_id = %s", key)

    def late(self) -> None:
        """A transaction that is slow to commit."""
        if self.slow is None:
            self.slow = psycopg.connect(self.server.url("churn"))
            self.add(connection=self.slow)
        else:
            self.add(connection=self.slow)
            self.slow.commit()
            self.slow.close()
            self.slow = None

    def move(self) -> None:
        low = self.random.randrange(self.next + 1)
        for relation, key in (("tasks", "task_id"), ("calls", "call_id")):
            self.run(
                f"UPDATE {T}.{relation} SET campaign_id = %s, updated_at = now() WHERE {key} BETWEEN %s AND %s",
                self.random.randint(1, 6), low, low + 5,
            )  # fmt: skip

    def delete(self) -> None:
        low = self.random.randrange(self.next + 1)
        those = f"FROM {T}.calls WHERE call_id BETWEEN {low} AND {low + 30}"
        self.run(f"DROP TABLE IF EXISTS bin; CREATE TABLE bin AS SELECT * {those}; DELETE {those}")

    def restore(self) -> None:
        self.run(
            "CREATE TABLE IF NOT EXISTS bin AS SELECT * FROM campaign_monitoring.calls LIMIT 0; "
            f"UPDATE bin SET updated_at = now(); INSERT INTO {T}.calls SELECT * FROM bin; TRUNCATE bin"
        )

    def old(self) -> None:
        """An import with the stamps of long ago."""
        self.add("now() - interval '3 hours'")

    def prepare(self) -> None:
        name = f"p{self.next}_{self.random.random()}"
        with psycopg.connect(self.server.url("churn")) as connection:
            self.add(connection=connection)
            connection.execute(f"PREPARE TRANSACTION '{name}'".encode())
            self.prepared.append(name)

    def finish(self) -> None:
        if self.prepared:
            self.run(f"{self.random.choice(('COMMIT', 'ROLLBACK'))} PREPARED '{self.prepared.pop()}'")

    def draft(self) -> None:
        status = self.random.choice(("draft", "running", "running"))
        self.run(f"UPDATE {T}.campaigns SET status = %s WHERE campaign_id = %s", status, self.random.randint(1, 6))

    def owner(self) -> None:
        self.run(
            f"UPDATE {T}.campaigns SET currency = %s, tenant_id = %s WHERE campaign_id = %s",
            self.random.choice(("EUR", "USD")), self.random.randint(1, 2), self.random.randint(1, 6),
        )  # fmt: skip

    def refill(self) -> None:
        self.run(
            f"BEGIN; CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM {T}.calls; TRUNCATE {T}.calls; "
            f"INSERT INTO {T}.calls SELECT * FROM copy; COMMIT"
        )

    def alter(self) -> None:
        self.run(f"ALTER TABLE {T}.calls ALTER COLUMN talk_seconds TYPE numeric({self.random.randint(10, 30)}, 6)")

    def truncate(self) -> None:
        self.run(f"TRUNCATE {T}.calls")

    def cut(self) -> None:
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'platform'"
        )

    def crash_backend(self) -> None:
        """One process of the server is killed: the server begins anew."""
        (pid,) = self.connection.execute("SELECT pg_backend_pid()").fetchall()[0]
        psutil.Process(pid).kill()
        self.run("SELECT 1")

    def crash_server(self) -> None:
        """The server and all its processes are killed, and it is started again."""
        (path,) = self.connection.execute("SELECT current_setting('data_directory')").fetchall()[0]
        server = psutil.Process(int((Path(path) / "postmaster.pid").read_text(encoding="utf-8").split()[0]))
        for process in (server, *server.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        with contextlib.suppress(Exception):
            self.server.stop()
        self.server.start()
        raise psycopg.OperationalError("killed")

    def rest(self) -> None:
        """End all that is open."""
        if self.slow is not None:
            with contextlib.suppress(psycopg.Error):
                self.slow.commit()
            self.slow.close()
            self.slow = None
        self.prepared.clear()
        for (name,) in self.connection.execute("SELECT gid FROM pg_prepared_xacts").fetchall():
            self.run(f"COMMIT PREPARED '{name}'")


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A server of its own, as it will be killed."""
    settings = {"max_prepared_transactions": "50", "fsync": "off", "max_connections": "60"}
    directory = Path("/tmp") / f"campaign-exporter-churn-{os.getpid()}"
    with EmbeddedServer(directory, settings) as server:
        server.create_database("churn")
        made = Platform(server, random.Random(SEED))
        contract.create(made.connection)
        for tenant in (1, 2):
            contract.insert(made.connection, "tenants", tenant_id=tenant, name=f"T{tenant}", timezone="UTC")
        contract.insert(
            made.connection, "numbers", number_id=1, tenant_id=1, connection_id=1, phone="1", status="active"
        )
        for campaign in range(1, 7):
            contract.insert(
                made.connection, "campaigns", campaign_id=campaign, tenant_id=1 + campaign % 2, name=f"C{campaign}",
                status="running", timezone="UTC", currency="EUR",
            )  # fmt: skip
        for _ in range(100):
            made.old()
        yield made
        made.close()


def samples(scrape: Scrape) -> dict[oracle.Series, float]:
    """What the oracle knows, but for zeros."""
    return {
        (name, tuple((key, value) for key, value in labels if key != "group")): value
        for (name, labels), value in scrape.samples.items()
        if name in oracle.NAMES and value
    }


def differing(mine: dict[oracle.Series, float], sql: dict[oracle.Series, float]) -> dict[oracle.Series, Any]:
    """Gauges that differ, and counters that show less than SQL."""
    found = {}
    for series in mine.keys() | sql.keys():
        ours, theirs = mine.get(series, 0.0), sql.get(series, 0.0)
        less = ours < theirs - 1e-6
        if less or (abs(ours - theirs) > 1e-6 and not series[0].endswith(COUNTED)):
            found[series] = (ours, theirs)
    return found


@pytest.mark.skipif(not PROVING, reason="takes minutes: make prove, or CHURN_SECONDS=600 PROVE=7 pytest")
@pytest.mark.timeout(int(SECONDS * 6 + 300))
def test_whatever_happens_at_once_figures_are_sqls_soon_after_and_no_counter_falls(
    platform: Platform, tmp_path: Path
) -> None:
    port = prometheus.free_port()
    config = tmp_path / "exporter.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "database": {"url": platform.server.url("churn"), "lock_timeout": "2s", "connect_timeout": "2s"},
                "audit": {"max_share": 0.2},
            }
        )
    )
    with programs.running(
        tmp_path, ["serve", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    ) as exporter:
        url = f"http://127.0.0.1:{port}/metrics"
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://127.0.0.1:{port}/-/ready"))
        highest: dict[oracle.Series, float] = {}
        memory: list[float] = []
        waited: list[float] = []
        fell: dict[oracle.Series, tuple[float, float]] = {}

        def look() -> Scrape:
            scrape = parse_text(prometheus.fetch(url) or b"")
            for series, value in samples(scrape).items():
                if series[0].endswith(COUNTED):
                    if value < highest.get(series, 0.0) - 1e-6:
                        fell[series] = (highest[series], value)
                    highest[series] = max(value, highest.get(series, 0.0))
            return scrape

        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            pause = time.monotonic() + ROUND_SECONDS
            while time.monotonic() < pause:
                platform.act()
                time.sleep(platform.random.random() / 20)
                if platform.random.random() < 0.05:
                    look()
            platform.rest()
            began = time.monotonic()
            wrong: dict[oracle.Series, Any] = {}
            while True:
                scrape = look()
                at = scrape.value("campaign_exporter_last_success_timestamp_seconds")
                with contract.session(platform.server.url("churn")) as judge:
                    wrong = differing(samples(scrape), oracle.expected(judge, at, STALE_AFTER))
                if not wrong and scrape.value("campaign_exporter_up") == 1:
                    break
                assert time.monotonic() - began < PATIENCE_SECONDS, (wrong, exporter.output[-3000:])
                time.sleep(1)
            waited.append(time.monotonic() - began)
            memory.append(psutil.Process(exporter.process.pid).memory_info().rss / 2**20)
        assert fell == {}
        print(f"\nacts {platform.done}\nseconds until equal {[round(each) for each in waited]}\n"
              f"MiB {[round(each) for each in memory]}")  # fmt: skip
