"""Prometheus, Alertmanager and Grafana beside the demo, run with the configuration files of docker-compose.yml."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import yaml
from psycopg.conninfo import conninfo_to_dict

from exporter.demo.runtime import remembered as memory
from exporter.demo.runtime.beginning import say
from exporter.demo.stack.children import HOST, Children, end_leftover, free_port
from exporter.demo.stack.recording import JOB, Done, missing

ROOT = Path(__file__).resolve().parents[3]
DEPLOY, RULES, BOARDS = ROOT / "deploy", ROOT / "alerts" / "generated", ROOT / "dashboards" / "generated"
RETENTION = "30d"
# Prometheus looks for blocks when it starts and then once a minute: it is started when the newest are there.
FIRST_BLOCKS_SECONDS = 60.0
# What each program is called, on Debian and elsewhere, and what to do where it is missing.
PROGRAMS: Mapping[str, tuple[Sequence[str], str]] = {
    "alertmanager": (("prometheus-alertmanager", "alertmanager"), "apt-get install prometheus-alertmanager"),
    "prometheus": (("prometheus",), "apt-get install prometheus"),
    "grafana": (("grafana", "grafana-server"), "https://grafana.com/docs/grafana/latest/setup-grafana/installation/"),
}
RECORDING = "recording"
DIRECTORIES = frozenset({*PROGRAMS, RECORDING})
"""What the stack makes in a demo's directory."""


@dataclass(frozen=True)
class Ports:
    """Where on this machine each program listens if the port is free, else on the next free one."""

    alertmanager: int = 9093
    prometheus: int = 9090
    grafana: int = 3000


