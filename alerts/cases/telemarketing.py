"""Cases of the alerts of rules/telemarketing.py."""

from __future__ import annotations

from alerts.cases.case import Case, Subject, Told
from alerts.cases.series import Series, counter, info, outcomes, replicas, series

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

CASES: tuple[Case, ...] = _RINGS
