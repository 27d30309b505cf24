"""Killed while rows change and while it saves, again and again, it goes on and shows what SQL says."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import contract, platforms, programs, prometheus
from tests.support.effort import PROVING, SEED
from tests.support.exporting import Scrape, parse_text

KILLS = 30 if PROVING else 1

Owner = psycopg.Connection[Any]


def write(owner: Owner, draw: random.Random, key: int) -> None:
    """What a dialler does, and an operator: tasks begin, end and are deleted, calls are added."""
    platforms.task(owner, key, 1, status="pending", created_at="now()", updated_at="now()")
    platforms.call(owner, key, 1, outcome=draw.choice(["answered", "busy"]), created_at="now()", updated_at="now()")
    for status in ("in_progress", "completed"):
        owner.execute(
            "UPDATE campaign_monitoring.tasks SET status = %s, updated_at = now() WHERE task_id = %s",
            (status, 10_000 + draw.randrange(key - 9_999)),
        )
    if not key % 7:
        owner.execute("DELETE FROM campaign_monitoring.tasks WHERE task_id = %s", (key - 3,))


@contextmanager
def writing(url: str, first: int, draw: random.Random) -> Iterator[Callable[[], int]]:
    """Rows change from that key on while this lasts; how to end it, and the next key."""
    ended, keys = threading.Event(), [first]

    def work() -> None:
        with contract.session(url) as owner:
            while not ended.wait(0.002):
                write(owner, draw, keys[0])
                keys[0] += 1
            owner.execute("SELECT pg_stat_force_next_flush()")

    thread = threading.Thread(target=work)

    def end() -> int:
        ended.set()
        thread.join()
        return keys[0]

    thread.start()
    try:
        yield end
    finally:
        end()


def counted(owner: Owner, relation: str, column: str) -> dict[str, float]:
    rows = owner.execute(f"SELECT {column}, count(*) FROM campaign_monitoring.{relation} GROUP BY 1".encode())
    return dict(rows.fetchall())


@pytest.mark.timeout(1200)
def test_killed_again_and_again_it_shows_what_sql_says(database_url: str, tmp_path: Path) -> None:
    draw, key = random.Random(SEED), 10_000
    config = tmp_path / "config.yaml"
    config.write_text(
        f'database: {{url: "{database_url}"}}\nrefresh: {{interval: 20ms, max_share: 0.9}}\n'
        f"audit: {{max_share: 1}}\nstate: {{directory: {tmp_path}/state, period: 1s}}\n"
    )
    with contract.session(database_url) as owner:
        platforms.create(owner)

        def right() -> Scrape | None:
            found = prometheus.fetch(f"http://{address}/metrics")
            if found is None:
                return None
            scrape = parse_text(found)
            calls = {
                outcome: n for outcome, n in counted(owner, "calls", "outcome").items() if outcome != "in_progress"
            }
            same = scrape.by("campaign_calls_total", "outcome") == calls
            return (
                scrape if same and scrape.by("campaign_tasks", "status") == counted(owner, "tasks", "status") else None
            )

        for kill in range(KILLS + 1):
            address = f"127.0.0.1:{prometheus.free_port()}"
            arguments = ["serve", f"--config.file={config}", f"--web.listen-address={address}"]
            with programs.running(tmp_path, arguments) as program:
                scrape = prometheus.wait_for("what SQL says", right)
                assert scrape.value("campaign_exporter_warm_start") == bool(kill), program.output
                with writing(database_url, key, draw) as end:
                    threading.Event().wait(draw.uniform(0, 1.5))
                    program.process.send_signal(signal.SIGKILL)
                    program.process.wait()
                    key = end()
