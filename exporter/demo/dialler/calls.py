"""The life of a call: dialled, answered, ended, then charged and analysed; and what becomes of its lead."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from exporter.demo.dialler.agenda import Agenda
from exporter.demo.dialler.audience import enqueue
from exporter.demo.dialler.behaviour import Behaviour, CallPlan
from exporter.demo.dialler.crews import Crews
from exporter.demo.dialler.holds import Holds
from exporter.demo.dialler.selection import FAULTS_UNTIL_BACKOFF, Selection
from exporter.demo.platform.model import (
    ABANDONED,
    ANSWERED,
    CANCELLED,
    COMPLETED,
    DIALLING,
    ERROR,
    FAILED,
    QUEUED,
    Attempt,
    Campaign,
    Did,
    Lead,
    Trunk,
)
from exporter.demo.platform.state import State

# How long a failing trunk is left alone, and the blocker that its fault suggests.
BACKOFF = timedelta(seconds=45)
BLOCKER_OF_FAULT = {
    "sip_429": "provider_throttled",
    "sip_401": "provider_auth",
    "sip_403": "provider_auth",
    "network_unreachable": "network_blocked",
}
MAX_FAULT_RETRIES = 12
LEASE_EXPIRED = "lease_expired"
PATIENCE = timedelta(seconds=4)
"""How long somebody listens to nobody."""


class Calls:
    """Starts calls and carries them to their end through the agenda."""

    def __init__(
        self,
        state: State,
        behaviour: Behaviour,
        agenda: Agenda,
        holds: Holds,
        selection: Selection,
        crews: Crews,
        rng_of: Callable[[int], random.Random],
    ) -> None:
        self._state, self._behaviour, self._agenda = state, behaviour, agenda
        self._holds, self._selection, self._crews, self._rng_of = holds, selection, crews, rng_of
        self._leaked: list[tuple[Attempt, Campaign, Lead, Trunk, CallPlan]] = []

    def start(self, at: datetime, campaign: Campaign, lead: Lead, did: Did) -> None:
        """Dial this lead from this number; the caller has checked that there is room."""
        state, rng = self._state, self._rng_of(campaign.campaign_id)
        trunk = state.trunks[did.trunk_id]
        # Its randomness decides the id too: the same seed makes the same rows.
        number = uuid.UUID(int=rng.getrandbits(128), version=4)
        due = lead.due_at or lead.created_at
        attempt = Attempt(
            number, lead.lead_id, campaign.campaign_id, did.did_id, did.trunk_id, lead.arm, lead.tries + 1,
            due, at, at, at,
        )  # fmt: skip
        state.add(attempt)
        state.attempts[number] = attempt
        self._holds.release(campaign, lead)
        lead.state_code, lead.did_id, lead.last_dialled_at, lead.due_at = DIALLING, did.did_id, at, None
        lead.queued_for = None
        state.touch_at(lead, at)
        state.log(lead, at, "dialled", None, call=str(number), number=did.did_id, attempt=attempt.try_no)
        self._selection.used_today(did, at)
        did.used_today += 1
        if did.spacing_seconds:
            did.rest_until = at + timedelta(seconds=did.spacing_seconds)
        state.touch(did, "use")
        trunk.tokens -= 1.0
        trunk.probing = trunk.faults_in_a_row >= FAULTS_UNTIL_BACKOFF
        if campaign.max_per_minute is not None:
            campaign.recent_starts.append(at)
        self._occupy(campaign, trunk)
        plan = self._behaviour.plan(rng, campaign, lead, trunk, did, at)
        self._follow(at, attempt, campaign, lead, trunk, plan)

    def resume(self, attempt: Attempt, now: datetime) -> None:
        """A call that was on air when the dialler stopped: carry it on as if freshly drawn, ending after `now`."""
        state = self._state
        campaign, lead = state.campaigns[attempt.campaign_id], state.leads[attempt.lead_id]
        trunk, did = state.trunks[attempt.trunk_id or 0], state.dids[attempt.did_id or 0]
        self._occupy(campaign, trunk)
        rng = self._rng_of(campaign.campaign_id)
        plan = self._behaviour.plan(rng, campaign, lead, trunk, did, attempt.dialled_at)
        late = (now - attempt.dialled_at).total_seconds() + 1.0 - plan.seconds
        if late > 0:
            plan.seconds += late
            if plan.answer_after is not None:
                plan.answer_after += late
                plan.speak_after = plan.speak_after and plan.speak_after + late
        self._follow(attempt.dialled_at, attempt, campaign, lead, trunk, plan)

    def settle(self, attempt: Attempt, now: datetime) -> None:
        """A call that ended before the dialler stopped, without its costs: they arrive now."""
        campaign = self._state.campaigns[attempt.campaign_id]
        minutes = float(attempt.talk_seconds or 0.0) / 60
        traits = self._behaviour.of(attempt.campaign_id)
        plan = CallPlan(attempt.result_code, 0.0)
        plan.ai_cost = round(minutes * traits.ai_per_minute, 6)
        plan.carrier_cost = round(minutes * traits.carrier_per_minute + 0.002, 6)
        self._agenda.put(now + timedelta(seconds=2), self._charged, attempt, campaign, plan)

    def release_leaked(self, at: datetime) -> None:
        """Give back the slots of calls that never ended."""
        leaked, self._leaked = self._leaked, []
        for attempt, campaign, lead, trunk, plan in leaked:
            plan = CallPlan(ERROR, 0.0, fault=LEASE_EXPIRED, system_fault=True, taken=plan.taken, over=plan.over)
            self._ended(at, attempt, campaign, lead, trunk, plan)

    def _occupy(self, campaign: Campaign, trunk: Trunk) -> None:
        campaign.on_air += 1
        trunk.on_air += 1
        self._state.accounts[campaign.account_id].on_air += 1

    def _follow(
        self, start: datetime, attempt: Attempt, campaign: Campaign, lead: Lead, trunk: Trunk, plan: CallPlan
    ) -> None:
        if plan.answer_after is not None:
            when = start + timedelta(seconds=plan.answer_after)
            self._agenda.put(when, self._answered, attempt, campaign, lead, trunk, plan)
        if plan.never_ends:
            self._leaked.append((attempt, campaign, lead, trunk, plan))
            return
        end = start + timedelta(seconds=plan.seconds)
        self._agenda.put(end, self._ended, attempt, campaign, lead, trunk, plan)

    def _answered(
        self, at: datetime, attempt: Attempt, campaign: Campaign, lead: Lead, trunk: Trunk, plan: CallPlan
    ) -> None:
        attempt.answered_at = at
        if campaign.campaign_id in self._state.crews:
            plan.taken = self._crews.take(campaign)
            if not plan.taken:
                self._state.touch_at(attempt, at)
                nobody = CallPlan(ABANDONED, 0.0, carrier_cost=plan.carrier_cost, disposition="abandoned")
                self._agenda.put(at + PATIENCE, self._ended, attempt, campaign, lead, trunk, nobody)
                plan.over = True
                return
        if plan.speak_after is not None and plan.answer_after is not None:
            attempt.agent_spoke_at = at + timedelta(seconds=plan.speak_after - plan.answer_after)
        self._state.touch_at(attempt, at)

    def _ended(
        self, at: datetime, attempt: Attempt, campaign: Campaign, lead: Lead, trunk: Trunk, plan: CallPlan
    ) -> None:
        state = self._state
        if plan.over:  # abandoned before
            return
        if plan.taken:
            self._crews.leave(campaign)
        campaign.on_air -= 1
        trunk.on_air -= 1
        state.accounts[campaign.account_id].on_air -= 1
        attempt.result_code, attempt.fault_code = plan.result, plan.fault
        attempt.hung_up_at, attempt.talk_seconds = at, plan.talk
        state.touch_at(attempt, at)
        self._watch_trunk(at, trunk, plan)
        if plan.result == ERROR and plan.fault != LEASE_EXPIRED:
            plan.cost_delay = 15.0
        self._agenda.put(at + timedelta(seconds=plan.cost_delay), self._charged, attempt, campaign, plan)
        if plan.mood is not None:
            delay = timedelta(seconds=max(plan.analysis_delay, 30.0))
            self._agenda.put(at + delay, self._analysed, attempt, lead, plan)
        state.log(lead, at, "call_ended", plan.fault, outcome=plan.result.lower(), talk_seconds=plan.talk or 0)
        self._conclude(at, campaign, lead, plan)

    def _watch_trunk(self, at: datetime, trunk: Trunk, plan: CallPlan) -> None:
        trunk.probing = False
        if not plan.system_fault or plan.fault == LEASE_EXPIRED:
            trunk.faults_in_a_row = 0
            return
        trunk.faults_in_a_row += 1
        if trunk.faults_in_a_row >= FAULTS_UNTIL_BACKOFF:
            trunk.backoff_code = BLOCKER_OF_FAULT.get(plan.fault or "", "provider_error")
            trunk.backoff_until = at + BACKOFF

    def _conclude(self, at: datetime, campaign: Campaign, lead: Lead, plan: CallPlan) -> None:
        if lead.state_code != DIALLING:
            return  # cancelled while it was on the phone
        rng = self._rng_of(campaign.campaign_id)
        if plan.system_fault:
            lead.fault_retries += 1
            if lead.fault_retries > MAX_FAULT_RETRIES:
                self.close(at, campaign, lead, FAILED, "system_failure")
            else:
                wait = min(60.0 * 2 ** min(lead.fault_retries - 1, 6), 1800.0) * rng.uniform(0.8, 1.2)
                self._again(at, campaign, lead, wait, "system_retry", plan.fault)
            return
        lead.tries += 1
        traits = self._behaviour.of(campaign.campaign_id)
        if plan.result == ANSWERED:
            lead.did_locked = True
            lead.talk_seconds = plan.talk
            if plan.goal:
                for goal in campaign.objectives[:1]:
                    goal.reached += 1
                    self._state.touch(goal, "tally")
        if plan.result == ANSWERED and not (plan.callback and lead.tries < lead.max_tries):
            lead.goal_reached = plan.goal
            self.close(at, campaign, lead, COMPLETED, plan.disposition)
        elif plan.result == ERROR:
            self.close(at, campaign, lead, FAILED, plan.disposition or "invalid_number")
        elif lead.tries >= lead.max_tries:
            self.close(at, campaign, lead, FAILED, plan.disposition or "unreachable")
        else:
            minutes = traits.retry_minutes.get(plan.result, 90.0) * 1.4 ** (lead.tries - 1)
            self._again(at, campaign, lead, minutes * 60 * rng.uniform(0.7, 1.3), "retry_scheduled", None)

    def _again(self, at: datetime, campaign: Campaign, lead: Lead, seconds: float, kind: str, code: str | None) -> None:
        if campaign.state_code in ("DONE", "ABORTED"):
            self.close(at, campaign, lead, CANCELLED, "campaign_over")
            return
        due = at + timedelta(seconds=seconds)
        lead.state_code, lead.due_at = QUEUED, due
        enqueue(campaign, lead, due)
        self._state.touch_at(lead, at)
        self._state.log(lead, at, kind, code, next_eligible_at=due.isoformat(timespec="seconds"))

    def close(self, at: datetime, campaign: Campaign, lead: Lead, state_code: str, result: str) -> None:
        """Nothing more happens to this lead."""
        self._holds.release(campaign, lead)
        lead.state_code, lead.result_code, lead.due_at, lead.queued_for = state_code, result, None, None
        campaign.open_leads -= 1
        self._state.leads.pop(lead.lead_id, None)
        self._state.touch_at(lead, at)
        self._state.log(lead, at, "closed", result)

    def _charged(self, at: datetime, attempt: Attempt, campaign: Campaign, plan: CallPlan) -> None:
        attempt.ai_cost, attempt.carrier_cost = plan.ai_cost, plan.carrier_cost
        self._state.touch_at(attempt, at)
        self._state.charge(campaign, plan.ai_cost + plan.carrier_cost)
        self._state.attempts.pop(attempt.attempt_id, None)

    def _analysed(self, at: datetime, attempt: Attempt, lead: Lead, plan: CallPlan) -> None:
        attempt.mood_code, attempt.quality = plan.mood, plan.score
        self._state.touch_at(attempt, at)
        if plan.score is not None:
            lead.quality = plan.score
            self._state.touch_at(lead, at)
