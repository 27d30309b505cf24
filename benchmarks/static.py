"""Figure 14: `/metrics` of very many series beside a static file of the same bytes, served by nginx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import process, scrape, start
from benchmarks.database import Target, another, say
from benchmarks.figure import Figure, amount
from benchmarks.options import Options

_LIMIT = 1.3
_SERIES_A_CAMPAIGN = 300
_TASKS, _LIVE, _CALLS = 50, 15, 100
"""Of each campaign: enough that it has all its series."""

_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx-error.log;
events {{}}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type text/plain;
    client_body_temp_path {directory}/temporary; proxy_temp_path {directory}/temporary;
    fastcgi_temp_path {directory}/temporary; uwsgi_temp_path {directory}/temporary;
    scgi_temp_path {directory}/temporary;
    server {{ listen 127.0.0.1:{port}; root {directory}/served; }}
}}
"""


def measure(target: Target, options: Options, directory: Path) -> list[Figure]:
    """The median of as many scrapes of either, by the same client, uncompressed."""
    campaigns = max(1, round(options.series / _SERIES_A_CAMPAIGN))
    sizes = replace(
        options, campaigns=campaigns, tasks=campaigns * _TASKS, live=campaigns * _LIVE, calls=campaigns * _CALLS
    )
    with another(target, "wide", sizes) as wide, start.started(wide, directory) as (exporter, _):
        body = scrape.body(exporter)
        series = scrape.series(body)
        ours = scrape.median(exporter, process.PLAIN, options.scrapes)
        with _nginx(options, directory, body) as server:
            theirs = scrape.median(server, process.PLAIN, options.scrapes)
    say(
        f"{series:,} series in {len(body):,} bytes: {amount(ours, 's')}; the same bytes by nginx: {amount(theirs, 's')}"
    )
    return [Figure(f"/metrics of {series:,} series, over a static file", ours, theirs, _LIMIT)]


@contextmanager
def _nginx(options: Options, directory: Path, body: bytes) -> Iterator[process.Exporter]:
    served = directory / "served"
    served.mkdir()
    (served / "metrics").write_bytes(body)
    port = process.free_port()
    file = directory / "nginx.conf"
    file.write_text(_CONFIGURATION.format(directory=directory, port=port))
    command = [str(options.nginx), "-p", str(directory), "-c", str(file)]
    with process.running(command, port, directory / "nginx.log") as server:
        process.wait_for(server, "/metrics", [b"campaign_"], 10)
        yield server
