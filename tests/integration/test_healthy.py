"""Days on which nothing goes wrong: nobody may be told that something does. `make prove` takes three of them."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta

import psycopg
import pytest

from benchmarks.alerts import healthy
from exporter.demo.dialler.creation import campaign_ids, create
from exporter.demo.platform.install import install
from exporter.demo.platform.store import flush
from tests.support.effort import PROVING, SEED
from tests.support.exporting import exporting

DAYS = 3.0 if PROVING else 0.15
SPAN = 1.5
"""So many days are one test at most, so that two workers share them."""

LOOK = timedelta(seconds=120)
DAY = timedelta(days=1)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(math.ceil(DAYS / SPAN)))
def test_healthy_days_are_never_called_blocked_or_stalled(first: int, database_url: str) -> None:
    spec = healthy.world(DAYS)
    begin = healthy.START + timedelta(days=first * SPAN)
    end = min(begin + timedelta(days=SPAN), healthy.START + timedelta(days=DAYS))
    names = {str(number): key for key, number in campaign_ids(spec).items()}
    origin = healthy.START + timedelta(days=DAYS)
    dialler = create(spec, origin, healthy.START, str(SEED), timedelta(seconds=10))
    dialler.state.log_since = origin
    wrong: list[str] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    changes: Counter[str] = Counter()
    last: dict[str, str] = {}
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        exporting(database_url, audit={"period": "7d", "max_share": 0.01}) as exporter,
    ):
        install(connection)
        while dialler.time < end:
            dialler.step(dialler.time + LOOK if dialler.time >= begin else min(begin, dialler.time + DAY))
            with connection.transaction():
                flush(connection, dialler.state, dialler.time)
            dialler.state.saved()
            if dialler.time <= begin and first:
                continue
            exporter.seconds = dialler.time.timestamp()
            snapshot = exporter.refresher.refresh()
            for key, view in snapshot.shown.views.items():
                d = view.diagnosis
                seen[names[key], d.verdict, d.binding] += 1
                changes[names[key]] += last.get(key, d.verdict) != d.verdict
                last[key] = d.verdict
                if d.verdict in ("blocked", "stalled", "unknown"):
                    wrong.append(
                        f"{dialler.time:%a %d %H:%M} {names[key]}: {d.verdict} by {d.binding}: {view.situation}"
                    )
        assert exporter.corrections() == 0
    for (name, verdict, gate), looks in sorted(seen.items()):
        print(f"{name:8} {verdict:10} {gate:10} {looks:6} looks")
    print(
        "changes of the verdict a day:", {name: round(number / min(SPAN, DAYS), 1) for name, number in changes.items()}
    )
    assert not wrong, f"{len(wrong)} looks, first of all {wrong[:3]}"
    assert {verdict for _, verdict, _ in seen} >= {"dialing", "waiting"}
