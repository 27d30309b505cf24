"""What a panel asks: PromQL over time, now or as rows, and SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grafanalib import core

from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.modern_json import Json

PROMETHEUS: Json = {"type": "prometheus", "uid": "${datasource}"}
POSTGRES: Json = {"type": "grafana-postgresql-datasource", "uid": "${database}"}
"""The datasources a viewer has chosen. `build` puts fixed uids in their place where a board has no variables."""

MIXED: Json = {"type": "datasource", "uid": "-- Mixed --"}


@dataclass(frozen=True, slots=True)
class Target:
    """One question to a datasource. `instant`: only the newest values; `table`: with labels as columns."""

    text: str
    legend: str = ""
    instant: bool = False
    table: bool = False
    exemplar: bool = False
    sql: bool = False
    ref: str = ""

    @property
    def datasource(self) -> Json:
        """Whom it asks."""
        return POSTGRES if self.sql else PROMETHEUS

    def made(self, ref: str) -> Json:
        """The target as JSON."""
        ref = self.ref or ref
        if self.sql:
            target: Any = core.SqlTarget(rawSql=self.text, refId=ref, datasource=POSTGRES, format="table")
            return modern.only({**modern.plain(target), "editorMode": "code"}, modern.SQL_TARGET)
        target = core.Target(
            expr=self.text, legendFormat=self.legend or "__auto", refId=ref, datasource=PROMETHEUS,
            instant=self.instant,
        )  # fmt: skip
        asked = {"instant": self.instant, "range": not self.instant, "exemplar": self.exemplar}
        said: Json = {name: True for name, value in asked.items() if value}  # what is the default is left out: boards
        if self.table:  # must stay small
            said["format"] = "table"
        made = {name: value for name, value in modern.plain(target).items() if name not in (*asked, "format")}
        return modern.only({**made, **said}, modern.PROMETHEUS_TARGET)


def ask(expression: str, legend: str = "", *, ref: str = "", exemplar: bool = False) -> Target:
    """PromQL over the viewer's span of time."""
    return Target(expression, legend, ref=ref, exemplar=exemplar)


def now(expression: str, legend: str = "", *, ref: str = "") -> Target:
    """PromQL at the end of the viewer's span of time."""
    return Target(expression, legend, instant=True, ref=ref)


def rows(expression: str, *, ref: str = "") -> Target:
    """PromQL at the end of the viewer's span of time, as rows whose columns are the labels."""
    return Target(expression, instant=True, table=True, ref=ref)


def sql(statement: str, *, ref: str = "") -> Target:
    """SQL; see `statements`."""
    return Target(statement, sql=True, ref=ref)
