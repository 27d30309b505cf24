"""What is typical of a campaign's contacts and agent, as rates: the data that the dialler's world is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from exporter.demo.platform.model import BUSY, NO_ANSWER, REJECTED, VOICEMAIL


@dataclass(frozen=True)
class Break:
    """A break that all people of a campaign take at once, by the clock of its zone."""

    at: time
    minutes: int
    reason: str


@dataclass(frozen=True)
class Traits:
    """What is typical of one campaign's audience and agent. Rates are shares of calls unless said otherwise."""

    answer_rate: float = 0.30
    voicemail_rate: float = 0.30
    busy_rate: float = 0.06
    rejected_rate: float = 0.05
    fault_rate: float = 0.008
    dead_number_rate: float = 0.006
    silent_rate: float = 0.006
    short_rate: float = 0.05
    talk_seconds: float = 75.0
    talk_spread: float = 0.55
    goal_rate: float = 0.30
    callback_rate: float = 0.06
    ai_per_minute: float = 0.09
    carrier_per_minute: float = 0.014
    score: float = 72.0
    negative_rate: float = 0.14
    positive_rate: float = 0.38
    arm_lift: Mapping[str, float] = field(default_factory=dict)  # factor on goal_rate, by arm
    retry_minutes: Mapping[str, float] = field(
        default_factory=lambda: {NO_ANSWER: 150.0, BUSY: 20.0, VOICEMAIL: 360.0, REJECTED: 600.0}
    )
    goal_label: str = "goal_met"
    countries: Mapping[str, float] = field(default_factory=lambda: {"US": 1.0})
    contacts_per_hour: float = 0.0  # a feed that adds contacts all day
    contacts_per_day: int = 0  # a list file every morning
    breaks: tuple[Break, ...] = ()  # of the people who take the calls
