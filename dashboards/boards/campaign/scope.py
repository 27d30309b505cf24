"""What every section of the campaign board shares: queries about the viewer's campaign, and words for no answer."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.vocabulary.colours import WORST_FIRST
from dashboards.vocabulary.queries import (
    ANSWERED,
    CAMPAIGN,
    KNOWN,
    MINIMUM_CALLS,
    RANGE,
    Queries,
    milliseconds,
    ratio,
    selector,
    total,
)

STEP = "$__rate_interval"
UNSURE = "too few"
UNKNOWN = NO_CAMPAIGN = "No figures"
NO_CALLS = "No calls known in this range"
PER_HOUR = "suffix: / h"


def copied(expression: str, label: str, copy: str) -> str:
    """The same with a label twice: a table shows it once as it is, and once as other words."""
    return f'label_replace({expression}, "{copy}", "$1", "{label}", "(.*)")'


@dataclass(frozen=True, slots=True)
class Own:
    """What the board asks of the viewer's campaign."""

    q: Queries

    def last(self, name: str, /, **matchers: str) -> str:
        """The newest value of each of its series."""
        return self.q.last(name, campaign=CAMPAIGN, **matchers)

    def rate(self, name: str, /, **matchers: str) -> str:
        """By how much each of its counters grows a second."""
        return self.q.rate(name, campaign=CAMPAIGN, **matchers)

    def increase(self, name: str, /, over: str, **matchers: str) -> str:
        """By how much each of its counters grew over a short span."""
        return self.q.increase(name, over=over, campaign=CAMPAIGN, **matchers)

    def moment(self, name: str) -> str:
        """A moment of its own, as Grafana wants it."""
        return milliseconds(self.last(name))

    def beside(self, name: str, /, **matchers: str) -> str:
        """A figure of the campaign's tenant."""
        return f"{self.q.last(name, **matchers)} and on (tenant) {self.last('campaign_info')}"

    def gained(self, name: str, /, over: str = RANGE, **matchers: str) -> str:
        """By how much its totals grew over a long span, across rollouts of the exporter."""
        return self.q.gained(name, over=over, campaign=CAMPAIGN, **matchers)

    def told(self, name: str = "campaign_dispatch_info") -> str:
        """Its verdict and binding gate as labels, or the hint: of the worst verdict, where replicas differ."""
        ranked = (
            f"{self.last(name, verdict=verdict)} * {number}" for number, verdict in enumerate(WORST_FIRST, start=1)
        )
        return f"bottomk (1, {' or '.join(ranked)})"

    def told_before_silence(self) -> str:
        """Where no exporter answers, the last verdict of the half hour before, as `was …`."""
        series = selector("campaign_dispatch_verdict", campaign=CAMPAIGN)
        last = f"topk (1, {self.q.once(f'last_over_time({series}[30m])')} == 1)"
        past = f'label_replace({last}, "verdict", "was $1", "verdict", "(.+)")'
        return f"{past} unless on () topk (1, {self.last('campaign_info')})"

    def answer_rate(self, over: str = RANGE) -> str:
        """Answered calls of those that are over; absent below the minimum sample."""
        answered, calls = (total(self.gained("campaign_calls_total", over=over, **only)) for only in (ANSWERED, KNOWN))
        return ratio(answered, calls, at_least=MINIMUM_CALLS)

    def answer_change(self) -> str:
        """By which share the answer rate is above or below that of the campaign's life until the span began."""
        answered, calls = (
            total(self.q.once(f"{selector('campaign_calls_total', campaign=CAMPAIGN, **only)} offset {RANGE}"))
            for only in (ANSWERED, KNOWN)
        )
        return f"({self.answer_rate()}) / ({ratio(answered, calls, at_least=MINIMUM_CALLS)} > 0) - 1"

    def spent(self, *by: str) -> str:
        """What its calls have cost so far, by currency: one, unless the campaign's was changed."""
        return total(self.last("campaign_call_cost_total"), *(by or ("currency",)))
