"""A real Prometheus 3 keeps the first value of a counter where it is told when that began, and else loses it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.support import contract, platforms, programs, prometheus
from tests.support.prometheus import Prometheus

ENGINES = Path(os.environ.get("ENGINES", ""))
PROGRAM = ENGINES / "prometheus"
"""Debian's is older."""

FLAG = "created-timestamp-zero-ingestion"

pytestmark = pytest.mark.skipif(
    not os.environ.get("ENGINES"), reason="no Prometheus 3: `make engines` builds it and runs this"
)


@pytest.fixture
def address(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The exporter on a small platform, telling when counters began."""
    with contract.session(database_url) as owner:
        platforms.create(owner)
    address = f"127.0.0.1:{prometheus.free_port()}"
    config = tmp_path / "config.yaml"
    config.write_text(
        f'database:\n  url: "{database_url}"\nrefresh: {{interval: 200ms}}\nopenmetrics: {{created: true}}\n'
    )
    arguments = ["serve", f"--config.file={config}", f"--web.listen-address={address}"]
    with programs.running(tmp_path, arguments):
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        yield address


def increase(server: Prometheus, outcome: str) -> float:
    found = server.query(f'increase(campaign_calls_total{{campaign="9",outcome="{outcome}"}}[1m])', time.time())
    return sum(found.values())


def scrapes(server: Prometheus, query: str, least: int = 1) -> bool:
    return sum(server.query(f"count_over_time({query}[1m])", time.time()).values()) >= least


def test_the_first_value_of_a_new_campaign_counts(database_url: str, address: str, tmp_path: Path) -> None:
    """Three calls were made before Prometheus saw the campaign, and none since."""
    with ExitStack() as stack:
        servers: dict[str, Prometheus] = {}
        for name, arguments in (("told", [f"--enable-feature={FLAG}"]), ("not told", [])):
            directory = tmp_path / name
            directory.mkdir()
            servers[name] = stack.enter_context(
                prometheus.running(directory, [address], program=str(PROGRAM), arguments=arguments)
            )
        for server in servers.values():
            prometheus.wait_for("a scrape", partial(scrapes, server, 'campaign_info{campaign="1"}'))
        began = datetime.now(UTC) - timedelta(seconds=20)
        with contract.session(database_url) as owner:
            platforms.campaign(owner, "9", started_at=began)
            for key in range(3):
                at = began + timedelta(seconds=5 + key)
                platforms.call(owner, str(900 + key), "9", outcome="answered", started_at=at, created_at=at,
                               updated_at=datetime.now(UTC))  # fmt: skip
        seen = 'campaign_calls_total{campaign="9",outcome="answered"}'
        for server in servers.values():
            prometheus.wait_for("several scrapes", partial(scrapes, server, seen, 3))
        assert increase(servers["not told"], "answered") == 0
        assert increase(servers["told"], "answered") == pytest.approx(3, rel=0.2)
        assert increase(servers["told"], "busy") == 0
        created = '{__name__=~"campaign_.*_created"}'
        assert not servers["told"].query(created, time.time())
        assert servers["not told"].query(created, time.time()), "without the flag they are series of their own"
