"""The generated part of docs/scale.md: who rests on which metric."""

from __future__ import annotations

from exporter.commands.dependents import of_family
from exporter.metrics.catalogue import FAMILIES


def dependents() -> str:
    """Of each metric, the alerts that rest on it, and how many panels of which board."""
    lines = ["| Metric | Alerts that rest on it | Panels, by board |", "| --- | --- | --- |"]
    for family in FAMILIES:
        found = of_family(family.name)
        alerts = ", ".join(f"`{name}`" for name in found.alerts) or "–"
        panels = ", ".join(f"{board} {count}" for board, count in found.boards.items()) or "–"
        lines.append(f"| `{family.name}` | {alerts} | {panels} |")
    return "\n".join(lines)
