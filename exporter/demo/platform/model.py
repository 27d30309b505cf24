"""What the dialler keeps in memory. Attributes named like columns of schema/platform.sql are those columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

# The dialler's own codes (column state_code of lead and campaign, result_code of attempt).
QUEUED, DIALLING, COMPLETED, FAILED, CANCELLED = "Q", "D", "C", "F", "X"
DRAFT, PLANNED, LIVE, HALTED, DONE, ABORTED = "DRAFT", "PLANNED", "LIVE", "HALTED", "DONE", "ABORTED"
ON_AIR, ANSWERED, ABANDONED, VOICEMAIL, NO_ANSWER, BUSY, REJECTED, ERROR = (
    "LIVE",
    "ANS",
    "ABD",
    "VM",
    "NA",
    "BUSY",
    "REJ",
    "ERR",
)


@dataclass(slots=True, eq=False)
class Account:
    account_id: int
    display_name: str
    tz: str
    max_channels: int | None = None
    credit_balance: float | None = None
    topup_below: float | None = None
    topup_amount: float = 0.0
    # Runtime: calls on air, and what was spent since the last flush.
    on_air: int = 0
    unwritten: float = 0.0


@dataclass(slots=True, eq=False)
class Trunk:
    trunk_id: int
    account_id: int
    provider: str
    max_channels: int | None = None
    max_cps: float | None = None
    # Runtime. A trunk whose calls fail in a row is left alone until `backoff_until`, for the reason `backoff_code`.
    on_air: int = 0
    tokens: float = 0.0
    faults_in_a_row: int = 0
    backoff_until: datetime | None = None
    backoff_code: str = "provider_error"
    probing: bool = False  # after a backoff one call at a time finds out whether the provider works again


@dataclass(slots=True, eq=False)
class Did:
    did_id: int
    account_id: int
    trunk_id: int
    e164: str
    nickname: str
    country: str
    state_code: str = "A"
    max_per_day: int | None = None
    spacing_seconds: int = 0
    rest_until: datetime | None = None
    used_on: date | None = None
    used_today: int = 0


@dataclass(slots=True, eq=False)
class Agent:
    agent_code: str
    display_name: str


@dataclass(slots=True, eq=False)
class Range:
    range_id: int
    campaign_id: int
    days: list[str]
    opens: time
    closes: time
    enabled: bool = True


@dataclass(slots=True, eq=False)
class PoolMember:
    campaign_id: int
    did_id: int
    weight: float = 1.0


@dataclass(slots=True, eq=False)
class Crew:
    """The people who take a campaign's calls, in one shift a day; `talking` are those on a call."""

    campaign_id: int
    seats: int
    ratio: float
    shift_days: list[str]
    shift_opens: time
    shift_closes: time
    logged_in: int = 0
    paused: int = 0
    talking: int = 0
    break_reason: str | None = None
    break_until: datetime | None = None

    @property
    def free(self) -> int:
        """Those who would take a call."""
        return self.logged_in - self.paused - self.talking


@dataclass(slots=True, eq=False)
class Objective:
    campaign_id: int
    label: str
    wanted: int
    reached: int = 0


@dataclass(slots=True, eq=False)
class Arm:
    campaign_id: int
    arm: str
    agent_code: str | None
    share: float


@dataclass(slots=True, eq=False)
class ListFile:
    list_file_id: int
    campaign_id: int
    filename: str
    bytes: int | None
    rows_total: int | None
    rows_ok: int | None
    rows_bad: int | None
    state_code: str
    error_text: str | None
    received_at: datetime


@dataclass(slots=True, eq=False)
class Person:
    person_id: int
    account_id: int
    external_ref: str
    e164: str
    country: str | None
    tz: str | None


@dataclass(slots=True, eq=False)
class Lead:
    lead_id: int
    campaign_id: int
    person_id: int
    max_tries: int
    created_at: datetime
    updated_at: datetime
    did_id: int | None = None
    did_locked: bool = False
    state_code: str = QUEUED
    hold_code: str | None = None
    result_code: str | None = None
    arm: str | None = None
    tries: int = 0
    fault_retries: int = 0
    due_at: datetime | None = None
    talk_seconds: float | None = None
    quality: float | None = None
    goal_reached: bool | None = None
    last_dialled_at: datetime | None = None
    # Runtime: the person's country and zone, and where the lead stands in its campaign's queue.
    country: str = "US"
    zone: ZoneInfo | None = None
    queued_for: datetime | None = None


@dataclass(slots=True, eq=False)
class Attempt:
    attempt_id: UUID
    lead_id: int
    campaign_id: int
    did_id: int | None
    trunk_id: int | None
    arm: str | None
    try_no: int
    due_at: datetime | None
    dialled_at: datetime
    created_at: datetime
    updated_at: datetime
    result_code: str = ON_AIR
    answered_at: datetime | None = None
    agent_spoke_at: datetime | None = None
    hung_up_at: datetime | None = None
    fault_code: str | None = None
    talk_seconds: float | None = None
    ai_cost: float | None = None
    carrier_cost: float | None = None
    mood_code: str | None = None
    quality: float | None = None


@dataclass(slots=True, eq=False)
class JournalEntry:
    entry_id: int
    campaign_id: int
    at: datetime
    kind: str
    actor: str | None
    detail: dict[str, Any] | None


@dataclass(slots=True, eq=False)
class LeadLogEntry:
    entry_id: int
    lead_id: int
    at: datetime
    kind: str
    code: str | None
    detail: dict[str, Any] | None


@dataclass(slots=True, eq=False)
class DispatchLogEntry:
    entry_id: int
    campaign_id: int
    lead_id: int | None
    at: datetime
    capacity: dict[str, Any]


QueueEntry = tuple[datetime, int, Lead]


@dataclass(slots=True, eq=False)
class Campaign:
    campaign_id: int
    account_id: int
    title: str
    state_code: str
    tz: str
    agent_code: str | None = None
    dial_priority: int = 5
    planned_start_at: datetime | None = None
    launched_at: datetime | None = None
    halted_at: datetime | None = None
    halt_reason: str | None = None
    halted_by: str | None = None
    finished_at: datetime | None = None
    always_open: bool = False
    expires_at: datetime | None = None
    max_channels: int | None = None
    max_per_minute: int | None = None
    max_tries: int = 3
    match_country: bool = False
    currency: str = "USD"
    budget_limit: float | None = None
    spent: float = 0.0
    # Runtime: the rows that belong to it.
    ranges: list[Range] = field(default_factory=list)
    pool: list[PoolMember] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    arms: list[Arm] = field(default_factory=list)
    newest_list: ListFile | None = None
    # Runtime: its queue, a heap by the moment from which a lead may be looked at, and its open leads.
    queue: list[QueueEntry] = field(default_factory=list)
    open_leads: int = 0
    on_air: int = 0
    recent_starts: list[datetime] = field(default_factory=list)
    unwritten: float = 0.0
    # Runtime: the reason stamped on the head of the queue, and the leads that carry it.
    hold: str | None = None
    hold_candidate: str | None = None
    hold_candidate_since: datetime | None = None
    stamped: dict[Lead, None] = field(default_factory=dict)
    to_restamp: list[Lead] = field(default_factory=list)
    stamp_again_at: datetime | None = None
    # Runtime: whether its window is open, remembered for one minute.
    open_minute: datetime | None = None
    open_now: bool = True
