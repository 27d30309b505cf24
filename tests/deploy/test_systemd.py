"""deploy/systemd: a hardened unit that systemd takes, with the program's configuration, file names and times."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from exporter.commands.cli import COMMANDS
from exporter.commands.serve import _END_SECONDS, serve
from exporter.config import DEFAULT_PORT, load
from exporter.config.durations import parse_duration
from exporter.config.listening import parse_address
from exporter.web.systemd import EXTENSION_SECONDS

SYSTEMD = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
UNIT = SYSTEMD / "campaign-exporter.service"
CONFIG = SYSTEMD / "exporter.yaml"


analyzed = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


@pytest.fixture
def settings() -> dict[str, list[str]]:
    """All values by the setting's name."""
    found = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found[name].append(value)
    return found


def seconds(text: str) -> float:
    value = parse_duration(text.replace("min", "m") if not text.isdigit() else f"{text}s")
    assert isinstance(value, float)
    return value


@analyzed
def test_systemd_takes_the_unit(tmp_path: Path, settings: dict[str, list[str]]) -> None:
    """But for the program, which is elsewhere here."""
    program = settings["ExecStart"][0].split()[0]
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(program, sys.executable))
    result = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, check=False, text=True)
    assert (result.returncode, result.stderr) == (0, "")


@analyzed
def test_systemd_finds_little_exposed() -> None:
    """Of 100; up to 50 is OK by its own words."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == 0, result.stdout


def test_the_program_takes_its_arguments_and_its_configuration(settings: dict[str, list[str]]) -> None:
    program, command, *arguments = settings["ExecStart"][0].split()
    assert Path(program).name == "campaign-exporter"
    assert command in COMMANDS
    path = serve.make_context(command, arguments).params["config_file"]
    assert path.parts[:3] == ("/", "etc", "campaign-exporter")
    assert path.name == CONFIG.name


def test_the_configuration_finds_its_password_and_a_place_for_its_state(settings: dict[str, list[str]]) -> None:
    (credential,) = settings["LoadCredential"]
    (directory,) = settings["StateDirectory"]
    places = {"CREDENTIALS_DIRECTORY": "/run/credentials/x", "STATE_DIRECTORY": f"/var/lib/{directory}"}
    config = load(CONFIG, places)
    assert config.database.password_file == Path("/run/credentials/x", credential.partition(":")[0])
    assert config.state.directory == Path("/var/lib", directory)
    assert parse_address(config.web.listen_address)[1] == DEFAULT_PORT


def test_it_is_told_by_the_program_how_it_goes(settings: dict[str, list[str]]) -> None:
    assert settings["Type"] == ["notify"]
    assert 60 <= seconds(settings["WatchdogSec"][0]) <= EXTENSION_SECONDS
    assert seconds(settings["TimeoutStartSec"][0]) >= 60, "until the program tells the first time"
    assert seconds(settings["TimeoutStopSec"][0]) > 2 * _END_SECONDS


def test_what_the_watchdog_ends_leaves_no_memory_behind(settings: dict[str, list[str]]) -> None:
    """It is ended by SIGABRT, and its memory holds the password."""
    assert settings["LimitCORE"] == ["0"]
