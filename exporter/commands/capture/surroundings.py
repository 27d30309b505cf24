"""What surrounds a campaign: the configuration without secrets, versions, and what `check` says of the database."""

from __future__ import annotations

import platform
import re
from importlib import metadata

import click
import yaml

from exporter import __version__
from exporter.commands.capture.archive import File
from exporter.commands.capture.formats import as_json
from exporter.commands.check import report
from exporter.commands.check.examine import check
from exporter.commands.explain.reading import Reading
from exporter.config import Config
from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.web.cards.values import Json, iso


def configuration(config: Config) -> File:
    """The effective configuration, with every default; secrets hidden."""
    text = yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True)
    return File("config.yaml", "the exporter's effective configuration, secrets hidden", text.encode())


def versions(reading: Reading | None) -> File:
    """Who made the archive, and of what."""
    found: Json = {
        "campaign_exporter": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "libraries": _libraries(),
        "postgresql": None,
        "contract": None,
    }
    if reading is not None:
        server, available = reading.server, reading.available
        major, minor = divmod(server.version, 10_000)
        found["postgresql"] = {
            "version": f"{major}.{minor}",
            "encoding": server.encoding,
            "replica": server.replica,
            "sees_other_sessions": server.may_see,
            "promised": {
                "as_of": iso(reading.now) if reading.promise.dated else None,
                "state": reading.promise.state,
                "caveats": [each.sentence for each in reading.promise.caveats],
            },
        }
        found["contract"] = {
            "schema": available.schema,
            "relations": {name: _there(available, name) for name in RELATIONS},
            "problems": [str(problem) for problem in available.problems],
        }
    about = "versions of exporter, libraries and PostgreSQL, and what there is of the contract"
    return File("versions.json", about, as_json(found))


def _there(available: Available, relation: str) -> Json:
    """Whether the relation can be read, and what it lacks."""
    present = available.types.get(relation)
    lacking = [column.name for column in RELATIONS[relation].columns if column.name not in (present or ())]
    return {"readable": present is not None, "lacking": lacking if present is not None else None}


def _libraries() -> dict[str, str]:
    names = (re.split(r"[\s\[<>=!~;]", wanted, maxsplit=1) for wanted in _required())
    return {name[0]: metadata.version(name[0]) for name in sorted(names)}


def _required() -> list[str]:
    try:
        wanted = metadata.requires("campaign-exporter") or []
    except metadata.PackageNotFoundError:
        return []
    return [name for name in wanted if "extra ==" not in name]


def report_of_check(config: Config) -> list[File]:
    """What `campaign-exporter check` says of the database."""
    found = check(config)
    text = click.unstyle(report.as_text(found)) + "\n"
    return [
        File("check.txt", "what campaign-exporter check says of the database", text.encode()),
        File("check.json", "the same for a program", (report.as_json(found) + "\n").encode()),
    ]
