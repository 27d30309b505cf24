"""Calls in progress and calls of today by tenant, connection and number, kept up to date campaign by campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import count_of, counts_by_first
from exporter.source.platform import Platform


@dataclass(slots=True)
class _Use:
    """What one campaign uses."""

    tenant: str = ""
    in_progress: int = 0
    by_number: Counter[str] = field(default_factory=Counter)
    today: Counter[str] = field(default_factory=Counter)
    told: int = 0
    """1 where some of its calls tell from which number they are."""
    untold: int = 0
    """1 where it has calls, and none does."""


class Usage:
    """The use of each tenant, as the sum over its exported campaigns."""

    def __init__(self) -> None:
        self._campaigns: dict[str, _Use] = {}
        self.in_progress: Counter[str] = Counter()
        self.by_number: dict[str, Counter[str]] = {}
        self.today: dict[str, Counter[str]] = {}
        self._told: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()

    def update(self, ledger: Ledger, platform: Platform, campaign_id: str) -> set[str]:
        """Take a campaign's use anew; the tenants whose use changed by it."""
        campaign = platform.campaigns.get(campaign_id)
        use = _Use() if campaign is None else _use(ledger, campaign_id, campaign.tenant_id)
        old = self._campaigns.pop(campaign_id, _Use())
        if campaign is not None:
            self._campaigns[campaign_id] = use
        if use == old:
            return set()
        self._add(old, -1)
        self._add(use, 1)
        return {tenant for tenant in (old.tenant, use.tenant) if tenant}

    def _add(self, use: _Use, sign: int) -> None:
        if not use.tenant:
            return
        self.in_progress[use.tenant] += sign * use.in_progress
        self._told[use.tenant] += sign * use.told
        self._untold[use.tenant] += sign * use.untold
        for totals, own in ((self.by_number, use.by_number), (self.today, use.today)):
            counts = totals.setdefault(use.tenant, Counter())
            for number, count in own.items():
                counts[number] += sign * count
                if not counts[number]:
                    del counts[number]

    def tells_numbers(self, tenant: str) -> bool:
        """Whether a tenant's calls tell from which numbers they are; where there is none, nothing is missing."""
        return self._told[tenant] > 0 or not self._untold[tenant]

    def of(self, campaign_id: str) -> int:
        """Calls in progress of a campaign."""
        use = self._campaigns.get(campaign_id)
        return use.in_progress if use else 0

    def by_connection(self, platform: Platform, tenant: str) -> Counter[str]:
        """Calls in progress of a tenant by the connection of their number; zero for an idle one."""
        counts = Counter({key: 0 for key, trunk in platform.connections.items() if trunk.tenant_id == tenant})
        for number, count in self.by_number.get(tenant, Counter()).items():
            owner = platform.numbers.get(number)
            if owner is not None and owner.connection_id is not None:
                counts[owner.connection_id] += count
        return counts


def _use(ledger: Ledger, campaign_id: str, tenant: str) -> _Use:
    use = _Use(tenant)
    outcome = ledger.vocabulary.of("outcome")
    assert outcome is not None
    in_progress = outcome.label_number("in_progress")
    use.in_progress = count_of(ledger.cells("attempts", campaign_id), in_progress)
    use.told = int(ledger.told(campaign_id).has("calls", "number_id"))
    use.untold = int(not use.told and ledger.rows(campaign_id)["calls"] > 0)
    if "numbers" in ledger.projections:
        _by_label(use.by_number, ledger, counts_by_first(ledger.cells("numbers", campaign_id), in_progress))
        today = ledger.calls.today(campaign_id)
        if today is not None:
            _by_label(use.today, ledger, counts_by_first(ledger.cells("today", campaign_id), today))
    return use


def _by_label(counts: Counter[str], ledger: Ledger, found: Mapping[int, int]) -> None:
    for number, count in found.items():
        counts[ledger.vocabulary.label("number", number)] += count
