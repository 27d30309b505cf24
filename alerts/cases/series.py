"""Series as Prometheus scrapes them from the exporter, in promtool's notation, one sample a minute.

A metric or a label that does not exist fails when the cases are made, and so does a series that lacks a label.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboards.vocabulary.queries import known, labels_of
from exporter.contract.codes import CAMPAIGN_STATUSES

TENANT, CAMPAIGN, JOB, INSTANCE = "t1", "c1", "campaign-exporter", "a:10517"
NAME = "Spring offer"
HOUR, DAY = 60, 24 * 60
"""In minutes, as samples are."""


@dataclass(frozen=True, slots=True)
class Series:
    """A series and its samples."""

    name: str
    labels: Mapping[str, str]
    values: str

    def __str__(self) -> str:
        # PromQL's strings escape as JSON's do
        pairs = (f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in self.labels.items())
        return f"{self.name}{{{', '.join(pairs)}}}"


Given = Series | Sequence[Series | Sequence[Series]]


def series(metric: str, values: str, /, **labels: str) -> Series:
    """A series of the usual tenant, campaign and exporter, but where `labels` say otherwise."""
    wanted = labels_of(metric)
    usual = {"tenant": TENANT, "campaign": CAMPAIGN}
    given = {label: value for label, value in usual.items() if label in wanted} | labels
    known(metric, given)
    if missing := wanted - given.keys():
        raise ValueError(f"a series of {metric} has the labels {', '.join(sorted(missing))} as well")
    return Series(metric, {"job": JOB, "instance": INSTANCE} | given, values)


def steady(value: float, minutes: int = 4 * HOUR) -> str:
    """The same value from the first minute to the last."""
    return f"{value:.12g}x{minutes}"


def gone(before: str) -> str:
    """Samples after which the target no longer shows the series: Prometheus marks it as stale."""
    return f"{before} stale"


Phase = tuple[float, int]


def down(rate: float, minutes: int) -> tuple[float, int, bool]:
    """A phase in which Prometheus was down while the counter went on."""
    return rate, minutes, True


def counter(*phases: Phase | tuple[float, int, bool], start: float = 0) -> str:
    """A counter that grows by so much a minute for so many minutes, and then by so much, and so on."""
    parts, value = [f"{start:.12g}"], start
    for phase in phases:
        rate, minutes = phase[0], phase[1]
        if len(phase) > 2:
            parts.append(f"_x{minutes}")
        elif minutes:
            parts.append(f"{value + rate:.12g}{rate:+.12g}x{minutes - 1}")
        value = round(value + rate * minutes, 6)
    return " ".join(parts)


def then(*parts: str) -> str:
    """Samples one after the other."""
    return " ".join(parts)


def info(name: str = NAME, minutes: int = 4 * HOUR, /, **labels: str) -> Series:
    """What a campaign is called."""
    rest = {"agent": "anna", "timezone": "Europe/Berlin", "currency": "EUR"}
    return series("campaign_info", steady(1, minutes), name=name, **(rest | labels))


def status(now: str, minutes: int = 4 * HOUR, /, **labels: str) -> tuple[Series, ...]:
    """A campaign's status: 1 at that, 0 at all others."""
    return tuple(
        series("campaign_status", steady(each == now, minutes), status=each, **labels) for each in CAMPAIGN_STATUSES
    )


def verdict(now: str, gate: str = "none", code: str = "", /, *, values: str = "1x240", **labels: str) -> Series:
    """What the diagnosis says of a campaign."""
    return series("campaign_dispatch_info", values, verdict=now, gate=gate, code=code, **labels)


def since(seconds: float, minutes: int = 4 * HOUR, /, **labels: str) -> Series:
    """Since when that is so; the first sample is at 0, in 1970."""
    return series("campaign_dispatch_since_timestamp_seconds", steady(seconds, minutes), **labels)


def outcomes(**values: str) -> tuple[Series, ...]:
    """A campaign's calls by outcome."""
    return tuple(series("campaign_calls_total", each, outcome=outcome) for outcome, each in values.items())


def attempts(attempt: str, **values: str) -> tuple[Series, ...]:
    """A campaign's calls of one attempt by outcome."""
    return tuple(
        series("campaign_attempt_calls_total", each, attempt=attempt, outcome=outcome)
        for outcome, each in values.items()
    )


def number(name: str, /, campaign: str = CAMPAIGN, **values: str) -> tuple[Series, ...]:
    """A number's calls for a campaign by outcome."""
    return tuple(
        series("campaign_number_calls_total", each, number=name, outcome=outcome, campaign=campaign)
        for outcome, each in values.items()
    )


def flat(found: Iterable[Given]) -> Iterator[Series]:
    """Series, however they are grouped."""
    for each in found:
        if isinstance(each, Series):
            yield each
        else:
            yield from flat(each)


def replicas(*found: Given) -> tuple[Series, ...]:
    """The same series from two exporters."""
    return tuple(replace(each, labels={**each.labels, "instance": name}) for each in flat(found) for name in _INSTANCES)


_INSTANCES = (INSTANCE, "b:10517")
