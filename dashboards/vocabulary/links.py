"""Ways from board to board: their addresses, and the links at the top."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grafanalib import core

from dashboards.settings import Settings
from dashboards.vocabulary import modern_json as modern
from dashboards.vocabulary.modern_json import Json


@dataclass(frozen=True, slots=True)
class Way:
    """Addresses of our boards: each keeps the viewer's time, datasources, group and what is given.

    `one`: from a board that is of one group.
    """

    settings: Settings
    _variables: tuple[str, ...] = field(default=("datasource", "database"))
    one: bool = False

    def to(self, board: str, /, *, panel: int | None = None, **variables: str) -> str:
        """The address of a board. Values are Grafana's own expressions, such as `${__data.fields.campaign}`."""
        parts = [f"${{{name}:queryparam}}" for name in self._variables]
        parts += [self._group(label, "".join(variables.values())) for label in self.settings.group_labels]
        parts += [f"var-{name}={_encoded(value)}" for name, value in variables.items()]
        parts.append("${__url_time_range}")
        if panel is not None:
            parts.append(f"viewPanel={panel}")
        return f"/d/{self.settings.uid(board)}?" + "&".join(parts)

    def only(self, *variables: str) -> Way:
        """From a board that has these datasource variables only."""
        return Way(self.settings, variables, self.one)

    def _group(self, label: str, values: str) -> str:
        """The group of what is clicked, where it is a row or a line of one; else the viewer's."""
        for where in () if self.one else ("__data.fields", "__field.labels"):
            if f"${{{where}." in values:
                return f"var-{label}={_encoded(f'${{{where}.{label}}}')}"
        return f"${{{label}:queryparam}}"


def _encoded(value: str) -> str:
    """Ids may hold anything, so what Grafana fills in is encoded; its own `${…:queryparam}` is already."""
    if value.startswith("${") and ":" not in value:
        return value[:-1] + ":percentencode}"
    return value


def menu(title: str, url: str, *, tooltip: str = "", elsewhere: bool = False) -> Json:
    """A link at the top of a board."""
    made: Any = core.DashboardLink(title=title, uri=url, type="link")
    return {
        **modern.board(core.Dashboard(title="", links=[made]))["links"][0],
        "url": url,
        "icon": "external link" if elsewhere else "dashboard",
        "tooltip": tooltip,
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": elsewhere,
    }
