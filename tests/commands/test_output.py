"""What a command prints that cannot be written is told in a line."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import programs


def test_output_on_a_full_disk_is_told_in_a_line(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("database: {url: 'postgresql://127.0.0.1:1/nowhere'}\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*programs.COMMAND, "config", f"--config.file={config}"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "Error: cannot write: No space left on device; is the disk full?\n")
