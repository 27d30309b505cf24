"""Grafana's own role and its views as SQL for a DBA: `campaign-exporter dashboards sql`.

Any viewer may send any SQL to a datasource, so what Grafana's role may see is decided here and nowhere else: one view
for each relation of the contract, phones masked. What a platform lacks becomes an empty view or a null of the right
type, so that a panel says "no data" instead of an error.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from psycopg import Connection, sql

from dashboards.columns import SCHEMA, held_by, id_families, typed
from exporter.contract.availability import Available, compare
from exporter.contract.relations import RELATIONS, Relation
from exporter.errors import ConfigError, ContractError

ROLE = "campaign_grafana"

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}\Z")
_PHONE = (
    "CASE WHEN length({0}) >= 9 THEN left({0}, 3) || '*****' || right({0}, 2)\n"
    "            WHEN {0} <> '' THEN '*****' END"
)
_MASKS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("tasks", "phone"): _PHONE,
        ("tasks", "contact"): f"{SCHEMA}.masked_contact({{0}}, {{phone}})",
        ("campaigns", "pause_reason"): f"{SCHEMA}.masked_text({{0}})",
        ("campaign_events", "detail"): f"{SCHEMA}.masked_json({{0}})",
        ("audience_uploads", "error"): f"{SCHEMA}.masked_text({{0}})",
        ("task_events", "detail"): f"{SCHEMA}.masked_json({{0}})",
        ("dispatch_snapshots", "capacity"): f"{SCHEMA}.masked_json({{0}})",
    }
)
_OWN_PHONE: Mapping[tuple[str, str], str] = MappingProxyType({("numbers", "phone"): "'*****' || right({0}, 2)"})
"""Where the exporter masks the tenants' own numbers, the views do too."""

_BETWEEN = r"[:space:]()/._\u00a0\u00ad\u2000-\u2015\u2028-\u202f\u2060-\u206f\u2212-"
"""What may stand between the digits of a phone, as it stands in brackets: typographic spaces and dashes, too."""

_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "bigint": "CASE WHEN ids[1] ~ '^-?[0-9]{1,19}$' THEN\n"
        "        CASE WHEN ids[1]::numeric BETWEEN -9223372036854775808 AND 9223372036854775807"
        " THEN ids[1]::bigint END END",
        "uuid": "CASE WHEN ids[1] ~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$' THEN ids[1]::uuid END",
        "text": "ids[1]",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a platform's owner decides."""

    role: str = ROLE
    masked: bool = True
    """Whether contacts' phones, and what may be one in free text, are hidden."""

    own_masked: bool = False
    """Whether the tenants' own numbers are."""

    def __post_init__(self) -> None:
        if not _PLAIN_NAME.match(self.role):
            raise ConfigError(f"--role {self.role!r}: a role of letters, digits, _ and - is meant")


def looked_at(connection: Connection[Any], schema: str) -> Available:
    """The same on a connection that there is, of tuples; `ContractError` as well."""
    found: dict[str, dict[str, str]] = {}
    zone = "UTC"
    for relation, column, typname, zone in connection.execute(_template("exists"), {"schema": schema}):  # noqa: B007
        found.setdefault(relation, {})[column] = typname
    available = compare(schema, found, zone)
    if not available.usable:
        raise ContractError("; ".join(str(problem) for problem in available.problems if problem.fatal))
    return available


def document(available: Available, choice: Choice) -> str:
    """The same as a DBA reads it and pipes it to psql: all of it or nothing."""
    masked = "phones of contacts masked" if choice.masked else "UNMASKED: viewers see contacts' phones"
    return (
        f"-- Grafana's role and views on the schema {available.schema}; {masked}.\n"
        "-- Made by `campaign-exporter dashboards sql`; docs/grafana-database.md explains it. Read it, then run it as\n"
        "-- the owner of that schema or as a superuser, in the platform's database. It may be run again at any time:\n"
        "-- after a change of the platform's views, and after an upgrade. One transaction: all of it, or nothing.\n"
        "BEGIN;\n"
        "SET LOCAL lock_timeout = '5s';\n"
        "SET LOCAL client_min_messages = warning;\n\n"
        f"{script(available, choice)}\n"
        "COMMIT;\n"
    )


def script(available: Available, choice: Choice) -> str:
    """All statements, to be run in one transaction by the owner of the views or a superuser; idempotent."""
    parts = (
        _filled("role", choice.role),
        _schema(),
        _keys(available),
        _template("masks").replace("@between@", _BETWEEN) if choice.masked else "-- 4. Unmasked: nothing is hidden.\n",
        _views(available, choice),
        _granted(choice),
        _template("everybody"),
        _filled("rest", choice.role),
    )
    return "\n".join(parts)


