"""PromQL on the catalogue's names: a metric or a label that does not exist fails when a board is made.

Every exporter of a database shows equal series, and each replica adds labels of its own (`Settings.replica_labels`).
So the maximum over these labels comes first, and whatever is summed afterwards is counted once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from exporter.contract.codes import ASIDE_OUTCOMES, OTHER, PICKED_UP_OUTCOMES
from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.catalogue.kinds import Type
from exporter.metrics.self_metrics import Telemetry

CAMPAIGN = "$campaign"
"""The viewer's campaign, where a board is about one."""

CAMPAIGNS = "=~$campaign"
TENANTS = "=~$tenant"
"""The viewer's choice where several may be chosen; Grafana escapes what has a meaning in a pattern."""

OURS = "=~Campaign.+"
"""Names of our alerts."""

RANGE = "$__range"
"""The span of time a viewer looks at."""

INTERVAL = "$__interval"
"""The span of time between two points of a graph."""

MINIMUM_CALLS = 20
"""Below so many calls a rate says nothing: "not enough data" (domain.md: rates need a minimum sample)."""

THROUGH, PICKED_UP = {"outcome": f"!~{'|'.join(ASIDE_OUTCOMES)}"}, {"outcome": f"=~{'|'.join(PICKED_UP_OUTCOMES)}"}
"""Calls that got through to somebody's line, and those of them that were answered, whoever was free to talk."""

ANSWERED, KNOWN = {"outcome": "answered"}, {"outcome": f"!={OTHER}"}
"""Calls that were answered by whom they are for; all of which it is known how they ended."""

_STEP = "$__rate_interval"
_SECONDS: Mapping[str, str] = MappingProxyType({RANGE: "$__range_s", INTERVAL: "$__interval_ms / 1000"})
_UNITS: Mapping[str, int] = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800})
COARSE = "30m"
"""Looks at a span without a beginning: few enough to be no slower than `increase`, which reads every sample."""

_LATELY = "1h"
"""What Prometheus has known for a shorter time has too few coarse looks."""

_TILE = "5m"
_HISTOGRAM = ("_bucket", "_count", "_sum")
_OPERATORS = ("=~", "!~", "!=")

_PROMETHEUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "up": (),
        "scrape_duration_seconds": (),
        "ALERTS": ("alertname", "alertstate", "severity", "tenant", "campaign"),
        "ALERTS_FOR_STATE": ("alertname", "severity", "tenant", "campaign"),
    }
)
"""Series that Prometheus itself makes, with the labels that our rules give them."""


@cache
def _own() -> Mapping[str, frozenset[str]]:
    """The exporter's own metrics, as `prometheus_client` prints them, with their labels."""
    found: dict[str, frozenset[str]] = {}
    for collector, names in Telemetry().registry._collector_to_names.items():
        labels = frozenset(getattr(collector, "_labelnames", ()))
        found.update(dict.fromkeys(names, labels))
    found["campaign_exporter_build_info"] = frozenset({"version", "python"})
    return found


def labels_of(name: str) -> frozenset[str]:
    """The labels of a metric, those of replicas left out. Raises ValueError for a metric that does not exist."""
    if (family := BY_NAME.get(name)) is not None and family.type is not Type.HISTOGRAM:
        return frozenset(family.all_labels)
    for ending in _HISTOGRAM:
        base = BY_NAME.get(name.removesuffix(ending))
        if name.endswith(ending) and base is not None and base.type is Type.HISTOGRAM:
            return frozenset((*base.all_labels, *(("le",) if ending == "_bucket" else ())))
    if name in _PROMETHEUS:
        return frozenset(_PROMETHEUS[name])
    if name in _own():
        return _own()[name]
    raise ValueError(f"no metric is called {name!r}; see exporter.metrics.catalogue")


def known(name: str, labels: Iterable[str]) -> str:
    """The name of a metric that has these labels. Raises ValueError where it has not."""
    unknown = set(labels) - labels_of(name) - {"instance", "job"}
    if unknown:
        raise ValueError(f"{name} has no label {', '.join(sorted(unknown))}; it has {sorted(labels_of(name))}")
    return name


def selector(name: str, /, **matchers: str) -> str:
    """The series of a metric. A value may begin with an operator (`=~`, `!~`, `!=`); else it must be equal."""
    pairs = []
    for label, value in matchers.items():
        operator = next((each for each in _OPERATORS if value.startswith(each)), "=")
        text = value.removeprefix(operator) if operator != "=" else value
        pairs.append(f'{label}{operator}"{text}"')
    return known(name, matchers) + (f"{{{', '.join(pairs)}}}" if pairs else "")


def seconds(span: str) -> str:
    """A span of time as a number of seconds."""
    return _SECONDS.get(span) or str(int(span[:-1]) * _UNITS[span[-1]])


def exact(value: str) -> str:
    """A value that a label must equal, whatever it holds: neither PromQL nor Grafana finds a meaning in it."""
    return re.sub(r"[^\w .:-]", lambda each: f"\\U{ord(each[0]):08x}", value)


