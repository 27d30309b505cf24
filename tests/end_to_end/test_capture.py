"""`explain` and `capture` as an on-call person runs them: beside an exporter, and without it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support import contract, platforms, programs, prometheus
from tests.support.effort import PROVING
from tests.support.evidence import captured, configured, readme, run


@pytest.mark.skipif(not PROVING, reason="starts eight processes: make prove")
def test_beside_the_exporter_without_it_and_without_the_database(database_url: str, tmp_path: Path) -> None:
    with contract.session(database_url) as connection:
        platforms.create(connection)
        platforms.task(connection, 5, 1, blocker="dnc", contact="jane-doe", phone="+49 151 23456789")
    address = f"127.0.0.1:{prometheus.free_port()}"
    config = configured(tmp_path, database_url, address)
    gone = configured_elsewhere(tmp_path, address)
    with programs.running(tmp_path, ["serve", *config]):
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        with captured(tmp_path, *config, "--campaign", "1", "--task", "5") as archive:
            assert "campaign_exporter_up 1.0" in archive.read("metrics.txt").decode()
            assert json.loads(archive.read("served-card.json"))["campaign"]["id"] == "1"
            assert "it carries dnc: the contact is on a do-not-call list" in readme(archive)
        with captured(tmp_path, *gone, "--campaign", "1", status=3) as archive:
            assert "<style>" in archive.read("card.html").decode()
            assert "campaign_exporter_up" in archive.read("metrics.txt").decode()
            assert "Not captured: everything that is read from the database" in readme(archive)
            assert f"Mind: The card is what the exporter at http://{address} showed" in readme(archive)
    with captured(tmp_path, *config, "--campaign", "1", "--task", "5") as archive:
        assert f"no exporter answers at http://{address}" in readme(archive)
        assert "campaign_tasks" in archive.read("metrics.txt").decode()
    with captured(tmp_path, *gone, "--campaign", "1", status=3) as archive:
        assert set(archive.namelist()) == {"README.txt", "manifest.json", "config.yaml", "versions.json"}
    explained = run(tmp_path, "explain", *config, "--campaign", "1", "--task", "5")
    assert explained.returncode == 0
    assert explained.stdout.splitlines()[1].startswith("  This task is not dialled because it carries dnc")
    assert "jane" not in explained.stdout
    assert "\x1b" not in explained.stdout


def configured_elsewhere(directory: Path, address: str) -> Sequence[str]:
    """A configuration whose database is away."""
    away = directory / "away"
    away.mkdir()
    return configured(away, "postgresql://me:secret-1@127.0.0.1:1/x", address)
