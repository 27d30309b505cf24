"""What Grafana does to a statement before PostgreSQL sees it, and Grafana's role on a database of a test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Loader

from dashboards.grants import ROLE, Choice, script
from exporter.commands.dashboards import discover
from exporter.config import parse
from exporter.demo.runtime.server import EmbeddedServer

Value = str | Sequence[str]

# As its front end finds variables (`templateSrv`), and as its PostgreSQL datasource finds macros (`macros.go`).
_VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}")
_MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")


class MacroError(ValueError):
    """What the datasource answers instead of asking the database."""


def interpolated(
    statement: str, values: Mapping[str, Value], since: datetime | None = None, until: datetime | None = None
) -> str:
    """The statement as it is sent: first the variables, in the browser, then the macros, in the datasource."""
    until = until or datetime.now(UTC)
    since = since or until - timedelta(hours=6)
    times = {"__from": str(_milliseconds(since)), "__to": str(_milliseconds(until))}

    def variable(found: re.Match[str]) -> str:
        name, form = found[1] or found[2] or found[4], found[3] or found[6]
        if name in times:
            return times[name]
        if name not in values:
            return found[0]
        return formatted(values[name], form)

    def macro(found: re.Match[str]) -> str:
        name, argument = found[1], found[2].split(",")[0].strip(" ")
        if name == "__timeFrom":
            return f"'{_rfc3339(since)}'"
        if name == "__timeTo":
            return f"'{_rfc3339(until)}'"
        if name == "__timeFilter":
            return f"{argument} BETWEEN '{_rfc3339(since)}' AND '{_rfc3339(until)}'"
        raise MacroError(f"unknown macro {name!r}")

    text = _VARIABLE.sub(variable, statement)
    text = text.replace("$__interval_ms", "30000").replace("$__interval", "30s")
    return _MACRO.sub(macro, text)


def formatted(value: Value, form: str | None) -> str:
    """A variable's value as `${name:form}` writes it."""
    values = [value] if isinstance(value, str) else list(value)
    if form == "sqlstring":
        return ",".join("'" + each.replace("'", "''") + "'" for each in values)
    assert form in (None, "raw"), form
    return ",".join(values)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def admit(owner: psycopg.Connection[Any], url: str, **choice: Any) -> None:
    """Make Grafana's role and its views in a test's database, as a DBA would."""
    with owner.transaction():
        owner.execute("SET LOCAL client_min_messages = error")
        owner.execute(made(url, **choice).encode())


def made(url: str, **choice: Any) -> str:
    """What `dashboards sql` prints, without its transaction."""
    return script(discover(parse(f"database: {{url: '{url}'}}", "test")), Choice(**choice))


def viewer(server: EmbeddedServer, owner: psycopg.Connection[Any], role: str = ROLE) -> psycopg.Connection[Any]:
    """A session of Grafana's role on the database of `owner`."""
    return psycopg.connect(server.url(owner.info.dbname, user=role), autocommit=True)


class _Moment(Loader):
    """A time as the datasource takes it: any but an infinite one, for which a panel shows an error."""

    def load(self, data: Buffer) -> str:
        text = bytes(data).decode()
        if "infinity" in text:
            raise ValueError("unsupported Scan, storing driver.Value type []uint8 into type *time.Time")
        return text


def answered(session: psycopg.Connection[Any], text: str) -> list[dict[str, Any]]:
    """The rows of a statement as a panel gets them; its columns have different names, else Grafana refuses them."""
    session.adapters.register_loader("timestamptz", _Moment)
    cursor = session.execute(text.encode())
    names = [column.name for column in cursor.description or ()]
    assert len(names) == len(set(names)), f"duplicate column names are not allowed: {names}"
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
