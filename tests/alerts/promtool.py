"""`promtool test rules`, with what it says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LAX = {**os.environ, "GOGC": "400", "GOMAXPROCS": "1"}
"""It collects garbage for a third of its time, and its threads wait for each other for a sixth."""


def promtool(*files: Path, program: str = "promtool") -> tuple[int, str]:
    """The exit status of `promtool test rules`, and what it says."""
    result = subprocess.run([program, "test", "rules", *files], capture_output=True, text=True, check=False, env=LAX)
    return result.returncode, result.stdout + result.stderr
