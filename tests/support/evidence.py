"""`explain` and `capture` run as programs, and what they leave."""

from __future__ import annotations

import stat
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.support import programs


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    command = [*programs.COMMAND, *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)


def captured(directory: Path, *arguments: str, status: int = 0) -> zipfile.ZipFile:
    """The archive of a capture that ended so."""
    target = directory / "evidence.zip"
    done = run(directory, "capture", *arguments, "-o", str(target), "--force")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    return zipfile.ZipFile(target)


def readme(archive: zipfile.ZipFile) -> str:
    """What it says of itself, which is short."""
    text = archive.read("README.txt").decode()
    assert len(text.splitlines()) <= 10
    return text


def configured(directory: Path, url: str, address: str) -> Sequence[str]:
    """A configuration of this database and address, as arguments."""
    file = directory / "config.yaml"
    file.write_text(f'database:\n  url: "{url}"\nweb:\n  listen_address: "{address}"\n')
    return ("--config.file", str(file))
