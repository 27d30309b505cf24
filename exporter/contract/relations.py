"""The contract: the relations and columns of `campaign_monitoring` that we read, declared once, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exporter.contract.types import Kind as Kind


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation. An optional one may be missing, or null in a row.

    `any_type`: what it holds is read as JSON, whatever its type is, and told where that makes no sense.
    """

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    any_type: bool = False

    def accepts(self, typname: str) -> bool:
        """Whether it can be read where it has this PostgreSQL type."""
        return self.any_type or self.kind.accepts(typname)


@dataclass(frozen=True, slots=True)
class Relation:
    """A view of the contract. Without an optional one its features disappear; the rest works."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    optional: bool = True
    without: str = ""

    def column(self, name: str) -> Column:
        """The column of that name; `KeyError` when the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"the contract has no column {self.name}.{name}")


def _columns(
    *rows: tuple[str, Kind, str] | tuple[str, Kind, str, bool] | tuple[str, Kind, str, bool, bool],
) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_ID, _TEXT, _TIME, _INT = Kind.ID, Kind.TEXT, Kind.TIME, Kind.INTEGER
_NUM, _BOOL, _JSON = Kind.NUMBER, Kind.BOOLEAN, Kind.JSON
_OPT = _ANY_TYPE = True

_RELATIONS = (
    Relation(
        "tenants",
        "A customer of the platform, with what limits all its campaigns.",
        _columns(
            ("tenant_id", _ID, "Identity."),
            ("name", _TEXT, "What people call it."),
            ("timezone", _TEXT, "Whose midnight resets daily caps; UTC when absent.", _OPT),
            ("concurrency_limit", _INT, "Calls at once over all campaigns; absent: no limit.", _OPT),
            ("credits_remaining", _NUM, "Prepaid credits left; absent: not prepaid.", _OPT),
        ),
        key=("tenant_id",),
        without="tenants' names, limits and credits; days end at midnight UTC",
    ),
    Relation(
        "campaigns",
        "One list of contacts being called.",
        _columns(
            ("campaign_id", _ID, "Identity."),
            ("tenant_id", _ID, "Its owner."),
            ("name", _TEXT, "What people call it."),
            ("status", _TEXT, "`draft`, `scheduled`, `running`, `paused`, `completed`, `cancelled`."),
            ("agent", _TEXT, "The voice agent or script.", _OPT),
            ("priority", _INT, "Higher goes first.", _OPT),
            ("scheduled_at", _TIME, "When it is due to start.", _OPT),
            ("started_at", _TIME, "When it started.", _OPT),
            ("paused_at", _TIME, "When it was paused; null unless paused.", _OPT),
            ("pause_reason", _TEXT, "Why it was paused.", _OPT),
            ("ended_at", _TIME, "When it was completed or cancelled.", _OPT),
            ("timezone", _TEXT, "IANA zone of its call windows."),
            (
                "call_windows",
                _JSON,
                'List of `{"days": ["mon", …], "start": "09:00", "end": "17:00"}`; '
                "times from 00:00 to 24:00; an end at or before the start is on the next day; "
                "null: always open; an empty list: never.",
                _OPT,
                _ANY_TYPE,
            ),
            ("expires_at", _TIME, "When it gives up.", _OPT),
            ("concurrency_limit", _INT, "Calls at once.", _OPT),
            ("calls_per_minute", _NUM, "Pacing.", _OPT),
            ("max_attempts", _INT, "Attempts a contact, where a task has no maximum of its own; 0: any number.", _OPT),
            ("country_match", _BOOL, "Dial only from a number of the contact's country.", _OPT),
            ("currency", _TEXT, "ISO 4217 code of its costs and budget.", _OPT),
            ("budget", _NUM, "What it may cost, in `currency`.", _OPT),
            ("paused_by", _TEXT, "Who paused it. `platform`: it did so itself; all else, or null: a person.", _OPT),
            (
                "list_known",
                _BOOL,
                "`false` where `tasks` holds only who was called: then nothing is said of who is still to be called. "
                "Null: it holds everybody.",
                _OPT,
            ),
        ),
        key=("campaign_id",),
        optional=False,
    ),
    Relation(
        "goals",
        "What a campaign is to achieve.",
        _columns(
            ("campaign_id", _ID, "The campaign."),
            ("goal", _TEXT, "Name of the goal."),
            ("target", _NUM, "How many are wanted."),
            ("achieved", _NUM, "How many there are."),
        ),
        key=("campaign_id", "goal"),
        without="goal progress",
    ),
    Relation(
        "variants",
        "The arms of an A/B test.",
        _columns(
            ("campaign_id", _ID, "The campaign."),
            ("variant", _TEXT, "Name of the arm."),
            ("agent", _TEXT, "The agent or script of the arm.", _OPT),
            ("weight", _NUM, "Share of contacts; the shares of a campaign sum to 100."),
        ),
        key=("campaign_id", "variant"),
        without="the shares of A/B arms",
    ),
    Relation(
        "agents",
        "The people who take a campaign's calls; without a row, a voice agent does.",
        _columns(
            ("campaign_id", _ID, "The campaign."),
            ("logged_in", _INT, "People logged in to take its calls, whatever they do now; 0: nobody is."),
            ("free", _INT, "Those of them who would take a call now.", _OPT),
            ("on_call", _INT, "Those who talk, or finish what a call left to do.", _OPT),
            ("paused", _INT, "Those on a break.", _OPT),
            ("pause_reason", _TEXT, "Why they are, most of them.", _OPT),
            ("break_ends_at", _TIME, "Until when nobody need be there, by plan: the end of a break.", _OPT),
            (
                "shifts",
                _JSON,
                "When people are to be there, written as `campaigns.call_windows`, in the campaign's zone; "
                "null: while its windows are open; an empty list: never.",
                _OPT,
                _ANY_TYPE,
            ),
            ("dial_ratio", _NUM, "Calls dialled for each free person; null: one; 0: people start calls.", _OPT),
        ),
        key=("campaign_id",),
        without="people who take calls: every campaign counts as served by a voice agent",
    ),
    Relation(
        "connections",
        "Trunks to telephony providers.",
        _columns(
            ("connection_id", _ID, "Identity."),
            ("tenant_id", _ID, "Its owner."),
            ("provider", _TEXT, "The provider's name."),
            ("concurrency_limit", _INT, "Calls at once.", _OPT),
            ("calls_per_second", _NUM, "Call starts a second.", _OPT),
        ),
        key=("connection_id",),
        without="connections' limits and use",
    ),
    Relation(
        "numbers",
        "Phone numbers to call from.",
        _columns(
            ("number_id", _ID, "Identity."),
            ("tenant_id", _ID, "Its owner."),
            ("connection_id", _ID, "The trunk it belongs to."),
            ("phone", _TEXT, "The tenant's own number, as dialled."),
            ("label", _TEXT, "What people call it.", _OPT),
            ("country", _TEXT, "ISO 3166 code.", _OPT),
            ("status", _TEXT, "`active`, `resting`, `flagged`, `released`."),
            ("daily_cap", _INT, "Calls a day.", _OPT),
            ("cooldown_until", _TIME, "Rests until then.", _OPT),
        ),
        key=("number_id",),
        without="the state, caps and names of numbers, and the use of connections",
    ),
    Relation(
        "campaign_numbers",
        "The pool of a campaign.",
        _columns(
            ("campaign_id", _ID, "The campaign."),
            ("number_id", _ID, "A number of its pool."),
            ("weight", _NUM, "How often it is picked, relative to the others."),
        ),
        key=("campaign_id", "number_id"),
        without="the weights of numbers in a pool",
    ),
    Relation(
        "tasks",
        "One contact in one campaign.",
        _columns(
            ("task_id", _ID, "Identity."),
            ("campaign_id", _ID, "The campaign."),
            ("contact", _TEXT, "A reference to the contact; read by Grafana only.", _OPT),
            ("phone", _TEXT, "The contact's number; read by Grafana only.", _OPT),
            ("number_id", _ID, "The number it is dialled from.", _OPT),
            ("sticky", _BOOL, "Later attempts keep the number.", _OPT),
            ("status", _TEXT, "`pending`, `in_progress`, `completed`, `failed`, `cancelled`."),
            ("blocker", _TEXT, "Why it cannot be dialled now; null: nothing else holds it.", _OPT),
            ("disposition", _TEXT, "Outcome label of a finished task.", _OPT),
            ("variant", _TEXT, "Its arm of the A/B test.", _OPT),
            ("attempts", _INT, "Attempts used."),
            ("max_attempts", _INT, "Attempts allowed; 0: any number; null: those that the campaign allows."),
            ("system_retries", _INT, "Retries after the platform's or a provider's fault.", _OPT),
            ("next_eligible_at", _TIME, "Not to be dialled before; null: it need not wait.", _OPT),
            ("duration_seconds", _NUM, "Talk time.", _OPT),
            ("score", _NUM, "0 to 100.", _OPT),
            ("goal_met", _BOOL, "Whether the contact met the goal.", _OPT),
            ("last_attempted_at", _TIME, "Start of the latest attempt.", _OPT),
            ("created_at", _TIME, "When the row was made."),
            ("updated_at", _TIME, "When the row last changed. Needs an index.", _OPT),
        ),
        key=("task_id",),
        optional=False,
    ),
    Relation(
        "calls",
        "One attempt to dial a task.",
        _columns(
            ("call_id", _ID, "Identity."),
            ("task_id", _ID, "The task; null in a call of none (by hand, inbound)."),
            ("campaign_id", _ID, "The campaign."),
            ("number_id", _ID, "The number it was dialled from.", _OPT),
            ("variant", _TEXT, "The arm of the A/B test.", _OPT),
            ("attempt", _INT, "1 for the first."),
            ("eligible_at", _TIME, "When the task had become due.", _OPT),
            ("started_at", _TIME, "When it was dialled."),
            ("answered_at", _TIME, "When somebody answered.", _OPT),
            ("agent_spoke_at", _TIME, "When the agent first spoke.", _OPT),
            ("ended_at", _TIME, "When it ended.", _OPT),
            (
                "outcome",
                _TEXT,
                "`in_progress`, `answered`, `abandoned` (answered, and over before a person was there to talk), "
                "`voicemail`, `no_answer`, `busy`, `rejected`, `failed`.",
            ),
            ("provider", _TEXT, "The provider that carried it.", _OPT),
            (
                "error_code",
                _TEXT,
                "The provider's or the platform's error: a code, or its words. Of a call that was taken (`answered`, "
                "`abandoned`, `voicemail`) it counts as none: it is how the call ended.",
                _OPT,
            ),
            ("talk_seconds", _NUM, "Time connected.", _OPT),
            ("ai_cost", _NUM, "Cost of the agent, in the campaign's currency.", _OPT),
            ("telephony_cost", _NUM, "Cost of the line, in the campaign's currency.", _OPT),
            ("sentiment", _TEXT, "`positive`, `neutral`, `negative`.", _OPT),
            ("score", _NUM, "0 to 100.", _OPT),
            ("created_at", _TIME, "When the row was made."),
            ("updated_at", _TIME, "When the row last changed. Needs an index.", _OPT),
        ),
        key=("call_id",),
        optional=False,
    ),
    Relation(
        "campaign_events",
        "Changes of a campaign's state and settings.",
        _columns(
            ("event_id", _ID, "Identity."),
            ("campaign_id", _ID, "The campaign."),
            ("at", _TIME, "When."),
            ("kind", _TEXT, "What happened."),
            ("actor", _TEXT, "Who did it.", _OPT),
            ("detail", _JSON, "More about it.", _OPT),
        ),
        key=("event_id",),
        without="annotations on boards",
    ),
    Relation(
        "audience_uploads",
        "Files of contacts staged for a campaign.",
        _columns(
            ("upload_id", _ID, "Identity."),
            ("campaign_id", _ID, "The campaign."),
            ("filename", _TEXT, "Name of the file."),
            ("size_bytes", _INT, "Its size.", _OPT),
            ("rows_total", _INT, "Rows in the file.", _OPT),
            ("rows_accepted", _INT, "Rows that became contacts.", _OPT),
            ("rows_rejected", _INT, "Rows that did not.", _OPT),
            ("status", _TEXT, "`staged`, `processing`, `imported`, `failed`."),
            ("error", _TEXT, "Why it failed; never exported.", _OPT),
            ("uploaded_at", _TIME, "When it came."),
        ),
        key=("upload_id",),
        without="the audience file",
    ),
    Relation(
        "task_events",
        "What happened to a task; read for one task at a time, for debugging.",
        _columns(
            ("event_id", _ID, "Identity."),
            ("task_id", _ID, "The task."),
            ("at", _TIME, "When."),
            ("kind", _TEXT, "What happened."),
            ("code", _TEXT, "A blocker or error code.", _OPT),
            ("detail", _JSON, "More about it.", _OPT),
        ),
        key=("event_id",),
        without="a task's events in the debug view",
    ),
    Relation(
        "dispatch_snapshots",
        "What the dispatcher saw; for debugging.",
        _columns(
            ("snapshot_id", _ID, "Identity."),
            ("campaign_id", _ID, "The campaign."),
            ("task_id", _ID, "The task it looked at.", _OPT),
            ("at", _TIME, "When."),
            ("capacity", _JSON, "Limits and use as the dispatcher saw them."),
        ),
        key=("snapshot_id",),
        without="the dispatcher's snapshots in the debug view",
    ),
)

