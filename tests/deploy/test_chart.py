"""The Helm chart, rendered by Helm itself (`make chart`): whatever is set, it fits, is hardened, or is refused."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import alerts.build
import alerts.settings
from dashboards.settings import Settings as Boards
from exporter.commands.serve import serve
from exporter.config import DEFAULT_PORT, Config
from exporter.config.file import parse_section
from scripts import helm_chart
from tests.support import manifests
from tests.support.manifests import Manifest

HELM = os.environ.get("HELM", "")
if not HELM:
    pytest.skip("`make chart` runs these, with Helm", allow_module_level=True)

URL = "postgresql://campaign_monitor@db.example.com/dialler"
NOTHING = object()
"""In place of a value: it is left out."""
SMALLEST: Mapping[str, Any] = {"config": {"database": {"url": URL}}}
ENVIRONMENT = {"DATABASE_PASSWORD_ENCODED": "secret", "LEVEL": "debug"}
EVERYWHERE = {
    "exporter": "https://campaigns.example.com/dialler", "grafana": "https://grafana.example.com",
}  # fmt: skip


def helm(values: Mapping[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    """`helm template` with these values."""
    command = [HELM, "template", "dialler", str(helm_chart.CHART), "--namespace=calls", "--values=-", *options]
    return subprocess.run(command, input=yaml.safe_dump(dict(values)), capture_output=True, text=True, check=False)


def render(values: Mapping[str, Any]) -> list[Manifest]:
    """All manifests, the test's among them."""
    result = helm(values)
    assert result.returncode == 0, result.stderr
    return manifests.read(result.stdout)


