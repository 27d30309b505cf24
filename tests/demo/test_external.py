"""The dialler on a PostgreSQL that somebody else runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from exporter.demo.platform.install import GRAFANA_ROLE, MONITOR_ROLE
from exporter.demo.runtime.external import main
from tests.support.prometheus import wait_for


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The options that name the files with passwords."""
    options = []
    for name in ("password", "monitor-password", "grafana-password"):
        (tmp_path / name).write_text(f"{name}-1\n")
        options.append(f"--{name}-file={tmp_path / name}")
    return options


def test_it_makes_the_platform_dials_and_says_that_it_does(
    database_url: str, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "")  # `main` sets it
    url = f"--url={database_url}"
    assert main([url, "--check"]) == 1, "there is none yet"
    dialler = subprocess.Popen([sys.executable, "-m", "exporter.demo.runtime.external", url, "--days=0", *files])
    try:
        with psycopg.connect(database_url, autocommit=True) as connection:

            def runs() -> bool:
                found = connection.execute("SELECT to_regclass('simulation.state')").fetchone()
                assert found is not None
                if found[0] is None:
                    return False
                row = connection.execute("SELECT FROM simulation.state WHERE key = 'runs'").fetchone()
                return row is not None

            wait_for("the dialler", runs)
            assert main([url, "--check"]) == 0
            roles = connection.execute(
                "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname = ANY(%s) ORDER BY 1",
                [[MONITOR_ROLE, GRAFANA_ROLE]],
            ).fetchall()
            assert roles == [(GRAFANA_ROLE,), (MONITOR_ROLE,)]
            dialler.terminate()
            assert dialler.wait(timeout=30) == 0
            connection.execute(
                "UPDATE simulation.state SET value = jsonb_set(value, '{real}', '\"2026-01-01T00:00:00+00:00\"') "
                "WHERE key = 'progress'"
            )
            assert main([url, "--check"]) == 1
    finally:
        dialler.kill()
        dialler.wait()
