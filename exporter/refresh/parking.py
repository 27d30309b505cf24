"""Rows that were written at once, too many to be read within one refresh: those of the campaigns that most of them are
in are left out, so that everything else is fresh.

A list is imported, or recycled: one commit holds hundreds of thousands of rows. The campaigns are *parked*: they show
what they showed, and are counted anew beside the refreshes. Of the rows that are left out no more is asked than whose
they are: one that came from another campaign is counted there still, so that one is counted anew as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from threading import Lock
from typing import Any

import numpy as np
import structlog

from exporter.errors import RowError
from exporter.ledger.fold import Fold
from exporter.ledger.id_table import keys_of
from exporter.refresh.balance import Balance
from exporter.refresh.beside import Beside
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads
from exporter.source.records import Records
from exporter.source.texts import Texts
from exporter.source.watermark import Plan

MANY_ROWS = 30_000
"""A refresh that reads more changed rows of a relation holds up what goes on elsewhere by a second and more."""

ROOM_ROWS = 15_000
"""So many it reads all the same: those of the campaigns in which the fewest changed."""

LEAST_ROWS = 5_000
"""To read fewer rows of a campaign takes less time than to count it anew."""

STRETCH_SECONDS, AGAIN_SECONDS = 60.0, 600.0
"""A campaign is parked for so long at a stretch, then its rows are read as they come until that much time has passed:
one that is always that busy must be shown too.
"""

log = structlog.get_logger()

_Written = Counter[tuple[str | None, int, bool]]
"""How many rows by their campaign, by the number of the campaign that they are remembered in (-1: in none), and by
whether rows as old as they were forgotten."""


@dataclass(slots=True)
class _Parked:
    """What is known of the rows of a campaign that were left out."""

    came: dict[str, int]
    """By relation, how many cannot have been counted before."""
    old: bool = False
    """Whether some may have been: here, or in the campaign that they moved from."""


class Parking:
    """What is left out of what refreshes read."""

    def __init__(self, reloads: Reloads, beside: Beside, balance: Balance) -> None:
        self._reloads = reloads
        self._beside = beside
        self._balance = balance
        self._parked: dict[str, _Parked] = {}
        self._since: dict[str, float] = {}
        self._in_vain: dict[str, float] = {}
        """When whose rows they are was asked of a relation, and none were left out."""
        self.folding = Lock()
        """Held while rows are folded: another thread reads ahead, and finds out what to leave out."""
        self.seconds = 0.0
        """Database time that the refresh under way took to find out what to leave out."""

    def changed(self, look: Look, relation: str, plan: Plan) -> Iterator[Records]:
        """The changed rows of a relation, in batches; where there are too many, but for those that are left out."""
        coming = look.reader.changed(
            look.connection, relation, plan, look.everybody.campaigns, look.moment, look.meter
        )  # fmt: skip
        first: list[Records] = []
        if self._beside.possible:
            before, read = look.meter.seconds, 0
            for rows in coming:
                first.append(rows)
                read += len(rows)
                if read > MANY_ROWS:
                    break
            if read > MANY_ROWS and self._may_help(relation, first, look.moment.now):
                coming.close()
                with self.folding:
                    left_out, came_from = self._left_out(look, relation, plan)
                    self._in_vain[relation] = -np.inf if left_out else look.moment.now
                    self._reloads.leave_out(left_out | came_from, look, relation, look.meter.seconds - before)
                self.seconds += look.meter.seconds - before
                first, coming = [], look.reader.changed(
                    look.connection, relation, plan, look.everybody.campaigns, look.moment, look.meter, but=left_out
                )  # fmt: skip
        yield from first
        yield from coming

    def expected(self, campaign: str) -> Mapping[str, int]:
        """By relation, with how many rows more than before a campaign comes back where no row moved into it."""
        parked = self._parked.get(campaign)
        return {} if parked is None else parked.came

    def may_have_been_there(self, campaign: str) -> bool:
        """Whether rows of a campaign may have been counted before, here or elsewhere."""
        parked = self._parked.get(campaign)
        return parked is None or parked.old

    def begin_anew(self) -> None:
        """Another ledger, into which everything is loaded."""
        self._parked.clear()

    def done(self) -> None:
        """The refresh succeeded: of what was counted anew all is known."""
        behind = self._reloads.behind
        self._parked = {campaign: parked for campaign, parked in self._parked.items() if campaign in behind}

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {"parked": {key: astuple(parked) for key, parked in self._parked.items()}, "since": self._since}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Know what another process left out."""
        self._parked = {key: _Parked(dict(came), old) for key, (came, old) in saved["parked"].items()}
        self._since = dict(saved["since"])

    def _may_help(self, relation: str, rows: list[Records], now: float) -> bool:
        """Whether to ask whose all rows are, of which these came first: if many of these are of one campaign.

        If not, that says little, as rows come in the order in which they lie on disk, a few of every campaign. So it
        is asked all the same, but of a platform that is always that busy, all over its campaigns, only now and then.
        """
        found: Counter[str | None] = Counter()
        for batch in rows:
            found.update(_counted(batch.texts["campaign"]))
        parkable = {campaign: number for campaign, number in found.items() if self._may_park(campaign, now)}
        in_vain = 0 <= now - self._in_vain.get(relation, -np.inf) < AGAIN_SECONDS
        return max(parkable.values(), default=0) >= (LEAST_ROWS if in_vain else 1)

    def _may_park(self, campaign: str | None, now: float) -> bool:
        passed = now - self._since.get(campaign or "", now)
        return campaign is not None and (0 <= passed < STRETCH_SECONDS or not 0 <= passed < AGAIN_SECONDS)

    def _left_out(self, look: Look, relation: str, plan: Plan) -> tuple[set[str], set[str]]:
        """The campaigns whose rows are left out, and those that such rows came from."""
        fold, now = look.ledger.folds[relation], look.moment.now
        written = _Written()
        try:
            for rows in look.reader.whose(
                look.connection, relation, plan, look.everybody.campaigns, look.moment, look.meter
            ):
                written.update(_written(fold, rows))
        except RowError:  # whose some row is nobody can tell
            return set(), set()
        left_out = self._most(written, now)
        news = left_out - self._parked.keys()
        came_from: set[str] = set()
        labels = look.ledger.vocabulary.campaign.labels
        for (campaign, known_in, old), number in written.items():
            if campaign not in left_out:
                continue
            assert campaign is not None, "whose campaign is not told are not left out"
            parked = self._parked.setdefault(campaign, _Parked({}))
            if known_in < 0:
                parked.old |= old
                before = parked.came.get(relation, 0)  # they may be the same that were left out then
                if old:
                    self._balance.read(relation, 0, number)
                elif number > before:
                    self._balance.read(relation, number - before)
                    parked.came[relation] = number
            elif labels[known_in] != campaign:
                came_from.add(labels[known_in])
                parked.old = True
        for campaign in left_out:
            if not 0 <= now - self._since.get(campaign, -np.inf) < AGAIN_SECONDS:
                self._since[campaign] = now
        self._since = {key: at for key, at in self._since.items() if 0 <= now - at < AGAIN_SECONDS}
        if news:
            rows_of = {each: sum(n for (whose, *_), n in written.items() if whose == each) for each in left_out}
            log.info(
                "very many rows changed at once", relation=relation, rows=sum(rows_of.values()),
                campaigns=sorted(left_out)[:5], number=len(left_out), action="counted beside the refreshes",
            )  # fmt: skip
        return left_out, came_from

    def _most(self, written: _Written, now: float) -> set[str]:
        """The campaigns with the most rows, so that few are left of the others."""
        rows_of: Counter[str | None] = Counter()
        for (campaign, *_), number in written.items():
            rows_of[campaign] += number
        left, found = rows_of.total(), set()
        for campaign, number in rows_of.most_common():
            if left <= ROOM_ROWS or number < LEAST_ROWS:
                break
            if campaign is not None and self._may_park(campaign, now):
                found.add(campaign)
                left -= number
        return found


def _written(fold: Fold, rows: Records) -> _Written:
    given = np.flatnonzero(rows.ids.lengths >= 0)
    names, campaigns = rows.texts["campaign"].take(given).distinct()
    slots = fold.held.find(keys_of(rows.kind, rows.ids.take(given)))
    known_in = np.where(slots >= 0, fold.held["campaign"][slots], -1) if len(fold.held["campaign"]) else slots
    old = rows.numbers["created"][given] <= fold.newest_forgotten
    kinds, number = np.unique(np.stack([campaigns, known_in, old]), axis=1, return_counts=True)
    return Counter(
        {
            (names[campaign], known_in, bool(old)): rows_of
            for (campaign, known_in, old), rows_of in zip(kinds.T.tolist(), number.tolist(), strict=True)
        }
    )


def _counted(texts: Texts) -> dict[str | None, int]:
    names, which = texts.distinct()
    return dict(zip(names, np.bincount(which, minlength=len(names)).tolist(), strict=True))
