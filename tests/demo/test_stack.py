"""Prometheus and the others beside the demo: they run on its exporter, and the demo goes on without what is missing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from exporter.demo.run import _erase, run
from exporter.demo.runtime.clock import ScaledClock
from exporter.demo.stack.children import HOST, Children, end_leftover, free_port
from exporter.demo.stack.stack import PROGRAMS, Ports, Stack
from tests.support import prometheus

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


def ports() -> Ports:
    return Ports(*(prometheus.free_port() for _ in PROGRAMS))


def test_prometheus_and_alertmanager_run_on_the_exporter_and_end_with_the_demo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROGRAMS["grafana"][0]:  # one that is there takes long to start; tests/dashboards look at it
        (tmp_path / name).symlink_to("/bin/false")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    target = f"{HOST}:{prometheus.free_port()}"
    stack = Stack(tmp_path / "demo", target, ports())
    children: list[psutil.Process] = []

    def serve(url: str, clock: ScaledClock) -> None:
        del url, clock
        server = prometheus.Prometheus(int(stack.urls["prometheus"].rpartition(":")[2]))
        prometheus.wait_for("Prometheus", lambda: prometheus.fetch(f"{stack.urls['prometheus']}/-/ready"))
        prometheus.wait_for("Alertmanager", lambda: prometheus.fetch(f"{stack.urls['alertmanager']}/-/ready"))
        found = prometheus.wait_for("targets", lambda: server.api("targets")["activeTargets"])
        assert [(each["labels"]["instance"], each["labels"]["job"]) for each in found] == [
            (target, "campaign-exporter")
        ]
        managers = prometheus.wait_for("alertmanagers", lambda: server.api("alertmanagers")["activeAlertmanagers"])
        assert managers == [{"url": f"{stack.urls['alertmanager']}/api/v2/alerts"}]
        children.extend(psutil.Process().children())
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    assert run(tmp_path / "demo", days=0, serve=serve, stack=stack) == 0
    assert len(children) >= 3  # the dialler, too
    assert not any(child.is_running() for child in children)
    printed = capfd.readouterr()
    assert f"{stack.urls['prometheus']}/" in printed.out
    assert "Grafana ended unexpectedly (status 1), the demo goes on without it; see " in printed.err
    _erase(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


def test_the_demo_goes_on_without_programs_that_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Stack(tmp_path, "127.0.0.1:1", ports()).running("postgresql:///", 14) as lines:
        assert lines == []
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" is not installed, the demo goes on without it; see: ")[0] for line in said] == [
        "Alertmanager", "Prometheus", "Grafana",
    ]  # fmt: skip
    assert said[1].endswith("apt-get install prometheus")


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert free_port(port, ()) > port
    assert free_port(port, ()) == port
    assert free_port(port, [port]) > port


def test_a_program_that_outlived_its_demo_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    speaks = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)", str(tmp_path)]
    with subprocess.Popen(speaks, stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()  # before that its command line may not be there yet
        (tmp_path / "pid").write_text(str(ours.pid))
        end_leftover(tmp_path)
        assert ours.poll() is not None
    stranger = subprocess.Popen(SLEEPER)
    try:
        (tmp_path / "pid").write_text(str(stranger.pid))
        end_leftover(tmp_path)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    end_leftover(tmp_path / "nothing")


def test_nothing_is_started_any_more_once_all_are_stopped(tmp_path: Path) -> None:
    children = Children()
    children.stop()
    children.start("late", SLEEPER, tmp_path)
    assert not (tmp_path / "pid").exists()


def test_the_end_of_a_program_that_was_to_end_is_said_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    children = Children()
    children.start("work", ["true"], tmp_path, finished="it is done")
    assert prometheus.wait_for("the end", lambda: capsys.readouterr().err) == "it is done\n"
    children.start("nothing", ["/does/not/exist"], tmp_path)
    said = capsys.readouterr().err
    assert said == "nothing cannot be run: No such file or directory; the demo goes on without it\n"
    children.stop()
