"""Which number to call from: usable ones by weight, and always the one that already reached the contact."""

from __future__ import annotations

import random
from datetime import datetime

from exporter.demo.platform.model import Campaign, Did, Lead
from exporter.demo.platform.state import State

# When no number is usable, the reason of the one that came closest speaks for all: the last gate first.
_CLOSEST_FIRST = (
    "", "connection_limit", "provider_throttled", "provider_error", "provider_auth", "network_blocked",
    "number_cooldown", "number_daily_cap", "no_country_match", "number_flagged", "pool_exhausted",
)  # fmt: skip
_CLOSENESS = {code: place for place, code in enumerate(_CLOSEST_FIRST)}
# A trunk whose calls fail this often in a row is left alone for a while.
FAULTS_UNTIL_BACKOFF = 4
_BY_STATE = {"S": "number_flagged", "R": "number_cooldown"}


class Selection:
    """Picks numbers and knows why there is none."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pick(self, campaign: Campaign, lead: Lead, at: datetime, rng: random.Random) -> tuple[Did | None, str, bool]:
        """A number to call this lead from. Without one: the blocker, and whether it concerns this lead alone.

        The blocker is "" where a trunk's calls per second ask to wait a moment.
        """
        if lead.did_locked and lead.did_id is not None:
            did = self._state.dids.get(lead.did_id)
            if did is not None and did.state_code in ("A", "R") and self._in_pool(campaign, did):
                reason = self.refusal(campaign, lead.country, did, at)
                return (did, "", False) if reason is None else (None, reason, True)
            # The number is gone; the contact gets another.
        usable: list[tuple[Did, float]] = []
        closest = "pool_exhausted"
        for member in campaign.pool:
            did = self._state.dids.get(member.did_id)
            if did is None or member.weight <= 0:
                continue
            reason = self.refusal(campaign, lead.country, did, at)
            if reason is None:
                usable.append((did, member.weight))
            elif _CLOSENESS.get(reason, 0) < _CLOSENESS[closest]:
                closest = reason
        if not usable:
            return None, closest, closest == "no_country_match"
        draw = rng.random() * sum(weight for _, weight in usable)
        for did, weight in usable:
            draw -= weight
            if draw < 0:
                return did, "", False
        return usable[-1][0], "", False

    def refusal(self, campaign: Campaign, country: str | None, did: Did, at: datetime) -> str | None:
        """The blocker that keeps this number from dialling into that country now (None: any), or None."""
        if did.state_code != "A":
            return _BY_STATE.get(did.state_code, "pool_exhausted")
        if campaign.match_country and country is not None and did.country != country:
            return "no_country_match"
        if did.max_per_day is not None and self.used_today(did, at) >= did.max_per_day:
            return "number_daily_cap"
        if did.rest_until is not None and did.rest_until > at:
            return "number_cooldown"
        trunk = self._state.trunks[did.trunk_id]
        if trunk.backoff_until is not None and trunk.backoff_until > at:
            return trunk.backoff_code
        if trunk.probing:
            return trunk.backoff_code
        if trunk.max_channels is not None and trunk.on_air >= trunk.max_channels:
            return "connection_limit"
        if trunk.max_cps is not None and trunk.tokens < 1.0:
            return ""
        return None

    def used_today(self, did: Did, at: datetime) -> int:
        """Calls from this number since its tenant's midnight."""
        day = self._state.local_day(self._state.accounts[did.account_id], at)
        if did.used_on != day:
            did.used_on, did.used_today = day, 0
        return did.used_today

    @staticmethod
    def _in_pool(campaign: Campaign, did: Did) -> bool:
        return any(member.did_id == did.did_id for member in campaign.pool)
