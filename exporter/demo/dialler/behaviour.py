"""How people and providers behave when called: what comes of one call, drawn from rates that are data."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exporter.demo.dialler.conditions import Conditions
from exporter.demo.platform.model import (
    ANSWERED,
    BUSY,
    ERROR,
    NO_ANSWER,
    REJECTED,
    VOICEMAIL,
    Campaign,
    Did,
    Lead,
    Trunk,
)
from exporter.demo.platform.traits import Traits

# Share of the daily mean at which people pick up, by the hour on the wall clock where they live.
ANSWER_BY_HOUR = (
    0.45, 0.40, 0.38, 0.38, 0.42, 0.50, 0.60, 0.75, 0.90, 1.00, 1.08, 1.05,
    0.92, 0.90, 0.98, 1.02, 1.10, 1.22, 1.30, 1.22, 1.05, 0.85, 0.65, 0.52,
)  # fmt: skip
# Who did not answer is less and less likely to: the share of the first attempt's rate, by attempt.
ANSWER_BY_ATTEMPT = (1.0, 0.82, 0.66, 0.54, 0.45, 0.38)
FOREIGN_NUMBER_FACTOR = 0.6
# Faults of ours or the provider's: tried again by the system, not counted as an attempt on the contact.
SYSTEM_FAULTS = ("sip_503", "sip_408", "media_timeout", "agent_unavailable")
# Faults that say something about the destination: an attempt, and the number is not tried again.
DEAD_NUMBER_FAULTS = ("unallocated_number", "number_changed")
WAITS_SECONDS = 5.0
"""How long an abandoned contact waits for the agent."""
RING_SECONDS: Mapping[str, tuple[float, float]] = {
    ANSWERED: (4, 22), VOICEMAIL: (18, 32), NO_ANSWER: (26, 40), BUSY: (1, 4), REJECTED: (3, 15),
}  # fmt: skip


@dataclass(slots=True)
class CallPlan:
    """What will come of a call, and when, counted in seconds from dialling."""

    result: str
    seconds: float
    fault: str | None = None
    system_fault: bool = False
    answer_after: float | None = None
    speak_after: float | None = None
    talk: float | None = None
    ai_cost: float = 0.0
    carrier_cost: float = 0.0
    cost_delay: float = 30.0
    mood: str | None = None
    score: float | None = None
    analysis_delay: float = 120.0
    goal: bool = False
    callback: bool = False
    disposition: str = ""
    never_ends: bool = False
    taken: bool = False  # a person talks
    over: bool = False  # it ended otherwise than was planned


class Behaviour:
    """Draws what comes of calls. One instance a dialler; randomness is handed in, so that a seed decides all."""

    def __init__(self, traits: Mapping[int, Traits], conditions: Conditions) -> None:
        self.traits = traits
        self.conditions = conditions
        self._default = Traits()

    def of(self, campaign_id: int) -> Traits:
        return self.traits.get(campaign_id, self._default)

    def plan(
        self, rng: random.Random, campaign: Campaign, lead: Lead, trunk: Trunk, did: Did, at: datetime
    ) -> CallPlan:
        """What will come of calling this lead now, over this trunk, from this number."""
        traits, conditions = self.of(campaign.campaign_id), self.conditions
        fault = self._fault(rng, traits, campaign, trunk)
        plan = fault or self._reached(rng, traits, campaign, lead, did, at)
        limit = conditions.ring_limit.get(campaign.campaign_id)
        if limit is not None and not fault and (plan.answer_after or plan.seconds) > limit:
            plan = CallPlan(NO_ANSWER, limit, disposition="unreachable")
        plan.never_ends = rng.random() < conditions.leak.get(campaign.campaign_id, 0.0)
        unknown = conditions.unknown_outcome.get(campaign.campaign_id)
        if unknown and plan.result != ANSWERED and rng.random() < unknown[0]:
            plan.result = unknown[1]
        minutes = (plan.talk or 0.0) / 60.0
        factor = conditions.cost_factor.get(campaign.campaign_id, 1.0)
        plan.ai_cost = round(minutes * traits.ai_per_minute * factor * rng.uniform(0.9, 1.1), 6)
        billed = math.ceil(plan.seconds / 6) / 10 if plan.talk else 0.0
        plan.carrier_cost = round(billed * traits.carrier_per_minute * factor + (0.0 if fault else 0.002), 6)
        plan.cost_delay = rng.uniform(15, 150)
        return plan

    def _fault(self, rng: random.Random, traits: Traits, campaign: Campaign, trunk: Trunk) -> CallPlan | None:
        conditions = self.conditions
        rate, code = conditions.trunk_faults.get(trunk.trunk_id, (0.0, ""))
        if rng.random() < rate:
            return CallPlan(ERROR, rng.uniform(0.5, 4), fault=code, system_fault=True)
        draw = rng.random()
        if draw < traits.fault_rate:
            return CallPlan(ERROR, rng.uniform(1, 8), fault=rng.choice(SYSTEM_FAULTS), system_fault=True)
        dead = conditions.dead_numbers.get(campaign.campaign_id, traits.dead_number_rate)
        if draw < traits.fault_rate + dead:
            fault = rng.choice(DEAD_NUMBER_FAULTS)
            return CallPlan(ERROR, rng.uniform(1, 5), fault=fault, disposition="invalid_number")
        return None

    def _answer_rate(self, traits: Traits, campaign: Campaign, lead: Lead, did: Did, at: datetime) -> float:
        hour = at.astimezone(lead.zone).hour if lead.zone else 12
        rate = traits.answer_rate * ANSWER_BY_HOUR[hour]
        rate *= ANSWER_BY_ATTEMPT[min(lead.tries, len(ANSWER_BY_ATTEMPT) - 1)]
        rate *= self.conditions.number_factor.get(did.did_id, 1.0)
        rate *= self.conditions.answer_factor.get(campaign.campaign_id, 1.0)
        if lead.did_locked:
            rate *= 1.3  # they know the number by now
        return rate * (1.0 if did.country == lead.country else FOREIGN_NUMBER_FACTOR)

    def _reached(
        self, rng: random.Random, traits: Traits, campaign: Campaign, lead: Lead, did: Did, at: datetime
    ) -> CallPlan:
        answer = min(0.95, self._answer_rate(traits, campaign, lead, did, at))
        if rng.random() < answer:
            return self._conversation(rng, traits, campaign, lead)
        # The rest is shared out as usual: a number nobody answers shows up as voicemail and no answer.
        draw = rng.random() * (1.0 - traits.answer_rate)
        for result, rate in (
            (VOICEMAIL, traits.voicemail_rate), (BUSY, traits.busy_rate), (REJECTED, traits.rejected_rate)
        ):  # fmt: skip
            if draw < rate:
                return self._unanswered(rng, result)
            draw -= rate
        return self._unanswered(rng, NO_ANSWER)

    def _unanswered(self, rng: random.Random, result: str) -> CallPlan:
        ring = rng.uniform(*RING_SECONDS[result])
        if result != VOICEMAIL:
            return CallPlan(result, ring, disposition="unreachable")
        message = rng.uniform(8, 25)
        return CallPlan(result, ring + message, talk=round(message, 1), disposition="voicemail_left")

    def _conversation(self, rng: random.Random, traits: Traits, campaign: Campaign, lead: Lead) -> CallPlan:
        conditions, key = self.conditions, campaign.campaign_id
        ring = rng.uniform(*RING_SECONDS[ANSWERED])
        plan = CallPlan(ANSWERED, 0.0, answer_after=ring)
        if rng.random() < conditions.silence.get(key, traits.silent_rate):
            plan.talk, plan.disposition = round(rng.uniform(3, 9), 1), "hung_up"
            plan.mood = "NEG"
        elif rng.random() < conditions.short.get(key, traits.short_rate):
            plan.speak_after = ring + rng.uniform(0.5, 1.5)
            plan.talk, plan.disposition, plan.mood = round(rng.uniform(2, 6), 1), "hung_up", "NEG"
        else:
            plan.speak_after = ring + rng.uniform(0.4, 1.8)
            spread = traits.talk_spread
            plan.talk = round(traits.talk_seconds * rng.lognormvariate(-spread * spread / 2, spread) + 6, 1)
            self._outcome(rng, traits, campaign, lead, plan)
        lateness = conditions.lateness.get(key, 0.0)
        if key in conditions.abandonment and rng.random() < conditions.abandonment[key]:
            lateness = WAITS_SECONDS
        self._delayed(plan, ring, lateness)
        plan.seconds = ring + plan.talk
        plan.analysis_delay = rng.uniform(30, 600)
        return plan

    @staticmethod
    def _delayed(plan: CallPlan, ring: float, seconds: float) -> None:
        """An agent that speaks late: who would have hung up soon has hung up before; all others wait for it."""
        assert plan.talk is not None
        if plan.speak_after is None or not seconds:
            return
        plan.speak_after += seconds
        if plan.disposition != "hung_up":
            plan.talk = round(plan.talk + seconds, 1)
        elif plan.speak_after >= ring + plan.talk:
            plan.speak_after = None

    def _outcome(self, rng: random.Random, traits: Traits, campaign: Campaign, lead: Lead, plan: CallPlan) -> None:
        mismatch = self.conditions.mismatch.get(campaign.campaign_id, 0.0)
        lift = traits.arm_lift.get(lead.arm or "", 1.0)
        draw = rng.random()
        goal = min(0.95, traits.goal_rate * lift * (1.0 - mismatch))
        wrong_person = 0.05 + 0.5 * mismatch
        for label, rate in (
            (traits.goal_label, goal), ("callback_requested", traits.callback_rate),
            ("wrong_person", wrong_person), ("do_not_call", 0.015),
        ):  # fmt: skip
            if draw < rate:
                plan.disposition = label
                break
            draw -= rate
        else:
            plan.disposition = "not_interested"
        plan.goal = plan.disposition == traits.goal_label
        plan.callback = plan.disposition == "callback_requested"
        mood = rng.random()
        positive = (0.75 if plan.goal else traits.positive_rate) * (1.0 - mismatch)
        negative = traits.negative_rate + 0.8 * mismatch
        if mood < positive:
            plan.mood = "POS"
        else:
            plan.mood = "NEG" if mood > 1.0 - negative else "NEU"
        mean = traits.score + (10 if plan.goal else -4) - 30 * mismatch
        plan.score = round(min(100.0, max(0.0, rng.gauss(mean, 9))), 1)
