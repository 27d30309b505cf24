"""The newest calls of all campaigns, summed up at once from the rows that the ledger remembers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from exporter.contract.codes import OTHER, REACHED_OUTCOMES
from exporter.contract.error_codes import DESTINATION, UNCODED, fault_of
from exporter.diagnosis.dispatch.situation import Calls, Lately
from exporter.ledger.ledger import Ledger
from exporter.source.campaign_numbers import CampaignNumbers
from exporter.source.columns import LATE_SECONDS, MICRO
from exporter.source.interning import NONE
from exporter.source.told import Told

SPAN = 900.0
"""Seconds: calls that were started within it tell how things go now."""

MOOD_SPAN = 1800.0
"""The same for what is said of a call minutes after it ended: a quarter of an hour of it is half untold, and the few
that are told would come and go around the least that says anything."""

SAMPLE = 30
"""So many of a campaign's newest finished calls show how a provider does: few enough to see it recover."""

SHORT_SECONDS = 6
"""Carriers count calls up to this length as short (domain)."""

_LATE = (
    "campaign", "outcome", "number", "silent", "talk_micro", "ai_micro", "telephony_micro", "started",
    "word_micro", "unanswered_micro", "cut_short",
)  # fmt: skip


class Recent:
    """Of every campaign: what goes on, and what came of the calls started within `SPAN`. It never changes."""

    def __init__(self, ledger: Ledger, now: float, stale_after: float) -> None:
        held = ledger.calls.held
        campaign, started = held["campaign"], held["started"]
        outcome = ledger.vocabulary.of("outcome")
        sentiment = ledger.vocabulary.of("sentiment")
        errors = ledger.vocabulary.of("error")
        assert outcome is not None
        assert sentiment is not None
        assert errors is not None
        self._vocabulary = ledger.vocabulary.as_now()
        self._size = len(ledger.vocabulary.campaign.labels)
        running, failure = outcome.label_number("in_progress"), outcome.label_number("failed")

        known = campaign >= 0
        going = np.flatnonzero(known & (held["outcome"] == running))
        leaked = going[started[going] <= now - stale_after]
        self._leaked = self._count(campaign[leaked])
        self._doubled = self._count(_repeated(campaign[going], held["task_key"][going]))
        self._oldest = self._extreme(np.minimum, np.inf, campaign[going], started[going])
        self.leaked_by_number = {
            self._vocabulary.label("number", key): count for key, count in _counted(held["number"][leaked]).items()
        }

        timed = np.flatnonzero(known & (started <= now))
        self._last_start = self._extreme(np.maximum, -np.inf, campaign[timed], started[timed])
        self._last_minute = self._count(campaign[timed[started[timed] > now - 60.0]])

        moody = timed[started[timed] > now - MOOD_SPAN]
        moody = moody[held["sentiment"][moody] >= 0]
        self._scored = self._count(campaign[moody])
        self._negative = self._count(campaign[moody[held["sentiment"][moody] == sentiment.label_number("negative")]])

        late = timed[started[timed] > now - SPAN]
        late = late[held["outcome"][late] != running]
        age = ((now - started[late]) * 1000.0).astype(np.int64)
        late = late[np.argsort(campaign[late].astype(np.int64) << 32 | age)]  # one key sorts faster than two
        of = campaign[late]
        # Which of its campaign's calls each is, counted from the newest.
        place = np.arange(len(late)) - np.searchsorted(of, of, side="left")
        self._sampled = self._count(of[place < SAMPLE])
        faulty = np.array([*(fault_of(code) != DESTINATION for _, code in errors.labels), False], bool)
        # Of a call that reached a phone, a code that speaks of the phone is its outcome once more.
        reached = np.isin(held["outcome"][late], [outcome.label_number(each) for each in REACHED_OUTCOMES])
        failed = (place < SAMPLE) & (held["error"][late] >= 0) & ~(reached & ~faulty[held["error"][late]])
        self._errors = _by_campaign(of[failed], held["error"][late][failed])
        # A call that failed is a failure, whether or not somebody tells why.
        uncoded = (place < SAMPLE) & (held["error"][late] < 0) & (held["outcome"][late] == failure)
        self._uncoded = self._count(of[uncoded])
        fine = (place < SAMPLE) & ~uncoded & ~faulty[held["error"][late]]
        in_a_row = np.array(self._sampled, np.int64)
        np.minimum.at(in_a_row, of[fine], place[fine])
        self._in_a_row: list[int] = in_a_row.tolist()

        self._late = held.take(late, _LATE)
        self._answer, self._nobody = outcome.label_number("answered"), outcome.label_number("abandoned")
        self._failure, self._unknown = failure, outcome.label_number(OTHER)

    @property
    def campaigns(self) -> CampaignNumbers:
        """The campaigns' numbers at that time, by which to ask for their calls later."""
        return self._vocabulary.campaign

    def calls(self, campaign: int, in_progress: int) -> Calls:
        """What the gates judge by, of the campaign of this number."""
        if campaign >= self._size:
            return Calls(in_progress)
        errors = {self._vocabulary.label("error", key): count for key, count in self._errors.get(campaign, {}).items()}
        if self._uncoded[campaign]:
            errors["", UNCODED] = self._uncoded[campaign]
        oldest, last = self._oldest[campaign], self._last_start[campaign]
        return Calls(
            in_progress,
            self._leaked[campaign],
            oldest if oldest < np.inf else None,
            last if last > -np.inf else None,
            self._last_minute[campaign],
            self._sampled[campaign],
            errors,
            self._in_a_row[campaign],
            self._doubled[campaign],
        )

    def last_start(self, campaign: int) -> float | None:
        """When the newest remembered call of this campaign was started."""
        last = self._last_start[campaign] if campaign < self._size else -np.inf
        return last if last > -np.inf else None

    def leaked(self, campaign: int) -> int:
        """Calls of this campaign that go on for too long to be real."""
        return self._leaked[campaign] if campaign < self._size else 0

    def lately(self, campaign: int, told: Told) -> Lately:
        """How the calls of the campaign of this number went. Worked out when asked for: only pages do.

        `told` are the columns that its rows fill.
        """
        late = self._late
        first, last = np.searchsorted(late["campaign"], (campaign, campaign + 1))
        mine = {name: column[first:last] for name, column in late.items()}
        answered = mine["outcome"] == self._answer
        talk = mine["talk_micro"]
        numbered = mine["number"] >= 0
        abandoned = mine["outcome"] == self._nobody
        picked_up = _counted(mine["number"][numbered & (answered | abandoned)])
        failed = mine["outcome"] == self._failure
        unplaced = mine["outcome"] == self._unknown
        through = _counted(mine["number"][numbered & ~failed & ~unplaced])
        lost = _counted(mine["number"][numbered & failed])
        silent, heard = None, 0
        if told.has("calls", "agent_spoke_at"):
            spoken = answered & (mine["silent"] < 0)
            # What lies before the first call that tells it may be of a time when the platform did not tell.
            since = mine["started"][spoken].min() if spoken.any() else -np.inf
            judged = answered & (mine["started"] >= since)
            silent, heard = int((judged & ~spoken).sum()), int(judged.sum())
        word = mine["word_micro"]
        words = answered & (word >= 0)
        late_words = int((words & (word > LATE_SECONDS * MICRO)).sum())
        short = int((answered & (talk >= 0) & (talk <= SHORT_SECONDS * MICRO)).sum())
        cost = float((mine["ai_micro"] + mine["telephony_micro"]).sum()) / MICRO
        return Lately(
            settled=int(last - first),
            answered=int(answered.sum()),
            abandoned=int(abandoned.sum()),
            failed=int(failed.sum()),
            unplaced=int(unplaced.sum()),
            silent=silent,
            heard=heard,
            short=short if told.has("calls", "talk_seconds") else None,
            unanswered=int((mine["unanswered_micro"] >= 0).sum()),
            cut=int((mine["cut_short"] >= 0).sum()) if told.has("calls", "ended_at") else None,
            words=int(words.sum()),
            late=late_words if told.has("calls", "answered_at", "agent_spoke_at") else None,
            scored=self._scored[campaign] if campaign < self._size else 0,
            negative=self._negative[campaign] if campaign < self._size else 0,
            cost=cost if told.cost else None,
            by_number={
                self._vocabulary.label("number", number): (through.get(number, 0), picked_up.get(number, 0))
                for number in _counted(mine["number"][numbered])
            },
            failed_by_number={self._vocabulary.label("number", number): count for number, count in lost.items()},
        )

    def _count(self, campaigns: NDArray[np.int32]) -> list[int]:
        counts: list[int] = np.bincount(campaigns, minlength=self._size).tolist()
        return counts

    def _extreme(
        self, pick: np.ufunc, nothing: float, campaigns: NDArray[np.int32], moments: NDArray[np.float64]
    ) -> list[float]:
        found = np.full(self._size, nothing)
        given = ~np.isnan(moments)
        pick.at(found, campaigns[given], moments[given])
        extremes: list[float] = found.tolist()
        return extremes


def _repeated(campaigns: NDArray[np.int32], tasks: NDArray[np.int64]) -> NDArray[np.int32]:
    """The campaign of each task that is there more than once."""
    known = tasks != NONE
    campaigns, tasks = campaigns[known], tasks[known]
    order = np.lexsort((tasks, campaigns))
    campaigns, tasks = campaigns[order], tasks[order]
    again = np.zeros(len(tasks), bool)
    again[1:] = (tasks[1:] == tasks[:-1]) & (campaigns[1:] == campaigns[:-1])
    first = again.copy()
    first[1:] &= ~again[:-1]
    return campaigns[first]


def _by_campaign(campaigns: NDArray[np.int32], keys: NDArray[np.int32]) -> Mapping[int, dict[int, int]]:
    """How often each key occurs in each campaign."""
    pairs, counts = np.unique(campaigns.astype(np.int64) << 32 | keys, return_counts=True)
    found: dict[int, dict[int, int]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        found.setdefault(pair >> 32, {})[pair & 0xFFFFFFFF] = count
    return found


def _counted(keys: NDArray[np.int32]) -> dict[int, int]:
    values, counts = np.unique(keys[keys >= 0], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
