"""`python -m benchmarks.alerts`: lives through worlds in which things go wrong, and judges who was told what."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.alerts import page
from benchmarks.alerts.kinds import KINDS, Kind
from benchmarks.alerts.report import Result, goals, text
from benchmarks.alerts.work import Job, Settings, work
from benchmarks.database import say

_ROOT = Path(__file__).resolve().parents[2]
_RULES = _ROOT / "alerts/generated"
_ROUTES = _RULES / "alertmanager/alertmanager.yml"


def _seeds(_: click.Context, __: click.Parameter, value: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in filter(None, value.split(",")):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None or int(match[1]) < 1:
            raise click.BadParameter(f"{part!r}: write numbers from 1 on and ranges, such as 3,101-120")
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(dict.fromkeys(found))


def _kinds(_: click.Context, __: click.Parameter, value: str) -> tuple[Kind, ...]:
    names = tuple(filter(None, value.split(",")))
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(KINDS)}")
    return tuple(KINDS[name] for name in names)


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--seeds", default="101-120", callback=_seeds, help="Which worlds with incidents; empty for none.")
@click.option("--healthy-days", default=0.0, help="Days of a world in which nothing goes wrong.")
@click.option("--interval", default=60.0, help="Seconds between two looks, and between two evaluations.")
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True),
    default=_RULES,
    show_default="alerts/generated",
    help="Rule files of Prometheus, or a folder with them.",
)
@click.option(
    "--alertmanager",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Alertmanager's configuration.",
    show_default="alerts/generated/alertmanager",
)
@click.option("--kinds", default="", callback=_kinds, help="These kinds in each world, not its share of all.")
@click.option("--jobs", default=os.cpu_count() or 1, help="Worlds lived through at once.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave blocks here, all families in them."
)
@click.option(
    "--reuse",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Judge the present rules on blocks that --keep left, without living through anything.",
)
@click.option("--timeline", is_flag=True, help="Show each run from hour to hour: incidents, alerts, notifications.")
@click.option("--write", is_flag=True, help="Write the result into docs/alert-quality.md.")
def main(
    seeds: tuple[int, ...], healthy_days: float, interval: float, rules: Path, alertmanager: Path | None,
    kinds: tuple[Kind, ...], jobs: int, keep: Path | None, reuse: Path | None, timeline: bool, write: bool,
) -> None:  # fmt: skip
    """Say how good the alerts are. Exit status 1 where a goal does not hold, 2 where a run failed."""
    began = time.monotonic()
    routes = alertmanager or _ROUTES
    settings = Settings(
        rules, routes, interval, tuple(kind.name for kind in kinds), keep is not None, reuse is not None
    )
    with tempfile.TemporaryDirectory(prefix="alerts-") as scratch:
        base = (reuse or keep or Path(scratch)).resolve()
        wanted = [Job(base / f"seed-{seed}", seed, 0.0) for seed in seeds]
        if healthy_days:  # first: it takes longest
            wanted.insert(0, Job(base / f"healthy-{healthy_days:g}", 0, healthy_days))
        done, failed = work(wanted, settings, max(1, jobs), timeline)
    result = Result([each for each in done if each.run.name.startswith("seed")],
                    [each for each in done if each.run.name.startswith("healthy")])  # fmt: skip
    print("\n" + text(result))
    say(f"{len(done)} runs in {time.monotonic() - began:.0f} s")
    if write and not failed:
        page.write(_ROOT / "docs/alert-quality.md", result, seeds, healthy_days)
    sys.exit(2 if failed else 0 if all(holds for *_, holds in goals(result)) else 1)


if __name__ == "__main__":
    main()
