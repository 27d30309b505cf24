"""Relations without a stamp: all of them is counted at each refresh, and how often that is is said."""

from __future__ import annotations

from collections.abc import Set

import structlog

from exporter.config import Config

_MUCH = 2.0
"""A pace that changed by this factor is worth a line in the log."""

log = structlog.get_logger()


class Recounting:
    """How often everything is counted, as `refresh.max_share` of the database's time allows."""

    def __init__(self) -> None:
        self._relations: frozenset[str] = frozenset()
        self._told = 0.0
        self.notes: tuple[str, ...] = ()
        """What readers must know, in a sentence."""

    def note(self, config: Config, relations: Set[str], seconds: float) -> None:
        """These have no stamp, and reading everything took so long of the database's time."""
        if not relations:
            self._relations, self.notes = frozenset(), ()
            return
        every = max(config.refresh.interval, seconds / config.refresh.max_share)
        named = " and ".join(sorted(relations, reverse=True))
        pace = f"{every:.0f} s" if every >= 1 else "second"
        self.notes = (f"{named} have no updated_at: all of them are counted anew, about every {pace}",)
        if relations == self._relations and self._told / _MUCH < every < self._told * _MUCH:
            return
        self._relations, self._told = frozenset(relations), every
        late = every > config.max_staleness
        tell = log.warning if late else log.info
        tell(
            "everything is counted too seldom" if late else "everything is counted at each refresh",
            why=f"{named} have no updated_at, which would tell what changed",
            every_seconds=round(every, 1),
            max_share=config.refresh.max_share,
            effect="figures are withheld between two counts" if late else "figures are exact as of each count",
            remedy="raise max_staleness or refresh.max_share, or show in the view when a row last changed" if late
            else "with such a column, and an index on it, figures are seconds old at any size",
        )  # fmt: skip
