"""The families as an exporter that polls gets them: one plain statement each."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from benchmarks.database import ActiveTime, Target, report
from benchmarks.sql import statements


@dataclass(frozen=True, slots=True)
class Polled:
    """A family with its labels, and the statement whose columns they are, with `value`."""

    name: str
    labels: tuple[str, ...]
    statement: str

    def typed(self, value: str) -> str:
        """The statement with labels as text and the value as a double, by this name."""
        columns = [f"{label}::text" for label in self.labels]
        return f"SELECT {', '.join([*columns, f'value::float8 AS {value}'])} FROM (\n{self.statement}\n) AS family"


def polled(target: Target) -> list[Polled]:
    """All families; the labels are what the statements return."""
    found = []
    with psycopg.connect(target.monitor, autocommit=True) as connection:
        for name, text in statements("families").items():
            described = connection.execute(f"SELECT * FROM ({text}) AS family LIMIT 0").description
            assert described is not None, "a SELECT has columns"
            *labels, value = (column.name for column in described)
            assert value == "value", f"{name} ends in its value"
            found.append(Polled(name, tuple(labels), text))
    return found


def poll_time(target: Target, active: ActiveTime, times: int) -> list[float]:
    """Database time of one poll of all families, several times."""
    families = polled(target)
    spent = []
    with psycopg.connect(target.monitor, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")  # the role has one, and of many rows a poll takes long
        for _ in range(times):
            report(connection)
            before = active.read()
            for family in families:
                connection.execute(family.typed("value")).fetchall()
            report(connection)
            spent.append(active.read() - before)
    return spent
