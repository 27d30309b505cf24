"""The columns of the views that Grafana reads: one type wherever they stand, and what holds a pending task."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from psycopg import sql

from exporter.contract.availability import Available
from exporter.contract.codes import EXHAUSTED, READY, RETRY_WAIT
from exporter.contract.relations import RELATIONS, Column, Kind

SCHEMA = "campaign_grafana"
"""Where the views are: the boards' statements name it."""
_FAMILIES: Mapping[str, str] = MappingProxyType({"int2": "bigint", "int4": "bigint", "int8": "bigint", "uuid": "uuid"})
_NULLS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.TEXT: "text",
        Kind.TIME: "timestamptz",
        Kind.INTEGER: "bigint",
        Kind.NUMBER: "numeric",
        Kind.BOOLEAN: "boolean",
        Kind.JSON: "jsonb",
    }
)


def held_by(available: Available) -> str:
    """A pending task's effective blocker, as the exporter counts it: no statement of a board works it out anew."""
    if not available.has("tasks"):
        return "NULL::text"

    def told(name: str, kind: str) -> str:
        return name if available.has("tasks", name) else f"NULL::{kind}"

    most = "max_attempts"
    if available.has("campaigns", "max_attempts"):
        tasks, campaigns = (sql.Identifier(available.schema, name).as_string(None) for name in ("tasks", "campaigns"))
        same = available.types["campaigns"]["campaign_id"] == available.types["tasks"]["campaign_id"]
        cast = "" if same else "::text"
        most = (
            f"coalesce(max_attempts, (\n"
            f"                SELECT c.max_attempts FROM {campaigns} AS c\n"
            f"                WHERE c.campaign_id{cast} = {tasks}.campaign_id{cast} LIMIT 1))"
        )
    return (
        f"CASE WHEN status::text = 'pending' THEN coalesce(nullif({told('blocker', 'text')}::text, ''), CASE\n"
        f"            WHEN attempts >= nullif(greatest({most}, 0), 0)\n"
        f"            THEN '{EXHAUSTED}'\n"
        f"            WHEN nullif({told('next_eligible_at', 'timestamptz')}, 'infinity') > now() THEN '{RETRY_WAIT}'\n"
        f"            ELSE '{READY}' END) END"
    )


def typed(column: Column, typname: str | None, families: Mapping[str, str]) -> str:
    """A column as statements can rely on it: one type for an id wherever it stands, codes as text, JSON as jsonb.

    Required times stay plain, since their indexes matter. A column that is missing is a null of its type.
    """
    if typname is None:
        return f"NULL::{families[column.name] if column.kind is Kind.ID else _NULLS[column.kind]}"
    if column.kind is Kind.ID:
        same = _FAMILIES.get(typname, "text") == families[column.name]
        return column.name if same else f"{column.name}::text"
    if column.kind is Kind.TEXT:
        return column.name if typname in ("text", "varchar") else f"{column.name}::text"
    if column.kind is Kind.JSON:
        if typname == "jsonb":
            return column.name
        return f"{SCHEMA}.as_jsonb({column.name})" if typname == "json" else f"to_jsonb({column.name})"
    if column.kind is Kind.TIME and column.optional:
        return f"CASE WHEN isfinite({column.name}) THEN {column.name} END"
    return column.name


def id_families(available: Available) -> Mapping[str, str]:
    """The type of each id: the one that it has everywhere, text where relations differ or none has it."""
    found: dict[str, set[str]] = {}
    for relation in RELATIONS.values():
        for column in relation.columns:
            if column.kind is Kind.ID:
                family = found.setdefault(column.name, set())
                typname = available.types.get(relation.name, {}).get(column.name)
                if typname is not None:
                    family.add(_FAMILIES.get(typname, "text"))
    return {name: next(iter(family)) if len(family) == 1 else "text" for name, family in found.items()}
