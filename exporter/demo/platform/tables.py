"""Which columns of which table hold which object of the model: the store reads and writes by this list alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from psycopg.types.json import Jsonb

from exporter.demo.platform import model


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Table:
    """A table of schema `dialler`. `columns` maps a column to its type (for unnest); the first `keys` are its key.

    `groups` are columns that are written together when an object changes. They are narrow on purpose: what an
    operator changes by SQL between two flushes must not be overwritten by an older value in memory.
    """

    name: str
    kind: type
    columns: Mapping[str, str]
    keys: int = 1
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_json: bool = False

    def key_columns(self) -> tuple[str, ...]:
        return tuple(self.columns)[: self.keys]

    def row(self) -> Callable[[Any], tuple[Any, ...]]:
        """A function from an object to its row, in the order of `columns`."""
        get = attrgetter(*self.columns)
        if not self.has_json:
            return get
        return lambda item: tuple(_plain(value) for value in get(item))


_LEAD_STATE = (
    "did_id", "did_locked", "state_code", "hold_code", "result_code", "tries", "fault_retries", "due_at",
    "talk_seconds", "quality", "goal_reached", "last_dialled_at", "updated_at",
)  # fmt: skip
_ATTEMPT_STATE = (
    "result_code", "answered_at", "agent_spoke_at", "hung_up_at", "fault_code", "talk_seconds", "ai_cost",
    "carrier_cost", "mood_code", "quality", "updated_at",
)  # fmt: skip
_CAMPAIGN_STATE = ("state_code", "launched_at", "halted_at", "halt_reason", "halted_by", "finished_at")
_CAMPAIGN_SETTINGS = (
    "agent_code", "dial_priority", "planned_start_at", "tz", "always_open", "expires_at", "max_channels",
    "max_per_minute", "max_tries", "match_country", "budget_limit",
)  # fmt: skip

# In the order in which rows must be inserted.
TABLES = (
    Table(
        "account", model.Account,
        {"account_id": "bigint", "display_name": "text", "tz": "text", "max_channels": "integer",
         "credit_balance": "numeric", "topup_below": "numeric", "topup_amount": "numeric"},
        groups={"settings": ("max_channels", "topup_below"), "balance": ("credit_balance",)},
    ),
    Table(
        "trunk", model.Trunk,
        {"trunk_id": "bigint", "account_id": "bigint", "provider": "text", "max_channels": "integer",
         "max_cps": "numeric"},
        groups={"settings": ("max_channels", "max_cps")},
    ),
    Table(
        "did", model.Did,
        {"did_id": "bigint", "account_id": "bigint", "trunk_id": "bigint", "e164": "text", "nickname": "text",
         "country": "text", "state_code": "text", "max_per_day": "integer", "spacing_seconds": "integer",
         "rest_until": "timestamptz", "used_on": "date", "used_today": "integer"},
        groups={"use": ("rest_until", "used_on", "used_today"),
                "settings": ("state_code", "max_per_day", "spacing_seconds", "country")},
    ),
    Table("voice_agent", model.Agent, {"agent_code": "text", "display_name": "text"}),
    Table(
        "campaign", model.Campaign,
        {"campaign_id": "bigint", "account_id": "bigint", "title": "text", "state_code": "text",
         "agent_code": "text", "dial_priority": "integer", "planned_start_at": "timestamptz",
         "launched_at": "timestamptz", "halted_at": "timestamptz", "halt_reason": "text", "halted_by": "text",
         "finished_at": "timestamptz", "tz": "text", "always_open": "boolean", "expires_at": "timestamptz",
         "max_channels": "integer", "max_per_minute": "integer", "max_tries": "integer",
         "match_country": "boolean", "currency": "text", "budget_limit": "numeric", "spent": "numeric"},
        groups={"state": _CAMPAIGN_STATE, "settings": _CAMPAIGN_SETTINGS},
    ),
    Table(
        "schedule_range", model.Range,
        {"range_id": "bigint", "campaign_id": "bigint", "days": "text[]", "opens": "time", "closes": "time",
         "enabled": "boolean"},
        groups={"settings": ("enabled",)},
    ),
    Table("pool_member", model.PoolMember, {"campaign_id": "bigint", "did_id": "bigint", "weight": "numeric"},
          keys=2, groups={"settings": ("weight",)}),
    Table(
        "crew", model.Crew,
        {"campaign_id": "bigint", "seats": "integer", "ratio": "numeric", "shift_days": "text[]",
         "shift_opens": "time", "shift_closes": "time", "logged_in": "integer", "paused": "integer",
         "talking": "integer", "break_reason": "text", "break_until": "timestamptz"},
        groups={"presence": ("logged_in", "paused", "talking", "break_reason", "break_until"),
                "settings": ("seats", "ratio", "shift_closes")},
    ),
    Table("objective", model.Objective,
          {"campaign_id": "bigint", "label": "text", "wanted": "integer", "reached": "integer"},
          keys=2, groups={"tally": ("reached",)}),
    Table("split_arm", model.Arm,
          {"campaign_id": "bigint", "arm": "text", "agent_code": "text", "share": "numeric"}, keys=2),
    Table(
        "list_file", model.ListFile,
        {"list_file_id": "bigint", "campaign_id": "bigint", "filename": "text", "bytes": "bigint",
         "rows_total": "integer", "rows_ok": "integer", "rows_bad": "integer", "state_code": "text",
         "error_text": "text", "received_at": "timestamptz"},
        groups={"state": ("rows_total", "rows_ok", "rows_bad", "state_code", "error_text")},
    ),
    Table(
        "person", model.Person,
        {"person_id": "bigint", "account_id": "bigint", "external_ref": "text", "e164": "text",
         "country": "text", "tz": "text"},
    ),
    Table(
        "lead", model.Lead,
        {"lead_id": "bigint", "campaign_id": "bigint", "person_id": "bigint", "did_id": "bigint",
         "did_locked": "boolean", "state_code": "text", "hold_code": "text", "result_code": "text",
         "arm": "text", "tries": "smallint", "max_tries": "smallint", "fault_retries": "smallint",
         "due_at": "timestamptz", "talk_seconds": "numeric", "quality": "numeric", "goal_reached": "boolean",
         "last_dialled_at": "timestamptz", "created_at": "timestamptz", "updated_at": "timestamptz"},
        groups={"state": _LEAD_STATE},
    ),
    Table(
        "attempt", model.Attempt,
        {"attempt_id": "uuid", "lead_id": "bigint", "campaign_id": "bigint", "did_id": "bigint",
         "trunk_id": "bigint", "arm": "text", "try_no": "smallint", "due_at": "timestamptz",
         "dialled_at": "timestamptz", "answered_at": "timestamptz", "agent_spoke_at": "timestamptz",
         "hung_up_at": "timestamptz", "result_code": "text", "fault_code": "text", "talk_seconds": "numeric",
         "ai_cost": "numeric", "carrier_cost": "numeric", "mood_code": "text", "quality": "numeric",
         "created_at": "timestamptz", "updated_at": "timestamptz"},
        groups={"state": _ATTEMPT_STATE},
    ),
    Table(
        "campaign_journal", model.JournalEntry,
        {"entry_id": "bigint", "campaign_id": "bigint", "at": "timestamptz", "kind": "text", "actor": "text",
         "detail": "jsonb"},
        has_json=True,
    ),
    Table(
        "lead_log", model.LeadLogEntry,
        {"entry_id": "bigint", "lead_id": "bigint", "at": "timestamptz", "kind": "text", "code": "text",
         "detail": "jsonb"},
        has_json=True,
    ),
    Table(
        "dispatch_log", model.DispatchLogEntry,
        {"entry_id": "bigint", "campaign_id": "bigint", "lead_id": "bigint", "at": "timestamptz",
         "capacity": "jsonb"},
        has_json=True,
    ),
)  # fmt: skip

TABLE_OF: Mapping[type, Table] = {table.kind: table for table in TABLES}
