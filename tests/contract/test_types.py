"""Every type that a column may have gives the right figures; every other is named, with an expression that mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from psycopg import sql

from exporter.contract.availability import Problem, compare
from exporter.contract.relations import RELATIONS, Column, Kind, Relation
from exporter.contract.types import cast
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.database import columns_of
from tests.support import contract, platforms
from tests.support.exporting import Scrape, exporting

Owner = psycopg.Connection[Any]

_NAMES = {"bpchar": "char(36)"}
"""How to write a type by its name in the contract."""

_CITEXT = """
    CREATE TYPE citext;
    CREATE FUNCTION citextin(cstring) RETURNS citext AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
    CREATE FUNCTION citextout(citext) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
    CREATE TYPE citext (INPUT = citextin, OUTPUT = citextout, LIKE = text, CATEGORY = 'S');
    CREATE CAST (citext AS text) WITHOUT FUNCTION AS IMPLICIT;
    CREATE CAST (text AS citext) WITHOUT FUNCTION AS ASSIGNMENT;
"""
"""What the extension begins with; the embedded server has none."""

ZONE = "Asia/Kathmandu"
_UUID = "00000000-0000-4000-8000-{:>012}"

# A column of each type as a platform may have it: the literal, and what it says as each kind that it can say.
OTHERS: Mapping[str, tuple[str, dict[Kind, str]]] = {
    "int4": ("7", {Kind.TIME: "1970-01-01 00:00:07+00", Kind.BOOLEAN: "true", Kind.JSON: "7"}),
    "numeric": ("7.50", {Kind.ID: "7.5", Kind.TEXT: "7.50", Kind.TIME: "1970-01-01 00:00:07.5+00",
                         Kind.BOOLEAN: "true", Kind.JSON: "7.50"}),
    "float8": ("7", {Kind.ID: "7", Kind.TEXT: "7", Kind.TIME: "1970-01-01 00:00:07+00", Kind.INTEGER: "7",
                     Kind.BOOLEAN: "true", Kind.JSON: "7"}),
    "text": ("'7'", {Kind.INTEGER: "7", Kind.NUMBER: "7", Kind.JSON: "7"}),
    "bpchar": ("'1'", {Kind.INTEGER: "1", Kind.NUMBER: "1", Kind.BOOLEAN: "true", Kind.JSON: "1"}),
    "citext": ("'Ab'", {Kind.ID: "ab"}),
    "char": ("'n'", {Kind.ID: "n", Kind.TEXT: "n", Kind.BOOLEAN: "false"}),
    "bool": ("true", {Kind.ID: "true", Kind.TEXT: "true", Kind.INTEGER: "1", Kind.NUMBER: "1", Kind.JSON: "true"}),
    "money": ("7.25", {Kind.ID: "$7.25", Kind.TEXT: "$7.25", Kind.INTEGER: "7.25", Kind.NUMBER: "7.25",
                       Kind.JSON: '"$7.25"'}),
    "oid": ("7", {Kind.ID: "7", Kind.TEXT: "7", Kind.INTEGER: "7", Kind.NUMBER: "7", Kind.JSON: '"7"'}),
    "bytea": (r"'\x416d'", {Kind.ID: "416d", Kind.TEXT: "Am", Kind.JSON: r'"\\x416d"'}),
    "bit": ("B'1'", {Kind.ID: "1", Kind.TEXT: "1", Kind.INTEGER: "1", Kind.NUMBER: "1", Kind.BOOLEAN: "true",
                     Kind.JSON: '"1"'}),
    "timestamp": ("'2026-03-04 12:00'", {Kind.ID: "2026-03-04 12:00:00", Kind.TEXT: "2026-03-04 12:00:00",
                                         Kind.TIME: "2026-03-04 06:15:00+00", Kind.BOOLEAN: "true",
                                         Kind.JSON: '"2026-03-04T12:00:00"'}),
    "date": ("'2026-03-04'", {Kind.ID: "2026-03-04", Kind.TEXT: "2026-03-04", Kind.TIME: "2026-03-03 18:15:00+00",
                              Kind.BOOLEAN: "true", Kind.JSON: '"2026-03-04"'}),
    "timestamptz": ("'2026-03-04 12:00+00'", {Kind.ID: "2026-03-04 12:00:00+00", Kind.TEXT: "2026-03-04 12:00:00+00",
                                              Kind.BOOLEAN: "true", Kind.JSON: '"2026-03-04T12:00:00+00:00"'}),
    "time": ("'00:01:30'", {Kind.ID: "00:01:30", Kind.TEXT: "00:01:30", Kind.INTEGER: "90.000000",
                            Kind.NUMBER: "90.000000", Kind.JSON: '"00:01:30"'}),
    "timetz": ("'00:01:30+05'", {Kind.ID: "00:01:30+05", Kind.TEXT: "00:01:30+05", Kind.INTEGER: "90.000000",
                                 Kind.NUMBER: "90.000000", Kind.JSON: '"00:01:30+05"'}),
    "interval": ("'1 min 30.5 s'", {Kind.ID: "00:01:30.5", Kind.TEXT: "00:01:30.5", Kind.INTEGER: "90.500000",
                                    Kind.NUMBER: "90.500000", Kind.JSON: '"00:01:30.5"'}),
    "json": ("'7'", {Kind.ID: "7", Kind.TEXT: "7", Kind.INTEGER: "7", Kind.NUMBER: "7"}),
    "jsonb": ("'true'", {Kind.ID: "true", Kind.TEXT: "true", Kind.BOOLEAN: "true"}),
    "uuid": (f"'{_UUID.format(7)}'", {Kind.JSON: f'"{_UUID.format(7)}"'}),
    "enum": ("'true'", {Kind.ID: "true", Kind.BOOLEAN: "true", Kind.JSON: '"true"'}),
    "text[]": ("'{a,b}'", {Kind.ID: "{a,b}", Kind.TEXT: "{a,b}", Kind.JSON: '["a", "b"]'}),
    "int4range": ("'[1,3)'", {Kind.ID: "[1,3)", Kind.TEXT: "[1,3)", Kind.JSON: '"[1,3)"'}),
    "pair": ("'(1,2)'", {Kind.ID: "(1,2)", Kind.TEXT: "(1,2)", Kind.JSON: '{"a": 1, "b": 2}'}),
    "inet": ("'10.0.0.1'", {Kind.ID: "10.0.0.1/32", Kind.TEXT: "10.0.0.1/32", Kind.JSON: '"10.0.0.1"'}),
}  # fmt: skip


@pytest.fixture(scope="module")
def owner(server: EmbeddedServer) -> Iterator[Owner]:
    """The platform of known figures, its tables in a schema of their own."""
    server.create_database("types")
    with contract.session(server.url("types")) as connection:
        connection.execute(
            _CITEXT + "CREATE TYPE code AS ENUM ('true', 'LIMBO');"
            "CREATE TYPE pair AS (a int, b int); SET client_min_messages = warning"
        )
        platforms.create(connection)
        connection.execute("ALTER SCHEMA campaign_monitoring RENAME TO below")
        connection.execute(f"ALTER DATABASE types SET timezone = '{ZONE}'".encode())
        yield connection
    server.drop_database("types")


@pytest.fixture
def address(server: EmbeddedServer) -> str:
    return server.url("types")


def shown(owner: Owner, types: Mapping[tuple[str, str], str], ids: str = "{0}::text") -> None:
    """Views over the tables in which each column has the type that is given for it, made of domain over domain."""
    owner.execute("DROP SCHEMA IF EXISTS campaign_monitoring, made CASCADE; CREATE SCHEMA campaign_monitoring")
    owner.execute("CREATE SCHEMA made")
    for name in sorted(set(types.values())):
        inner, outer = sql.Identifier("made", f"{name} below"), sql.Identifier("made", name)
        kind = sql.SQL(_NAMES.get(name, name))
        owner.execute(sql.SQL("CREATE DOMAIN {} AS {}; CREATE DOMAIN {} AS {}").format(inner, kind, outer, inner))
    for relation in RELATIONS.values():
        columns = [
            sql.SQL("CAST({} AS {}) AS {}").format(
                sql.SQL(ids if column.kind is Kind.ID else "{0}::text").format(sql.Identifier(column.name)),
                sql.Identifier("made", types[relation.name, column.name]),
                sql.Identifier(column.name),
            )
            for column in relation.columns
        ]
        owner.execute(
            sql.SQL("CREATE VIEW {} AS SELECT {} FROM {}").format(
                sql.Identifier(contract.SCHEMA, relation.name),
                sql.SQL(", ").join(columns),
                sql.Identifier("below", relation.name),
            )
        )


def every_column() -> Iterator[tuple[Relation, Column]]:
    for relation in RELATIONS.values():
        for column in relation.columns:
            yield relation, column


def types_of_round(number: int, ids: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """One type for each column: over the rounds each of its kind, and other ones in other relations."""
    chosen = {}
    for place, (relation, column) in enumerate(every_column()):
        known = ids if column.kind is Kind.ID else column.kind.value
        if column.kind is Kind.TEXT:
            known = tuple(name for name in known if name not in ("enum", "uuid", "int2", "int4", "int8"))
        elif column.name.endswith("_cost"):
            known = ("numeric", "float4", "float8")  # they are no whole numbers
        chosen[relation.name, column.name] = known[(number + place) % len(known)]
    return chosen


@pytest.mark.parametrize("number", range(max(len(kind.value) for kind in Kind) - 1))
def test_every_accepted_type_gives_the_right_figures_domains_over_domains_too(
    owner: Owner, address: str, number: int
) -> None:
    numbers = tuple(name for name in Kind.ID.value if name != "uuid")
    shown(owner, types_of_round(number, numbers))
    with exporting(address) as exporter:
        scrape = exporter.refresh()
        assert exporter.violations() == {}
        platforms.assert_intact(scrape)
        assert scrape.by("campaign_number_info", "number") == {"1": 1}
        assert exporter.refresh().samples == scrape.samples
        assert exporter.corrections() == 0


def test_ids_may_be_uuids_in_one_relation_and_text_in_another(owner: Owner, address: str) -> None:
    shown(owner, types_of_round(0, ("uuid", "text", "bpchar", "varchar")), "(" + _as_uuid() + ")")
    with exporting(address) as exporter:
        scrape = exporter.refresh()
        assert exporter.violations() == {}
    plain = {
        (name, tuple((label, value.replace(_UUID.format(1), "1")) for label, value in labels)): value
        for (name, labels), value in scrape.samples.items()
    }
    platforms.assert_intact(Scrape(plain))


def _as_uuid() -> str:
    return "'00000000-0000-4000-8000-' || lpad({0}::text, 12, '0')"


def test_an_enumeration_is_taken_for_a_text_and_a_composite_type_called_text_is_not(owner: Owner) -> None:
    owner.execute(
        "DROP SCHEMA IF EXISTS campaign_monitoring, made CASCADE; CREATE SCHEMA campaign_monitoring;"
        "CREATE SCHEMA made; CREATE TYPE made.text AS (a int); CREATE TYPE made.int8 AS ENUM ('a');"
        "CREATE DOMAIN made.list AS text[]; CREATE DOMAIN made.lists AS made.list;"
        "CREATE DOMAIN made.code AS made.int8; CREATE TABLE campaign_monitoring.t"
        " (a made.text, b made.int8, c made.lists, d int4range, e text[], f name, g made.code)"
    )
    found, zone = columns_of(owner, contract.SCHEMA)
    assert found == {
        "t": {"a": "made.text", "b": "enum", "c": "text[]", "d": "int4range", "e": "text[]", "f": "name", "g": "enum"}
    }
    assert zone


# -- what is not taken ------------------------------------------------------------------------------------


def problems(typname: str) -> dict[Kind, Problem]:
    """What is said where a column of each kind has this type; nothing of those that take it."""
    places = {column.kind: (relation.name, column.name) for relation, column in every_column() if not column.any_type}
    found = {each.name: {c.name: c.kind.value[0] for c in each.columns} for each in RELATIONS.values()}
    for relation, column in places.values():
        found[relation][column] = typname
    said = {(each.relation, each.column): each for each in compare(contract.SCHEMA, found, ZONE).problems}
    return {kind: said[place] for kind, place in places.items() if place in said}


def test_every_type_of_postgresql_is_taken_or_named_with_the_types_that_are_and_what_to_do(owner: Owner) -> None:
    rows = owner.execute("SELECT typname FROM pg_type WHERE typtype IN ('b', 'r', 'm') AND typcategory <> 'A'")
    for (typname,) in rows:
        said = problems(typname)
        assert set(said) == {kind for kind in Kind if not kind.accepts(typname)}
        for kind, problem in said.items():
            assert problem.what.startswith(f"has the type {typname}, not ")
            assert all(taken in problem.what for taken in kind.value)
            assert f"campaign_monitoring.{problem.relation}" in problem.remedy


@pytest.mark.parametrize("typname", OTHERS)
def test_the_expression_that_is_printed_makes_a_column_of_another_type_fit(owner: Owner, typname: str) -> None:
    literal, says = OTHERS[typname]
    written = {"bpchar": "char(3)", "char": '"char"', "enum": "code", "bit": "bit(1)"}.get(typname, typname)
    printed = {}
    for kind in Kind:
        expression = None if kind.accepts(typname) else cast(kind, "at", typname, ZONE)
        if expression is None or kind not in says:
            continue
        owner.execute("SET timezone = 'UTC'")
        owner.execute("DROP SCHEMA IF EXISTS campaign_monitoring CASCADE; CREATE SCHEMA campaign_monitoring")
        owner.execute(
            f"CREATE VIEW campaign_monitoring.t AS SELECT {expression} AS at FROM (SELECT {literal}::{written} AS at) b"
            .encode()
        )  # fmt: skip
        assert kind.accepts(columns_of(owner, contract.SCHEMA)[0]["t"]["at"]), f"{typname} as {kind.name}"
        printed[kind] = owner.execute("SELECT at::text FROM campaign_monitoring.t").fetchall()[0][0]
    assert printed == says


def test_nothing_is_said_of_a_type_of_which_no_value_could_be_meant() -> None:
    assert cast(Kind.TIME, "at", "uuid", ZONE) is None
    assert cast(Kind.TIME, "at", "time", ZONE) is None
    remedy = problems("time")[Kind.TIME].remedy
    assert remedy == "show it in the view campaign_monitoring.dispatch_snapshots as timestamptz, or leave it out"


def test_a_time_without_a_zone_is_not_taken_for_utc() -> None:
    remedy = problems("timestamp")[Kind.TIME].remedy
    assert "at AT TIME ZONE 'Asia/Kathmandu' AS at" in remedy
    assert "if it is written by a clock that shows Asia/Kathmandu, which is what PostgreSQL takes here" in remedy
    assert "UTC" not in remedy


def test_a_short_float_counts_as_it_is_written(owner: Owner, address: str) -> None:
    owner.execute("BEGIN; UPDATE below.calls SET talk_seconds = 86399.55 WHERE call_id = 900; COMMIT")
    shown(owner, {**types_of_round(0, ("int8",)), ("calls", "talk_seconds"): "float4"})
    with exporting(address) as exporter:
        assert exporter.refresh().value("campaign_call_talk_seconds_sum", campaign="1") == 86399.55 + 10
    owner.execute("UPDATE below.calls SET talk_seconds = 10")


def test_a_whole_number_with_a_fraction_is_told(owner: Owner, address: str) -> None:
    halves = {("calls", "attempt"): "numeric", ("tasks", "attempts"): "numeric", ("tasks", "max_attempts"): "numeric",
              ("tasks", "system_retries"): "numeric", ("campaigns", "priority"): "numeric"}  # fmt: skip
    owner.execute("DROP SCHEMA IF EXISTS campaign_monitoring CASCADE")
    for relation, column in halves:
        names = sql.Identifier("below", relation), sql.Identifier(column)
        owner.execute(sql.SQL("ALTER TABLE {0} ALTER {1} TYPE numeric; UPDATE {0} SET {1} = 1.5").format(*names))
    shown(owner, {**types_of_round(0, ("int8",)), **halves})
    with exporting(address) as exporter:
        exporter.refresh()
        assert {rule[:2] for rule in exporter.violations()} == set(halves)


def test_ids_may_have_spaces_within(database_url: str) -> None:
    with contract.session(database_url) as connection:
        platforms.create(connection, "text")
        platforms.campaign(connection, "north 1")
        platforms.task(connection, "7 a", "north 1")
        platforms.call(connection, "7 b", "north 1", task_id="7 a")
    with exporting(database_url) as exporter:
        scrape = exporter.refresh()
        platforms.assert_intact(scrape)
        assert scrape.by("campaign_tasks", "status", campaign="north 1") == {"pending": 1}
        assert scrape.by("campaign_calls_total", "outcome", campaign="north 1") == {"answered": 1}
        assert exporter.violations() == {}
        assert exporter.refresh().samples == scrape.samples
        assert exporter.corrections() == 0
