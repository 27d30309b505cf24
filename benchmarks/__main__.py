"""`python -m benchmarks`: fills a database, measures, prints the table."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks import diagnosis, live, panels, scrape, start, work
from benchmarks.database import Target, discard, running, say
from benchmarks.figure import Figure, table
from benchmarks.options import Options

FIGURES = ("work", "start", "scrape", "live", "diagnosis", "panels")
_ROOT = Path(__file__).parent.parent


def _chosen(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(value.split(","))
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(FIGURES)}")
    return names


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--tasks", default=1_000_000, help="Tasks in all.")
@click.option("--live", "live_tasks", default=300_000, help="Tasks that are pending or in progress.")
@click.option("--calls", default=2_000_000, help="Calls in all.")
@click.option("--campaigns", default=86, help="Campaigns; they decide how many series there are.")
@click.option("--rate", default=1000, help="Changed rows a second.")
@click.option("--interval", default=15.0, help="Seconds between two refreshes, for the database's time.")
@click.option("--intervals", default=6, help="Refreshes that are measured at this interval.")
@click.option("--samples", default=300, help="Commits whose way to /metrics is measured.")
@click.option("--scrapes", default=200, help="Scrapes of ours; of the others a tenth.")
@click.option("--only", default=",".join(FIGURES), callback=_chosen, help="What to measure.")
@click.option("--reuse", type=click.Path(path_type=Path, file_okay=False), help="Keep the database here.")
@click.option(
    "--query-exporter",
    type=click.Path(path_type=Path, dir_okay=False),
    default=_ROOT / ".venv-bench/bin/query-exporter",
    show_default=".venv-bench/bin/query-exporter",
    help="The program.",
)
@click.option(
    "--sql-exporter",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/usr/bin/prometheus-sql-exporter"),
    help="The program.",
)
def main(
    tasks: int,
    live_tasks: int,
    calls: int,
    campaigns: int,
    rate: int,
    interval: float,
    intervals: int,
    samples: int,
    scrapes: int,
    only: tuple[str, ...],
    reuse: Path | None,
    query_exporter: Path,
    sql_exporter: Path,
) -> None:
    """Measure the exporter beside other ways to get the same figures. Exit status 1 where a goal does not hold."""
    for program in (query_exporter, sql_exporter):
        if "scrape" in only and not program.exists():
            raise click.ClickException(f"{program} is missing; run `make bench`, which installs it")
    directory = reuse or Path(tempfile.mkdtemp(prefix="benchmark-"))
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)  # PostgreSQL may run as a user of its own
    options = Options(
        tasks=tasks,
        live=live_tasks,
        calls=calls,
        campaigns=campaigns,
        rate=rate,
        interval=interval,
        intervals=intervals,
        samples=samples,
        scrapes=scrapes,
        directory=directory,
        query_exporter=query_exporter,
        sql_exporter=sql_exporter,
    )
    figures: list[Figure] = []
    if "diagnosis" in only:
        figures += diagnosis.measure()
    try:
        with running(options) as target, tempfile.TemporaryDirectory() as scratch:
            figures = [*_measure(target, options, only, Path(scratch)), *figures]
    finally:
        if reuse is None:
            discard(options)
    print("\n" + table(figures))
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


def _measure(target: Target, options: Options, only: tuple[str, ...], scratch: Path) -> list[Figure]:
    figures: list[Figure] = []
    if "work" in only:
        figures += work.measure(target, options)
    if "panels" in only:
        figures += panels.measure(target)
    if {"start", "scrape", "live"}.isdisjoint(only):
        return figures
    passes = [start.statements(target)] if "start" in only else []
    with start.started(target, scratch) as (exporter, took):
        if "scrape" in only:
            figures += scrape.measure(target, options, exporter, scratch)
        if "live" in only:
            figures += live.measure(target, options, exporter)
    if "start" in only:
        passes.append(start.statements(target))
        figures.append(start.figure(took, passes))
    say(
        f"{options.tasks:,} tasks ({options.live:,} live), {options.calls:,} calls "
        f"({options.recent:,} of the last hour)"
    )
    return figures


if __name__ == "__main__":
    main()
