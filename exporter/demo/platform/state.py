"""The dialler's memory: its objects by id, the next free ids, and which rows must be written."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from exporter.demo.platform.model import (
    Account,
    Agent,
    Attempt,
    Campaign,
    Crew,
    Did,
    DispatchLogEntry,
    JournalEntry,
    Lead,
    LeadLogEntry,
    Trunk,
)
from exporter.demo.platform.zones import zone_of

_Item = TypeVar("_Item")


class State:
    """Everything the dialler knows: of leads and calls only those still open; the rest is in the database."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.trunks: dict[int, Trunk] = {}
        self.dids: dict[int, Did] = {}
        self.agents: dict[str, Agent] = {}
        self.campaigns: dict[int, Campaign] = {}
        self.crews: dict[int, Crew] = {}
        self.leads: dict[int, Lead] = {}
        self.attempts: dict[UUID, Attempt] = {}
        self.new: dict[type, list[Any]] = defaultdict(list)
        self.changed: dict[tuple[type, str], dict[Any, None]] = defaultdict(dict)
        # Task events and snapshots before this moment are not kept: history would be mostly logs.
        self.log_since: datetime | None = None
        self._unsaved: set[Any] = set()
        self._last_id: dict[type, int] = defaultdict(int)
        self._local_day: dict[int, tuple[datetime, datetime, date]] = {}

    def next_id(self, kind: type) -> int:
        self._last_id[kind] += 1
        return self._last_id[kind]

    def reserve_ids(self, kind: type, last: int) -> None:
        """Ids of this kind up to `last` are taken."""
        self._last_id[kind] = max(self._last_id[kind], last)

    def add(self, item: _Item) -> _Item:
        """A new row, to be inserted at the next flush."""
        self.new[type(item)].append(item)
        self._unsaved.add(item)
        return item

    def touch(self, item: Any, group: str = "state") -> None:
        """A row changed in the columns of this group (tables.py)."""
        if item not in self._unsaved:
            self.changed[type(item), group][item] = None

    def touch_at(self, item: Lead | Attempt, at: datetime) -> None:
        """A lead or an attempt changed at that moment."""
        item.updated_at = at
        if item not in self._unsaved:
            self.changed[type(item), "state"][item] = None

    def saved(self) -> None:
        """All that was pending is in the database."""
        self.new.clear()
        self.changed.clear()
        self._unsaved.clear()
        for account in self.accounts.values():
            account.unwritten = 0.0
        for campaign in self.campaigns.values():
            campaign.unwritten = 0.0

    def journal(self, campaign: Campaign, at: datetime, kind: str, actor: str, **detail: Any) -> None:
        """Record what happened to a campaign, for timelines and annotations."""
        self.add(JournalEntry(self.next_id(JournalEntry), campaign.campaign_id, at, kind, actor, detail or None))

    def logs(self, at: datetime) -> bool:
        """Whether what happens at that moment is recent enough for the debug logs."""
        return self.log_since is None or at >= self.log_since

    def log(self, lead: Lead, at: datetime, kind: str, code: str | None = None, **detail: Any) -> None:
        """Record what happened to a lead, for the debug view."""
        if self.logs(at):
            number = self.next_id(LeadLogEntry)
            self.add(LeadLogEntry(number, lead.lead_id, at, kind, code, detail or None))

    def snapshot(self, campaign: Campaign, at: datetime, capacity: dict[str, Any]) -> None:
        """Record what the dispatcher saw, for the debug view."""
        number = self.next_id(DispatchLogEntry)
        self.add(DispatchLogEntry(number, campaign.campaign_id, None, at, capacity))

    def charge(self, campaign: Campaign, amount: float) -> None:
        """A cost arrived: the campaign's total grows, its account's credits shrink."""
        account = self.accounts[campaign.account_id]
        campaign.spent += amount
        campaign.unwritten += amount
        if account.credit_balance is not None:
            account.credit_balance -= amount
            account.unwritten -= amount

    def local_day(self, account: Account, at: datetime) -> date:
        """The account's calendar day, whose midnight resets the numbers' daily counts."""
        known = self._local_day.get(account.account_id)
        if known is None or not known[0] <= at < known[1]:
            # Zones change their offset on quarters of an hour: until the next one the day is the same.
            quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
            day = at.astimezone(zone_of(account.tz)).date()
            known = self._local_day[account.account_id] = (quarter, quarter + timedelta(minutes=15), day)
        return known[2]
