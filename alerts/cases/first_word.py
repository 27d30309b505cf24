"""Cases of the alerts of rules/first_word.py."""

from __future__ import annotations

from alerts.cases.case import Case, Subject, Told
from alerts.cases.series import NAME, Series, counter, info, replicas, series, verdict

SLOW = Subject("CampaignFirstWordSlow", "warning")
_FAMILY = "campaign_call_first_word_seconds"


def _spoke(*phases: tuple[float, float, float, int]) -> tuple[Series, ...]:
    """First words a minute: within 2 s, within 5 s, and all of them, for so many minutes."""
    bounds = [("2.0", 0), ("5.0", 1)]
    buckets = [
        series(f"{_FAMILY}_bucket", counter(*((phase[place], phase[3]) for phase in phases)), le=le)
        for le, place in (*bounds, ("+Inf", 2))
    ]
    return (*buckets, series(f"{_FAMILY}_count", counter(*((phase[2], phase[3]) for phase in phases))),
            verdict("dialing", values="1x300"), info(NAME, 300))  # fmt: skip


def _slow(share: str, half: str) -> tuple[Told, ...]:
    return (
        SLOW.told(
            f"{share} of the first words of Spring offer (c1) are late, which is not usual for it. It is dialing. Half "
            f"of them come within {half} after the answer."
        ),
    )


_SLOWED = _spoke((4, 4, 4, 200), (1, 3, 4, 60))
_HALVED = _spoke((2, 4, 4, 200), (2, 2, 4, 60))

CASES: tuple[Case, ...] = (
    SLOW.fires("three of four first words are late, where none was", _SLOWED,
               at={"200m": (), "204m": (), "220m": _slow("75%", "3.5s")}),
    SLOW.fires("half of them are late at all times, and now half are very late", _HALVED,
               at={"200m": (), "220m": _slow("50%", "2s")}),
    SLOW.edge("a fifth, and more is needed", _spoke((4, 4, 4, 200), (3.2, 4, 4, 60)), at=("220m", "255m")),
    SLOW.edge("half of them, as in the hours before", _spoke((2, 4, 4, 260)), at=("220m", "255m")),
    SLOW.edge("all of nine first words in an hour: below the smallest sample",
              _spoke((4, 4, 4, 180), (0, 0, 0, 30), (0, 0, 9 / 60, 70)), at=("250m", "270m")),
    SLOW.edge("a campaign that began less than two hours ago: nothing is usual yet",
              _spoke((4, 4, 4, 60), (1, 3, 4, 50)), at=("80m", "100m")),
    SLOW.no_data("when the agent spoke is not told", verdict("dialing"), info(), at=("220m", "235m")),
    SLOW.also("two replicas count each word once", replicas(_SLOWED), at={"220m": _slow("75%", "3.5s")}),
    SLOW.also("it stays for a quarter of an hour after the agent is quick again, and is then over",
              _spoke((4, 4, 4, 200), (1, 3, 4, 30), (4, 4, 4, 60)), at={"225m": _slow("75%", "3.5s"), "270m": ()}),
)  # fmt: skip