RELATIONS: Mapping[str, Relation] = MappingProxyType({relation.name: relation for relation in _RELATIONS})

OPTIONAL_FEATURES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("tasks", "blocker"): "blockers other than retry_wait, which tasks are ready, and the verdict stalled",
        ("tasks", "next_eligible_at"): "retry waits, what becomes due, which tasks are ready, and the verdict stalled",
        ("tasks", "disposition"): "dispositions",
        ("tasks", "system_retries"): "system retries",
        ("tasks", "variant"): "goals by A/B arm",
        ("tasks", "goal_met"): "goals by A/B arm",
        (
            "tasks",
            "updated_at",
        ): "tasks as they change (all are counted anew instead, as often as refresh.max_share allows)",
        ("tasks", "last_attempted_at"): "the exact age of tasks in progress (updated_at is used)",
        (
            "calls",
            "updated_at",
        ): "calls as they change (all are counted anew instead, as often as refresh.max_share allows)",
        ("calls", "number_id"): "calls by number and by connection",
        ("calls", "variant"): "calls by A/B arm",
        ("calls", "eligible_at"): "the delay from due to dialled",
        ("calls", "answered_at"): "ring time until the answer, and the time to the agent's first word",
        ("calls", "ended_at"): "ring time of calls that nobody answered",
        ("calls", "agent_spoke_at"): "silent answers, and the time to the agent's first word",
        ("calls", "provider"): "the provider of errors",
        ("calls", "error_code"): "errors by code (calls that failed count, whatever they failed for)",
        ("calls", "talk_seconds"): "talk time",
        ("calls", "ai_cost"): "the agent's part of the cost",
        ("calls", "telephony_cost"): "the line's part of the cost",
        ("calls", "sentiment"): "sentiment",
        ("calls", "score"): "scores",
        ("campaigns", "call_windows"): "call windows (taken as always open)",
        ("campaigns", "ended_at"): "the retention of ended campaigns (all are kept)",
        ("campaigns", "pause_reason"): "the reason of a pause",
        ("campaigns", "paused_by"): "which pauses need a person (all are taken as a person's)",
        ("campaigns", "list_known"): "campaigns of which only who was called is known (all lists are taken as whole)",
        ("campaigns", "budget"): "budgets",
        ("campaigns", "currency"): "the currency of costs",
        ("agents", "free"): "whether anybody is free, and the verdict stalled of campaigns with people",
        ("agents", "paused"): "breaks",
        ("agents", "break_ends_at"): "until when a break is planned (90 minutes are taken for one)",
        ("agents", "shifts"): "shifts (people are expected while the campaign's windows are open)",
        ("agents", "dial_ratio"): "the dial ratio (one call a free person is taken)",
        ("numbers", "daily_cap"): "daily caps of numbers",
        ("tenants", "credits_remaining"): "credits",
    }
)
"""What is lost without an optional column, where that is more than the column itself."""
