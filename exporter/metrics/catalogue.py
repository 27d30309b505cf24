"""Every metric, declared once, as data: what it is called, what it means, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from exporter.contract.codes import (
    BLOCKERS,
    CAMPAIGN_STATUSES,
    NUMBER_STATUSES,
    READY,
    SENTIMENTS,
    SETTLED_OUTCOMES,
    TASK_STATUSES,
)
from exporter.source.columns import DELAY_BUCKETS, HORIZONS, SCORE_BUCKETS, TALK_BUCKETS


class Type(Enum):
    """The types of the exposition formats that we use."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Scope(Enum):
    """Whose series a family holds; the labels every one of them has."""

    CAMPAIGN = ("tenant", "campaign")
    TENANT = ("tenant",)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One number of each entity of a relation; absent where it is not known."""

    relation: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Several numbers of each entity, told apart by a label: label value to attribute."""

    relation: str
    label: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Info:
    """A 1 for each entity, described by labels: label to attribute."""

    relation: str
    labels: Mapping[str, str]
    only_if: str | None = None


@dataclass(frozen=True, slots=True)
class States:
    """For each entity a 1 at the state it is in and a 0 at all others."""

    relation: str
    label: str
    states: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of a projection, summed over the keys that are not labels.

    `labels` maps a label to a key of the projection. `sums` are the columns added up (none: the rows are
    counted); `split` gives a label whose values each stand for one sum. `known` are label values that are
    always there, as zero if need be; `budget` names the setting of `series` that caps all others.
    """

    projection: str
    labels: Mapping[str, str] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    split: tuple[str, Mapping[str, str]] | None = None
    known: tuple[str, ...] = ()
    budget: str | None = None
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: the projection's key is the index of the first bound that is not below the value."""

    projection: str
    total: str
    bounds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """Tasks that become due within each horizon, nearer ones included."""

    projection: str = "waiting"


@dataclass(frozen=True, slots=True)
class Oldest:
    """The earliest minute of a projection that is keyed by minutes."""

    projection: str


@dataclass(frozen=True, slots=True)
class Use:
    """Calls in progress or of today, by who carries them (see `usage`)."""

    of: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the diagnosis says: `facet` names the part of it that a change is looked for in, `value` what is shown."""

    facet: str
    value: str


Source = Attribute | Attributes | Info | States | Totals | Buckets | Due | Oldest | Use | Judged


@dataclass(frozen=True, slots=True)
class Family:
    """A metric. `name` is as Prometheus shows it; counters end in `_total`, info metrics in `_info`."""

    name: str
    type: Type
    help: str
    source: Source
    labels: tuple[str, ...] = ()
    scope: Scope = Scope.CAMPAIGN

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The scope's labels, then the family's own."""
        return (*self.scope.value, *self.labels)


def _map(**items: str) -> Mapping[str, str]:
    return MappingProxyType(items)


def _timestamp(name: str, attribute: str, text: str) -> Family:
    return Family(name, Type.GAUGE, text, Attribute("campaigns", attribute))


_C, _G, _H, _I = Type.COUNTER, Type.GAUGE, Type.HISTOGRAM, Type.INFO
_TENANT = Scope.TENANT

LIFECYCLE = (
    Family(
        "campaign_info",
        _I,
        "A campaign and what people call it.",
        Info("campaigns", _map(name="name", agent="agent", timezone="timezone", currency="currency")),
        ("name", "agent", "timezone", "currency"),
    ),
    Family(
        "campaign_status",
        _G,
        "1 at the status the campaign is in, 0 at all others.",
        States("campaigns", "status", CAMPAIGN_STATUSES),
        ("status",),
    ),
    Family(
        "campaign_pause_info",
        _I,
        "Why the campaign is paused; only while it is.",
        Info("campaigns", _map(reason="pause_reason"), only_if="paused"),
        ("reason",),
    ),
    _timestamp("campaign_scheduled_timestamp_seconds", "scheduled_at", "When the campaign is due to start."),
    _timestamp("campaign_started_timestamp_seconds", "started_at", "When the campaign started."),
    _timestamp("campaign_paused_timestamp_seconds", "paused_at", "When the campaign was paused."),
    _timestamp("campaign_ended_timestamp_seconds", "ended_at", "When the campaign was completed or cancelled."),
    _timestamp("campaign_expires_timestamp_seconds", "expires_at", "When the campaign gives up."),
    Family(
        "campaign_priority",
        _G,
        "Priority; the higher goes first.",
        Attribute("campaigns", "priority"),
    ),
)

