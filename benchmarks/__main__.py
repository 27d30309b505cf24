"""`python -m benchmarks`: fills a database, measures, prints the table."""

from __future__ import annotations

import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import bulk, diagnosis, live, pace, page, panels, restart, scrape, start, static, work
from benchmarks.crowd import measure as crowd
from benchmarks.database import Target, discard, running, say
from benchmarks.figure import Figure, table
from benchmarks.options import Options

FIGURES = (
    "work", "growth", "start", "scrape", "pace", "live", "bulk", "restart", "static", "diagnosis", "panels"
)  # fmt: skip
"""Of one database; those of `crowd` have others, and are measured only where they are asked for."""

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs/performance.md"


def _chosen(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(value.split(","))
    unknown = [name for name in names if name not in (*FIGURES, *crowd.WHAT)]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose among {', '.join((*FIGURES, *crowd.WHAT))}")
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
@click.option("--window", default=60.0, help="Seconds over which refreshes are counted, and that a batch takes.")
@click.option("--series", default=200_000, help="Series of the large page that is held against a static file.")
@click.option("--only", default=",".join(FIGURES), callback=_chosen, help="What to measure.")
@click.option("--crowds", default="2000,10000", help="Campaigns of `rules` and `overview`: several sizes.")
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
@click.option(
    "--nginx", type=click.Path(path_type=Path, dir_okay=False), default=Path("/usr/sbin/nginx"), help="The program."
)
@click.option("--write", is_flag=True, help="Write the table into docs/performance.md.")
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
    window: float,
    series: int,
    only: tuple[str, ...],
    crowds: str,
    reuse: Path | None,
    query_exporter: Path,
    sql_exporter: Path,
    nginx: Path,
    write: bool,
) -> None:
    """Measure the exporter beside other ways to get the same figures. Exit status 1 where a goal does not hold."""
    for figure, program in (("scrape", query_exporter), ("scrape", sql_exporter), ("static", nginx)):
        if figure in only and not program.exists():
            raise click.ClickException(f"{program} is missing; run `make bench`, which installs it")
    if write:
        try:
            page.place(_PAGE, tasks)
        except LookupError as error:
            raise click.ClickException(f"{error}: leave out --write, or add the mark and <!-- end --> to it") from None
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
        window=window,
        series=series,
        directory=directory,
        query_exporter=query_exporter,
        sql_exporter=sql_exporter,
        nginx=nginx,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # not without stopping what was started
    begun = datetime.now(UTC)
    figures: list[Figure] = []
    made = ""
    try:
        if "diagnosis" in only:
            figures += diagnosis.measure()
        if asked := set(crowd.WHAT) & set(only):
            for size in crowds.split(","):
                figures += crowd.measure(options, int(size), asked)
        if set(FIGURES) & set(only):
            with running(options) as target, tempfile.TemporaryDirectory() as scratch:
                made = page.made_by(target, options, begun)
                _measure(target, options, only, Path(scratch), figures)
    finally:  # what was measured is told, whatever came to an end before it was done
        if reuse is None:
            discard(options)
        print(f"\n{made}\n\n{table(figures)}")
    if write:
        page.write(_PAGE, options, f"{made}\n\n{table(figures)}")
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


def _measure(target: Target, options: Options, only: tuple[str, ...], scratch: Path, figures: list[Figure]) -> None:
    """Add each to `figures`, in an order in which none spoils the data of those after it."""
    if "work" in only or "growth" in only:
        figures += work.measure(target, options, growth="growth" in only)
    if "panels" in only:
        figures += panels.measure(target)
    if "static" in only:
        figures += static.measure(target, options, scratch)
    passes = [start.statements(target)] if "start" in only else []
    if not {"start", "scrape", "pace", "live", "bulk"}.isdisjoint(only):
        with start.started(target, scratch) as (exporter, took):
            if "start" in only:
                figures.append(start.figure(took, [*passes, start.statements(target)]))
            if "scrape" in only:
                figures += scrape.measure(target, options, exporter, scratch)
            if "pace" in only:
                figures += pace.measure(target, options, exporter)
            if "live" in only:
                figures += live.measure(target, options, exporter)
            if "bulk" in only:
                figures += bulk.measure(target, options, exporter)
    if "restart" in only:
        figures += restart.measure(target, options, scratch)
    say(
        f"{options.tasks:,} tasks ({options.live:,} live), {options.calls:,} calls "
        f"({options.recent:,} of the last hour)"
    )


if __name__ == "__main__":
    main()
