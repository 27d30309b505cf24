"""The way from a row to a notification by vmagent, VictoriaMetrics and vmalert: as by Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.test_alerts import (
    hold_that_an_absent_database_is_one_page,
    hold_that_each_is_told_once,
    living,
)
from tests.support import engines, prometheus

pytestmark = [engines.needed, pytest.mark.timeout(300)]


@contextmanager
def watch(directory: Path, exporter: str, rules: Sequence[Path], manager: str) -> Iterator[prometheus.Prometheus]:
    """As docs/scale.md says, but that a minute is a second."""
    config = directory / "vmagent.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                "scrape_configs": [{"job_name": prometheus.JOB, "static_configs": [{"targets": [exporter]}]}],
            }
        )
    )
    with ExitStack() as started:
        server = started.enter_context(engines.victoria(directory))
        agent = (
            f"-promscrape.config={config}", f"-remoteWrite.url={server.base}/api/v1/write",
            f"-remoteWrite.tmpDataPath={directory / 'vmagent'}", "-remoteWrite.flushInterval=100ms",
        )  # fmt: skip
        started.enter_context(engines.started(directory, "vmagent", *agent))
        # here an alert waits for a second only, also that for the absence of everything
        prometheus.wait_for("a scrape", lambda: server.api("query", query="campaign_exporter_up")["result"])
        alerting = started.enter_context(
            engines.started(
                directory, "vmalert", *(f"-rule={path}" for path in rules), f"-datasource.url={server.base}",
                f"-remoteWrite.url={server.base}", f"-remoteRead.url={server.base}", f"-notifier.url=http://{manager}",
                "-evaluationInterval=1s", "-rule.evalDelay=0s", "-disableAlertgroupLabel",
                "-remoteWrite.flushInterval=100ms",
            )
        )  # fmt: skip
        yield server
        groups = json.loads(prometheus.fetch(f"{alerting}/api/v1/rules") or b"{}")["data"]["groups"]
        assert [rule for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []


def test_each_is_told_once_with_its_links_and_told_again_when_it_is_over(tmp_path: Path) -> None:
    with living(tmp_path, watch) as live:
        hold_that_each_is_told_once(live)


def test_a_database_that_goes_away_is_one_page(tmp_path: Path) -> None:
    with living(tmp_path, watch) as live:
        hold_that_an_absent_database_is_one_page(live)