TASKS = (
    Family(
        "campaign_tasks",
        _G,
        "Tasks by status.",
        Totals("tasks", _map(status="status"), known=TASK_STATUSES),
        ("status",),
    ),
    Family(
        "campaign_tasks_blocked",
        _G,
        "Pending tasks by effective blocker; none: could be dialled now. Sums to the pending tasks.",
        Totals("waiting", _map(blocker="effective"), known=(READY, *BLOCKERS), budget="blockers"),
        ("blocker", "group"),
    ),
    Family(
        "campaign_tasks_eligible_within",
        _G,
        "Pending tasks that nothing but time holds and that are due within the horizon (now, "
        + ", ".join(label for label, _ in HORIZONS[1:])
        + "); nearer ones included.",
        Due(),
        ("horizon",),
    ),
    Family(
        "campaign_task_oldest_ready_timestamp_seconds",
        _G,
        "Since when the ready task that waits longest could be dialled, to the minute.",
        Oldest("ready"),
    ),
    Family(
        "campaign_task_oldest_in_progress_timestamp_seconds",
        _G,
        "Since when the task that is longest in progress is so, to the minute.",
        Oldest("in_progress"),
    ),
    Family(
        "campaign_tasks_in_progress_stale",
        _G,
        "Tasks in progress for longer than stale_after.",
        Totals("stale", always=True),
    ),
    Family(
        "campaign_task_system_retries_total",
        _C,
        "Retries after the platform's or a provider's fault; not attempts on the contact.",
        Totals("retries", sums=("retries_micro",), always=True),
    ),
    Family(
        "campaign_task_dispositions",
        _G,
        "Tasks by disposition.",
        Totals("dispositions", _map(disposition="disposition"), budget="dispositions"),
        ("disposition",),
    ),
)

CALLS = (
    Family(
        "campaign_calls_total",
        _C,
        "Calls that are over, by outcome.",
        Totals(
            "attempts",
            _map(outcome="outcome"),
            known=SETTLED_OUTCOMES,
            without={"outcome": ("in_progress",)},
        ),
        ("outcome",),
    ),
    Family(
        "campaign_calls_in_progress",
        _G,
        "Calls going on now.",
        Totals("attempts", only={"outcome": ("in_progress",)}, always=True),
    ),
    Family(
        "campaign_call_talk_seconds",
        _H,
        "Talk time of answered calls.",
        Buckets("talk", "talk_micro", TALK_BUCKETS),
    ),
    Family(
        "campaign_call_score",
        _H,
        "Scores of calls, 0 to 100; they arrive after the call.",
        Buckets("scores", "score_micro", SCORE_BUCKETS),
    ),
    Family(
        "campaign_call_dispatch_delay_seconds",
        _H,
        "From the moment a task was due to the moment it was dialled.",
        Buckets("delays", "delay_micro", DELAY_BUCKETS),
    ),
    Family(
        "campaign_calls_silent_total",
        _C,
        "Answered calls in which the agent never spoke.",
        Totals("silent", always=True),
    ),
    Family(
        "campaign_call_errors_total",
        _C,
        "Calls with an error, by provider, code, and what the code says is at fault.",
        Totals("errors", _map(provider="error", code="error"), budget="errors"),
        ("provider", "code", "fault"),
    ),
    Family(
        "campaign_call_cost_total",
        _C,
        "Cost of calls, of the agent (ai) and of the line (telephony).",
        Totals(
            "attempts",
            split=("component", _map(ai="ai_micro", telephony="telephony_micro")),
            currency=True,
            always=True,
        ),
        ("component", "currency"),
    ),
    Family(
        "campaign_call_sentiment_total",
        _C,
        "Calls by sentiment; it arrives after the call.",
        Totals("sentiments", _map(sentiment="sentiment"), known=SENTIMENTS, budget="sentiments"),
        ("sentiment",),
    ),
    Family(
        "campaign_attempt_calls_total",
        _C,
        "Calls that are over, by attempt number and outcome.",
        Totals(
            "attempts",
            _map(attempt="attempt", outcome="outcome"),
            budget="attempts",
            without={"outcome": ("in_progress",)},
        ),
        ("attempt", "outcome"),
    ),
    Family(
        "campaign_attempt_cost_total",
        _C,
        "Cost of calls by attempt number.",
        Totals(
            "attempts",
            _map(attempt="attempt"),
            sums=("ai_micro", "telephony_micro"),
            budget="attempts",
            currency=True,
        ),
        ("attempt", "currency"),
    ),
)

