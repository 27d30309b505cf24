"""The demo's dialler on a PostgreSQL that somebody else runs, as in docker-compose.yml.

At the first start it makes the platform and its history in the database, then it dials; started again, it goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from exporter.demo.platform.install import GRAFANA_ROLE, MONITOR_ROLE
from exporter.demo.platform.world import HISTORY_DAYS
from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime import worker
from exporter.demo.runtime.beginning import prepare

# A dialler that wrote nothing for so long hangs.
LATE = timedelta(seconds=60)


def check(url: str) -> int:
    """0 if the dialler on this database wrote lately, else 1."""
    try:
        with psycopg.connect(url) as connection:
            progress = memory.recall_progress(connection)
    except psycopg.Error as error:
        print(f"no dialler yet: {error}", file=sys.stderr)
        return 1
    return 0 if progress is not None and datetime.now(UTC) - progress[1] < LATE else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m exporter.demo.runtime.external", description=__doc__)
    parser.add_argument("--url", required=True, help="libpq address of the database, as a superuser")
    parser.add_argument("--password-file", type=Path, help="holds the password for --url")
    parser.add_argument("--monitor-password-file", type=Path, help=f"holds the password to give {MONITOR_ROLE}")
    parser.add_argument("--grafana-password-file", type=Path, help=f"holds the password to give {GRAFANA_ROLE}")
    parser.add_argument("--days", type=int, default=HISTORY_DAYS, help="of history, if there is none yet")
    parser.add_argument("--seed", help="of the history, if there is none yet")
    parser.add_argument("--scenario", action="append", default=[], help="NAME[:key=value,...]; repeatable")
    parser.add_argument("--check", action="store_true", help="only say whether the dialler dials, by the exit status")
    options = parser.parse_args(arguments)
    if options.password_file is not None:
        os.environ["PGPASSWORD"] = options.password_file.read_text().strip()  # out of sight of `ps`
    if options.check:
        return check(options.url)
    files = {MONITOR_ROLE: options.monitor_password_file, GRAFANA_ROLE: options.grafana_password_file}
    passwords = {role: file.read_text().strip() for role, file in files.items() if file is not None}
    with psycopg.connect(options.url, application_name="demo-dialler") as connection:
        prepare(connection, options.seed, days=options.days, passwords=passwords)
    dialler = ["--url", options.url]
    for text in options.scenario:
        dialler += ["--scenario", text]
    return worker.main(dialler)


if __name__ == "__main__":
    sys.exit(main())
