"""Other exporters that serve the same families by SQL: query-exporter and Debian's prometheus-sql-exporter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import yaml
from psycopg.conninfo import conninfo_to_dict

from benchmarks import process
from benchmarks.database import Target
from benchmarks.families import polled
from benchmarks.options import Options

_ONCE = "6h"
_LOAD_SECONDS = 900.0
_PAUSE = 0.5

Peer = Callable[[Target, Options, Path], AbstractContextManager[process.Exporter]]


@contextmanager
def query_exporter(target: Target, options: Options, directory: Path) -> Iterator[process.Exporter]:
    """query-exporter with a schedule for each query, after all of them ran."""
    families = polled(target)
    settings = {
        "databases": {"platform": {"dsn": _url("postgresql+psycopg", target)}},
        "metrics": {
            family.name: {"type": "gauge", "description": family.name, "labels": list(family.labels)}
            for family in families
        },
        "queries": {
            family.name: {
                "interval": _ONCE,
                "databases": ["platform"],
                "metrics": [family.name],
                "sql": family.typed(family.name),
            }
            for family in families
        },
    }
    file = directory / "query-exporter.yml"
    file.write_text(yaml.safe_dump(settings))
    port = process.free_port()
    command = [str(options.query_exporter), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    with process.running([*command, "--log-level", "warning"], port, directory / "query-exporter.log") as exporter:
        ran = [f'queries_total{{database="platform",query="{family.name}",status="success"}}' for family in families]
        process.wait_for(exporter, "/metrics", [text.encode() for text in ran], _LOAD_SECONDS, _PAUSE)
        yield exporter


@contextmanager
def sql_exporter(target: Target, options: Options, directory: Path) -> Iterator[process.Exporter]:
    """prometheus-sql-exporter with an interval, after all queries ran: a scrape hands out what it keeps."""
    families = polled(target)
    settings = {
        "jobs": [
            {
                "name": "platform",
                "interval": _ONCE,
                "connections": [_url("postgres", target, sslmode="disable")],
                "queries": [
                    {
                        "name": family.name,
                        "help": family.name,
                        "labels": list(family.labels),
                        "values": ["value"],
                        "query": family.typed("value"),
                        "allow_zero_rows": True,
                    }
                    for family in families
                ],
            }
        ]
    }
    file = directory / "sql-exporter.yml"
    file.write_text(yaml.safe_dump(settings))
    port = process.free_port()
    command = [str(options.sql_exporter), "-config.file", str(file), "-web.listen-address", f"127.0.0.1:{port}"]
    with process.running(command, port, directory / "sql-exporter.log") as exporter:
        # Whether a query failed is told once it ran, even where it found no rows.
        ran = [f'query="{family.name}"' for family in families]
        process.wait_for(exporter, "/metrics", [text.encode() for text in ran], _LOAD_SECONDS, _PAUSE)
        yield exporter


def _url(scheme: str, target: Target, **extra: str) -> str:
    """The monitor's address as a URL with the socket's directory as a parameter."""
    parts = {key: str(value) for key, value in conninfo_to_dict(target.monitor).items()}
    return f"{scheme}://{parts['user']}@/{parts['dbname']}?{urlencode({'host': parts['host'], **extra})}"
