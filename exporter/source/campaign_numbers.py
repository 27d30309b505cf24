"""Small whole numbers for the campaigns that are exported. Ids of any others, however many, cost nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from exporter.errors import ContractError
from exporter.source.interning import NONE
from exporter.source.texts import Texts

MOST_CAMPAIGNS = 1 << 20
"""Numbers that there are: as many as fit beside the other keys of a total (see `totals`)."""


class CampaignNumbers:
    """A number for each campaign that was given one; no two share one. `labels` are the ids by number."""

    def __init__(self, most: int = MOST_CAMPAIGNS) -> None:
        self._most = most
        self._numbers: dict[str | None, int] = {}
        self._free: list[int] = []
        self.labels: list[str] = []

    def number(self, campaign_id: str) -> int:
        """The number of a campaign; `NONE` for one that has none."""
        return self._numbers.get(campaign_id, NONE)

    def numbers(self, campaign_ids: Texts) -> NDArray[np.int32]:
        """The numbers of many; shape (n,)."""
        distinct, which = campaign_ids.distinct()
        return np.array([self._numbers.get(each, NONE) for each in distinct], np.int32)[which]

    def give(self, campaign_ids: Iterable[str]) -> None:
        """See to it that each of these has a number."""
        new = [campaign_id for campaign_id in campaign_ids if campaign_id not in self._numbers]
        if not new:
            return
        if len(self._numbers) + len(new) > self._most:
            raise ContractError(
                f"{len(self._numbers) + len(new):,} campaigns are to be exported at once, of at most {self._most:,}: "
                "let the view campaigns leave out drafts and those that ended long ago"
            )
        numbers, labels = dict(self._numbers), list(self.labels)  # readers in other threads keep the old ones
        for campaign_id in new:
            if self._free:
                numbers[campaign_id] = number = self._free.pop()
                labels[number] = campaign_id
            else:
                numbers[campaign_id] = len(labels)
                labels.append(campaign_id)
        self._numbers, self.labels = numbers, labels

    def free(self, given: Iterable[int]) -> None:
        """Take back the numbers of campaigns of which nothing is left."""
        numbers, labels = dict(self._numbers), list(self.labels)
        for number in given:
            del numbers[labels[number]]
            labels[number] = ""
            self._free.append(number)
        self._numbers, self.labels = numbers, labels

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {"labels": self.labels, "free": self._free}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Give the numbers that another process gave."""
        free = set(saved["free"])
        self.labels, self._free = list(saved["labels"]), list(saved["free"])
        self._numbers = {label: n for n, label in enumerate(self.labels) if n not in free}

    def as_now(self) -> Self:
        """The numbers as they are now, whoever gets them later; for readers, of any thread."""
        return copy.copy(self)
