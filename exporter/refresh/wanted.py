"""Which campaigns are to be loaded anew, why, and which relation of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from exporter.ledger.loading import RELATIONS


class Wanted:
    """By campaign the cause, one of `self_metrics.CAUSES`, until somebody has loaded it."""

    def __init__(self) -> None:
        self._causes: dict[str, str] = {}
        self._only: dict[str, set[str]] = {}
        """The relation of which old rows changed, by campaign; of those that are not there both are loaded."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._causes))

    def __contains__(self, campaign: str) -> bool:
        return campaign in self._causes

    def add(self, campaigns: Iterable[str], cause: str, relation: str | None = None) -> None:
        """Load these, if nobody asked for it before: all of them, or one relation of theirs."""
        for campaign in campaigns:
            if campaign not in self._causes and relation is not None:
                self._only[campaign] = {relation}
            elif relation is None:
                self._only.pop(campaign, None)
            elif campaign in self._only:
                self._only[campaign].add(relation)
            self._causes.setdefault(campaign, cause)

    def put(self, campaigns: Iterable[str], cause: str, only: Collection[str] = ()) -> None:
        """Load these for this cause, whatever it was before: all of them, or only these relations."""
        for campaign in campaigns:
            self._causes[campaign] = cause
            self._only.pop(campaign, None)
            if only:
                self._only[campaign] = set(only)

    def remove(self, campaign: str) -> None:
        """It is loaded, or gone."""
        del self._causes[campaign]
        self._only.pop(campaign, None)

    def clear(self) -> None:
        """Nothing is to be loaded."""
        self._causes.clear()
        self._only.clear()

    def cause(self, campaign: str) -> str | None:
        """Why it is to be loaded, if it is."""
        return self._causes.get(campaign)

    def relations(self, campaign: str) -> Collection[str]:
        """What of it is to be loaded."""
        return tuple(self._only.get(campaign, RELATIONS))

    def but(self, campaigns: Collection[str]) -> Mapping[str, str]:
        """The causes of all but these."""
        return {campaign: cause for campaign, cause in self._causes.items() if campaign not in campaigns}

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        only = {campaign: list(relations) for campaign, relations in self._only.items()}
        return {"causes": self._causes, "only": only}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Want what another process wanted."""
        self._causes = dict(saved["causes"])
        self._only = {campaign: set(relations) for campaign, relations in saved["only"].items()}
