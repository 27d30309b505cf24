"""The bill of materials (CycloneDX): what the exporter runs on, in which versions, hashes and licences."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.release.environment import Environment
from scripts.release.running import run


def bill(environment: Environment, root: Path, lock: Path, own: str) -> dict[str, Any]:
    """Of the packages that are installed: licences and who needs whom from themselves, hashes from the lock file.

    `own` is the name of the package that all this is for.
    """
    found = _told(environment, "environment", "--pyproject", root / "pyproject.toml", environment.python)
    locked = _told(environment, "requirements", lock)
    hashes = {_key(each): each.get("externalReferences", []) for each in locked["components"]}
    for component in found["components"]:
        name, version = component["name"], component["version"]
        if _key(component) not in hashes:
            sys.exit(f"dist: {name} {version} is installed, and not in {lock.name}")
        if not _licence(component):
            sys.exit(f"dist: {name} {version} does not say its licence; find out whether it may be shipped")
        component["externalReferences"] = component.get("externalReferences", []) + hashes[_key(component)]
    if any(_key(each)[0] == own for each in found["components"]):
        sys.exit(f"dist: the bill of materials lists {own} as one of its own parts")
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(found)):
        sys.exit(f"dist: the bill of materials is not as CycloneDX 1.6 wants it: {wrong}")
    return found


def _told(environment: Environment, *what: str | Path) -> dict[str, Any]:
    out = environment.elsewhere / "bill.json"
    tool = Path(sys.executable).with_name("cyclonedx-py")
    run([tool, *what, "--output-reproducible", "--of", "JSON", "--output-file", out], environment.elsewhere)
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return told


def licences(found: dict[str, Any]) -> str:
    """A line for each package: name, version, licence."""
    return "".join(f"{each['name']} {each['version']}: {_licence(each)}\n" for each in found["components"])


def _licence(component: dict[str, Any]) -> str:
    """What a package says of its licence, in few words; its whole text is in the package itself."""
    stated = [each.get("expression") or _name(each["license"]) for each in component.get("licenses", [])]
    return ", ".join(dict.fromkeys(text for text in stated if text and not text.startswith("declared license")))


def _name(licence: dict[str, Any]) -> str:
    name: str = licence.get("id") or licence.get("name") or ""
    return name.rpartition(" :: ")[2]


def _key(component: dict[str, Any]) -> tuple[str, str]:
    return re.sub(r"[-_.]+", "-", component["name"]).lower(), component["version"]
