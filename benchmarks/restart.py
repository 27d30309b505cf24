"""Figure 15: a restart with what the exporter wrote down before, beside the cold start."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks import start
from benchmarks.changer import Changer
from benchmarks.database import Target, say
from benchmarks.figure import Figure
from benchmarks.options import Options
from exporter.config import Config

_LIMIT = 10.0
_SHARE = 1 / 20
_WRITTEN_SECONDS = 600.0
_STAYS_SECONDS = 3.0


def measure(target: Target, options: Options, directory: Path) -> list[Figure]:
    """From the start of the process to `/-/ready`, after as many rows changed as in one interval."""
    if "state" not in Config.model_fields:
        say("warm start: not measured, as this version has no setting `state.directory`")
        return []
    kept = directory / "state"
    kept.mkdir()
    kept.chmod(0o700)
    sections = {"state": {"directory": str(kept)}}
    with start.started(target, directory, **sections) as (_, cold):
        _wait_until_written(kept)
    changer = Changer(target.owner)
    try:
        changer.batch_now(options.batch)
    finally:
        changer.close()
    with start.started(target, directory, **sections) as (_, warm):
        say(f"{_size(kept):,} bytes of state")
    return [
        Figure("warm start", warm, None, _LIMIT),
        Figure("warm start, over the cold one", warm, cold, _SHARE),
    ]


def _wait_until_written(directory: Path) -> None:
    """Until there is something, and it has stayed as long as it is for some seconds."""
    deadline = time.monotonic() + _WRITTEN_SECONDS
    before = 0
    while not (size := _size(directory)) or size != before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing was written into state.directory within {_WRITTEN_SECONDS:g} s")
        before = size
        time.sleep(_STAYS_SECONDS)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
