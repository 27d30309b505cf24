"""docker-compose.yml and what it mounts: pinned, hardened, without a secret, and accepted by the programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.build import BOARDS
from dashboards.settings import Settings
from exporter.config import DEFAULT_PORT, load
from exporter.demo.platform.install import GRAFANA_ROLE, MONITOR_ROLE
from exporter.demo.stack.recording import JOB
from exporter.demo.stack.stack import Ports, Stack

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"secrets"}
"""Services that do something and end."""

_PINNED = re.compile(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?")
each_service = pytest.mark.parametrize("name", SERVICES)


def files(name: str) -> list[tuple[Path, str, bool]]:
    """What a service mounts from this repository: file, place in the container, and whether it is read-only."""
    parts = [mount.split(":") for mount in SERVICES[name].get("volumes", ()) if mount.startswith("./")]
    return [(ROOT / part[0], part[1], part[2:] == ["ro"]) for part in parts]


def host_path(name: str, place: str) -> Path:
    """The file of this repository that a service sees at a place."""
    for source, target, _ in files(name):
        if place == target or place.startswith(f"{target}/"):
            return source / place.removeprefix(target).lstrip("/") if place != target else source
    raise LookupError(f"{name} mounts nothing at {place}")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_compose_accepts_the_file() -> None:
    result = subprocess.run(["docker-compose", "config", "--quiet"], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()


@each_service
def test_every_image_is_pinned(name: str) -> None:
    assert _PINNED.fullmatch(SERVICES[name]["image"])


def test_the_image_is_built_on_a_pinned_one_from_locked_packages() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(set(stages)) == 1
    assert _PINNED.fullmatch(stages[0])
    assert "USER 10001:10001" in text
    locks = re.findall(r"-r (\S+)", text)
    assert text.count("--no-deps --require-hashes") == len(locks) == 2
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in copied.split():
            assert (ROOT / source).exists()
            assert f"!{source}" in ignored
    assert ignored[1] == "*"


@pytest.mark.parametrize("lock", ["requirements-image.lock", "requirements-build.lock"])
def test_the_image_gets_the_packages_that_were_tested(lock: str) -> None:
    pinned = re.compile(r"^[a-z0-9.-]+==\S+", re.MULTILINE)
    tested = set(pinned.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    used = set(pinned.findall((ROOT / lock).read_text(encoding="utf-8")))
    assert used
    assert used <= tested


@each_service
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "devices"} & service.keys()
    if name not in ONCE:
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
        assert "cap_add" not in service


@each_service
def test_every_service_is_watched_and_waits_for_what_it_needs(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert service["healthcheck"] == {"disable": True}
    else:
        assert service["healthcheck"]["test"][0] == "CMD"
    for needed, how in service.get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if needed in ONCE else "service_healthy")


@each_service
def test_only_this_machine_reaches_a_port(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


def test_ports_are_those_of_the_demo() -> None:
    published = {name: service["ports"][0].split(":")[1] for name, service in SERVICES.items() if "ports" in service}
    defaults = Ports()
    assert published == {
        "exporter": str(DEFAULT_PORT), "prometheus": str(defaults.prometheus),
        "alertmanager": str(defaults.alertmanager), "grafana": str(defaults.grafana),
    }  # fmt: skip


def test_viewers_cannot_take_the_hosts_memory_or_leave_prepared_transactions() -> None:
    """Any viewer of Grafana may send any SQL to this server."""
    assert SERVICES["postgres"]["mem_limit"] == "2g"
    assert not any("max_prepared_transactions" in word for word in SERVICES["postgres"]["command"])


def test_there_is_no_secret_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", variable):
                assert variable.endswith("_FILE"), name
                assert value.startswith(f"/run/secrets/{name}/")
        assert not re.search(r"://[^/@\s]+:[^/@\s]+@", json.dumps(service))


@each_service
def test_what_is_mounted_exists_and_cannot_be_written(name: str) -> None:
    for source, _, read_only in files(name):
        assert source.exists()
        assert read_only
    volumes = {mount.split(":")[0] for mount in SERVICES[name].get("volumes", ()) if not mount.startswith("./")}
    assert volumes <= COMPOSE["volumes"].keys()


def test_every_secret_is_made_for_the_user_that_reads_it(tmp_path: Path) -> None:
    script = re.sub(r"\bchown\b", "echo", (DEPLOY / "make-secrets.sh").read_text(encoding="utf-8"))
    made = [subprocess.run(["sh", "-c", script, "sh", str(tmp_path)], capture_output=True, check=True) for _ in "12"]
    lines = [line.split() for line in made[0].stdout.decode().splitlines()]
    owners = {path: user for user, path in lines}
    assert made[1].stdout == b"", "the second run changes nothing"
    read = {path for name in SERVICES.keys() - ONCE for path in _secrets_of(name)}
    assert read == {f"/run/secrets/{path.removesuffix('.new')}" for path in owners}
    for path, user in owners.items():
        reader, name = path.removesuffix(".new").split("/")
        assert SERVICES[reader]["user"].split(":")[0] == user
        text = (tmp_path / reader / name).read_text()
        assert len(text.strip()) == 32
        assert text.strip().isalnum(), "Grafana expands $, and an address has its own signs"
        assert (tmp_path / reader / name).stat().st_mode & 0o777 == 0o400
        assert text == (tmp_path / "made" / name).read_text()


def _secrets_of(name: str) -> list[str]:
    """The secret files that a service is told of, in this file or in one that it mounts."""
    mounted = [source for source, _, _ in files(name) if source.is_relative_to(DEPLOY)]
    texts = [path.read_text() for source in mounted for path in [source, *source.rglob("*")] if path.is_file()]
    return re.findall(rf"/run/secrets/{name}/\w+", "\n".join([json.dumps(SERVICES[name]), *texts]))


def test_the_exporters_configuration_is_valid() -> None:
    option = next(part for part in SERVICES["exporter"]["command"] if part.startswith("--config.file="))
    config = load(host_path("exporter", option.partition("=")[2]))
    assert config.web.listen_address == f":{DEFAULT_PORT}"
    assert config.database.secret_url() == f"postgresql://{MONITOR_ROLE}@postgres/dialler"


@pytest.mark.parametrize(
    ("name", "check"),
    [("prometheus", ("promtool", "check", "config")), ("alertmanager", ("amtool", "check-config"))],
)
def test_the_program_accepts_its_configuration(name: str, check: tuple[str, ...]) -> None:
    option = next(part for part in SERVICES[name]["command"] if part.startswith("--config.file="))
    result = subprocess.run([*check, host_path(name, option.partition("=")[2])], capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_targets_are_the_services() -> None:
    for name, service in ((JOB, "exporter"), ("alertmanager", "alertmanager")):
        path = host_path("prometheus", f"/etc/prometheus/targets/{name}.yml")
        port = SERVICES[service]["ports"][0].split(":")[1]
        assert yaml.safe_load(path.read_text()) == [{"targets": [f"{service}:{port}"]}]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert [job["job_name"] for job in scraped] == [JOB]


# -- Grafana --------------------------------------------------------------------------------------------------


def provisioning(kind: str) -> Any:
    (path,) = (DEPLOY / "grafana" / "provisioning" / kind).glob("*.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_datasources_have_the_uids_that_the_boards_ask_for() -> None:
    found = {source["uid"]: source for source in provisioning("datasources")["datasources"]}
    defaults = Settings()
    assert found[defaults.datasources.prometheus]["type"] == "prometheus"
    assert found[defaults.datasources.postgres]["type"] == "grafana-postgresql-datasource"
    assert found[defaults.datasources.postgres]["user"] == GRAFANA_ROLE
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert found[defaults.datasources.prometheus]["jsonData"]["timeInterval"] == scrape


def test_boards_are_provisioned_into_their_folder() -> None:
    (provider,) = provisioning("dashboards")["providers"]
    assert provider["folder"] == Settings().folder
    boards = host_path("grafana", SERVICES["grafana"]["environment"]["CAMPAIGNS_DASHBOARDS"])
    assert {json.loads(path.read_text())["uid"] for path in boards.glob("*.json")} == set(map(Settings().uid, BOARDS))
    ini = (DEPLOY / "grafana" / "grafana.ini").read_text()
    home = re.search(r"default_home_dashboard_path = \$__env\{CAMPAIGNS_DASHBOARDS\}/(\S+)", ini)
    assert home is not None
    assert (boards / home[1]).exists()


def test_what_provisioning_takes_from_the_environment_is_set_in_both_set_ups(tmp_path: Path) -> None:
    texts = [path.read_text() for path in (DEPLOY / "grafana").rglob("*") if path.is_file()]
    taken = {name for text in texts for name in re.findall(r"(?<!\$)\$(?:__env)?\{(\w+)\}", text)}
    assert taken
    in_containers = {name.removesuffix("__FILE") for name in SERVICES["grafana"]["environment"]}
    assert taken <= in_containers
    demo = Stack(tmp_path, "127.0.0.1:1", Ports())._grafana_environment("host=/tmp/x dbname=demo user=postgres")
    assert taken <= demo.keys()
