"""Kubernetes manifests: read, held against Kubernetes's own schemas and its pod security standard `restricted`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from exporter.commands.serve import serve
from exporter.config import Config, parse

Manifest = Mapping[str, Any]

VERSIONS = ("1.27", kubernetes_validate.latest_version())
"""The oldest that the chart takes, and the newest whose schemas there are."""

_OPERATOR = "monitoring.coreos.com/v1"
_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_SECRET = re.compile(r"://[^/@:\s]*:(?!\$\{)[^/@\s]+@|password\s*[=:]\s*(?!\$\{)[^/\s]", re.IGNORECASE)


def read(text: str) -> list[Manifest]:
    """All manifests of a text; a key that stands twice is an error."""
    return [each for each in yaml.load_all(text, _Strict) if each is not None]


class _Strict(yaml.SafeLoader):
    """Refuses what the API server refuses, and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}{node.start_mark}"
        return super().construct_mapping(node, deep)


def one(manifests: list[Manifest], kind: str) -> Manifest:
    """The only manifest of a kind."""
    (found,) = [each for each in manifests if each["kind"] == kind]
    return found


def misfits(manifests: list[Manifest]) -> list[str]:
    """What Kubernetes's schemas have against them. The operator's kinds are none of Kubernetes's own."""
    found = []
    for each in manifests:
        for version in VERSIONS if each["apiVersion"] != _OPERATOR else ():
            try:
                kubernetes_validate.validate(each, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                found.append(f"{each['kind']}: {list(error.path)}: {error.message}")
    return found


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The pods that they make: name and spec."""
    for each in manifests:
        if each["kind"] in ("Deployment", "Pod"):
            spec = each["spec"]
            yield each["metadata"]["name"], spec["template"]["spec"] if each["kind"] == "Deployment" else spec


def loose(manifests: list[Manifest]) -> list[str]:
    """What the standard `restricted` refuses, and what could write outside its volumes or ask the API server.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    found = []
    for name, spec in pods(manifests):
        security = spec["securityContext"]
        facts = {
            "runs as root": security["runAsNonRoot"] is not True or security.get("runAsUser") == 0,
            "has no seccomp profile": security["seccompProfile"] != {"type": "RuntimeDefault"},
            "shares the host": bool({"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys()),
            "has a volume of another kind": any(not each.keys() <= _VOLUMES | {"name"} for each in spec["volumes"]),
            "has a token": spec["automountServiceAccountToken"] is not False,
        }
        for container in [*spec["containers"], *spec.get("initContainers", ())]:
            mine = container["securityContext"]
            facts |= {
                "may gain rights": mine["allowPrivilegeEscalation"] is not False or "privileged" in mine,
                "has capabilities": mine["capabilities"] != {"drop": ["ALL"]},
                "may write": mine["readOnlyRootFilesystem"] is not True,
                "changes what the pod says": bool({"runAsUser", "runAsNonRoot", "seccompProfile"} & mine.keys()),
                "takes ports of the host": any("hostPort" in port for port in container.get("ports", ())),
            }
        found += [f"{name} {fact}" for fact, holds in facts.items() if holds]
    return found


def secrets(text: str) -> list[str]:
    """What looks like a secret that is written out."""
    plain = [line for line in text.splitlines() if _SECRET.search(line) and "password_file:" not in line]
    return plain + [line for line in text.splitlines() if line.startswith("kind: Secret")]


def configuration(manifests: list[Manifest], environment: Mapping[str, str]) -> Config:
    """What the exporter makes of its arguments and of the files that it finds in its container."""
    _, spec = next(pods([one(manifests, "Deployment")]))
    (container,) = spec["containers"]
    command, *arguments = container["args"]
    assert command == serve.name
    path: Path = serve.make_context(command, list(arguments)).params["config_file"]
    (volume,) = [each["name"] for each in container["volumeMounts"] if each["mountPath"] == str(path.parent)]
    (source,) = [each["configMap"]["name"] for each in spec["volumes"] if each["name"] == volume]
    (data,) = [each["data"] for each in manifests if each["kind"] == "ConfigMap" and each["metadata"]["name"] == source]
    return parse(data[path.name], str(path), environment)


def mounted(spec: Manifest, path: Path) -> Manifest | None:
    """The volume on which a path of the container lies."""
    (container,) = spec["containers"]
    for mount in container["volumeMounts"]:
        if path.is_relative_to(mount["mountPath"]):
            volume: Manifest = next(each for each in spec["volumes"] if each["name"] == mount["name"])
            return volume
    return None
