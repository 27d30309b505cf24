"""Several worlds at once: what is left of them when they are broken off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.support.effort import PROVING
from tests.support.prometheus import wait_for

ROOT = Path(__file__).parents[3]


def servers(directory: Path) -> list[psutil.Process]:
    """The PostgreSQL servers whose data are in a directory."""
    lines = [each.read_text().splitlines() for each in directory.glob("*/postgres/postmaster.pid")]
    # while it is being made, a cluster has none, or that of a program of its own, with a sign
    return [psutil.Process(int(each[0])) for each in lines if each and each[0].isdigit()]


@pytest.mark.skipif(not PROVING, reason="starts two worlds: make prove")
def test_sigterm_ends_the_worlds_under_way_with_their_databases() -> None:
    command = [sys.executable, "-m", "benchmarks.alerts", "--seeds", "1-3", "--jobs", "2"]
    with tempfile.TemporaryDirectory(prefix="broken-off-") as made:
        directory = Path(made)
        directory.chmod(0o755)  # PostgreSQL may run as a user of its own
        with subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "TMPDIR": made}, stderr=subprocess.DEVNULL, start_new_session=True
        ) as benchmark:
            try:
                wait_for("two databases", lambda: len(servers(directory)) == 2)
                processes = [*psutil.Process(benchmark.pid).children(recursive=True), *servers(directory)]
                benchmark.send_signal(signal.SIGTERM)
                assert benchmark.wait(60) == 128 + signal.SIGTERM
                _, alive = psutil.wait_procs(processes, timeout=60)
                assert alive == []
            finally:
                with suppress(ProcessLookupError):  # so it should be
                    os.killpg(benchmark.pid, signal.SIGKILL)
        assert list(directory.glob("*/")) == []