def _schema() -> str:
    return (
        "-- 2. The schema. What stands there is made anew, as a view cannot change the type of a column. This fails,\n"
        "-- and changes nothing, where views of your own rest on these.\n"
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n"
        f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;\n"
        f"DROP VIEW IF EXISTS{_VIEWS};\n"
        f"DROP FUNCTION IF EXISTS{_wrapped(_FUNCTIONS)};\n"
    )


def _wrapped(names: Iterable[str]) -> str:
    """A long list on lines of its own."""
    return textwrap.indent("\n" + textwrap.fill(", ".join(names), 112, break_on_hyphens=False), "    ")


_VIEWS = _wrapped(f"{SCHEMA}.{name}" for name in RELATIONS)
_FUNCTIONS = tuple(
    f"{SCHEMA}.{name}"
    for name in (
        "campaign_key(text[])",
        "task_key(text[])",
        "as_jsonb(json)",
        "masked_text(text)",
        "masked_json(jsonb, integer)",
        "masked_contact(text, text)",
    )
)


def _keys(available: Available) -> str:
    families = id_families(available)
    made = [
        f"CREATE FUNCTION {SCHEMA}.{name}(VARIADIC ids text[] DEFAULT '{{}}') RETURNS {families[column]}\n"
        "LANGUAGE sql IMMUTABLE PARALLEL SAFE\n"
        f"AS $$\n    SELECT {_KEYS[families[column]]}\n$$;\n"
        for name, column in (("campaign_key", "campaign_id"), ("task_key", "task_id"))
    ]
    comment = (
        "-- 3. A viewer's text as an id of this platform, null where it cannot be one: so that a condition on an id\n"
        "-- finds its index, and a text of any kind raises no error.\n"
    )
    return comment + "".join(made) + _AS_JSONB


_AS_JSONB = f"""\
-- JSON that PostgreSQL cannot take apart is null, without an error that quotes it.
CREATE FUNCTION {SCHEMA}.as_jsonb(it json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
BEGIN
    RETURN it::jsonb;
EXCEPTION WHEN others THEN
    RETURN NULL;
END $$;
"""


def _views(available: Available, choice: Choice) -> str:
    masks = {**(_MASKS if choice.masked else {}), **(_OWN_PHONE if choice.own_masked else {})}
    families = id_families(available)
    made = "\n".join(_view(relation, available, masks, families) for relation in RELATIONS.values())
    return (
        "-- 5. The views: plain columns, so that a condition reaches the index of the table below. They hide columns,\n"
        "-- not rows, so they need no security_barrier: whatever a viewer asks, he asks of what a column shows here.\n"
        "-- An infinite time becomes null, as Grafana shows nothing at all of an answer that has one.\n"
        f"{made}"
    )


def _view(
    relation: Relation, available: Available, masks: Mapping[tuple[str, str], str], families: Mapping[str, str]
) -> str:
    types = available.types.get(relation.name)
    shown = [*_expressions(relation, types or {}, masks, families)]
    if relation.name == "tasks":
        shown.append(f"{held_by(available)} AS held_by")
    lines = ",\n".join(f"       {expression}" for expression in shown).lstrip()
    head = f"CREATE VIEW {SCHEMA}.{relation.name} AS\n"
    if types is None:
        missing = f"-- There is no {relation.name} that fits the contract: this view is empty.\n"
        return f"{missing}{head}SELECT {lines}\nWHERE false;\n"
    source = sql.Identifier(available.schema, relation.name).as_string(None)
    return f"{head}SELECT {lines}\nFROM {source};\n"


def _expressions(
    relation: Relation,
    types: Mapping[str, str],
    masks: Mapping[tuple[str, str], str],
    families: Mapping[str, str],
) -> Iterator[str]:
    plain = {column.name: typed(column, types.get(column.name), families) for column in relation.columns}
    for name, shown in plain.items():
        mask = masks.get((relation.name, name)) if name in types else None
        shown = mask.format(shown, **plain) if mask else shown
        yield shown if shown == name else f"{shown} AS {name}"


def _granted(choice: Choice) -> str:
    role = sql.Identifier(choice.role).as_string(None)
    functions = _wrapped(_FUNCTIONS if choice.masked else _FUNCTIONS[:3])
    return (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role};\n"
        f"GRANT SELECT ON{_VIEWS}\nTO {role};\n"
        f"REVOKE ALL ON FUNCTION{functions}\nFROM PUBLIC;\n"
        f"GRANT EXECUTE ON FUNCTION{functions}\nTO {role};\n"
    )


def _filled(name: str, role: str) -> str:
    text = _template(name).replace("@role_text@", sql.Literal(role).as_string(None))
    return text.replace("@role@", sql.Identifier(role).as_string(None))


def _template(name: str) -> str:
    return (files("dashboards") / "sql" / "grants" / f"{name}.sql").read_text(encoding="utf-8")
