"""The probe: some rows that go on are looked at again, whatever their stamp, to see whether changes are stamped.

Changes are read by `updated_at`. Where a deployment stops writing it (a trigger dropped, a view over another column),
nothing would tell but an audit, hours later. What the ledger remembers and what is there now, at the same snapshot,
must be the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import psycopg
import structlog
from numpy.typing import NDArray

from exporter.contract.wording import count
from exporter.errors import RowError
from exporter.ledger.looking_again import of_one_id, unlike, witnessed
from exporter.ledger.witnesses import IN_PROGRESS, PENDING
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.auditor import Auditor
from exporter.refresh.look import Look
from exporter.refresh.reloads import Reloads

EVERY_SECONDS = 15.0
ROWS_AT_ONCE, FEW_AT_ONCE = 256, 32
MAX_SHARE = 0.01
"""Of the time, at most; a probe that takes longer comes less often."""

LASTS_SECONDS = 900.0
"""So long after the last change without a stamp there may be more; till then all campaigns are audited in turn."""

MOST_COST = 20_000.0
"""In PostgreSQL's unit: some 0.1 s. So many rows by an index cost a tenth; to read a big table whole costs more."""

LOOK_AGAIN_SECONDS = 600.0
"""What could not be afforded may be later: an index was made."""

ALIKE_SHARE, ALIKE_ROWS = 0.95, 20
"""From this share and number of rows on a likeness of their stamps is no chance, if it is so twice in a row."""

FEW_LATE = 3
"""Fewer rows that came with an old stamp are the exceptions that the echo is there for."""

_AHEAD_SECONDS = 5.0
"""Clocks of application servers may be ahead."""

log = structlog.get_logger()


@dataclass(slots=True)
class _State:
    """What is known of a relation's stamps. Times are seconds since 1970."""

    found_at: float = -math.inf
    still: int = 0
    late: int = 0
    probed: int = 0
    volatile: int = 0
    """How many looks in a row all rows were stamped with the time of the look."""
    ahead: int = 0
    """The same of rows that were stamped with a time to come."""
    too_dear_at: float = -math.inf
    affordable_at: float = -math.inf
    room: int = ROWS_AT_ONCE
    """So many rows at once can be afforded: each is looked for in every partition."""
    told: str = ""
    shared: int = 0
    """How many ids of the last look more than one row has."""

    def note(self, still: int, late: int, stamps: NDArray[np.float64], now: float) -> None:
        """So many rows had changed, with the stamp they had and with an old one; all rows have these stamps."""
        if now - self.found_at >= LASTS_SECONDS:
            self.still = self.late = self.probed = 0
        if still or late:
            self.found_at = now
        self.still, self.late, self.probed = self.still + still, self.late + late, self.probed + len(stamps)
        self.volatile = self.volatile + 1 if _alike(stamps, now - 0.001, now + _AHEAD_SECONDS) else 0
        self.ahead = self.ahead + 1 if _alike(stamps, now + _AHEAD_SECONDS, math.inf) else 0


def _alike(stamps: NDArray[np.float64], low: float, high: float) -> bool:
    """Whether it is no chance that so many lie within these bounds."""
    within = int(((low <= stamps) & (stamps < high)).sum())
    return within >= max(ALIKE_ROWS, ALIKE_SHARE * len(stamps))


