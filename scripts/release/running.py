"""Programs that a release is made and tried with: each is told, and what fails is shown and ends it all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
"""Without what would let a program look for modules elsewhere than at home."""


def say(text: str) -> None:
    print(f"dist: {text}", flush=True)


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """What a program prints. One that fails ends the release."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{done.stdout}\ndist: failed: {' '.join(map(str, command))}")
    return done.stdout
