"""`explain` and `capture` as an on-call person runs them: beside an exporter, without it, and on the demo."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from exporter.commands.cli import main
from tests.support import contract, platforms, programs, prometheus


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    command = [*programs.COMMAND, *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)


def captured(directory: Path, *arguments: str, status: int = 0) -> zipfile.ZipFile:
    """The archive of a capture that ended so."""
    target = directory / "evidence.zip"
    done = run(directory, "capture", *arguments, "-o", str(target), "--force")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    return zipfile.ZipFile(target)


def readme(archive: zipfile.ZipFile) -> str:
    text = archive.read("README.txt").decode()
    assert len(text.splitlines()) <= 10
    return text


def configured(directory: Path, url: str, address: str) -> Sequence[str]:
    file = directory / "config.yaml"
    file.write_text(f'database:\n  url: "{url}"\nweb:\n  listen_address: "{address}"\n')
    return ("--config.file", str(file))


def test_beside_the_exporter_without_it_and_without_the_database(database_url: str, tmp_path: Path) -> None:
    with contract.session(database_url) as connection:
        platforms.create(connection)
        platforms.task(connection, 5, 1, blocker="dnc", contact="jane-doe", phone="+49 151 23456789")
    address = f"127.0.0.1:{prometheus.free_port()}"
    config = configured(tmp_path, database_url, address)
    gone = configured_elsewhere(tmp_path, address)
    with programs.running(tmp_path, ["serve", *config]):
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        with captured(tmp_path, *config, "--campaign", "1", "--task", "5") as archive:
            assert "campaign_exporter_up 1.0" in archive.read("metrics.txt").decode()
            assert json.loads(archive.read("served-card.json"))["campaign"]["id"] == "1"
            assert "it carries dnc: the contact is on a do-not-call list" in readme(archive)
        with captured(tmp_path, *gone, "--campaign", "1", status=3) as archive:
            assert "<style>" in archive.read("card.html").decode()
            assert "campaign_exporter_up" in archive.read("metrics.txt").decode()
            assert "Not captured: everything that is read from the database" in readme(archive)
            assert f"Mind: The card is what the exporter at http://{address} showed" in readme(archive)
    with captured(tmp_path, *config, "--campaign", "1", "--task", "5") as archive:
        assert f"no exporter answers at http://{address}" in readme(archive)
        assert "campaign_tasks" in archive.read("metrics.txt").decode()
    with captured(tmp_path, *gone, "--campaign", "1", status=3) as archive:
        assert set(archive.namelist()) == {"README.txt", "manifest.json", "config.yaml", "versions.json"}
    explained = run(tmp_path, "explain", *config, "--campaign", "1", "--task", "5")
    assert explained.returncode == 0
    assert explained.stdout.splitlines()[1].startswith("  This task is not dialled because it carries dnc")
    assert "jane" not in explained.stdout
    assert "\x1b" not in explained.stdout


def configured_elsewhere(directory: Path, address: str) -> Sequence[str]:
    """A configuration whose database is away."""
    away = directory / "away"
    away.mkdir()
    return configured(away, "postgresql://me:secret-1@127.0.0.1:1/x", address)


@pytest.mark.timeout(300)
def test_every_campaign_and_every_kind_of_task_of_the_demo(tmp_path: Path) -> None:
    address = f"127.0.0.1:{prometheus.free_port()}"
    with programs.running(
        tmp_path, ["demo", "--no-stack", f"--web.listen-address={address}", "--data-dir=data"]
    ) as demo:
        prometheus.wait_for("the demo", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        owner, monitor = re.findall(r"(postgresql://\S+)", demo.output)[:2]
        config = configured(tmp_path, monitor, address)
        with psycopg.connect(owner, autocommit=True) as connection:
            campaigns = connection.execute(
                "SELECT campaign_id::text FROM campaign_monitoring.campaigns WHERE status <> 'draft' ORDER BY 1"
            ).fetchall()
            tasks = connection.execute(
                "SELECT DISTINCT ON (status, blocker, sticky) campaign_id::text, task_id::text "
                "FROM campaign_monitoring.tasks ORDER BY status, blocker, sticky, task_id"
            ).fetchall()
            people = connection.execute("SELECT contact, phone FROM campaign_monitoring.tasks").fetchall()
        assert len(campaigns) > 10
        for (campaign,) in campaigns:
            explained = CliRunner().invoke(main, ["explain", *config, "--campaign", campaign])
            assert explained.exit_code == 0, explained.output
            assert max(map(len, explained.stdout.splitlines())) <= 80
        assert len(tasks) > 10
        for campaign, task in tasks:
            explained = CliRunner().invoke(main, ["explain", *config, "--campaign", campaign, "--task", task])
            assert explained.stdout.startswith(f"Task {task} of campaign {campaign}\n  This task is "), explained.output
        campaign, task = tasks[0]
        with captured(tmp_path, *config, "--campaign", campaign, "--task", task) as archive:
            everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
        told = {word for pair in people for word in pair if word and word in everything}
        assert told == set()
        assert demo.stop() == 0
