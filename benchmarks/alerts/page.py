"""docs/alert-quality.md: the part that the benchmark writes, between its marks."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Sequence
from pathlib import Path

from benchmarks.alerts.kinds import KINDS, Role
from benchmarks.alerts.report import Result, text
from scripts.generate_docs import rendered, table

_RESULT = re.compile(r"<!-- generated: result -->\n(.*?)\n<!-- end -->", re.DOTALL)


def write(path: Path, result: Result, seeds: Sequence[int], healthy_days: float) -> None:
    """Write the generated parts anew; without any run the result stays as it is."""
    page = path.read_text(encoding="utf-8")
    before = _RESULT.search(page)
    assert before is not None, "the page has a place for the result"
    told = _result(result, seeds, healthy_days) if result.seeds or result.healthy else before[1]
    path.write_text(rendered(page, {"result": lambda: told, "kinds": kinds}), encoding="utf-8")


def kinds() -> str:
    """What is drawn: the table of kinds, in words."""
    rows = []
    for kind in KINDS.values():
        right = " or ".join(f"`{name}`" for name in kind.right) or "nobody may be woken"
        roles = "any" if len(kind.roles) == len(Role) else " or ".join(role.name.lower() for role in kind.roles)
        needs = kind.needs.words + (", by day where the contacts are" if kind.awake else "")
        minutes = f"{kind.minutes[0]} to {kind.minutes[1]}"
        rows.append((f"`{kind.name}`", kind.strikes.value + (f" ({roles})" if roles else ""), minutes, needs, right))
    roles = "\n".join(f"- *{role.name.lower()}*: {role.value}" for role in Role)
    header = ("Kind", "Strikes", "Minutes", "Can be known where there are", "Right are")
    return f"Campaigns are\n{roles}\n\n{table(header, rows)}"


def _result(result: Result, seeds: Sequence[int], healthy_days: float) -> str:
    command = f"make bench-alerts SEEDS={_ranges(seeds)} DAYS={healthy_days:g}"
    versions = ", ".join(_version(program) for program in ("prometheus", "prometheus-alertmanager"))
    lines = f"Made by `{command}`, with {versions}.\n\n{text(result)}".splitlines()
    return "\n".join(line if line.startswith("|") else _wrapped(line) for line in lines)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _ranges(seeds: Sequence[int]) -> str:
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and parts[-1][-1] == seed - 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)


def _version(program: str) -> str:
    shown = subprocess.run([program, "--version"], capture_output=True, check=True, text=True)
    return " ".join((shown.stdout + shown.stderr).splitlines()[0].split()[:3]).replace(" version", "").rstrip(",")
