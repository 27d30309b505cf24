"""Writes the generated parts of docs/: what the code declares is described from its declarations (`make docs`)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, PlainSerializer, SecretStr
from pydantic.fields import FieldInfo

from exporter.config import Config, parse
from exporter.config.taking_over import TAKEN_OVER
from exporter.contract import codes
from exporter.contract.relations import OPTIONAL_FEATURES, RELATIONS, Column, Kind, Relation
from exporter.contract.types import ANY_OTHER, CASTS, cast
from exporter.metrics.catalogue import SECTIONS
from exporter.metrics.catalogue.kinds import Buckets, Family
from exporter.metrics.saved_state_metrics import StateMetrics
from exporter.metrics.self_metrics import Telemetry
from scripts import alert_docs, board_docs, scale_docs
from scripts.config_schema import schemas

ROOT = Path(__file__).resolve().parent.parent
Part = Callable[[], str]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def listed(texts: Iterable[str]) -> str:
    return ", ".join(map(code, texts))


# -- docs/contract.md -------------------------------------------------------------------------------------

_KINDS: Mapping[Kind, str] = {
    Kind.ID: "id",
    Kind.TEXT: "text",
    Kind.TIME: "time",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.JSON: "JSON",
}


def kinds() -> str:
    def types(kind: Kind) -> str:
        named = listed(name for name in kind.value if name != "enum")
        return f"{named}, any enumerated type" if "enum" in kind.value else named

    return table(
        ("In the tables below", "PostgreSQL types that are taken"),
        ((name, types(kind)) for kind, name in _KINDS.items()),
    )


def casts() -> str:
    """Of each kind, the expressions for columns of other types: types that share one stand together."""
    rows = []
    for kind, name in _KINDS.items():
        found: dict[str, list[str]] = {}
        for typname in CASTS[kind]:
            expression = None if kind.accepts(typname) else cast(kind, "c", typname, "Europe/Berlin")
            if expression:
                found.setdefault(expression, []).append(code(typname) if typname != ANY_OTHER else "any other")
        rows += [(name, code(expression), ", ".join(types)) for expression, types in found.items()]
    return table(("To have", "write for a column `c`", "of the type"), rows)


def overview() -> str:
    return table(
        ("Relation", "What a row is", "Lost without it"),
        (
            (
                f"[`{relation.name}`](#{relation.name})",
                relation.meaning,
                relation.without if relation.optional else "**everything: it is required**",
            )
            for relation in RELATIONS.values()
        ),
    )


def relations() -> str:
    return "\n\n".join(map(_relation, RELATIONS.values()))


def _relation(relation: Relation) -> str:
    rows = (
        (code(column.name), _KINDS[column.kind], column.meaning, _without(relation, column))
        for column in relation.columns
    )
    key = listed(relation.key)
    return f"### {relation.name}\n\n{relation.meaning} One row for each {key}.\n\n" + table(
        ("Column", "Type", "Meaning", "Lost without it"), rows
    )


def _without(relation: Relation, column: Column) -> str:
    if not column.optional:
        return "**required**"
    feature = OPTIONAL_FEATURES.get((relation.name, column.name))
    return feature or "itself only"


def code_sets() -> str:
    sets = (
        ("`campaigns.status`", ("draft", *codes.CAMPAIGN_STATUSES), "A `draft` is never exported."),
        ("`tasks.status`", codes.TASK_STATUSES, ""),
        ("`calls.outcome`", codes.OUTCOMES, ""),
        ("`numbers.status`", codes.NUMBER_STATUSES, ""),
        ("`audience_uploads.status`", codes.UPLOAD_STATUSES, ""),
        ("`calls.sentiment`", codes.SENTIMENTS, "Others are taken too."),
    )
    return table(("Column", "Codes", "Note"), ((column, listed(known), note) for column, known, note in sets))


def blockers() -> str:
    return table(
        ("Group", "Code", "Meaning", "First move"),
        ((each.group, code(each.code), each.meaning, each.first_move) for each in codes.BLOCKERS.values()),
    )


def demo_sql(name: str, start: str) -> Part:
    """A part of the demo's schema: from the line that starts so to the next empty one."""

    def excerpt() -> str:
        text = files("exporter.demo.platform").joinpath("schema", name).read_text(encoding="utf-8")
        blocks = [block.strip() for block in text.split("\n\n")]
        found = next((block for block in blocks if block.startswith(start)), None)
        if found is None:
            raise LookupError(f"exporter/demo/platform/schema/{name} has no part that starts with {start!r}")
        return f"```sql\n{found}\n```"

    return excerpt


# -- docs/metrics.md --------------------------------------------------------------------------------------


def metrics() -> str:
    return "\n\n".join(f"### {section}\n\n{_families(families)}" for section, families in SECTIONS.items())


def _families(families: Sequence[Family]) -> str:
    return table(
        ("Metric", "Type", "Labels", "Meaning"),
        ((code(each.name), each.type.value, listed(each.all_labels), each.help) for each in families),
    )


def histograms() -> str:
    found = (each for section in SECTIONS.values() for each in section)
    return table(
        ("Histogram", "Bounds (`le`), but for `+Inf`"),
        (
            (code(each.name), ", ".join(map(str, each.source.bounds)))
            for each in found
            if isinstance(each.source, Buckets)
        ),
    )


