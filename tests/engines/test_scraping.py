"""A page of the exporter arrives alike, however it is scraped and sent on: the same names, labels and values."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exporter.demo.runtime.server import EmbeddedServer
from tests.support import alarming, contract, engines, platforms, programs
from tests.support.prometheus import Prometheus, fetch, free_port, running, wait_for

pytestmark = [engines.needed, pytest.mark.timeout(300)]

OURS = '{__name__=~"campaign_.+",__name__!~"campaign_exporter_.+"}'
"""What stands still: the exporter's own figures go on between two scrapes."""


Row = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def exporter(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An exporter on a platform on which everything has happened."""
    server.create_database("scraping")
    with contract.session(server.url("scraping")) as owner:
        alarming.create(owner)
        now = datetime.now(UTC)  # of what ended long ago there is no exemplar
        platforms.call(
            owner, "new", alarming.TALKS, task_id="1-9000", outcome="failed", error_code="sip_503", provider="acme",
            started_at=now, ended_at=now, created_at=now, updated_at=now,
        )  # fmt: skip
    directory = tmp_path_factory.mktemp("exporter")
    address = f"127.0.0.1:{free_port()}"
    (directory / "exporter.yaml").write_text(f'database: {{url: "{server.url("scraping")}"}}\nretention: 366d\n')
    arguments = ["serve", f"--config.file={directory / 'exporter.yaml'}", f"--web.listen-address={address}"]
    with programs.running(directory, arguments):
        wait_for("the exporter", lambda: fetch(f"http://{address}/-/ready"))
        yield address
    server.drop_database("scraping")


@pytest.fixture(scope="module")
def page(exporter: str) -> bytes:
    found = fetch(f"http://{exporter}/metrics")
    assert found is not None
    return found


def _series(server: Prometheus) -> dict[Row, float]:
    """The newest value of each of our series."""
    result = server.api("query", query=OURS)["result"]
    return {tuple(sorted(sample["metric"].items())): float(sample["value"][1]) for sample in result}


def _stands_still(row: Row) -> bool:
    """Whether it is no moment: some of these are told anew at each refresh."""
    return "seconds" not in dict(row)["__name__"]


def _arrived(server: Prometheus) -> dict[Row, float]:
    wait_for("a whole scrape", lambda: server.api("query", query="scrape_samples_scraped > 0")["result"])
    return wait_for("its series", lambda: _series(server))


@pytest.fixture(scope="module")
def debian(exporter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Debian's Prometheus, which keeps exemplars too."""
    with running(
        tmp_path_factory.mktemp("debian"), [exporter], arguments=["--enable-feature=exemplar-storage"]
    ) as server:
        yield server


@pytest.fixture(scope="module")
def three(exporter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    arguments = ["--enable-feature=exemplar-storage"]
    with engines.prometheus3(tmp_path_factory.mktemp("three"), targets=[exporter], arguments=arguments) as server:
        yield server


def test_prometheus_3_sees_what_prometheus_2_sees(debian: Prometheus, three: Prometheus) -> None:
    """Names, histograms with their `le`, and values; in whatever format each of them asks for."""
    one, other = _arrived(debian), _arrived(three)
    assert other.keys() == one.keys()
    assert {row: value for row, value in other.items() if _stands_still(row)} == {
        row: value for row, value in one.items() if _stands_still(row)
    }
    bounds = {dict(row)["le"] for row in other if "le" in dict(row)}
    assert {"6.0", "+Inf"} < bounds, "bounds are written as numbers with a point"


def test_prometheus_3_keeps_the_same_exemplars(debian: Prometheus, three: Prometheus) -> None:
    def exemplars(server: Prometheus) -> dict[str, set[str]]:
        found = server.api("query_exemplars", query='{__name__=~"campaign_.+"}', start=0, end=4e9)
        return {
            json.dumps(each["seriesLabels"], sort_keys=True): {one["labels"]["task_id"] for one in each["exemplars"]}
            for each in found
        }

    _arrived(debian)
    _arrived(three)
    assert {"1-9000"} in exemplars(debian).values()
    assert exemplars(three) == exemplars(debian)


@pytest.mark.parametrize("by", ["agent", "remote write", "agent mode"])
def test_victoria_metrics_gets_what_prometheus_sees(by: str, exporter: str, debian: Prometheus, tmp_path: Path) -> None:
    with (
        engines.victoria(tmp_path) as server,
        engines.sending(by, tmp_path, exporter, f"{server.base}/api/v1/write"),
    ):
        wait_for("its series", lambda: len(_series(server)) >= len(_series(debian)))
        assert _differences(server, debian) == []


def _differences(server: Prometheus, debian: Prometheus) -> list[str]:
    """Series that are not on both, or have other values; VictoriaMetrics keeps fifteen digits."""
    one, other = _arrived(debian), _series(server)
    return [
        f"{row}: {one.get(row)} and {other.get(row)}"
        for row in one.keys() | other.keys()
        if row not in one or row not in other
        or (_stands_still(row) and not math.isclose(one[row], other[row], rel_tol=1e-12))
    ]  # fmt: skip


def test_both_promtools_have_nothing_to_say_of_the_page(page: bytes) -> None:
    for promtool in ("promtool", engines.program("promtool")):
        said = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
        assert (said.returncode, said.stdout + said.stderr) == (0, b""), promtool