EXPERIMENT = (
    Family(
        "campaign_variant_calls_total",
        _C,
        "Calls by arm of the A/B test, those in progress included.",
        Totals("variants", _map(variant="variant"), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_answers_total",
        _C,
        "Answered calls by arm of the A/B test.",
        Totals("variants", _map(variant="variant"), sums=("answered_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_goals_total",
        _C,
        "Tasks that met their goal, by arm of the A/B test.",
        Totals("goals", _map(variant="variant"), sums=("goal_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_cost_total",
        _C,
        "Cost of calls by arm of the A/B test.",
        Totals(
            "variants",
            _map(variant="variant"),
            sums=("ai_micro", "telephony_micro"),
            budget="variants",
            currency=True,
        ),
        ("variant", "currency"),
    ),
    Family(
        "campaign_variant_weight",
        _G,
        "Share of contacts of an arm of the A/B test, in per cent as configured.",
        Attribute("variants", "weight", _map(variant="variant")),
        ("variant",),
    ),
    Family(
        "campaign_variant_best_probability",
        _G,
        "Probability that an arm is the best by a measure (answers a call, goals a finished task), 0 to 1; absent "
        "without enough data.",
        Judged("outlook", "best"),
        ("variant", "measure"),
    ),
    Family(
        "campaign_variant_sample_ratio_p_value",
        _G,
        "Probability of a split of contacts at least as uneven as this, if the arms got their shares; below 0.001 "
        "no winner may be named.",
        Judged("outlook", "split"),
    ),
)

TARGETS = (
    Family(
        "campaign_budget",
        _G,
        "What the campaign may cost.",
        Attribute("campaigns", "budget", _map(currency="currency")),
        ("currency",),
    ),
    Family(
        "campaign_goal_target",
        _G,
        "How many are wanted.",
        Attribute("goals", "target", _map(goal="goal")),
        ("goal",),
    ),
    Family(
        "campaign_goal_achieved",
        _G,
        "How many there are.",
        Attribute("goals", "achieved", _map(goal="goal")),
        ("goal",),
    ),
)

NUMBERS = (
    Family(
        "campaign_number_calls_total",
        _C,
        "Calls of a campaign that are over, by number and outcome.",
        Totals(
            "numbers",
            _map(number="number", outcome="outcome"),
            budget="numbers",
            without={"outcome": ("in_progress",)},
        ),
        ("number", "outcome"),
    ),
    Family(
        "campaign_number_weight",
        _G,
        "How often a number of the pool is picked, relative to the others.",
        Attribute("campaign_numbers", "weight", _map(number="number_id")),
        ("number",),
    ),
    Family(
        "campaign_number_info",
        _I,
        "A tenant's own number and what people call it.",
        Info(
            "numbers",
            _map(number="number_id", phone="phone", label="label", country="country", connection="connection_id"),
        ),
        ("number", "phone", "label", "country", "connection"),
        _TENANT,
    ),
    Family(
        "campaign_number_status",
        _G,
        "1 at the status the number is in, 0 at all others.",
        States("numbers", "status", NUMBER_STATUSES, _map(number="number_id")),
        ("number", "status"),
        _TENANT,
    ),
    Family(
        "campaign_number_calls_today",
        _G,
        "Calls from a number since the tenant's midnight, over all exported campaigns.",
        Use("numbers_today"),
        ("number",),
        _TENANT,
    ),
    Family(
        "campaign_number_daily_cap",
        _G,
        "Calls a day that a number may make.",
        Attribute("numbers", "daily_cap", _map(number="number_id")),
        ("number",),
        _TENANT,
    ),
    Family(
        "campaign_number_cooldown_timestamp_seconds",
        _G,
        "Until when a number rests.",
        Attribute("numbers", "cooldown_until", _map(number="number_id")),
        ("number",),
        _TENANT,
    ),
)

CAPACITY = (
    Family(
        "campaign_tenant_info",
        _I,
        "A tenant and what people call it.",
        Info("tenants", _map(name="name", timezone="timezone")),
        ("name", "timezone"),
        _TENANT,
    ),
    Family(
        "campaign_tenant_concurrency_limit",
        _G,
        "Calls at once that a tenant may have.",
        Attribute("tenants", "concurrency_limit"),
        scope=_TENANT,
    ),
    Family(
        "campaign_tenant_calls_in_progress",
        _G,
        "Calls of a tenant going on now, over all exported campaigns.",
        Use("tenant"),
        scope=_TENANT,
    ),
    Family(
        "campaign_tenant_credits",
        _G,
        "Prepaid credits a tenant has left.",
        Attribute("tenants", "credits_remaining"),
        scope=_TENANT,
    ),
    Family(
        "campaign_connection_info",
        _I,
        "A trunk to a provider.",
        Info("connections", _map(connection="connection_id", provider="provider")),
        ("connection", "provider"),
        _TENANT,
    ),
    Family(
        "campaign_connection_concurrency_limit",
        _G,
        "Calls at once that a connection may carry.",
        Attribute("connections", "concurrency_limit", _map(connection="connection_id")),
        ("connection",),
        _TENANT,
    ),
    Family(
        "campaign_connection_calls_per_second_limit",
        _G,
        "Call starts a second that a connection may make.",
        Attribute("connections", "calls_per_second", _map(connection="connection_id")),
        ("connection",),
        _TENANT,
    ),
    Family(
        "campaign_connection_calls_in_progress",
        _G,
        "Calls of exported campaigns that a connection carries now.",
        Use("connections"),
        ("connection",),
        _TENANT,
    ),
)

AUDIENCE = (
    Family(
        "campaign_audience_upload_info",
        _I,
        "The newest audience file of a campaign.",
        Info("audience_uploads", _map(upload="upload_id", filename="filename", status="status")),
        ("upload", "filename", "status"),
    ),
    Family(
        "campaign_audience_rows",
        _G,
        "Rows of the newest audience file: in all, accepted, rejected.",
        Attributes(
            "audience_uploads", "state", _map(total="rows_total", accepted="rows_accepted", rejected="rows_rejected")
        ),
        ("state",),
    ),
    Family(
        "campaign_audience_size_bytes",
        _G,
        "Size of the newest audience file.",
        Attribute("audience_uploads", "size_bytes"),
    ),
    Family(
        "campaign_audience_uploaded_timestamp_seconds",
        _G,
        "When the newest audience file came.",
        Attribute("audience_uploads", "uploaded_at"),
    ),
)


def _judged(name: str, text: str, facet: str, value: str, *labels: str, kind: Type = Type.GAUGE) -> Family:
    return Family(name, kind, text, Judged(facet, value), labels)


DISPATCH = (
    _judged(
        "campaign_dispatch_verdict",
        "1 at the verdict, 0 at all others: dialing; throttled (less than is ready); waiting (idle as expected); "
        "blocked (a person must act); stalled (every gate open, nothing started); unknown; finished.",
        "verdict",
        "verdict",
        "verdict",
    ),
    _judged(
        "campaign_dispatch_binding",
        "1 at the gate that explains the verdict, 0 at all others; none: none does.",
        "verdict",
        "binding",
        "gate",
    ),
    _judged(
        "campaign_dispatch_info",
        "The verdict, the binding gate, and the code that says why that gate is closed; what alerts rest on.",
        "reason",
        "reason",
        "verdict",
        "gate",
        "code",
        kind=Type.INFO,
    ),
    _judged(
        "campaign_dispatch_since_timestamp_seconds",
        "Since when verdict and binding gate are so, as far as was told or seen.",
        "verdict",
        "since",
    ),
    _judged(
        "campaign_dispatch_clears_timestamp_seconds",
        "When the binding gate opens by itself; absent where that is not known.",
        "clears",
        "clears",
    ),
    _judged(
        "campaign_dispatch_gate_open",
        "1 where a gate lets calls through, 0 where not; absent where that is not known.",
        "gates",
        "gates",
        "gate",
    ),
    _judged(
        "campaign_dispatch_slots_available",
        "Calls that could be started now: an estimate; absent where no limit is told.",
        "slots",
        "slots",
    ),
    _judged(
        "campaign_dispatch_slots_limit",
        "Calls at once that the scope allows (pacing: starts a minute); absent where no limit is told.",
        "limits",
        "limits",
        "scope",
    ),
    _judged(
        "campaign_dispatch_slots_used",
        "Calls at once that the scope has (pacing: starts in the last minute).",
        "used",
        "used",
        "scope",
    ),
    _judged(
        "campaign_dispatch_slots_leaked",
        "Slots held for longer than stale_after, which is too long for a real call, by scope.",
        "leaked",
        "leaked",
        "scope",
    ),
    _judged(
        "campaign_dispatch_tasks_dialable",
        "Ready tasks that a call could be started for now.",
        "slots",
        "dialable",
    ),
)

WINDOWS = (
    _judged(
        "campaign_window_open",
        "1 while the call windows are open, 0 while not; absent where they cannot be read.",
        "window",
        "window_open",
    ),
    _judged(
        "campaign_window_opens_timestamp_seconds",
        "When the windows open next; absent while they are open, and where they never do.",
        "window",
        "opens",
    ),
    _judged(
        "campaign_window_closes_timestamp_seconds",
        "When the windows close; absent while they are closed, and where they never do.",
        "window",
        "closes",
    ),
    _judged(
        "campaign_calls_outside_window_today",
        "Calls started since the tenant's midnight while the campaign's windows were closed.",
        "outside",
        "outside",
    ),
)

FORECASTS = (
    _judged(
        "campaign_forecast_completion_timestamp_seconds",
        "When the tasks are done at the recent rate an open hour: likely, and the ends of an 80 % interval (early, "
        "late); absent without enough data.",
        "outlook",
        "completion",
        "estimate",
    ),
    _judged(
        "campaign_forecast_budget_exhaustion_timestamp_seconds",
        "When the budget is spent at the recent rate an open hour: likely, early, late; absent without enough data.",
        "outlook",
        "exhaustion",
        "estimate",
    ),
)

SECTIONS: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {
        "Lifecycle": LIFECYCLE,
        "Dispatch": DISPATCH,
        "Call windows": WINDOWS,
        "Forecasts": FORECASTS,
        "Tasks": TASKS,
        "Calls": CALLS,
        "A/B tests": EXPERIMENT,
        "Budgets and goals": TARGETS,
        "Numbers": NUMBERS,
        "Tenants and connections": CAPACITY,
        "Audience files": AUDIENCE,
    }
)
FAMILIES: tuple[Family, ...] = tuple(family for section in SECTIONS.values() for family in section)
BY_NAME: Mapping[str, Family] = MappingProxyType({family.name: family for family in FAMILIES})
