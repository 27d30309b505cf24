"""`campaign-exporter demo`: a dialler that calls, an exporter that sees it, and a restart that goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support import programs, prometheus
from tests.support.exporting import Scrape, parse_text


def scrape(address: str) -> Scrape:
    metrics = prometheus.fetch(f"http://{address}/metrics")
    assert metrics is not None
    assert programs.promtool_check(metrics) == ""
    return parse_text(metrics)


def calls(found: Scrape) -> float:
    return sum(found.of("campaign_calls_total").values())


@pytest.mark.timeout(300)
def test_the_demo_dials_stops_and_goes_on_where_it_was(tmp_path: Path) -> None:
    address = f"127.0.0.1:{prometheus.free_port()}"
    arguments = ["demo", "--no-stack", f"--web.listen-address={address}", "--data-dir=data"]
    prometheus_url = f"http://{address}"
    with programs.running(tmp_path, arguments) as demo:
        prometheus.wait_for("the first demo", lambda: prometheus.fetch(f"{prometheus_url}/-/ready"))
        first = scrape(address)
        prometheus.wait_for("calls to be made", lambda: calls(scrape(address)) > calls(first))
        before = calls(scrape(address))
        assert demo.stop(signal.SIGINT) == 0
        assert "Traceback" not in demo.output
    assert before > 50_000
    with programs.running(tmp_path, arguments) as again:
        prometheus.wait_for("the second demo", lambda: prometheus.fetch(f"{prometheus_url}/-/ready"))
        assert calls(scrape(address)) >= before
        assert again.output.count("history: writing") == 1
        assert again.stop(signal.SIGINT) == 0


def test_an_unknown_scenario_is_named_with_those_there_are(tmp_path: Path) -> None:
    with programs.running(tmp_path, ["demo", "--scenario", "meteor"]) as demo:
        assert demo.process.wait(timeout=30) == 1
        assert "'meteor' does not exist: choose one of" in demo.output
        assert "credits" in demo.output
