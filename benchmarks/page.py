"""docs/performance.md: the table of each size, between its marks, with what it was made by."""

from __future__ import annotations

import platform
import re
import sys
import textwrap
from datetime import datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.database import Target
from benchmarks.figure import MEBI
from benchmarks.options import Options

_WIDTH = 120
_MODEL = re.compile(r"^model name\s*: (.*)$", re.MULTILINE)


def made_by(target: Target, options: Options, begun: datetime) -> str:
    """The command, the day and the machine."""
    with psycopg.connect(target.elsewhere) as connection:
        version = connection.info.parameter_status("server_version")
    model = _MODEL.search(Path("/proc/cpuinfo").read_text())
    arguments = " ".join(argument for argument in sys.argv[1:] if argument != "--write")
    command = f'make bench ARGS="{arguments}"' if arguments else "make bench"
    memory = psutil.virtual_memory().total / MEBI / 1024
    made = (
        f"`{command}` on {begun:%d %B %Y}: {model[1] if model else platform.machine()}, {psutil.cpu_count()} cores, "
        f"{memory:.0f} GiB, PostgreSQL {version}, Python {platform.python_version()}; "
        f"{options.recent:,} calls of the last hour."
    )
    return textwrap.fill(made, _WIDTH, break_long_words=False, break_on_hyphens=False)


def place(path: Path, tasks: int) -> re.Pattern[str]:
    """Where the page takes the result of a run of this size. `LookupError` if it has no place for it."""
    mark = f"<!-- generated: {tasks} tasks -->"
    found = re.compile(rf"({mark}\n).*?(<!-- end -->)", re.DOTALL)
    if not found.search(path.read_text(encoding="utf-8")):
        raise LookupError(f"{path} has no mark `{mark}`")
    return found


def write(path: Path, options: Options, result: str) -> None:
    """Put a run's result in place of that of the same size."""
    mark, text = place(path, options.tasks), path.read_text(encoding="utf-8")
    path.write_text(mark.sub(lambda found: f"{found[1]}{result}\n{found[2]}", text), encoding="utf-8")
