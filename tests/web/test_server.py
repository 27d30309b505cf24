"""What the server does at its ends: when the refreshing ends by itself, and when a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from exporter.config import Config
from exporter.errors import ConfigError, EndedError
from exporter.refresh.service import Service
from exporter.web.ending import Ending
from exporter.web.server import run
from tests.support.exporting import config

NOWHERE = "postgresql://127.0.0.1:1/nowhere"


def failing_first(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let this happen after the first refresh, in the refreshing thread."""

    def rest(*_: object) -> float:
        act()
        return 3600.0

    monkeypatch.setattr(Service, "_rest", rest)


def leave() -> None:
    raise SystemExit(0)


@pytest.mark.parametrize("act", [lambda: 1 / 0, leave], ids=["an error", "sys.exit"])
def test_the_program_ends_with_an_error_when_the_refreshing_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]
) -> None:
    failing_first(monkeypatch, act)
    with pytest.raises(EndedError, match="please report"):
        run(config(NOWHERE), ["127.0.0.1:0"])


def test_a_process_whose_refreshing_ended_ends_though_something_hinders_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    Ending(0.01).end()
    assert ended.wait(30)
    assert statuses == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_the_handlers_of_before_are_back(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    failing_first(monkeypatch, lambda: os.kill(os.getpid(), number))
    assert run(config(NOWHERE), ["127.0.0.1:0"])
    assert signal.getsignal(number) is before


def test_sighup_has_the_configuration_read_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(f"database: {{url: '{NOWHERE}', connect_timeout: 2s}}\nretention: 2d\n")
    adopt = Service.adopt

    def adopt_and_end(service: Service, read: Config) -> None:
        adopt(service, read)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Service, "adopt", adopt_and_end)
    failing_first(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGHUP))
    with capture_logs() as logs:
        assert run(config(NOWHERE), ["127.0.0.1:0"], config_file=file)
    (told,) = [entry for entry in logs if entry["event"] == "the configuration was read anew"]
    assert "retention" in told["taken_over"]


def test_a_signal_before_the_loop_runs_is_not_lost() -> None:
    async def wait(ending: Ending) -> None:
        ending.attach()
        await asyncio.wait_for(ending.event.wait(), 30)

    with Ending() as ending:
        os.kill(os.getpid(), signal.SIGTERM)
        asyncio.run(wait(ending))
    assert ending.asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""])
def test_an_address_in_use_is_a_clear_problem(host: str) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on .*:{port}: Address already in use; stop what uses it"):
            run(config(NOWHERE), [f"{host}:{port}"])


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("nowhere.invalid:0", "cannot listen on nowhere.invalid:0: .*; name another address"),
        ("192.0.2.1:10517", "cannot listen on 192.0.2.1:10517: Cannot assign requested address; this host has no such"),
        ("[2001:db8::1]:10517", r"cannot listen on \[2001:db8::1\]:10517: .*"),
        (f"{'x' * 70}.example:1", "no host can be called so; name another address"),
    ],
)
def test_where_nothing_can_listen_is_told_with_the_option_that_named_it(address: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"^--web.listen-address: {problem}"):
        run(config(NOWHERE), [address])
    with pytest.raises(ConfigError, match=f"^web.listen_address: {problem}"):
        run(config(NOWHERE, web={"listen_address": address}))


@pytest.mark.parametrize("address", ["127.0.0.1:0", ":0"])
def test_the_log_says_which_port_was_given_to_it(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    failing_first(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with capture_logs() as logs:
        assert run(config(NOWHERE), [address])
    (told,) = [entry["address"] for entry in logs if entry["event"] == "listening"]
    assert all(each.rpartition(":")[2] != "0" for each in told.split(", "))
