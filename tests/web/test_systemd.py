"""What systemd is told over its socket: ready with `/-/ready`, alive while the loop goes on, stopping."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.refresh.service import Service
from exporter.web.systemd import EXTENSION_SECONDS, Systemd
from tests.support import contract, platforms, programs, prometheus
from tests.support.exporting import Loop, config, looping
from tests.support.http import get

NOWHERE = "postgresql://127.0.0.1:1/nowhere"


class Manager:
    """The socket as systemd has it, and what came."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name)
        self._socket.settimeout(60)

    def told(self) -> dict[str, str]:
        """The next message."""
        return dict(line.split("=", 1) for line in self._socket.recv(4096).decode().splitlines())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def manager(place: str) -> Iterator[Manager]:
    made = Manager(place)
    yield made
    made.close()


@pytest.fixture
def loop(database_url: str) -> Iterator[Loop]:
    with contract.session(database_url) as connection:
        platforms.create(connection)
    with looping(database_url) as made:
        yield made


@pytest.fixture
def idle() -> Iterator[Loop]:
    """A service that never asked its database."""
    with looping(NOWHERE) as made:
        yield made


def telling(loop: Loop, place: str) -> Systemd:
    return Systemd(loop.service, {"NOTIFY_SOCKET": place})


def test_while_there_is_nothing_to_show_it_asks_for_time_and_is_not_ready(
    idle: Loop, manager: Manager, place: str
) -> None:
    systemd = telling(idle, place)
    systemd.tell()
    assert manager.told() == {
        "STATUS": "No data yet: loading, 0 %.", "WATCHDOG": "1",
        "EXTEND_TIMEOUT_USEC": str(EXTENSION_SECONDS * 1_000_000),
    }  # fmt: skip
    assert not idle.step()
    systemd.tell()
    told = manager.told()
    assert told["STATUS"] == "No data yet: it fails."
    assert told["WATCHDOG"] == "1", "a database that is away is no reason to start anew"
    assert "READY" not in told
    assert get(idle, "/-/ready")[0].status == 503


def test_it_is_ready_once_with_the_first_figures(loop: Loop, manager: Manager, place: str) -> None:
    systemd = telling(loop, place)
    assert loop.step()
    for expected in ({"READY": "1"}, {}):
        systemd.tell()
        told = manager.told()
        assert told["STATUS"] == "Works."
        assert {name: value for name, value in told.items() if name == "READY"} == expected
    assert get(loop, "/-/ready")[0].status == 200


def test_figures_that_are_too_old_make_it_not_ready(loop: Loop, manager: Manager, place: str) -> None:
    assert loop.step()
    loop.service.page = replace(loop.service.page, data_at=-1e9)
    telling(loop, place).tell()
    assert "READY" not in manager.told()
    assert get(loop, "/-/ready")[0].status == 503


def test_a_loop_that_hangs_gives_no_sign_of_life(loop: Loop, manager: Manager, place: str) -> None:
    systemd = telling(loop, place)
    assert loop.step()
    signs = []
    for act in (lambda: None, lambda: None, loop.step, lambda: None):
        act()
        systemd.tell()
        signs.append("WATCHDOG" in manager.told())
    assert signs == [True, False, True, False]


@pytest.mark.parametrize(("waited", "alive"), [(4, True), (7, True), (60, False)])
def test_a_statement_is_a_sign_of_life_as_long_as_it_may_take(
    idle: Loop, manager: Manager, place: str, waited: float, alive: bool
) -> None:
    """Its timeout is 5 s here, and it has 5 s more to be given up."""
    systemd, watch = telling(idle, place), idle.service._refresher.watch
    watch.begin()
    watch._since = {thread: since - waited for thread, since in watch._since.items()}
    systemd.tell()
    manager.told()
    systemd.tell()
    assert ("WATCHDOG" in manager.told()) == alive


def test_a_rest_is_a_sign_of_life_however_long(manager: Manager, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "_rest", lambda *_: 3600.0)
    service = Service(config(NOWHERE))
    systemd = Systemd(service, {"NOTIFY_SOCKET": place})
    service.start()
    try:
        prometheus.wait_for("its rest", lambda: service.page.problem and service.moved_at >= time.monotonic() - 0.001)
        for _ in range(3):
            systemd.tell()
            assert "WATCHDOG" in manager.told()
    finally:
        assert service.stop()


def test_it_says_that_it_stops(idle: Loop, manager: Manager, place: str) -> None:
    telling(idle, place).stopping()
    assert manager.told()["STOPPING"] == "1"


def test_abstract_sockets_are_reached(idle: Loop) -> None:
    name = f"campaign-exporter-{os.getpid()}"
    manager = Manager(f"\0{name}")
    telling(idle, f"@{name}").tell()
    assert manager.told()["WATCHDOG"] == "1"
    manager.close()


def test_what_is_lost_is_told_again_and_the_log_says_so_once(loop: Loop, place: str) -> None:
    systemd = telling(loop, place)
    assert loop.step()
    with capture_logs() as logs:
        systemd.tell()
        systemd.tell()
    (line,) = logs
    assert line["event"] == "systemd cannot be told how it goes"
    assert line["reason"] == "No such file or directory"
    manager = Manager(place)
    systemd.tell()
    assert manager.told().items() >= {"READY": "1", "WATCHDOG": "1"}.items()
    manager.close()


def test_a_socket_that_nobody_reads_does_not_hold_it_up(idle: Loop, place: str, manager: Manager) -> None:
    systemd = telling(idle, place)
    with capture_logs() as logs:
        while not logs:  # until its queue is full
            systemd.tell()
    assert manager.told()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_nothing_is_sent(idle: Loop, environment: dict[str, str]) -> None:
    systemd = Systemd(idle.service, environment)
    with capture_logs() as logs:
        systemd.tell()
        systemd.stopping()
    assert logs == []


def test_the_program_tells_when_it_is_ready_and_that_it_stops(
    database_url: str, manager: Manager, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contract.session(database_url) as connection:
        platforms.create(connection)
    address = f"127.0.0.1:{prometheus.free_port()}"
    settings = tmp_path / "config.yaml"
    settings.write_text(f'database:\n  url: "{database_url}"\n')
    monkeypatch.setenv("NOTIFY_SOCKET", place)
    with programs.running(
        tmp_path, ["serve", f"--config.file={settings}", f"--web.listen-address={address}"]
    ) as program:
        assert until(manager, "READY")["STATUS"] == "Works."
        assert prometheus.fetch(f"http://{address}/-/ready")
        program.process.terminate()
        assert until(manager, "STOPPING")
        assert program.process.wait(timeout=30) == 0


def until(manager: Manager, name: str) -> dict[str, str]:
    """The first message that says this."""
    return next(told for told in iter(manager.told, None) if name in told)