class Queries:
    """What boards ask, with replicas of the exporter counted once."""

    def __init__(self, replica_labels: tuple[str, ...]) -> None:
        self._replicas = ", ".join(replica_labels)

    def last(self, name: str, /, **matchers: str) -> str:
        """The newest value of each series."""
        return self.once(selector(name, **matchers))

    def known(self, name: str, /, **matchers: str) -> str:
        """The newest value of each series; where there is none at all, what they were within the last day."""
        now, series = self.last(name, **matchers), selector(name, **matchers)
        return f"{now} or {self.once(f'last_over_time({series}[1d])')} unless on () topk (1, {now})"

    def rate(self, name: str, /, *, over: str = _STEP, **matchers: str) -> str:
        """By how much each counter grows a second."""
        return self.once(f"rate({selector(name, **matchers)}[{over}])")

    def increase(self, name: str, /, *, over: str, **matchers: str) -> str:
        """By how much each counter grew over a short span; of one with a rollout, over the longer part of it."""
        return self.once(f"increase({selector(name, **matchers)}[{over}])")

    def risen(self, name: str, /, *, over: str, at: str = "", by: str = "", **matchers: str) -> str:
        """By how much totals of campaigns grew: what they are now, less what they were when the span began.

        `increase` would take a span for two where an exporter got another `instance` or `pod`, and not see what a
        series had counted when it first appeared. A total that was not there began from nothing, in a campaign that
        was there or started later. Of other campaigns nothing is said: Prometheus, or the exporter, came later.
        `at`: a moment, such as ` @ end()`. `by`: the labels that are wanted in the end, the campaign's among them. What
        a campaign counts comes and goes with it, so that the sums may be compared: they are few.
        """
        series = selector(name, **matchers)
        now, then = (_summed(self.once(f"{series}{at}{shift}"), by) for shift in ("", f" offset {over}"))
        chosen = {label: value for label, value in matchers.items() if label in ("tenant", "campaign")}
        began = f"max by (tenant, campaign) ({selector('campaign_info', **chosen)}{at} offset {over})"
        if not at:
            started = selector("campaign_started_timestamp_seconds", **chosen)
            began += f" or max by (tenant, campaign) ({started}) > time() - {seconds(over)}"
        return f"(clamp_min({now} - {then}, 0) or {now} and on (tenant, campaign) ({began}))"

    def gained(self, name: str, /, *, over: str = RANGE, at: str = "", by: str = "", **matchers: str) -> str:
        """The same over a long span (the viewer's, if none is given), of campaigns that came late or left too."""
        lately = _summed(self.once(f"delta({selector(name, **matchers)}[{_LATELY}]{at})"), by)
        looks, seen = (each(name, over=over, at=at, by=by, **matchers) for each in (self.risen, self.moved))
        return f"({looks} or {seen} or clamp_min({lately}, 0))"

    def moved(self, name: str, /, *, over: str, at: str = "", by: str = "", **matchers: str) -> str:
        """About how much totals grew while they were looked at, at coarse looks."""
        looked_at = self.last(name, **matchers)
        looked_at = f"({total(looked_at, by)})" if by else looked_at
        return f"clamp_min(delta({looked_at}[{over}:{COARSE}]{at}), 0)"

    def counted(self, name: str, /, *, over: str) -> str:
        """By how much an exporter's counters of its own work grew: each of its processes begins from nothing.

        The span is a row of short ones, and the replica that counted most speaks for each.
        """
        series, seen = selector(name), f"max ({selector('campaign_exporter_up')} offset {_TILE})"
        grown = f"{series} - last_over_time({series}[1h] offset {_TILE}) >= 0 or {series} + 0"
        return f"sum_over_time(({self.once(f'({grown}) and on () {seen}')})[{over}:{_TILE}])"

    def once(self, expression: str) -> str:
        """An expression on series of replicas, each counted once."""
        return f"max without ({self._replicas}) ({expression})" if self._replicas else expression

    def named(self, expression: str, *labels: str) -> str:
        """The same with labels of `campaign_info` (by default the campaign's name) for a legend or a column."""
        wanted = labels or ("name",)
        known("campaign_info", wanted)
        # One a campaign: while it is renamed, replicas may know it by different names.
        every = f"max by (tenant, campaign, {', '.join(wanted)}) ({self.known('campaign_info')})"
        info = f"topk by (tenant, campaign) (1, {every})"
        return f"({expression}) * on (tenant, campaign) group_left ({', '.join(wanted)}) {info}"

    def band(self, name: str, label: str, codes: Iterable[str], by: str = "campaign", /, **matchers: str) -> str:
        """A state set as the number of the state it is in, from 1 in the order of `codes`, for a state band."""
        parts = [
            f"max by ({by}) ({selector(name, **matchers, **{label: code})} == 1) * {number}"
            for number, code in enumerate(codes, start=1)
        ]
        return " or ".join(parts)


def _summed(expression: str, by: str) -> str:
    return total(expression, by) if by else expression


def total(expression: str, *by: str) -> str:
    """The sum, by these labels."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum ({expression})"


def number_of(expression: str, *by: str) -> str:
    """How many there are, by these labels."""
    return f"count by ({', '.join(by)}) ({expression})" if by else f"count ({expression})"


def ratio(part: str, whole: str, *, at_least: float = 0) -> str:
    """A share, absent where the whole is nothing, or below the minimum sample."""
    guard = f">= {at_least:g}" if at_least else "> 0"
    return f"({part}) / ({whole} {guard})"


def quantile(share: float, buckets: str, *by: str) -> str:
    """A quantile of a histogram, of rates or increases of its buckets."""
    return f"histogram_quantile({share:g}, {total(buckets, *by, 'le')})"


def ahead(moment: str) -> str:
    """A moment that is to come, or was within a minute: one that is over is of before Prometheus was restarted."""
    return f"({moment}) > time() - 60"


def milliseconds(moment: str) -> str:
    """A moment as Grafana wants it."""
    return f"({moment}) * 1000"