class Stack:
    """The programs beside the demo in `data_dir`. What is missing or fails is told, and the demo goes on without it.

    `target` is where Prometheus finds the exporter, HOST:PORT. `urls` says where each program is, once it is started.
    """

    def __init__(self, data_dir: Path, target: str, ports: Ports) -> None:
        self._data_dir = data_dir.expanduser().resolve()
        self._target = target
        self._ports = ports
        self.urls: dict[str, str] = {}

    @contextmanager
    def running(self, database_url: str, days: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Start what is there, and stop it at the end; gives lines (what, address) to print.

        `database_url` is that of the demo's database as its owner; Prometheus gets so many days of its history.
        """
        children = Children()
        try:
            if DEPLOY.is_dir():
                self._start(children, database_url, days)
            else:
                say(f"no Prometheus, no Grafana: {DEPLOY} is not there; run `make demo` in the source tree")
            yield [(name.capitalize(), f"{url}/") for name, url in self.urls.items()]
        finally:
            children.stop()

    def _start(self, children: Children, database_url: str, days: int) -> None:
        found: dict[str, str] = {}
        for name, (called, remedy) in PROGRAMS.items():
            program = next(filter(None, map(shutil.which, called)), None)
            if program is None:
                say(f"{name.capitalize()} is not installed, the demo goes on without it; see: {remedy}")
                continue
            wanted = getattr(self._ports, name)
            port = free_port(wanted, [int(url.rpartition(":")[2]) for url in self.urls.values()])
            if port != wanted:
                say(f"port {wanted} is in use: {name.capitalize()} is on {port}")
            found[name], self.urls[name] = program, f"http://{HOST}:{port}"
        if "alertmanager" in found:
            children.start("Alertmanager", self._alertmanager(found["alertmanager"]), self._data_dir / "alertmanager")
        if "grafana" in found:
            environment = self._grafana_environment(database_url)
            children.start("Grafana", self._grafana(found["grafana"]), self._data_dir / "grafana", environment)
        if "prometheus" in found:
            self._start_prometheus(children, found["prometheus"], database_url, days)

    def _start_prometheus(self, children: Children, program: str, database_url: str, days: int) -> None:
        command = self._prometheus(program)
        done = Done(self._data_dir / RECORDING)
        with psycopg.connect(database_url) as connection:
            world = memory.recall_world(connection)
        assert world is not None, "the demo was prepared"
        left = missing(world.origin, days, done)
        if left:
            say("recording the history for Prometheus, which starts in a moment with the last hours of it")
            children.start(
                "Recording the history", self._recorder(database_url, days), self._data_dir / RECORDING,
                finished=f"Prometheus has all {days} days of history now (it shows them within two minutes)",
            )  # fmt: skip

        def when_the_newest_are_there() -> None:
            deadline = time.monotonic() + FIRST_BLOCKS_SECONDS
            while left and left[0][-1].number not in done.numbers() and time.monotonic() < deadline:
                if children.stopping.wait(0.2):
                    return
            children.start("Prometheus", command, self._data_dir / "prometheus")

        threading.Thread(target=when_the_newest_are_there, name="prometheus-start", daemon=True).start()

    # -- what is run ----------------------------------------------------------------------------------------------

    def _prometheus(self, program: str) -> Sequence[str]:
        directory = self._data_dir / "prometheus"
        (directory / "targets").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DEPLOY / "prometheus" / "prometheus.yml", directory / "prometheus.yml")
        for name, target in ((f"{JOB}.yml", self._target), ("alertmanager.yml", self._address("alertmanager"))):
            (directory / "targets" / name).write_text(yaml.safe_dump([{"targets": [target] if target else []}]))
        (directory / "rules").unlink(missing_ok=True)
        (directory / "rules").symlink_to(RULES)
        return [
            program, f"--config.file={directory / 'prometheus.yml'}", f"--storage.tsdb.path={directory / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}", "--enable-feature=exemplar-storage",
            f"--web.listen-address={self._address('prometheus')}",
        ]  # fmt: skip

    def _recorder(self, database_url: str, days: int) -> Sequence[str]:
        return [
            sys.executable, "-m", "exporter.demo.stack.recording", "--url", database_url, "--days", str(days),
            "--instance", self._target, "--directory", str(self._data_dir / RECORDING),
            "--out", str(self._data_dir / "prometheus" / "data"),
        ]  # fmt: skip

    def _alertmanager(self, program: str) -> Sequence[str]:
        return [
            program, f"--config.file={RULES / 'alertmanager' / 'alertmanager.yml'}",
            f"--storage.path={self._data_dir / 'alertmanager' / 'data'}", "--cluster.listen-address=",
            f"--web.listen-address={self._address('alertmanager')}",
        ]  # fmt: skip

    def _grafana(self, program: str) -> Sequence[str]:
        directory = self._data_dir / "grafana"
        homes = (Path(program).resolve().parents[1], Path("/usr/share/grafana"))
        home = next((str(home) for home in homes if (home / "conf" / "defaults.ini").exists()), None)
        paths = {name: directory / name for name in ("data", "logs", "plugins")}
        for path in paths.values():
            path.mkdir(parents=True, exist_ok=True)
        return [
            program, *(["server"] if Path(program).name == "grafana" else []), *(["--homepath", home] if home else []),
            "--config", str(DEPLOY / "grafana" / "grafana.ini"),
            *(f"cfg:paths.{name}={path}" for name, path in paths.items()),
            f"cfg:paths.provisioning={DEPLOY / 'grafana' / 'provisioning'}",
            f"cfg:server.http_addr={HOST}", f"cfg:server.http_port={self._address('grafana').rpartition(':')[2]}",
            "cfg:auth.anonymous.enabled=true",  # as a viewer, and on this machine only
        ]  # fmt: skip

    def _grafana_environment(self, database_url: str) -> Mapping[str, str]:
        """What the provisioning files take from the environment."""
        database = conninfo_to_dict(database_url)
        return {
            # Grafana does not start on an empty one; where nothing listens it shows that
            "CAMPAIGNS_PROMETHEUS_URL": self.urls.get("prometheus", f"http://{HOST}:{self._ports.prometheus}"),
            "CAMPAIGNS_ALERTMANAGER_URL": self.urls.get("alertmanager", f"http://{HOST}:{self._ports.alertmanager}"),
            "CAMPAIGNS_DATABASE_HOST": str(database["host"]),
            "CAMPAIGNS_DATABASE": str(database["dbname"]),
            "CAMPAIGNS_DASHBOARDS": str(BOARDS),
            "GF_CAMPAIGNS_DATABASE_PASSWORD": "",
        }

    def _address(self, name: str) -> str:
        """HOST:PORT of a program; nothing if it is not there."""
        return self.urls.get(name, "").removeprefix("http://")


def end_leftovers(data_dir: Path) -> None:
    """End what a killed demo left running in its directory."""
    for name in DIRECTORIES:
        end_leftover(data_dir.expanduser().resolve() / name)