def merged(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Two sets of values as Helm puts them together."""
    found = {**values, **more}
    for key in values.keys() & more.keys():
        if isinstance(values[key], dict) and isinstance(more[key], dict):
            found[key] = merged(values[key], more[key])
    return {key: value for key, value in found.items() if value is not NOTHING}


MATRIX: Mapping[str, Mapping[str, Any]] = {
    "the smallest": {},
    "a password": {"secret": {"name": "database"}},
    "an address in a Secret": {
        "config": {"database": {"url": NOTHING}},
        "secret": {"name": "database", "urlKey": "address", "passwordKey": ""},
    },
    "a password in the environment": {
        "config": {"database": {"url": "postgresql://monitor:${DATABASE_PASSWORD_ENCODED}@db.example.com/dialler"}},
        "extraEnv": [
            {"name": "DATABASE_PASSWORD_ENCODED", "valueFrom": {"secretKeyRef": {"name": "database", "key": "encoded"}}}
        ],
    },
    "every kind of setting": {
        "config": {
            "remembered_rows": 2_000_000, "retention": "14d", "stale_after": 900, "max_staleness": "1m30s",
            "refresh": {"interval": "500ms", "max_share": 0.05}, "numbers": {"mask_phone": True},
            "series": {"numbers": 1_000_000}, "log": {"format": "json", "level": "${LEVEL}"}, "state": {"period": "2m"},
        },
    },
    "several replicas": {"replicas": 3, "podDisruptionBudget": {"enabled": True}},
    "several replicas, drained at once": {"replicas": 3, "podDisruptionBudget": {"enabled": False}},
    "a claim": {"state": {"existingClaim": "campaign-exporter-state"}},
    "nothing kept": {"state": {"enabled": False}},
    "the operator's objects": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    },
    "everything elsewhere": {
        "serviceMonitor": {
            "enabled": True, "namespace": "monitoring", "interval": "1m", "scrapeTimeout": "30s",
            "relabelings": [{"targetLabel": "cluster", "replacement": "blue"}],
            "metricRelabelings": [{"action": "labeldrop", "regex": "goal"}],
        },
        "prometheusRule": {"enabled": True, "namespace": "monitoring"},
        "dashboards": {"enabled": True, "namespace": "grafana", "annotations": {"grafana_folder": "Calls"}},
        "jobName": "calls",
        "config": {"web": {"external_url": EVERYWHERE["exporter"], "grafana_url": EVERYWHERE["grafana"]}},
    },
    "a policy": {
        "config": {"database": {"url": "postgresql://monitor@[2001:db8::1]:6432,db2:6433/dialler"}},
        "networkPolicy": {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "databasePorts": [6432, 6433],
            "extraEgress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 88}]}],
        },
    },
    "no policy": {"networkPolicy": {"enabled": False}},
    "an image by its digest": {
        "image": {"repository": "registry.example.com:5000/team/campaign-exporter", "digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "registry"}],
    },
    "OpenShift": {"podSecurityContext": {"fsGroup": None}},
    "a user": {"podSecurityContext": {"runAsUser": 1234, "runAsGroup": 1234, "supplementalGroups": [5]}},
    "an account that exists": {"serviceAccount": {"create": False, "name": "monitoring"}},
    "a Service of its own": {
        "service": {"type": "NodePort", "port": 80, "annotations": {"a": "b"}, "labels": {"team": "calls"}},
        "fullnameOverride": "exporter", "nameOverride": "calls-exporter",
    },
    "everything about the pod": {
        "resources": {"limits": {"memory": "2Gi", "cpu": 2}, "requests": {"memory": "1Gi", "cpu": "500m"}},
        "podAnnotations": {"team": "calls"}, "podLabels": {"team": "calls"}, "annotations": {"team": "calls"},
        "commonLabels": {"cost-centre": "42", "team": "all"}, "nodeSelector": {"disk": "ssd"},
        "priorityClassName": "high",
        "tolerations": [{"key": "calls", "operator": "Exists"}], "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}],
        "extraVolumes": [{"name": "ca", "configMap": {"name": "database-ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/db", "readOnly": True}],
        "terminationGracePeriodSeconds": 60, "readinessProbe": {"initialDelaySeconds": 1}, "revisionHistoryLimit": 0,
    },
    "no resources said": {"resources": None},
    "a chart around it": {"global": {"imageRegistry": "registry.example.com"}},
}  # fmt: skip


@pytest.mark.parametrize("name", MATRIX)
def test_whatever_is_set_fits_and_is_hardened(name: str) -> None:
    values = merged(SMALLEST, MATRIX[name])
    result = helm(values)
    assert result.returncode == 0, result.stderr
    found = manifests.read(result.stdout)
    assert manifests.misfits(found) == []
    assert manifests.loose(found) == []
    assert manifests.secrets(result.stdout) == []
    configuration = manifests.configuration(found, ENVIRONMENT)
    ours = {"listen_address": f":{DEFAULT_PORT}"}
    assert configuration.web.model_dump() == configuration.web.model_dump() | ours
    for key in ("remembered_rows", "numbers"):
        if key in values["config"]:
            assert configuration.model_dump()[key] == values["config"][key]
    names = [(each["kind"], each["metadata"]["name"]) for each in found]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"replica": 2}, "additional properties 'replica' not allowed"),
        ({"config": {"database": {"url": URL, "pasword_file": "/x"}}}, "'pasword_file' not allowed"),
        ({"config": {"remembered_rows": "many"}}, "at '/config/remembered_rows'"),
        ({"config": {"retention": "a week"}}, "at '/config/retention'"),
        ({"replicas": -1}, "at '/replicas'"),
        ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy'"),
        ({"podSecurityContext": {"runAsUser": 0}}, "at '/podSecurityContext/runAsUser'"),
        ({"podSecurityContext": {"runAsNonRoot": False}}, "'runAsNonRoot' not allowed"),
        ({"extraVolumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "'hostPath' not allowed"),
        ({"podLabels": {"app.kubernetes.io/name": "other"}}, 'podLabels: "app.kubernetes.io/name" is the chart\'s'),
        ({"terminationGracePeriodSeconds": 1}, "at '/terminationGracePeriodSeconds'"),
        ({"config": {"database": {"url": NOTHING}}}, "config.database.url: nobody says where the database is"),
        (
            {"secret": {"name": "s", "urlKey": "u"}},
            "config.database.url, secret.urlKey: each says where the database is",
        ),
        (
            {"config": {"database": {"url": NOTHING}}, "secret": {"urlKey": "u"}},
            'secret.urlKey: "u" is a key of no Secret',
        ),
        ({"secret": {"name": "s", "passwordKey": ""}}, 'secret.name: nothing of "s" is used'),
        (
            {"secret": {"name": "s"}, "config": {"database": {"password_file": "/p"}}},
            "config.database.password_file, secret.name: each says where the password is",
        ),
        ({"config": {"database": {"url": "postgresql://u:hunter2@h/d"}}}, "config.database.url: holds a password"),
        ({"config": {"database": {"url": "host=h password=hunter2"}}}, "config.database.url: holds a password"),
        ({"extraEnv": [{"name": "PGPASSWORD", "value": "hunter2"}]}, "extraEnv[0]: PGPASSWORD holds a secret"),
        ({"extraEnv": [{"name": "X", "value": "postgres://u:hunter2@h"}]}, "extraEnv[0]: X holds a secret"),
        ({"config": {"web": {"listen_address": ":80"}}}, 'config.web.listen_address: ":80": the chart sets it'),
        ({"config": {"state": {"directory": "/x"}}}, 'config.state.directory: "/x": the chart sets it'),
        ({"config": {"state": {"period": "5m"}}, "state": {"enabled": False}}, "config.state.period: nothing is saved"),
        ({"state": {"enabled": False, "existingClaim": "c"}}, 'state.existingClaim: "c" is not used'),
        ({"state": {"existingClaim": "c"}, "replicas": 2}, 'replicas: 2 cannot save in the one claim "c"'),
        ({"extraArgs": ["--web.listen-address=:80"]}, "extraArgs: --web.listen-address=:80 is the chart's"),
        ({"extraVolumes": [{"name": "state", "emptyDir": {}}]}, 'extraVolumes: "state" is a volume of the chart\'s'),
        (
            {"config": {"database": {"url": "postgresql://u@h:6432/d"}}},
            "networkPolicy.databasePorts: config.database.url names port 6432, to which nothing would be let out",
        ),
        (
            {"serviceMonitor": {"enabled": True, "interval": "1m", "scrapeTimeout": "90s"}},
            "serviceMonitor.scrapeTimeout: 90s is longer than serviceMonitor.interval (1m)",
        ),
        ({"serviceAccount": {"create": False}}, "serviceAccount.name: none is made, and none is named"),
        ({"image": {"tag": "1", "digest": f"sha256:{'0' * 64}"}}, 'image.tag: "1" is not used beside image.digest'),
    ],
)
def test_what_is_unknown_or_contradicts_itself_is_refused(values: Mapping[str, Any], message: str) -> None:
    result = helm(merged(SMALLEST, values))
    assert result.returncode != 0
    assert message in result.stderr
    assert "hunter2" not in result.stderr + result.stdout


def test_all_mistakes_are_told_at_once() -> None:
    told = helm({"serviceAccount": {"create": False}, "extraArgs": ["--config.file=/x"]}).stderr
    assert len(re.findall(r"^(config\.database\.url|serviceAccount\.name|extraArgs): ", told, re.MULTILINE)) == 3


def test_every_value_has_its_place_in_the_schema() -> None:
    """So that a value that is added to the one is added to the other."""
    values = yaml.safe_load((helm_chart.CHART / "values.yaml").read_text(encoding="utf-8"))
    known = json.loads(helm_chart.SCHEMA.read_text(encoding="utf-8"))["properties"]
    assert values.keys() | {"global"} == known.keys()
    for key, value in values.items():
        if "properties" in known[key] and key != "config":
            assert value.keys() <= known[key]["properties"].keys(), key


def test_the_plain_manifests_are_what_helm_renders() -> None:
    assert helm_chart.rendered(HELM) == helm_chart.MANIFESTS.read_text(encoding="utf-8")


# -- rules and boards ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("web", "job"),
    [
        ({}, "campaign-exporter"),
        ({"external_url": EVERYWHERE["exporter"], "grafana_url": EVERYWHERE["grafana"]}, "calls"),
    ],
    ids=["addresses unknown", "addresses known"],
)
def test_rules_are_those_that_the_program_makes_for_these_addresses(web: Mapping[str, str], job: str) -> None:
    """Prometheus's own templates in them are left alone."""
    values = {"prometheusRule": {"enabled": True}, "jobName": job, "config": {"web": dict(web)}}
    found = render(merged(SMALLEST, values))
    inside = f"http://dialler-campaign-exporter.calls.svc:{DEFAULT_PORT}"
    settings = alerts.settings.Settings(
        grafana=web.get("grafana_url", ""),
        boards=parse_section(
            Boards, yaml.safe_dump({"links": {"exporter": web.get("external_url", inside)}}), "test", {}, "remedy"
        ),
        exporter=alerts.settings.Exporter(job=job),
    )
    expected = {name: text for name, text in alerts.build.contents(settings).items() if re.fullmatch(r"\w+\.yml", name)}
    rules = {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "PrometheusRule"}
    assert rules == {
        f"dialler-campaign-exporter-{name.removesuffix('.yml').replace('_', '-')}": yaml.safe_load(text)
        for name, text in expected.items()
    }
    assert any("{{ $labels" in json.dumps(spec) for spec in rules.values())


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    for each in render(merged(SMALLEST, {"prometheusRule": {"enabled": True}})):
        if each["kind"] == "PrometheusRule":
            (tmp_path / f"{each['metadata']['name']}.yml").write_text(yaml.safe_dump(each["spec"]))
    files = sorted(map(str, tmp_path.glob("*.yml")))
    assert files
    result = subprocess.run(["promtool", "check", "rules", *files], capture_output=True, check=False, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_board_is_a_configmap_that_the_sidecar_finds_and_kubectl_applies() -> None:
    values = {"dashboards": {"enabled": True}}
    found = [each for each in render(merged(SMALLEST, values)) if "-board-" in each["metadata"]["name"]]
    boards = {path.name: path.read_text(encoding="utf-8") for path in Path("dashboards/generated").glob("*.json")}
    assert {name: text for each in found for name, text in each["data"].items()} == {
        f"campaigns-{name}": text for name, text in boards.items()
    }
    for each in found:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert len(each["data"]) == 1
        kept = re.sub("[<>&]", r"\\u0000", json.dumps(each, separators=(",", ":"), ensure_ascii=False))
        assert len(f"kubectl.kubernetes.io/last-applied-configuration{kept}\n".encode()) <= 262_144


def test_the_monitor_finds_the_service_and_names_the_job_that_the_rules_look_for() -> None:
    found = render(merged(SMALLEST, {"serviceMonitor": {"enabled": True, "namespace": "monitoring"}}))
    monitor, service = (manifests.one(found, kind) for kind in ("ServiceMonitor", "Service"))
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["calls"]}
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert endpoint["path"] == "/metrics"
    assert endpoint["relabelings"][0] == {"targetLabel": "job", "replacement": alerts.settings.Exporter().job}


# -- what belongs together -------------------------------------------------------------------------------------


def test_service_policy_budget_and_spread_choose_the_pods_of_the_deployment() -> None:
    found = render(merged(SMALLEST, {"replicas": 2}))
    deployment = manifests.one(found, "Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"].items()
    check = next(each for each in found if each["kind"] == "Pod")["metadata"]["labels"].items()
    serving = [
        deployment["selector"]["matchLabels"],
        manifests.one(found, "Service")["spec"]["selector"],
        manifests.one(found, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        deployment["template"]["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    for selector in serving:
        assert selector.items() <= labels
        assert not selector.items() <= check, "`helm test` makes a pod that serves nothing"
    policy = manifests.one(found, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= labels
    assert policy.items() <= check, "it must reach the database too"


def test_a_claim_is_mounted_by_one_pod_at_a_time() -> None:
    found = render(merged(SMALLEST, MATRIX["a claim"]))
    assert manifests.one(found, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    configuration: Config = manifests.configuration(found, {})
    assert configuration.state.directory is not None
    volume = manifests.mounted(dict(manifests.pods(found))["dialler-campaign-exporter"], configuration.state.directory)
    assert volume is not None
    assert volume["persistentVolumeClaim"] == {"claimName": "campaign-exporter-state"}


def test_a_changed_configuration_starts_new_pods() -> None:
    def checksum(retention: str) -> str:
        found = render(merged(SMALLEST, {"config": {"retention": retention}}))
        annotations = manifests.one(found, "Deployment")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum("7d") == checksum("7d") != checksum("8d")


def test_arguments_of_ones_own_come_after_the_charts() -> None:
    (container,) = dict(manifests.pods(render(merged(SMALLEST, {"extraArgs": ["--help"]}))))[
        "dialler-campaign-exporter"
    ]["containers"]
    assert container["args"][0] == serve.name
    assert container["args"][-1] == "--help"


# -- the package -----------------------------------------------------------------------------------------------


def test_the_package_holds_rules_and_boards_and_a_release_of_it_fits_into_a_secret(tmp_path: Path) -> None:
    command = [HELM, "package", "--destination", str(tmp_path), str(helm_chart.CHART)]
    subprocess.run(command, capture_output=True, check=True)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes())) as archive:
        held = {member.name.removeprefix("campaign-exporter/files/") for member in archive if "/files/" in member.name}
        assert all(member.isfile() for member in archive)
    rules = {f"rules/{path.name}" for path in (helm_chart.ROOT / "alerts" / "generated").glob("*.yml")}
    boards = {f"boards/{path.name}" for path in (helm_chart.ROOT / "dashboards" / "generated").glob("*.json")}
    assert held == rules | boards
    # Helm keeps the chart and what it rendered, compressed and in base64, in a Secret of 1 MiB at most.
    everything = helm(merged(SMALLEST, MATRIX["everything elsewhere"])).stdout
    assert (package.stat().st_size + len(everything) / 6) * 4 / 3 < 1_000_000


def _examples() -> list[tuple[str, Mapping[str, Any]]]:
    """The values that pages show."""
    pages = (helm_chart.ROOT / "docs" / "kubernetes.md", helm_chart.CHART / "README.md")
    blocks = [
        (page.name, yaml.safe_load(text))
        for page in pages
        for text in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    ]
    return [(name, block) for name, block in blocks if "apiVersion" not in block and "scrape_configs" not in block]


@pytest.mark.parametrize(("page", "values"), _examples())
def test_every_example_of_values_is_taken(page: str, values: Mapping[str, Any]) -> None:
    del page
    assert manifests.misfits(render(merged(SMALLEST, values))) == []
