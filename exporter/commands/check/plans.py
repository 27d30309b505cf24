"""Plans of statements: what EXPLAIN says, and the tables below a view that a column of it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads

from exporter.commands.check.sql import statement
from exporter.contract.identifiers import identifier, literal
from exporter.source.database import Compiled, Connection

Plan = Mapping[str, Any]
CONDITIONS = ("Filter", "Index Cond", "Recheck Cond", "Remote SQL")
_APPENDS = ("Append", "Merge Append")
_WHOLE = ("Seq Scan", "Index Scan", "Index Only Scan")
_JOINS = ("Hash Cond", "Merge Cond", "Join Filter")
_SUBPLAN = re.compile(r"\b(?:Sub|Init)Plan \d")


@dataclass(frozen=True, slots=True)
class Base:
    """An expression over a view, followed to the one table below it."""

    schema: str
    table: str
    expression: str

    @property
    def plain(self) -> bool:
        """Whether it is a column of the table."""
        return _PLAIN_COLUMN.fullmatch(self.expression) is not None

    @property
    def constant(self) -> bool:
        """Whether it is the same in every row."""
        return _CONSTANT.fullmatch(self.expression.strip("()")) is not None


_PLAIN_COLUMN = re.compile(r'[^\W\d][\w$]*|"(?:[^"]|"")+"')


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a column of a view comes from: a base in each part of the view, or tables whose columns it mixes."""

    bases: tuple[Base, ...] = ()
    mixed: tuple[str, ...] = ()


def explain(connection: Connection, query: Compiled, values: Mapping[str, Any]) -> Plan:
    """The plan of a statement, which is not run."""
    with connection.cursor() as cursor:
        set_json_loads(_loads, cursor)
        cursor.execute((statement("explain") + query.text).encode(), query.bind(**values))
        row = cursor.fetchone()
    assert row is not None, "EXPLAIN returns one row"
    plan: Plan = row[0][0]["Plan"]
    return plan


def _loads(data: str | bytes) -> Any:
    """JSON of a SQL_ASCII database too, where names may hold any bytes."""
    return json.loads(data if isinstance(data, str) else bytes(data).decode("utf-8", "surrogateescape"))


def nodes(plan: Plan, barriers: Sequence[str] = ()) -> Iterator[Plan]:
    """The plan's nodes, the top one first; not what is below a barrier."""
    yield plan
    if plan["Node Type"] not in barriers:
        for child in plan.get("Plans", ()):
            yield from nodes(child, barriers)


def scans(plan: Plan, base: Base) -> list[Plan]:
    """The nodes that read a table."""
    return [
        node for node in nodes(plan) if (node.get("Schema"), node.get("Relation Name")) == (base.schema, base.table)
    ]


def read_whole(plan: Plan, but: Collection[tuple[str, str]], joined: str = "") -> Iterator[tuple[str, str, str]]:
    """Other tables that are read from end to end to join them: schema, table and the condition that joins each.

    Of a plan of nested loops alone: a hash or a merge may read a whole table by choice, whatever indexes it has.
    """
    joined = next((str(plan[name]) for name in _JOINS if name in plan), joined)
    name = (plan.get("Schema", ""), plan.get("Relation Name", ""))
    if joined and plan["Node Type"] in _WHOLE and "Index Cond" not in plan and name not in but:
        yield *name, joined
    if plan["Node Type"] != "Limit":  # of a few rows of its own nobody knows how many are read
        for child in plan.get("Plans", ()):
            yield from read_whole(child, but, joined)


def conditions(scan: Plan) -> str:
    """What a scan is told to look for, without the table's alias."""
    alias = _alias(scan)
    texts = [alias.sub("", str(scan[name])) for name in CONDITIONS if name in scan]
    return " ".join(texts + [conditions({**child, "Alias": scan["Alias"]}) for child in scan.get("Plans", ())])


