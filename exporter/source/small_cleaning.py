"""A small relation's row of texts as an entity. A bad value is counted and left out; it never costs the others."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from exporter.calendar.call_windows import EARLIEST, LATEST
from exporter.calendar.days import zone
from exporter.calendar.window_forms import WindowsError, parse_ranges
from exporter.contract.codes import (
    CAMPAIGN_STATUSES,
    NUMBER_STATUSES,
    OTHER,
    UPLOAD_STATUSES,
    clean_label,
    clean_name,
    clean_reason,
)
from exporter.contract.relations import RELATIONS, Column, Kind
from exporter.source.entities import (
    Agents,
    Campaign,
    Entity,
    Goal,
    Number,
    PoolEntry,
    Tenant,
    Trunk,
    Upload,
    Variant,
    Violation,
)

ID_LIMIT = 128

_TYPES: Mapping[str, type[Any]] = {
    "tenants": Tenant,
    "campaigns": Campaign,
    "goals": Goal,
    "variants": Variant,
    "agents": Agents,
    "connections": Trunk,
    "numbers": Number,
    "campaign_numbers": PoolEntry,
    "audience_uploads": Upload,
}

_NOT_NEGATIVE = frozenset(
    {
        "concurrency_limit",
        "calls_per_minute",
        "calls_per_second",
        "max_attempts",
        "budget",
        "target",
        "achieved",
        "weight",
        "daily_cap",
        "logged_in",
        "free",
        "on_call",
        "paused",
        "dial_ratio",
        "size_bytes",
        "rows_total",
        "rows_accepted",
        "rows_rejected",
    }
)
_CLOSED: Mapping[tuple[str, str], frozenset[str]] = {
    ("campaigns", "status"): frozenset((*CAMPAIGN_STATUSES, "draft")),
    ("numbers", "status"): frozenset(NUMBER_STATUSES),
    ("audience_uploads", "status"): frozenset(UPLOAD_STATUSES),
}
_LABELS = frozenset({"goal", "variant", "provider", "country", "currency"})


class _UnusableError(ValueError):
    """A value that cannot be taken; the message is the rule it breaks."""


def parse_row(relation: str, raw: Mapping[str, str | None]) -> tuple[Entity | None, tuple[Violation, ...]]:
    """A row of texts as an entity, and what is wrong with it. `None` when it has no identity."""
    kind = _TYPES[relation]
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for name in kind.__dataclass_fields__:
        if name in _WORKED_OUT:
            continue
        text = raw[name]
        column = RELATIONS[relation].column(name)
        try:
            values[name] = _parse(relation, name, column, text)
        except _UnusableError as error:
            violations.append((relation, name, str(error)))
            if column.kind is Kind.ID and (relation, name) != ("numbers", "connection_id"):
                return None, tuple(violations)
            values[name] = _WITHOUT.get(name)
    if violations and "broken" in kind.__dataclass_fields__:
        values["broken"] = frozenset(column for _, column, _ in violations)
    return kind(**values), tuple(violations)


_WORKED_OUT = ("broken", "gone")
"""Fields that are no column."""

_WITHOUT: Mapping[str, str] = {
    "name": "",
    "status": OTHER,
    "goal": OTHER,
    "variant": OTHER,
    "provider": OTHER,
    "phone": "",
    "filename": "",
}
"""What stands in for a text that is required and cannot be taken."""


def windows_problem(text: str) -> str | None:
    """What is wrong with a campaign's call windows, and what to write; nothing where they can be read."""
    try:
        parse_ranges(_json(text))
    except WindowsError as error:
        return str(error)
    except _UnusableError:
        return "call_windows: not JSON; write a list as docs/contract.md shows"
    return None


def _parse(relation: str, name: str, column: Column, text: str | None) -> Any:
    if text is None:
        if not column.optional:
            raise _UnusableError("null")
        return None
    if name == "timezone":
        if zone(text) is None:
            raise _UnusableError("unknown_timezone")
        return text
    if (known := _CLOSED.get((relation, name))) is not None:
        if text not in known:
            raise _UnusableError("unknown_code")
        return text
    if name == "pause_reason":
        return clean_reason(text)
    if name in _LABELS:
        label = clean_label(text)
        if label == OTHER != text:
            raise _UnusableError("not_a_label")
        return label
    value = _PARSERS[column.kind](text)
    if name in ("call_windows", "shifts"):
        try:
            return parse_ranges(value)
        except WindowsError:
            raise _UnusableError("wrong_shape") from None
    if name in _NOT_NEGATIVE and value < 0:
        raise _UnusableError("out_of_range")
    return value


def _id(text: str) -> str:
    if not text or len(text) > ID_LIMIT or not text.isprintable():
        raise _UnusableError("not_an_id")
    return text


def _time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):  # infinity, before Christ, after 9999
        raise _UnusableError("out_of_range") from None
    if not EARLIEST <= seconds < LATEST:  # taken for a mistake
        raise _UnusableError("out_of_range")
    return seconds


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _UnusableError("not_a_number") from None
    if not math.isfinite(value):
        raise _UnusableError("out_of_range")
    return value


def _integer(text: str) -> int:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _UnusableError("not_a_number") from None
    if not value.is_finite() or abs(value) > 2**63 or value != int(value):
        raise _UnusableError("out_of_range")
    return int(value)


def _boolean(text: str) -> bool:
    return text in ("t", "true")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _UnusableError("not_json") from None


_PARSERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.ID: _id,
    Kind.TEXT: clean_name,
    Kind.TIME: _time,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.JSON: _json,
}
