"""How many rows of exported campaigns break the contract now, by relation, column and rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from exporter.contract.codes import OTHER, blocker_group
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import unpack_key
from exporter.source.columns import RULES, broken_rule
from exporter.source.entities import Violation

_CODES: Mapping[str, Violation] = {
    "tasks": ("tasks", "status", "unknown_code"),
    "waiting": ("tasks", "blocker", "unknown_code"),
    "attempts": ("calls", "outcome", "unknown_code"),
}
_BROKEN: Mapping[str, str] = {"broken_tasks": "tasks", "broken_calls": "calls"}
PROJECTIONS = (*_CODES, *_BROKEN)


class Violations:
    """Counts of tasks and calls, kept up to date campaign by campaign."""

    def __init__(self) -> None:
        self._campaigns: dict[str, Counter[Violation]] = {}
        self.total: Counter[Violation] = Counter()

    def update(self, ledger: Ledger, changed: Mapping[str, Iterable[str]]) -> None:
        """Count the campaigns anew whose totals changed, by projection."""
        for campaign in {campaign for name in PROJECTIONS for campaign in changed.get(name, ())}:
            before = self._campaigns.pop(campaign, Counter())
            after = _count(ledger, campaign)
            if after:
                self._campaigns[campaign] = after
            self.total.update(after)
            self.total.subtract(before)


def _count(ledger: Ledger, campaign: str) -> Counter[Violation]:
    counts: Counter[Violation] = Counter()
    for projection, violation in _CODES.items():
        keys = ledger.projections[projection].keys
        place = 1 if projection == "attempts" else 0
        for key, cell in ledger.cells(projection, campaign).items():
            code = ledger.vocabulary.label(keys[place], unpack_key(key)[place])
            if code == OTHER or (projection == "waiting" and blocker_group(code) == "unknown"):
                counts[violation] += cell[0]
    for projection, relation in _BROKEN.items():
        for key, cell in ledger.cells(projection, campaign).items():
            bits = unpack_key(key)[0]
            for bit, name in enumerate(RULES[relation]):
                if bits & (1 << bit):
                    counts[(relation, *broken_rule(name))] += cell[0]
    return counts
