"""Which families are exported, and with which labels, as the settings choose: what is not is never worked out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from exporter.config import MetricsConfig
from exporter.errors import ConfigError
from exporter.metrics.catalogue import BY_NAME, FAMILIES
from exporter.metrics.catalogue.kinds import Family, Totals, Type

OWN = "campaign_exporter_"
"""What the exporter's own metrics begin with. They are few, and the alerts that say whether there is any rest on
them: no list applies to them."""

_PART = re.compile(r"(.+)_(?:bucket|count|sum)")
_NAME = re.compile(r"[\w*?]+")


def selected(settings: MetricsConfig) -> tuple[Family, ...]:
    """The families that are exported, without the labels that are dropped. `ConfigError` lists every mistake."""
    mistakes = [*_patterns("allow", settings.allow), *_patterns("deny", settings.deny)]
    names = [family.name for family in FAMILIES if _wanted(settings, family.name)]
    if not mistakes and not names:
        mistakes.append("metrics: allow and deny leave no metric of campaigns; take a name out of deny")
    if not mistakes:
        mistakes += _labels(settings, names)
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return tuple(replace(BY_NAME[name], dropped=settings.drop_labels.get(name, ())) for name in names)


def left_out(settings: MetricsConfig) -> tuple[str, ...]:
    """Names of the families that are not exported."""
    there = {family.name for family in selected(settings)}
    return tuple(family.name for family in FAMILIES if family.name not in there)


def _wanted(settings: MetricsConfig, name: str) -> bool:
    return (not settings.allow or _among(name, settings.allow)) and not _among(name, settings.deny)


def _among(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _patterns(setting: str, patterns: Sequence[str]) -> Iterator[str]:
    for pattern in patterns:
        where = f"metrics.{setting}: {pattern!r}"
        part = _PART.fullmatch(pattern)
        if not _NAME.fullmatch(pattern):
            yield f"{where}: no name of a metric; write letters, digits and _, and * for any of them"
        elif pattern.startswith(OWN):
            yield f"{where}: the exporter's own metrics are always there, as alerts rest on them; leave it out"
        elif any(fnmatchcase(name, pattern) for name in BY_NAME):
            continue
        elif part is not None and part[1] in BY_NAME:
            yield f"{where}: is a part of the histogram {part[1]}, which is exported whole or not; name that"
        else:
            yield f"{where}: no metric is called so; {_nearest(pattern.replace('*', ''), BY_NAME)}"


def _nearest(name: str, names: Iterable[str]) -> str:
    begun = [each for each in names if name and each.startswith(f"{name}_")]
    close = difflib.get_close_matches(name, begun or list(names), n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else "they are listed in docs/metrics.md"


def _labels(settings: MetricsConfig, names: Sequence[str]) -> Iterator[str]:
    for name, labels in settings.drop_labels.items():
        where = f"metrics.drop_labels.{name}"
        family = BY_NAME.get(name)
        if family is None:
            yield f"{where}: no metric is called so; {_nearest(name, BY_NAME)}"
        elif name not in names:
            yield f"{where}: is not exported, as allow and deny have it; leave it out here"
        else:
            yield from (f"{where}: {label!r}: {why}" for label in labels if (why := _refused(family, label)))


def _refused(family: Family, label: str) -> str | None:
    """Why a family cannot be summed up over a label."""
    whole = BY_NAME[family.name]
    if label not in (*whole.all_labels, *(("le",) if family.type is Type.HISTOGRAM else ())):
        return f"{family.name} has no such label; it has {', '.join(whole.all_labels)}"
    if family.type is not Type.COUNTER or not isinstance(family.source, Totals):
        return f"{family.name} is no counter, and only counters add up; keep the label, or deny the metric"
    if label in family.scope.value:
        return "a sum over campaigns falls when one leaves, which Prometheus takes for a reset; sum it in a query"
    if label == "currency":
        return "amounts in several currencies are no sum; keep it"
    return None
