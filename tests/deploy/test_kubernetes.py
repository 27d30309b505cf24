"""deploy/kubernetes: rendered from the chart as it is, fit for Kubernetes, hardened, and what the program expects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from exporter import __version__
from exporter.commands.cli import COMMANDS
from exporter.commands.serve import _END_SECONDS
from exporter.config import DEFAULT_PORT, Config
from exporter.config.listening import parse_address
from exporter.refresh.service import Service
from exporter.web.app import application
from scripts import helm_chart
from tests.support import manifests
from tests.support.exporting import config

TEXT = helm_chart.MANIFESTS.read_text(encoding="utf-8")
MANIFESTS = manifests.read(TEXT)
_, POD = next(manifests.pods(MANIFESTS))
(CONTAINER,) = POD["containers"]
DOCKERFILE = (helm_chart.ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def configuration() -> Config:
    return manifests.configuration(MANIFESTS, {})


def test_the_manifests_are_rendered_from_the_chart_as_it_is() -> None:
    assert f"# Of {helm_chart.digest()}\n" in TEXT, "stale: run make manifests"


def test_the_schema_of_values_has_the_settings_of_the_program() -> None:
    assert helm_chart.SCHEMA.read_text(encoding="utf-8") == helm_chart.schema_text(), "stale: run make docs"


def test_the_manifests_fit_the_schemas_of_kubernetes() -> None:
    assert manifests.misfits(MANIFESTS) == []
    assert {each["kind"] for each in MANIFESTS} == {
        "ConfigMap", "Deployment", "NetworkPolicy", "Service", "ServiceAccount",
    }  # fmt: skip


def test_the_pod_is_restricted() -> None:
    assert manifests.loose(MANIFESTS) == []
    assert manifests.one(MANIFESTS, "ServiceAccount")["automountServiceAccountToken"] is False


def test_there_is_no_secret() -> None:
    assert manifests.secrets(TEXT) == []
    assert "env" not in CONTAINER


def test_the_image_is_this_version_and_begins_with_the_program() -> None:
    assert CONTAINER["image"] == f"campaign-exporter:{__version__}"
    assert 'ENTRYPOINT ["campaign-exporter"]' in DOCKERFILE
    assert CONTAINER["args"][0] in COMMANDS
    user = re.search(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert user is not None, "a number, as runAsNonRoot cannot tell of a name"
    assert POD["securityContext"]["fsGroup"] == int(user[2])


def test_the_program_listens_where_probes_service_and_policy_look(configuration: Config) -> None:
    host, port = parse_address(configuration.web.listen_address)
    assert (host, port) == (None, DEFAULT_PORT)
    (named,) = CONTAINER["ports"]
    assert named["containerPort"] == port
    (served,) = manifests.one(MANIFESTS, "Service")["spec"]["ports"]
    assert (served["port"], served["targetPort"]) == (port, named["name"])
    ((let_in,),) = (rule["ports"] for rule in manifests.one(MANIFESTS, "NetworkPolicy")["spec"]["ingress"])
    assert let_in["port"] == named["name"]


def test_probes_ask_for_what_the_program_answers() -> None:
    app = application(Service(config("postgresql://127.0.0.1:1/nowhere")))
    paths = {resource.canonical for resource in app.router.resources() if isinstance(resource, web.PlainResource)}
    asked = {kind: CONTAINER[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {each["port"] for each in asked.values()} == {CONTAINER["ports"][0]["name"]}
    assert {each["path"] for each in asked.values()} <= paths
    assert asked["startup"]["path"] == asked["liveness"]["path"] == "/-/healthy", "loading must not be killed"
    assert asked["readiness"]["path"] == "/-/ready"


def test_secrets_and_state_are_where_the_configuration_says(configuration: Config) -> None:
    password, state = configuration.database.password_file, configuration.state.directory
    assert password is not None
    assert state is not None
    found = manifests.mounted(POD, password)
    assert found is not None
    assert password.name in [item["path"] for item in found["secret"]["items"]]
    kept = manifests.mounted(POD, state)
    assert kept is not None
    assert "emptyDir" in kept


def test_the_pod_may_end_in_its_own_time() -> None:
    assert POD["terminationGracePeriodSeconds"] > 2 * _END_SECONDS


def test_a_rollout_keeps_the_one_before_until_the_new_one_has_figures() -> None:
    strategy = manifests.one(MANIFESTS, "Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxSurge": 1, "maxUnavailable": 0}


def test_the_chart_has_the_version_of_the_program() -> None:
    chart = yaml.safe_load((helm_chart.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


def test_the_chart_holds_rules_and_boards_as_they_are_generated() -> None:
    for name, generated in (("rules", "alerts/generated"), ("boards", "dashboards/generated")):
        link = helm_chart.CHART / "files" / name
        assert link.resolve() == helm_chart.ROOT / generated
        assert not Path(link.readlink()).is_absolute()
