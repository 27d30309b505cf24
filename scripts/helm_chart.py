"""Keeps the chart in step with the settings (`make docs`), and the manifests with the chart (`make manifests`)."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from exporter.config import Config

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy" / "helm" / "campaign-exporter"
SCHEMA = CHART / "values.schema.json"
VALUES = ROOT / "deploy" / "kubernetes" / "values.yaml"
MANIFESTS = ROOT / "deploy" / "kubernetes" / "campaign-exporter.yaml"

_HEAD = (
    "# Rendered from deploy/helm/campaign-exporter with values.yaml by `make manifests`; do not edit.\n# Of {digest}\n"
)
_HELMS_OWN = re.compile(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n|^# Source: .*\n", re.MULTILINE)
"""Nobody manages plain manifests by Helm."""

# -- the schema of values: the part that the exporter's settings make ------------------------------------------


def schema_text() -> str:
    """What values.schema.json should be: `config` follows the settings, the rest stands in the file."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["config"] = _section(Config)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _section(model: type[BaseModel]) -> dict[str, Any]:
    """Names and kinds only: the exporter itself says best what is wrong with a value."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _setting(field) for name, field in fields.items()},
    }


def _setting(field: FieldInfo) -> dict[str, Any]:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _section(kind)
    if any(isinstance(each, PlainSerializer) for each in field.metadata):
        return {"type": ["string", "number"], "pattern": rf"^([0-9.]+(ms|[wdhms]))+$|{_VARIABLE}"}
    if get_origin(kind) is Literal:
        return {"type": "string", "pattern": rf"^({'|'.join(get_args(kind))})$|{_VARIABLE}"}
    if kind in _TYPES:
        return {"type": [_TYPES[kind], "string"], "pattern": _VARIABLE}
    return {"type": "string"}


_VARIABLE = r"\$\{"
"""A text that the environment fills in may stand for any value."""

_TYPES: Mapping[Any, str] = {bool: "boolean", int: "integer", float: "number"}

# -- the plain manifests -------------------------------------------------------------------------------------------


def digest() -> str:
    """Of all that the manifests are made of, so that stale ones are known without Helm."""
    templates = sorted(path for path in (CHART / "templates").rglob("*") if path.is_file())
    found = hashlib.sha256()
    for path in (CHART / "Chart.yaml", CHART / "values.yaml", *templates, VALUES):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"sha256:{found.hexdigest()}"


def rendered(helm: str) -> str:
    """The manifests as they are committed."""
    command = [helm, "template", "campaign-exporter", str(CHART), "--values", str(VALUES), "--skip-tests"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return _HEAD.format(digest=digest()) + _HELMS_OWN.sub("", result.stdout)


def main(helm: str | None = None) -> int:
    """Write the schema, and with Helm the manifests."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    if helm is not None:
        MANIFESTS.write_text(rendered(helm), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
