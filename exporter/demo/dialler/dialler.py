"""The dispatch loop: moves the simulated dialler to the present, one short tick after the other."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from zlib import crc32

from exporter.demo.dialler.agenda import Agenda
from exporter.demo.dialler.audience import Audience
from exporter.demo.dialler.behaviour import Behaviour
from exporter.demo.dialler.calls import Calls
from exporter.demo.dialler.capacity import capacity_of
from exporter.demo.dialler.conditions import Conditions
from exporter.demo.dialler.crews import Crews
from exporter.demo.dialler.gates import campaign_gate, capacity_gate
from exporter.demo.dialler.holds import Holds
from exporter.demo.dialler.lifecycle import Lifecycle, Move
from exporter.demo.dialler.selection import Selection
from exporter.demo.platform.model import ABORTED, DONE, DRAFT, FAILED, LIVE, QUEUED, Campaign, Lead
from exporter.demo.platform.state import State
from exporter.demo.platform.traits import Traits

# Leads one pass may skip because something concerns them alone, before it leaves the queue for this tick.
SKIPS = 20
LOOK_AGAIN = timedelta(minutes=10)
COOLING = timedelta(seconds=20)
# A lead that can never be dialled is closed when it has been held this long.
GIVE_UP_AFTER = timedelta(hours=6)
# Shares of contacts that a list brings although they must not or cannot be called.
FLAWS: Mapping[str, tuple[float, str]] = {
    "dnc": (0.003, "do_not_call"),
    "invalid_number": (0.004, "invalid_number"),
}
OVER = (DONE, ABORTED, DRAFT)
SNAPSHOT_EVERY = timedelta(minutes=1)
DELAY_OF_LEAD_REASON: Mapping[str, timedelta] = {"number_cooldown": COOLING, "": COOLING}


class Dialler:
    """A dialler on a clock it is given: the same seed and the same steps make the same rows, ids included.

    `step(now)` advances to `now` in ticks of at most `tick`. Rows that changed wait in `state` for a Store.
    """

    def __init__(
        self,
        state: State,
        traits: Mapping[int, Traits],
        start: datetime,
        seed: str | int,
        moves: Iterable[Move] = (),
        tick: timedelta = timedelta(seconds=5),
    ) -> None:
        self.state, self.time, self.tick = state, start, tick
        self.conditions = Conditions()
        self.agenda = Agenda()
        self._seed = seed
        self._random: dict[int, random.Random] = {}
        self.behaviour = Behaviour(traits, self.conditions)
        self.audience = Audience(state, self.behaviour, self.agenda, self.rng_of)
        self.holds = Holds(state)
        self.selection = Selection(state)
        self.crews = Crews(state, self.behaviour)
        self.calls = Calls(state, self.behaviour, self.agenda, self.holds, self.selection, self.crews, self.rng_of)
        self.lifecycle = Lifecycle(state, self.behaviour, self.calls)
        self._minute = start
        self._turn = 0
        self._order: list[Campaign] = []
        for move in moves:
            if move.at >= start:
                self.agenda.put(move.at, self.lifecycle.perform, move)
        for campaign in state.campaigns.values():
            if self.behaviour.of(campaign.campaign_id).contacts_per_day:
                self.audience.expect_daily_list(start, campaign)

    def rng_of(self, campaign_id: int) -> random.Random:
        """Each campaign has its own randomness, so that what befalls one leaves the others as they were."""
        if campaign_id not in self._random:
            self._random[campaign_id] = random.Random(f"{self._seed}/{campaign_id}")
        return self._random[campaign_id]

    def step(self, now: datetime) -> None:
        """Advance to `now`; a moment in the past does nothing."""
        while self.time < now:
            self._advance(min(self.time + self.tick, now))

    def _advance(self, at: datetime) -> None:
        elapsed = (at - self.time).total_seconds()
        self.time = at
        self.agenda.run_until(at)
        self.crews.tick(at)
        for trunk in self.state.trunks.values():
            if trunk.max_cps is not None:
                # At most one second's worth: calls of one pass all start at the same instant.
                trunk.tokens = min(max(trunk.max_cps, 1.0), trunk.tokens + trunk.max_cps * elapsed)
        every_minute = at >= self._minute
        if every_minute:
            hours = (at - self._minute + SNAPSHOT_EVERY).total_seconds() / 3600
            self._minute = at + SNAPSHOT_EVERY
            self._top_up()
            self.reorder()
        for campaign in self._order:
            if campaign.state_code in OVER:
                continue
            self.lifecycle.tick(campaign, at)
            if every_minute and campaign.state_code == LIVE:
                self.audience.feed(at, campaign, hours)
            if campaign.campaign_id not in self.conditions.dead:
                self._dispatch(campaign, at, every_minute)

    def settings_changed(self) -> None:
        """Somebody changed settings in the database: obey them from the next tick on."""
        self.reorder()
        for campaign in self.state.campaigns.values():
            campaign.open_minute = None
            self.lifecycle.tidy(campaign, self.time)

    def reorder(self) -> None:
        """Higher priority first; those of the same priority take turns at being first."""
        self._turn += 1
        self._order = [c for c in self.state.campaigns.values() if c.state_code not in OVER]
        self._order.sort(key=lambda c: (-c.dial_priority, (c.campaign_id + self._turn) % 97))

    def _top_up(self) -> None:
        for account in self.state.accounts.values():
            if (
                account.credit_balance is not None
                and account.topup_below is not None
                and account.credit_balance < account.topup_below
            ):
                account.credit_balance += account.topup_amount
                account.unwritten += account.topup_amount

    def _dispatch(self, campaign: Campaign, at: datetime, snapshot: bool) -> None:
        reason = campaign_gate(self.state, self.conditions, campaign, at)
        if reason is None and campaign.queue and campaign.queue[0][0] <= at:
            reason = self._dial_due(campaign, at)
        if campaign.hold != reason or campaign.to_restamp or reason:
            self.holds.refresh(campaign, reason, at)
        if snapshot and self.state.logs(at):
            self.state.snapshot(campaign, at, capacity_of(self.state, self.selection, campaign, at, reason))

    def _dial_due(self, campaign: Campaign, at: datetime) -> str | None:
        """Dial what is due until something is full; the reason why the queue's head waits, if it does."""
        rng = self.rng_of(campaign.campaign_id)
        skips, queue = 0, campaign.queue
        while queue and queue[0][0] <= at:
            when, number, lead = queue[0]
            if lead.queued_for != when or lead.state_code != QUEUED:
                heappop(queue)
                continue
            reason = capacity_gate(self.state, campaign, at)
            if reason is not None:
                return reason
            heappop(queue)
            if self._held_alone(campaign, lead, at):
                skips += 1
            else:
                did, code, alone = self.selection.pick(campaign, lead, at, rng)
                if did is not None:
                    self.calls.start(at, campaign, lead, did)
                    continue
                if not alone:
                    heappush(queue, (when, number, lead))
                    return code
                self._put_off(campaign, lead, code, at)
                skips += 1
            if skips >= SKIPS:
                return None
        return None

    def _held_alone(self, campaign: Campaign, lead: Lead, at: datetime) -> bool:
        """Whether something about this contact forbids the call; then it is stamped, or given up after hours."""
        share, code = self.conditions.lead_holds.get(campaign.campaign_id, (0.0, ""))
        if share and lottery(lead.lead_id, code) < share:
            self.holds.single(campaign, lead, code, at, at + LOOK_AGAIN)
            return True
        for code, (share, result) in FLAWS.items():
            if lottery(lead.lead_id, code) < share:
                if lead.hold_code == code and at - lead.created_at > GIVE_UP_AFTER:
                    self.calls.close(at, campaign, lead, FAILED, result)
                else:
                    self.holds.single(campaign, lead, code, at, at + LOOK_AGAIN)
                return True
        return False

    def _put_off(self, campaign: Campaign, lead: Lead, code: str, at: datetime) -> None:
        delay = DELAY_OF_LEAD_REASON.get(code, LOOK_AGAIN)
        if code:
            self.holds.single(campaign, lead, code, at, at + delay)
        else:
            lead.queued_for = at + delay
            heappush(campaign.queue, (lead.queued_for, lead.lead_id, lead))


def lottery(lead_id: int, topic: str) -> float:
    """A number in [0, 1) that belongs to this lead and topic for good: who is drawn once stays drawn."""
    return crc32(f"{topic}/{lead_id}".encode()) / 2**32
