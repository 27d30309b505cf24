"""The people who take a campaign's calls: when they are there, when they are on a break, and who of them is free."""

from __future__ import annotations

from datetime import datetime, timedelta

from exporter.demo.dialler.behaviour import Behaviour
from exporter.demo.dialler.gates import DAYS
from exporter.demo.platform.model import Campaign, Crew
from exporter.demo.platform.state import State
from exporter.demo.platform.zones import zone_of

ARRIVAL = timedelta(seconds=40)
"""People log in one after the other when a shift begins."""


class Crews:
    """Keeps the crews of all campaigns that have one."""

    def __init__(self, state: State, behaviour: Behaviour) -> None:
        self._state, self._behaviour = state, behaviour

    def tick(self, at: datetime) -> None:
        """Log people in and out, and send them on their breaks."""
        for number, crew in self._state.crews.items():
            campaign = self._state.campaigns[number]
            there = 0 if number in self._behaviour.conditions.no_show else _there(crew, campaign, at)
            logged_in = max(there, crew.talking)  # whoever talks stays until the call is over
            reason, until = self._break(campaign, at)
            paused = logged_in - crew.talking if reason and logged_in else 0
            if not paused:
                reason = until = None
            self._set(crew, logged_in, paused, reason, until)

    def take(self, campaign: Campaign) -> bool:
        """Somebody picked up: whether a person is free to talk, who then is not."""
        crew = self._state.crews[campaign.campaign_id]
        if crew.free <= 0:
            return False
        crew.talking += 1
        self._state.touch(crew, "presence")
        return True

    def leave(self, campaign: Campaign) -> None:
        """A person's call is over."""
        crew = self._state.crews[campaign.campaign_id]
        crew.talking -= 1
        self._state.touch(crew, "presence")

    def _break(self, campaign: Campaign, at: datetime) -> tuple[str | None, datetime | None]:
        """Why there is a break just now, and until when, if that is planned."""
        forced = self._behaviour.conditions.breaks.get(campaign.campaign_id)
        if forced:
            return forced, None
        local = at.astimezone(zone_of(campaign.tz))
        for each in self._behaviour.of(campaign.campaign_id).breaks:
            starts = local.replace(hour=each.at.hour, minute=each.at.minute, second=0, microsecond=0)
            if starts <= local < starts + timedelta(minutes=each.minutes):
                return each.reason, at + (starts + timedelta(minutes=each.minutes) - local)
        return None, None

    def _set(self, crew: Crew, logged_in: int, paused: int, reason: str | None, until: datetime | None) -> None:
        until = until and until.replace(microsecond=0)
        if (crew.logged_in, crew.paused, crew.break_reason, crew.break_until) != (logged_in, paused, reason, until):
            crew.logged_in, crew.paused, crew.break_reason, crew.break_until = logged_in, paused, reason, until
            self._state.touch(crew, "presence")


def _there(crew: Crew, campaign: Campaign, at: datetime) -> int:
    local = at.astimezone(zone_of(campaign.tz))
    if DAYS[local.weekday()] not in crew.shift_days or not crew.shift_opens <= local.time() < crew.shift_closes:
        return 0
    since = local - local.replace(hour=crew.shift_opens.hour, minute=crew.shift_opens.minute, second=0, microsecond=0)
    return min(crew.seats, since // ARRIVAL)