def origin(plan: Plan, place: int = 0) -> Origin:
    """Where the output at this place comes from; nothing where it cannot be followed.

    PostgreSQL has put the views' definitions in by itself: the output names the columns of tables.
    """
    if plan["Node Type"] in _APPENDS:
        parts = [origin(child, place) for child in plan["Plans"]]
        if not all(part.bases or part.mixed for part in parts):
            return Origin()
        return Origin(
            tuple(base for part in parts for base in part.bases),
            next((part.mixed for part in parts if part.mixed), ()),
        )
    outputs: Sequence[str] = plan.get("Output", ())
    if place >= len(outputs):
        return Origin()
    output = outputs[place]
    tables = [node for node in nodes(plan, _APPENDS) if "Relation Name" in node]
    if _SUBPLAN.search(output):
        return _mixed(tables)
    # A table that is read alone needs no alias before its columns.
    sources = [plan] if "Relation Name" in plan else [node for node in tables if _alias(node).search(output)]
    if len(sources) > 1:
        return _mixed(sources)
    if sources:
        return Origin((Base(sources[0]["Schema"], sources[0]["Relation Name"], _alias(sources[0]).sub("", output)),))
    column = output.rpartition(".")[2]
    children: Sequence[Plan] = plan.get("Plans", ())
    for child in children:
        names = _outputs(child)
        # UNION: the columns keep their places
        if child["Node Type"] in _APPENDS and len(children) == 1 and len(outputs) == len(names):
            return origin(child, place)
        # a subquery, or partitions that are joined: the column keeps its name, but not its place
        places = [n for n, name in enumerate(names) if name.rpartition(".")[2] == column]
        if places:
            return origin(child, places[0])
    return Origin()


def _outputs(plan: Plan) -> Sequence[str]:
    """What a node puts out; of an Append, which does not say it, what its first part does."""
    if plan["Node Type"] in _APPENDS:
        return _outputs(plan["Plans"][0]) if plan.get("Plans") else ()
    outputs: Sequence[str] = plan.get("Output", ())
    return outputs


def _alias(table: Plan) -> re.Pattern[str]:
    """How an expression names this table before a column."""
    alias = table["Alias"]
    quoted = '"' + alias.replace('"', '""') + '"'
    return re.compile(rf'(?<![\w."])(?:{re.escape(alias)}|{re.escape(quoted)})\.')


def _mixed(tables: Sequence[Plan]) -> Origin:
    return Origin(mixed=tuple(dict.fromkeys(identifier(node["Schema"], node["Relation Name"]) for node in tables)))


# -- may it be indexed? -----------------------------------------------------------------------------------

_SAMPLES = {"D": "2000-01-01 12:00", "T": "1 s", "N": "1", "S": "2000-01-01 00:00+00", "B": "t"}
"""A value of the types of each category of PostgreSQL's."""

_CONSTANT = re.compile(r"(?:NULL|'(?:[^']|'')*'|-?\d[\d.]*|true|false)(?:::[^'()]+(?:\([\d,]+\))?[^'()]*)?", re.DOTALL)


def immutable(connection: Connection, base: Base) -> bool:
    """Whether an index may be made on an expression: the planner works it out if it is given constants."""
    rows = connection.execute(statement("columns"), {"schema": base.schema, "table": base.table}).fetchall()
    columns = ", ".join(
        f"{literal(_SAMPLES[category]) if category in _SAMPLES else 'NULL'}::{typname} AS {name}"
        for name, typname, category in rows
    )
    text = f"SELECT {base.expression} FROM (SELECT {columns}) AS sample"
    try:
        with connection.transaction():
            plan = explain(connection, Compiled(text.replace("%", "%%"), {}), {})
    except (psycopg.DataError, psycopg.errors.InsufficientPrivilege):
        return True  # worked out, but for a sample that it cannot take; or by a function that only the owner may use
    except psycopg.Error:
        return False
    return plan["Node Type"] == "Result" and _CONSTANT.fullmatch(plan["Output"][0]) is not None
