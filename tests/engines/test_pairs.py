"""Two agents that scrape one exporter are one to VictoriaMetrics; two exporters must not be taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import engines
from tests.support.prometheus import Prometheus

pytestmark = [engines.needed, pytest.mark.timeout(120)]

START, STEP, STEPS = 1_772_625_600.0, 15.0, 40
SPAN = f"{STEP * (STEPS - 1):g}s"


def _shown(total: int) -> bytes:
    return f'campaign_calls_total{{tenant="1",campaign="1",outcome="answered"}} {total}.0\n'.encode()


def _wrote(server: Prometheus, late: float, behind: int) -> None:
    """A scrape every fifteen seconds of an exporter whose counter grows by ten each time."""
    scrapes = [(START + late + STEP * step, _shown(1_000_000 + 10 * step - behind)) for step in range(STEPS)]
    engines.remember([server], scrapes, instance="exporter:10517", job="campaign-exporter")


def _counted(server: Prometheus) -> tuple[float, float]:
    """By how much calls grew, and how many samples say so."""
    engines.flush(server)
    end = START + STEP * (STEPS - 1) + 1
    return tuple(
        value
        for each in ("increase", "count_over_time")
        for value in server.query(f"{each}(campaign_calls_total[{SPAN}])", end).values()
    )  # type: ignore[return-value]


def test_two_agents_of_one_exporter_are_one(tmp_path: Path) -> None:
    """Each scrapes it at another moment of the interval, and sees what it shows then."""
    with engines.victoria(tmp_path, "-dedup.minScrapeInterval=15s") as server:
        _wrote(server, late=0, behind=0)
        _wrote(server, late=0.5, behind=0)
        grown, samples = _counted(server)
    assert grown == pytest.approx(10 * (STEPS - 1), abs=10)
    assert samples == pytest.approx(STEPS, abs=1)


def test_two_exporters_taken_for_one_count_calls_that_nobody_made(tmp_path: Path) -> None:
    """The second is a refresh behind: where the engine takes a sample now from one and now from the other, it falls.

    Prometheus counts a lifetime again each time (`tests/integration/test_counters_in_prometheus.py`); here a small fall
    is no reset, but what was lost by it counts again.
    """
    with engines.victoria(tmp_path) as server:
        _wrote(server, late=0, behind=0)
        _wrote(server, late=5, behind=20)
        grown, _ = _counted(server)
    assert grown > 2 * 10 * STEPS
