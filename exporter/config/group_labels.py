"""Labels that tell platforms apart, such as `cluster`: what they may be called, and what their values may be.

They stand beside the labels of campaigns in every series, rule and board, so none may have a name that means something
there already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator

LONGEST = 100
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_SHOWN = 60

TAKEN = frozenset(
    {
        "agent", "agent_version", "alertname", "alertstate", "answered", "attempt", "before", "blocker", "by",
        "campaign", "campaign_id", "cause", "code", "column", "component", "connection", "country", "currency",
        "database", "datasource", "debug", "disposition", "estimate", "evidence", "exporter", "family", "fault",
        "filename", "foreign_tables", "gate", "generation", "goal", "group", "hint", "horizon", "implementation",
        "index", "instance", "job", "kind", "label", "le", "lost", "major", "managers", "materialized_views",
        "measure", "minor", "name", "number", "of", "outcome", "patchlevel", "phone", "pod", "provider", "python",
        "quantile", "reason", "relation", "result", "row", "rule", "scope", "sentiment", "server", "severity",
        "stage", "state", "status", "subscriptions", "task", "tenant", "tenant_id", "tenant_name", "timezone",
        "total", "upload", "url", "value", "variant", "verdict", "version", "window",
    }
)  # fmt: skip
"""Labels of metrics, of rules and of Prometheus itself, and what boards call their variables and columns."""


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of group labels. Raises ValueError with the name and the remedy."""
    for name, times in Counter(names).items():
        shown = _quoted(name)
        if not _NAME.match(name):
            raise ValueError(f"{shown} is not the name of a label; write letters, digits and _, such as cluster")
        if name.startswith("__"):
            raise ValueError(f"{shown}: names that begin with __ are Prometheus's own; choose another, such as cluster")
        if name in TAKEN:
            raise ValueError(
                f"{shown} means something already in metrics, rules or boards; choose another, such as cluster"
            )
        if times > 1:
            raise ValueError(f"{shown} is listed {times} times; name it once")
    return tuple(names)


def checked_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    """Labels with their values. Raises ValueError with the name, the value and the remedy."""
    checked_names(tuple(labels))
    for name, value in labels.items():
        shown = _quoted(value)
        if not value.strip():
            raise ValueError(f"{name}: {value!r} is empty, which is as good as none; write a value, or leave it out")
        if value != value.strip() or not value.isprintable():
            raise ValueError(f"{name}: {shown} has blanks around it or signs that nobody sees; leave them out")
        if len(value) > LONGEST:
            raise ValueError(f"{name}: {shown} has {len(value)} signs; {LONGEST} are the most, write a shorter one")
    return labels


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


GroupLabels = Annotated[tuple[str, ...], AfterValidator(checked_names)]
Labels = Annotated[Mapping[str, str], AfterValidator(checked_labels)]