class Probe:
    """Looks at rows by id, every fifteen seconds."""

    def __init__(self, auditor: Auditor, reloads: Reloads, telemetry: Telemetry) -> None:
        self._auditor = auditor
        self._reloads = reloads
        self._telemetry = telemetry
        self._states: dict[str, _State] = {}
        self._at = -math.inf
        self._next = -math.inf
        self.notes: tuple[str, ...] = ()
        """What readers must know, a sentence for each relation whose stamps do not tell of changes."""

    def begin_anew(self) -> None:
        """Another ledger, of another server or of other views: what was found is not theirs."""
        self._states.clear()

    def saved(self) -> dict[str, Any]:
        """What was found of each relation's stamps, for `restore`."""
        return {relation: astuple(state) for relation, state in self._states.items()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Know what another process found; the next look is due at once."""
        self._states = {relation: _State(*state) for relation, state in saved.items()}

    def run(self, look: Look) -> None:
        """Look at some rows if it is time. Whatever is found is put right, and its campaigns are audited early."""
        now = look.moment.now
        if self._at <= now < self._next:
            return
        before, self._at = look.meter.seconds, now
        for relation, fold in look.ledger.folds.items():
            if relation in look.reader.available.counted:
                continue
            state = self._states.setdefault(relation, _State())
            if ids := witnessed(fold, ROWS_AT_ONCE):
                self._look_again(look, relation, ids, state)
            self._tell(relation, state, now)
        self._next = now + max(EVERY_SECONDS, (look.meter.seconds - before) / MAX_SHARE)
        if any(now - state.found_at < LASTS_SECONDS for state in self._states.values()):
            self._auditor.suspect(look.days)
        self.notes = tuple(state.told for state in self._states.values() if state.told)

    def _look_again(self, look: Look, relation: str, ids: Sequence[Any], state: _State) -> None:
        fold = look.ledger.folds[relation]
        try:
            with look.connection.transaction():
                if not self._affordable(look, relation, ids, state):
                    return
                ids = ids[: state.room]
                rows = look.reader.by_ids(look.connection, relation, ids, look.moment, look.meter)
        except RowError:  # the view cannot show one of them: others come next time
            for kind in (IN_PROGRESS, PENDING):
                fold.witnesses.drop(kind, ids)
            return
        except psycopg.errors.QueryCanceled:
            self._give_up(relation, "it takes longer than database.statement_timeout", state, look.moment.now)
            return
        state.shared, rows = of_one_id(rows)
        behind = {look.ledger.campaign(campaign) for campaign in self._reloads.behind}
        still, late = unlike(fold, rows, behind)
        self._telemetry.probed.labels(relation).inc(len(rows))
        self._telemetry.unstamped.labels(relation).inc(len(still))
        self._telemetry.late_rows.labels(relation).inc(len(late))
        if still or late:
            other = rows.take(np.array([*still, *late]))
            look.ledger.apply(relation, other)
            self._auditor.suspect(look.days.keys() & set(other.texts["campaign"].distinct()[0]))
        state.note(len(still), len(late), rows.numbers["updated"], look.moment.now)

    def _affordable(self, look: Look, relation: str, ids: Sequence[Any], state: _State) -> bool:
        now = look.moment.now
        if 0 <= now - state.too_dear_at < LOOK_AGAIN_SECONDS:
            return False
        if 0 <= now - state.affordable_at < LOOK_AGAIN_SECONDS:
            return True
        for room in (ROWS_AT_ONCE, FEW_AT_ONCE):
            some = ids[:room]
            if look.reader.cost_by_ids(look.connection, relation, some, look.moment, look.meter) <= MOST_COST:
                state.affordable_at, state.room = now, room
                return True
        self._give_up(relation, "no index serves its ids, or the view reads a whole table for one row", state, now)
        return False

    def _give_up(self, relation: str, why: str, state: _State, now: float) -> None:
        if state.too_dear_at == -math.inf:
            log.warning(
                "changes without a stamp cannot be looked for",
                relation=relation,
                why=why,
                effect="they are found by the audit only, within audit.period",
                remedy=f"make an index on the ids of the table under {relation}; campaign-exporter check names it",
            )
        state.too_dear_at = now

    def _tell(self, relation: str, state: _State, now: float) -> None:
        """The log says it when it begins and when it is over; `told` is what pages say meanwhile."""
        if state.volatile >= 2:
            what = "all rows are stamped with the time at which they are read"
            effect = "every refresh reads the whole relation, and no row settles"
            remedy = "show in the view the time at which the row last changed, not now()"
        elif state.ahead >= 2:
            what = "all rows are stamped with a time to come, by the database's clock"
            effect = "every refresh reads them again until then, and what changes may be missed"
            remedy = "say in the view of which zone the time is (AT TIME ZONE), or stamp rows with the database's clock"
        elif state.shared:
            what = f"of the rows looked at last, several have the same id ({count(state.shared, 'id')})"
            effect = "one row of each id counts at a refresh and all of them when everything is counted: figures jump"
            remedy = "show each row once in the view, with an id that no other row has: does a join multiply them?"
        elif now - state.found_at < LASTS_SECONDS and (state.still or state.late >= FEW_LATE):
            kept = f"rows change without another updated_at ({state.still:,} of"
            old = f"rows change and get an updated_at of before the last look ({state.late:,} of"
            what = f"{kept if state.still else old} {count(state.probed, 'row')} looked at)"
            effect = "such changes are seen minutes late: all campaigns are audited in turn"
            remedy = (
                "let the platform write the time of the change, by the database's clock, into updated_at: is a trigger "
                "gone, a view another, a time taken for another zone's? campaign-exporter check --watch 60s shows it"
            )
        else:
            if state.told:
                log.info("stamps and ids are in order again", relation=relation)
            state.told = ""
            return
        if not state.told:
            problem = "ids are not unique" if state.shared else "stamps do not tell of changes"
            log.warning(problem, relation=relation, what=what, effect=effect, remedy=remedy)
        state.told = f"{relation}: {what}; {effect}; {remedy}"
