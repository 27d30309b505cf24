"""Cases of the alerts of rules/telemarketing.py."""

from __future__ import annotations

from alerts.cases.case import Case, Subject, Told
from alerts.cases.series import Series, counter, info, outcomes, replicas, series, steady

RING = Subject("CampaignRingTooShort", "warning", managers="true")


def _rang(*phases: tuple[float, float, int]) -> tuple[Series, ...]:
    """Unanswered calls a minute: those that were cut short, and all of them, for so many minutes."""
    return (
        series("campaign_calls_cut_short_total", counter(*((cut, minutes) for cut, _, minutes in phases))),
        series("campaign_call_unanswered_ring_seconds_count", counter(*((of, minutes) for _, of, minutes in phases))),
        info(),
    )


def _told(share: str) -> tuple[Told, ...]:
    return (RING.told(f"{share} of the unanswered calls of Spring offer (c1) ended within less than 15 seconds."),)


_HALF = _rang((0, 10, 20), (5, 10, 60))

_RINGS = (
    RING.fires("half of the unanswered calls are given up too soon", _HALF,
               at={"20m": (), "22m": (), "35m": _told("50%")}),
    RING.edge("one in twenty, and more is needed", _rang((0.5, 10, 120)), at=("60m", "115m")),
    RING.edge("all of nineteen an hour: below the smallest sample", _rang((19 / 60, 19 / 60, 180)),
              at=("60m", "115m")),
    RING.no_data("when calls end is not told", outcomes(no_answer=counter((10, 120))), info(), at=("60m", "115m")),
    RING.also("two replicas count each call once", replicas(_HALF), at={"35m": _told("50%")}),
    RING.also("it is over a quarter of an hour after they ring long enough, but for the time it stays",
              _rang((5, 10, 30), (0, 10, 60)), at={"30m": _told("50%"), "70m": ()}),
)  # fmt: skip

OVER = Subject("CampaignAbandonmentOverLimit", "critical", managers="true")
NEAR = Subject("CampaignAbandonmentNearLimit", "warning", managers="true")
_BEGAN = series("campaign_abandonment_period_start_timestamp_seconds", steady(0))


def _period(answered: str, abandoned: str) -> tuple[Series, ...]:
    """The period's counts so far."""
    return (series("campaign_abandonment_period_answered", answered), _BEGAN, info(),
            series("campaign_abandonment_period_abandoned", abandoned))  # fmt: skip


def _lost(of: Subject, share: str, abandoned: int, answered: int) -> tuple[Told, ...]:
    return (
        of.told(
            f"{share} of the calls of Spring offer (c1) that people answered in this period were abandoned; 3% are "
            f"allowed. Abandoned in this period: {abandoned} of {answered}. It began on Thu 1970-01-01 00:00 UTC."
        ),
    )


_MANY = counter((1, 120), start=2000)
_OVER = _period(_MANY, counter((0.5, 120), start=50))

_LOST = (
    OVER.fires("more than 3 % of two thousand, and another every second minute", _OVER,
               at={"20m": (), "60m": _lost(OVER, "3.883%", 80, 2060)}),
    OVER.edge("3 % of them, and more is needed", _period(counter((100, 120), start=2000), counter((3, 120), start=60)),
              at=("60m", "115m")),
    OVER.edge("4 of 99: below the smallest sample", _period(steady(99), counter((0.03, 120), start=1)),
              at=("60m", "115m")),
    OVER.edge("6 of 150, which chance brings", _period(steady(150), counter((0.05, 120))), at=("60m", "115m")),
    OVER.edge("too many, but none for hours: nobody can do anything", _period(steady(2000), steady(80)),
              at=("90m", "115m")),
    OVER.no_data("when the agent spoke is not told", info(), at=("60m", "115m")),
    OVER.also("two replicas count each call once", replicas(_OVER), at={"60m": _lost(OVER, "3.883%", 80, 2060)}),
    NEAR.fires("2.7 % of two thousand", _period(steady(2000), counter((0.1, 120), start=45)),
               at={"40m": (), "100m": _lost(NEAR, "2.75%", 55, 2000)}),
    NEAR.edge("2.5 % of them, and more is needed", _period(steady(2000), counter((0.1, 120), start=38)),
              at=("60m", "115m")),
    NEAR.no_data("when the agent spoke is not told", info(), at=("60m", "115m")),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_RINGS, *_LOST)