def own_metrics() -> list[tuple[str, str, tuple[str, ...], str]]:
    """Name as in Prometheus, type, labels and meaning of each of the exporter's own metrics."""
    suffixes = {"counter": "_total", "info": "_info"}
    found = []
    # prometheus_client tells the labels of a metric only privately
    registry = Telemetry().registry
    StateMetrics(registry)
    for collector in list(registry._collector_to_names):
        for metric in collector.describe() if hasattr(collector, "describe") else ():
            labels = tuple(getattr(collector, "_labelnames", ()))
            if metric.type == "info":
                labels = tuple(label for sample in next(iter(collector.collect())).samples for label in sample.labels)
            found.append((metric.name + suffixes.get(metric.type, ""), metric.type, labels, metric.documentation))
    return found


def own() -> str:
    return table(
        ("Metric", "Type", "Labels", "Meaning"),
        ((code(name), kind, listed(labels), text) for name, kind, labels, text in own_metrics()),
    )


# -- docs/configuration.md --------------------------------------------------------------------------------


def settings() -> list[tuple[str, str, str, str]]:
    """Key, type, default and meaning of each setting, all as text."""
    smallest = parse("database: {url: 'postgresql:///'}", "the smallest configuration")
    defaults = smallest.model_dump(mode="json", by_alias=True)
    defaults["database"]["url"] = None  # one of two that are required
    return list(_settings(Config, defaults, ""))


def _settings(model: type[BaseModel], defaults: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        kinds = (field.annotation, *get_args(field.annotation))
        section = next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)
        if section is not None:
            yield from _settings(section, defaults[key] or {}, f"{prefix}{key}.")
        else:
            yield prefix + key, _type(field), _default(defaults.get(key)), field.description or ""


def _default(value: object) -> str:
    if value is None:
        return "none"
    return code(str(value).lower() if isinstance(value, bool) else str(value))


_TYPES: Mapping[Any, str] = {
    str: "text",
    bool: "`true` or `false`",
    Path: "path",
    SecretStr: "secret",
    int: "whole number",
}


def _type(field: FieldInfo) -> str:
    if any(isinstance(each, PlainSerializer) for each in field.metadata):
        return "duration"
    if get_origin(field.annotation) is Literal:
        return " or ".join(map(code, get_args(field.annotation)))
    if get_origin(field.annotation) is tuple:
        return "list of names"
    if get_origin(field.annotation) is Mapping:
        return "lists of names, by name"
    if field.annotation is float:
        return "share, above 0 to 1"
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    bounds = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    limits = f", {bounds['ge']} to {bounds['le']}" if len(bounds) == 2 else ""
    return _TYPES[kinds[0]] + limits


def configuration() -> str:
    return table(
        ("Key", "Type", "Default", "At a reload", "Meaning"),
        (
            (code(key), kind, default, "taken over" if key in TAKEN_OVER else "–", text)
            for key, kind, default, text in settings()
        ),
    )


# -- putting it in ----------------------------------------------------------------------------------------

PAGES: Mapping[str, Mapping[str, Part]] = {
    "docs/contract.md": {
        "overview": overview,
        "kinds": kinds,
        "casts": casts,
        "relations": relations,
        "codes": code_sets,
        "blockers": blockers,
        "demo tasks": demo_sql("views.sql", "CREATE OR REPLACE VIEW campaign_monitoring.tasks"),
        "demo campaigns": demo_sql("views.sql", "CREATE OR REPLACE VIEW campaign_monitoring.campaigns"),
        "demo role": demo_sql("roles.sql", "-- The exporter:"),
        "demo indexes": demo_sql("indexes.sql", "-- Which rows changed"),
        "demo campaign indexes": demo_sql("indexes.sql", "-- One campaign"),
    },
    "docs/metrics.md": {"families": metrics, "histograms": histograms, "own": own},
    "docs/configuration.md": {"settings": configuration},
    "docs/dashboards.md": {
        "questions": board_docs.questions,
        "settings": board_docs.settings,
        "pieces": board_docs.pieces,
        "each": board_docs.each,
    },
    "docs/alerts.md": {
        "alerts": alert_docs.alerts,
        "inhibitions": alert_docs.inhibitions,
        "settings": alert_docs.settings,
    },
    "docs/scale.md": {"dependents": scale_docs.dependents},
}

_MARKED = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str, parts: Mapping[str, Part]) -> str:
    """A page with its generated parts written anew. `LookupError` when the page and the parts do not match."""
    found = [match[2] for match in _MARKED.finditer(text)]
    if sorted(found) != sorted(parts):
        raise LookupError(f"the page has marks for {sorted(found)}, but generated are {sorted(parts)}")
    return _MARKED.sub(lambda match: f"{match[1]}{parts[match[2]]()}\n{match[3]}", text)


def main() -> int:
    """Write all pages; say which changed."""
    for name, parts in PAGES.items():
        page = ROOT / name
        before = page.read_text(encoding="utf-8")
        after = rendered(before, parts)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"written: {name}")
    for name, text in schemas().items():
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8")
    board_docs.write_previews(ROOT / "docs" / "previews")
    return 0


if __name__ == "__main__":
    sys.exit(main())
