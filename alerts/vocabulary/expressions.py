"""PromQL that rules are made of, on the catalogue's names and with replicas counted once."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.vocabulary.queries import Queries, total

SURE = 3.3
"""Standard deviations from which a share is no chance: one look in two thousand, one-sided."""

VERY_SURE = 4.0
"""The same where many are looked at all day: one look in thirty thousand."""


def any_of(expressions: Sequence[str]) -> str:
    """The first of these that has a series, label set by label set."""
    return " or ".join(f"({each})" for each in expressions)


def shares(part: str, whole: str, *, above: float, least: float) -> str:
    """The share of a part, where it is above a threshold for certain, and not by the chance of a small sample.

    The test is one for a binomial share, by its normal approximation; `least` is the smallest sample.
    """
    return (
        f"({part}) / ({whole} >= {least:g}) > {above:g} "
        f"and ({part}) - {above:g} * ({whole}) > {SURE:g} * sqrt({above * (1 - above):.4g} * ({whole}))"
    )


NO_CHANCE = 14.0
"""Nats of evidence from which a share is no chance: at most one look in a million (e^-14)."""


def unusual(part: str, whole: str, usual: str) -> str:
    """Whether a share above the usual one is so for certain, of small samples and seldom events too.

    Chernoff's bound for a binomial share: the probability of so many is at most exp(-n KL(share, usual)). Unlike the
    normal approximation it also holds where hardly any are usual.
    """
    rest = f"clamp_min({whole} - {part}, 1e-9)"  # none: 0 * ln(0) is 0, and not a number to Prometheus
    evidence = f"{part} * ln({part} / ({usual} * {whole})) + {rest} * ln({rest} / ((1 - {usual}) * {whole}))"
    return f"{part} > {usual} * {whole} and {evidence} > {NO_CHANCE:g}"


class Rules(Queries):
    """What rules ask."""

    def sums(self, name: str, by: Sequence[str], /, **matchers: str) -> str:
        """The newest values, summed by these labels. Counters only by campaign: no sum may fall when one leaves."""
        return total(self.last(name, **matchers), *by)

    def told(self, **matchers: str) -> str:
        """Campaigns with this verdict, gate or code: 1 each."""
        return f"max by (tenant, campaign) ({self.last('campaign_dispatch_info', **matchers)})"

    def is_status(self, status: str) -> str:
        """Campaigns in a status: 1 each."""
        return f"max by (tenant, campaign) ({self.last('campaign_status', status=status)}) == 1"

    def age(self, name: str, by: Sequence[str], /, **matchers: str) -> str:
        """Seconds since a moment that a metric tells."""
        return f"time() - min by ({', '.join(by)}) ({self.last(name, **matchers)})"
