"""Runs the demo: server, platform, history, the dialler as a process, and the exporter that the caller brings."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg

from exporter.demo.platform.install import GRAFANA_ROLE, MONITOR_ROLE
from exporter.demo.platform.world import DEMO, HISTORY_DAYS
from exporter.demo.runtime.beginning import prepare, say
from exporter.demo.runtime.clock import ScaledClock
from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import check_names, parse_scenario
from exporter.demo.stack.stack import DIRECTORIES, Stack, end_leftovers

DATABASE = "demo"
# What a demo makes in its directory: only such a one is deleted.
OURS = frozenset({"postgres", "initialised", "lock", *DIRECTORIES})
STOP_TIMEOUT_SECONDS = 10.0
Serve = Callable[[str, ScaledClock], None]


class DiallerDiedError(RuntimeError):
    """The dialler's process ended by itself; what it printed above says why."""


def run(
    data_dir: Path,
    seed: str | int | None = None,
    speed: float = 1.0,
    scenarios: Sequence[str] = (),
    fresh: bool = False,
    days: int = HISTORY_DAYS,
    *,
    serve: Serve,
    addresses: Callable[[], Sequence[tuple[str, str]]] = tuple,
    stack: Stack | None = None,
) -> int:
    """Run the demo in `data_dir` until Ctrl-C or SIGTERM; returns the exit status.

    `serve(url, clock)` blocks in this thread until it is interrupted (KeyboardInterrupt); the url is that of
    the exporter's role. `addresses()` gives more lines (what, address) to print. `stack` are Prometheus and the
    others that are to run beside it. Status 1: the dialler died.
    ScenarioError before anything is started if a scenario makes no sense.
    """
    for text in scenarios:
        check_names(parse_scenario(text), DEMO)
    if fresh:
        _erase(data_dir)
    with _terminable(), EmbeddedServer(data_dir) as server:
        end_leftovers(data_dir)  # the directory is ours now; without a stack they would run for good
        try:
            clock = _prepare(server, None if seed is None else str(seed), speed, days)
            beside = nullcontext(()) if stack is None else stack.running(server.url(DATABASE), days)
            with _dialler(server.url(DATABASE), scenarios), beside as more:
                _print_addresses(server, [*addresses(), *more])
                serve(server.url(DATABASE, MONITOR_ROLE), clock)
        except KeyboardInterrupt:
            say("stopping")
        except DiallerDiedError:
            say("the dialler ended unexpectedly, so the demo stops; see its messages above")
            return 1
    return 0


def _erase(data_dir: Path) -> None:
    """Delete an earlier demo. Only a directory that a demo made, or an empty one, is deleted."""
    if not data_dir.exists():
        return
    strangers = {path.name for path in data_dir.iterdir()} - OURS
    if strangers:
        raise FileExistsError(f"{data_dir} holds {min(strangers)!r}, which no demo made: choose another data directory")
    server = EmbeddedServer(data_dir)
    if (data_dir / "postgres").exists():
        server.start()  # ends a server that was left running, and refuses if the demo runs
        server.stop()
    end_leftovers(data_dir)
    shutil.rmtree(data_dir)


def _prepare(server: EmbeddedServer, seed: str | None, speed: float, days: int) -> ScaledClock:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if known is None:
        server.create_database(DATABASE)
    with psycopg.connect(server.url(DATABASE)) as connection:
        return prepare(connection, seed, speed, days)


@contextmanager
def _dialler(url: str, scenarios: Sequence[str]) -> Iterator[None]:
    """The dialler as a child process. If it dies, the main thread is interrupted as by Ctrl-C."""
    command = [sys.executable, "-m", "exporter.demo.runtime.worker", "--url", url]
    for text in scenarios:
        command += ["--scenario", text]
    child = subprocess.Popen(command)
    stopping, died = threading.Event(), threading.Event()

    def watch() -> None:
        child.wait()
        if not stopping.is_set():
            died.set()
            # To the main thread itself: only then is what it blocks in interrupted.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    watcher = threading.Thread(target=watch, name="dialler-watch", daemon=True)
    watcher.start()
    try:
        yield
        if died.is_set():
            raise DiallerDiedError  # the caller's own signal handling ended `serve` quietly
    except KeyboardInterrupt:
        if died.is_set():
            raise DiallerDiedError from None
        raise
    finally:
        stopping.set()
        if child.poll() is None:
            child.terminate()
        watcher.join(STOP_TIMEOUT_SECONDS)
        if child.poll() is None:
            child.kill()
            watcher.join()


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM stops the demo as Ctrl-C does, and Ctrl-C does so even where a shell had it ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_addresses(server: EmbeddedServer, more: Sequence[tuple[str, str]]) -> None:
    lines = [
        ("database, as its owner", server.url(DATABASE)),
        ("database, as the exporter", server.url(DATABASE, MONITOR_ROLE)),
        ("database, as Grafana", server.url(DATABASE, GRAFANA_ROLE)),
        *more,
    ]
    width = max(len(what) for what, _ in lines)
    for what, address in lines:
        print(f"{what:{width}}  {address}", flush=True)
    print("Ctrl-C stops; started again, it goes on from here.", flush=True)
