"""What exporters say of themselves, asked the same way on every board that shows it.

Such series describe one replica. Where replicas may differ they are told apart by `instance` (`each`); where all must
say the same they are counted once, like everything else (`Queries`).
"""

from __future__ import annotations

from dataclasses import replace

from dashboards.vocabulary.colours import BAD, GOOD, NEUTRAL, WARNING, State
from dashboards.vocabulary.fields import Step, below, override
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import Queries, milliseconds, selector, total
from dashboards.vocabulary.targets import now
from dashboards.vocabulary.units import AGE
from exporter.config import Config

NO_EXPORTER = "No figures"
MAX_STALENESS: float = Config.model_fields["max_staleness"].default
OLD, OLD_SECONDS = "Figures as of", 60.0
AGE_STEPS: tuple[Step, ...] = ((None, NEUTRAL), (OLD_SECONDS, WARNING), (MAX_STALENESS, BAD))
"""Of the data's age: a minute without a refresh is not as wished; at `max_staleness` campaigns disappear."""

SOME: tuple[Step, ...] = ((None, NEUTRAL), (0.5, WARNING))
ACT: tuple[Step, ...] = ((None, NEUTRAL), (0.5, BAD))
"""Colours of counts that should be zero: worth a look, and a person must act."""

LACKING = below(0.5, BAD)
"""Of what must not run out: red where it reads 0."""

STATES = (
    State("up", 1, "up", GOOD),
    State("failing", 0, "failing", BAD),
    State("silent", -1, "silent", BAD),
)

_DATED, _LOOKED = (f"campaign_exporter_{name}_timestamp_seconds" for name in ("data", "last_success"))

REPLICA = "{{instance}}"
"""The legend where a line is a replica."""

SILENT = "The exporter does not answer, so nothing is known of now: begin with Exporter health."


def each(name: str, *by: str, over: str = "") -> str:
    """A metric of each replica; `over`: by how much it grows a second."""
    series = selector(name)
    return f"max by ({', '.join(('instance', *by))}) ({f'rate({series}[{over}])' if over else series})"


def states() -> str:
    """Each exporter: 1 up, 0 its last refresh failed, -1 it was scraped within a day and does not answer now."""
    seen = f"last_over_time({selector('campaign_exporter_up')}[1d])"
    silent = f"max by (instance) ({selector('up')} == 0 and on (job, instance) {seen})"
    return f"({each('campaign_exporter_up')} or {silent} - 1)"


def silence(known: str) -> str:
    """Where no exporter answers and nothing of now is `known`, one row that says so, as a hint does."""
    silent = f"max ({states()}) < 0 unless on () topk (1, {known})"
    return f'label_replace({silent}, "hint", "{SILENT}", "", "")'


def ages() -> str:
    """How old each exporter's figures are, or its last look at what does not tell; absent before its first refresh."""
    dated, looked = (each(name) for name in (_DATED, _LOOKED))
    return f"(time() - (({dated} or {looked}) > 0))"


def old() -> str:
    """Of when the newest figures are, as Grafana wants it, where they are older than a minute: also of an exporter that
    does not answer, or that Prometheus did not ask."""
    newest = " or ".join(f"max (last_over_time({selector(each)}[1d])) > 0" for each in (_DATED, _LOOKED))
    return f"{milliseconds(f'({newest})')} and on () (time() - ({newest}) > {OLD_SECONDS:g})"


def dated(panel: Panel) -> Panel:
    """A figure that says so where figures are old."""
    fields = panel.json["fieldConfig"]
    said = override(OLD, unit=AGE, color={"mode": "fixed", "fixedColor": WARNING})
    asked = [*panel.json["targets"], now(old(), OLD).made("OLD")]
    shown = {**fields, "overrides": [*fields["overrides"], said]}
    return replace(panel, json={**panel.json, "targets": asked, "fieldConfig": shown})


def corrections(q: Queries) -> str:
    """Campaigns in which audits found a difference within a day."""
    return or_none(q, total(q.counted("campaign_exporter_audit_corrections_total", over="1d")))


def violations(q: Queries) -> str:
    """Rows that break the contract now."""
    return or_none(q, total(q.last("campaign_exporter_contract_violations")))


def or_none(q: Queries, expression: str) -> str:
    """Zero where an exporter is scraped that has no such series: it makes them when it first needs them."""
    return f"{expression} or 0 * max ({q.last('campaign_exporter_up')})"


def none(expression: str) -> str:
    """Zero where an exporter is scraped and this has no series: nothing to show is not nobody there."""
    return f"0 * max ({selector('campaign_exporter_up')}) unless on () ({expression})"


def labelled(expression: str, **labels: str) -> str:
    """The same with these labels."""
    for name, text in labels.items():
        expression = f'label_replace({expression}, "{name}", "{text}", "", "")'
    return expression
