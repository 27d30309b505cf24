"""What a case is: series that Prometheus would have scraped, and what an alert says at some moments after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alerts.cases.series import CAMPAIGN, TENANT, Given, Series, flat


class Kind(StrEnum):
    """Every alert has a case of each of the first three."""

    FIRES = "fires"
    EDGE = "is silent at the edge"
    NO_DATA = "without data"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert that fires: all its labels but its name, and its description as a person reads it.

    `more` are other annotations in full, where they hold templates that are more than a label in an address.
    """

    labels: Mapping[str, str]
    description: str
    more: Mapping[str, str]


At = Mapping[str, Sequence[Told]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of an alert. `at` tells which alerts fire at moments since the first sample; none: it is silent.

    `every`: how often rules are evaluated. Where days are looked back on, every minute takes long and shows no more.
    """

    alert: str
    kind: Kind
    what: str
    series: tuple[Series, ...]
    at: At
    every: str = "1m"


class Subject:
    """An alert that cases are written of, with the labels that all its alerts have."""

    def __init__(self, alert: str, severity: str, about: Sequence[str] = ("tenant", "campaign"), **labels: str) -> None:
        self._alert = alert
        defaults = {"tenant": TENANT, "campaign": CAMPAIGN}
        known = {name: defaults[name] for name in about if name in defaults}
        self._labels = known | {"severity": severity} | labels

    def told(self, description: str, *, more: Mapping[str, str] | None = None, **labels: str) -> Told:
        """One of its alerts; `labels` are those that differ from the usual tenant and campaign."""
        return Told(self._labels | labels, description, more or {})

    def fires(self, what: str, *series: Given, at: At, every: str = "1m") -> Case:
        """It fires when it should."""
        return self._case(Kind.FIRES, what, series, at, every)

    def edge(self, what: str, *series: Given, at: Sequence[str], every: str = "") -> Case:
        """It is silent where little is missing; `what` says what."""
        return self._case(Kind.EDGE, what, series, dict.fromkeys(at, ()), every or _seldom(at))

    def no_data(self, what: str, *series: Given, at: Sequence[str], every: str = "") -> Case:
        """It is silent where what it rests on is absent."""
        return self._case(Kind.NO_DATA, what, series, dict.fromkeys(at, ()), every or _seldom(at))

    def no_data_fires(self, what: str, *series: Given, at: At, every: str = "1m") -> Case:
        """Silence is what it is about."""
        return self._case(Kind.NO_DATA, what, series, at, every)

    def also(self, what: str, *series: Given, at: At, every: str = "1m") -> Case:
        """Whatever else it must do."""
        return self._case(Kind.ALSO, what, series, at, every)

    def _case(
        self,
        kind: Kind,
        what: str,
        series: Sequence[Given],
        at: At,
        every: str = "1m",
    ) -> Case:
        return Case(self._alert, kind, what, tuple(flat(series)), at, every)


def _seldom(moments: Sequence[str]) -> str:
    """What is silent for an hour need not be looked at every minute."""
    minutes = [int(moment.removesuffix("m")) for moment in moments]
    return "5m" if max(minutes) >= _HOUR and not any(each % 5 for each in minutes) else "1m"


_HOUR = 60
