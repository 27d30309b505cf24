"""Every metric, declared once, as data: what it is called, what it means, and what it is made of.

A module a section of docs/metrics.md; `kinds` says what a family can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exporter.metrics.catalogue.ab_tests import EXPERIMENT
from exporter.metrics.catalogue.agents import AGENTS
from exporter.metrics.catalogue.audience_files import AUDIENCE
from exporter.metrics.catalogue.budgets_and_goals import TARGETS
from exporter.metrics.catalogue.call_windows import WINDOWS
from exporter.metrics.catalogue.calls import CALLS
from exporter.metrics.catalogue.capacity import CAPACITY
from exporter.metrics.catalogue.dispatch import DISPATCH
from exporter.metrics.catalogue.forecasts import FORECASTS
from exporter.metrics.catalogue.kinds import Family
from exporter.metrics.catalogue.lifecycle import LIFECYCLE
from exporter.metrics.catalogue.numbers import NUMBERS
from exporter.metrics.catalogue.tasks import TASKS

SECTIONS: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {
        "Lifecycle": LIFECYCLE,
        "Dispatch": DISPATCH,
        "Call windows": WINDOWS,
        "Forecasts": FORECASTS,
        "Tasks": TASKS,
        "Calls": CALLS,
        "A/B tests": EXPERIMENT,
        "Budgets and goals": TARGETS,
        "Numbers": NUMBERS,
        "Agents": AGENTS,
        "Tenants and connections": CAPACITY,
        "Audience files": AUDIENCE,
    }
)
FAMILIES: tuple[Family, ...] = tuple(family for section in SECTIONS.values() for family in section)
BY_NAME: Mapping[str, Family] = MappingProxyType({family.name: family for family in FAMILIES})
