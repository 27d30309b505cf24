"""A campaign as pages and diagnosis metrics show it: one immutable value, replaced when something about it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exporter.diagnosis.ab_test import Experiment
from exporter.diagnosis.advice import Advice
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.diagnosis.forecast import Forecast
from exporter.diagnosis.recent_calls import Recent
from exporter.source.platform import Platform
from exporter.source.projections import Vocabulary

Cells = Mapping[int, Sequence[int]]
"""A copy of a projection's totals by key: a count, then its sums."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What takes longer to work out and changes slowly: forecasts and the A/B test, as of `at`."""

    at: float
    completion: Forecast
    budget: Forecast | None
    """`None`: there is no budget."""
    experiment: Experiment | None
    """`None`: there is no test."""
    untouched: Forecast | None = None
    """When nobody is left who was never called."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything about a campaign that is shown beyond its totals."""

    situation: Situation
    diagnosis: Diagnosis
    outlook: Outlook
    opens_at: float | None
    """When its windows open next; `None` while they are open."""
    closes_at: float | None
    advice: Advice | None = None
    """`None`: it is over."""
    cells: Mapping[str, Cells] = field(default_factory=dict)
    """By projection, what cards show of the totals."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What pages are made of: all views at one instant, and what gives their numbers names. Any thread may read it."""

    at: float
    views: Mapping[str, View]
    platform: Platform
    vocabulary: Vocabulary
    recent: Recent
    hidden: frozenset[str] = frozenset()
    """Relations of which a policy of the database hides rows."""
