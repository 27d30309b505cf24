"""Where contacts come from: list files that are staged, read and loaded, and feeds that trickle all day."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappush

from exporter.demo.dialler.agenda import Agenda
from exporter.demo.dialler.behaviour import Behaviour
from exporter.demo.platform.model import ABORTED, DONE, LIVE, Campaign, Lead, ListFile, Person
from exporter.demo.platform.phones import invent
from exporter.demo.platform.state import State
from exporter.demo.platform.zones import zone_of

LIST_HOUR = 6  # when daily lists arrive, on the campaign's wall clock
BYTES_PER_ROW = 61
BAD_ROWS_USUALLY = 0.012


class Audience:
    """Adds contacts to campaigns."""

    def __init__(
        self, state: State, behaviour: Behaviour, agenda: Agenda, rng_of: Callable[[int], random.Random]
    ) -> None:
        self._state = state
        self._behaviour = behaviour
        self._agenda = agenda
        self._rng_of = rng_of
        self._owed: dict[int, float] = {}

    def stage(
        self,
        at: datetime,
        campaign: Campaign,
        rows: int,
        filename: str | None = None,
        error: str | None = None,
    ) -> ListFile:
        """A list file arrives; within a minute it is loaded, or broken for the reason `error`."""
        state = self._state
        number = state.next_id(ListFile)
        name = filename or f"audience_{campaign.campaign_id}_{at:%Y%m%d_%H%M}.csv"
        size = rows * BYTES_PER_ROW + 112
        item = ListFile(number, campaign.campaign_id, name, size, None, None, None, "STAGED", None, at)
        state.add(item)
        campaign.newest_list = item
        self._agenda.put(at + timedelta(seconds=12), self._read, item)
        self._agenda.put(at + timedelta(seconds=40), self._load, item, rows, error)
        state.journal(campaign, at, "audience_staged", "operator", filename=name, rows=rows)
        return item

    def load_later(self, at: datetime, item: ListFile, rows: int) -> None:
        """A list whose loading was interrupted is loaded after all."""
        self._agenda.put(at + timedelta(seconds=5), self._load, item, rows, None)

    def _read(self, _at: datetime, item: ListFile) -> None:
        item.state_code = "READING"
        self._state.touch(item)

    def _load(self, at: datetime, item: ListFile, rows: int, error: str | None) -> None:
        campaign = self._state.campaigns.get(item.campaign_id)
        if campaign is None or campaign.state_code in (DONE, ABORTED):
            return
        self._state.touch(item)
        if error:
            done = rows // 3
            item.state_code, item.error_text = "BROKEN", error
            item.rows_total, item.rows_ok, item.rows_bad = rows, 0, done
            self._state.journal(campaign, at, "audience_failed", "platform", filename=item.filename, error=error)
            return
        share = self._behaviour.conditions.rejected_rows.get(item.campaign_id, BAD_ROWS_USUALLY)
        bad = round(rows * share)
        item.state_code = "LOADED"
        item.rows_total, item.rows_ok, item.rows_bad = rows, rows - bad, bad
        for _ in range(rows - bad):
            self.add_contact(at, campaign)
        self._state.journal(
            campaign,
            at,
            "audience_imported",
            "platform",
            filename=item.filename,
            accepted=rows - bad,
            rejected=bad,
        )

    def expect_daily_list(self, at: datetime, campaign: Campaign) -> None:
        """From now on a list arrives every morning."""
        local = at.astimezone(zone_of(campaign.tz))
        nine = local.replace(hour=LIST_HOUR, minute=10 + campaign.campaign_id % 40, second=0, microsecond=0)
        if nine <= local:
            nine += timedelta(days=1)
        self._agenda.put(nine.astimezone(at.tzinfo), self._daily_list, campaign)

    def _daily_list(self, at: datetime, campaign: Campaign) -> None:
        rows = self._behaviour.of(campaign.campaign_id).contacts_per_day
        if campaign.state_code in (DONE, ABORTED) or not rows:
            return
        if campaign.state_code == LIVE:
            factor = self._rng_of(campaign.campaign_id).uniform(0.85, 1.15)
            self.stage(at, campaign, round(rows * factor))
        self.expect_daily_list(at, campaign)

    def feed(self, at: datetime, campaign: Campaign, hours: float) -> None:
        """Add what a feed brings in that many hours; twice as much by day as by night."""
        rate = self._behaviour.of(campaign.campaign_id).contacts_per_hour
        if campaign.campaign_id in self._behaviour.conditions.bursting:
            rate = max(rate, 25.0) * 20
        if not rate:
            return
        local_hour = at.astimezone(zone_of(campaign.tz)).hour
        rate *= 1.3 if 7 <= local_hour < 22 else 0.65
        rng = self._rng_of(campaign.campaign_id)
        owed = self._owed.get(campaign.campaign_id, 0.0) + rate * hours * rng.uniform(0.5, 1.5)
        while owed >= 1.0:
            self.add_contact(at, campaign)
            owed -= 1.0
        self._owed[campaign.campaign_id] = owed

    def add_contact(self, at: datetime, campaign: Campaign) -> Lead:
        """One more person to call."""
        state, rng = self._state, self._rng_of(campaign.campaign_id)
        phone, country, zone = invent(rng, self._behaviour.of(campaign.campaign_id).countries)
        number = state.next_id(Person)
        person = Person(number, campaign.account_id, f"contact-{number:06d}", phone, country, zone)
        state.add(person)
        lead = Lead(state.next_id(Lead), campaign.campaign_id, number, campaign.max_tries, at, at)
        lead.country, lead.zone = country, zone_of(zone)
        lead.arm = self._arm(campaign, rng)
        state.add(lead)
        state.leads[lead.lead_id] = lead
        campaign.open_leads += 1
        enqueue(campaign, lead, at)
        return lead

    def _arm(self, campaign: Campaign, rng: random.Random) -> str | None:
        if not campaign.arms:
            return None
        if rng.random() < self._behaviour.conditions.arm_skew.get(campaign.campaign_id, 0.0):
            return campaign.arms[0].arm
        draw = rng.random() * sum(arm.share for arm in campaign.arms)
        for arm in campaign.arms:
            draw -= arm.share
            if draw < 0:
                return arm.arm
        return campaign.arms[-1].arm


def enqueue(campaign: Campaign, lead: Lead, when: datetime) -> None:
    """The dispatcher may look at this lead from `when` on."""
    lead.queued_for = when
    heappush(campaign.queue, (when, lead.lead_id, lead))
