"""A row of texts as PostgreSQL sends it becomes a clean entity; what cannot be taken is named by column and rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.contract.relations import RELATIONS
from exporter.source.entities import Campaign, Entity, Violation
from exporter.source.small_cleaning import parse_row
from exporter.source.small_reader import SMALL

ROWS: dict[str, dict[str, str | None]] = {
    "tenants": {"tenant_id": "1", "name": "Tenant", "timezone": "Europe/Berlin", "concurrency_limit": "5"},
    "campaigns": {"campaign_id": "1", "tenant_id": "1", "name": "C", "status": "running", "timezone": "UTC"},
    "goals": {"campaign_id": "1", "goal": "sale", "target": "10", "achieved": "3.5"},
    "variants": {"campaign_id": "1", "variant": "A", "weight": "50"},
    "agents": {"campaign_id": "1", "logged_in": "5", "free": "2", "shifts": "[]"},
    "connections": {"connection_id": "1", "tenant_id": "1", "provider": "acme", "calls_per_second": "0.5"},
    "numbers": {"number_id": "1", "tenant_id": "1", "connection_id": "1", "phone": "+49 30", "status": "active"},
    "campaign_numbers": {"campaign_id": "1", "number_id": "1", "weight": "3"},
    "audience_uploads": {
        "upload_id": "1", "campaign_id": "1", "filename": "a.csv", "status": "staged",
        "uploaded_at": "2026-03-04 12:00:00+00",
    },
}  # fmt: skip


def parse(relation: str, **values: str | None) -> tuple[Any, tuple[Violation, ...]]:
    """A good row with these values."""
    empty: dict[str, str | None] = dict.fromkeys(column.name for column in RELATIONS[relation].columns)
    return parse_row(relation, {**empty, **ROWS[relation], **values})


def test_a_good_row_breaks_no_rule() -> None:
    found = {relation: parse(relation) for relation in ROWS}
    assert {relation: broken for relation, (entity, broken) in found.items() if entity is None or broken} == {}


@pytest.mark.parametrize("value", [None, "", "x" * 129, "a\nb", "\udce9"])
def test_a_row_whose_identity_is_none_is_left_out(value: str | None) -> None:
    rule = "null" if value is None else "not_an_id"
    # A goal or an arm that cannot be taken is `other`: see below.
    identities = [(name, key) for name in ROWS for key in dict.fromkeys((*RELATIONS[name].key, "tenant_id"))
                  if key.endswith("_id") and key in ROWS[name]]  # fmt: skip
    found = {(name, key): parse(name, **{key: value}) for name, key in identities}
    assert found == {(name, key): (None, ((name, key, rule),)) for name, key in identities}


@pytest.mark.parametrize(
    ("relation", "column", "value", "rule", "instead"),
    [
        ("goals", "goal", "a@b", "not_a_label", "other"),
        ("goals", "target", "NaN", "out_of_range", None),
        ("goals", "target", "-0.01", "out_of_range", None),
        ("goals", "target", "many", "not_a_number", None),
        ("variants", "variant", None, "null", "other"),
        ("variants", "weight", "1e999", "out_of_range", None),
        ("agents", "logged_in", None, "null", None),
        ("agents", "free", "-1", "out_of_range", None),
        ("agents", "dial_ratio", "-0.5", "out_of_range", None),
        ("agents", "shifts", "7", "wrong_shape", None),
        ("agents", "break_ends_at", "infinity", "out_of_range", None),
        ("numbers", "connection_id", None, "null", None),
        ("numbers", "status", "melted", "unknown_code", "other"),
        ("numbers", "phone", None, "null", ""),
        ("numbers", "daily_cap", "-1", "out_of_range", None),
        ("numbers", "daily_cap", "Infinity", "out_of_range", None),
        ("numbers", "daily_cap", "9" * 30, "out_of_range", None),
        ("numbers", "cooldown_until", "infinity", "out_of_range", None),
        ("numbers", "cooldown_until", "0044-03-15 00:00:00+00 BC", "out_of_range", None),
        ("numbers", "cooldown_until", "1969-12-31 23:59:59.999999+00", "out_of_range", None),
        ("numbers", "cooldown_until", "2200-01-01 00:00:00+00", "out_of_range", None),
        ("numbers", "cooldown_until", "12026-01-01 00:00:00+00", "out_of_range", None),
        ("campaigns", "timezone", "Mars/Base", "unknown_timezone", None),
        ("campaigns", "status", "Running", "unknown_code", "other"),
        ("campaigns", "name", None, "null", ""),
        ("campaigns", "call_windows", "{", "not_json", None),
        ("campaigns", "call_windows", "7", "wrong_shape", None),
        ("campaigns", "call_windows", '[{"days": "someday", "start": "09:00", "end": "17:00"}]', "wrong_shape", None),
        ("campaigns", "call_windows", '[{"days": [0], "start": "09:00", "end": "17:00"}]', "wrong_shape", None),
        ("campaigns", "call_windows", '[{"days": ["mon"], "start": 9, "end": "17:00"}]', "wrong_shape", None),
        ("campaigns", "call_windows", '[{"days": ["mon"], "start": "9", "end": "17:00"}]', "wrong_shape", None),
        ("campaigns", "call_windows", '[{"days": ["mon"], "start": "09:00", "end": "24:01"}]', "wrong_shape", None),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_and_the_row_stays(
    relation: str, column: str, value: str | None, rule: str, instead: str | None
) -> None:
    entity, violations = parse(relation, **{column: value})
    assert violations == ((relation, column, rule),)
    assert getattr(entity, column) == instead
    good, _ = parse(relation)
    others = [name for name in SMALL[relation] if name != column and hasattr(good, name)]
    assert [getattr(entity, name) for name in others] == [getattr(good, name) for name in others]


def test_all_mistakes_of_a_row_are_named() -> None:
    _, violations = parse("campaigns", status="?", timezone="?", budget="-1", name=None)
    assert {column for _, column, _ in violations} == {"status", "timezone", "budget", "name"}


def test_values_are_taken_as_postgresql_writes_them() -> None:
    campaign, violations = parse(
        "campaigns", started_at="2026-03-04 12:00:00.25+00", priority="-3", budget="1234.5", country_match="t",
        max_attempts="3", calls_per_minute="0.25", call_windows="null", pause_reason=" too\nmany  ",
    )  # fmt: skip
    assert violations == ()
    assert isinstance(campaign, Campaign)
    assert campaign.started_at == 1772625600.25
    assert (campaign.priority, campaign.budget, campaign.max_attempts) == (-3, 1234.5, 3)
    assert campaign.country_match is True
    assert parse("campaigns", country_match="false")[0].country_match is False
    assert campaign.call_windows is None
    assert campaign.pause_reason == "too many"


@given(relation=st.sampled_from(sorted(ROWS)), data=st.data())
def test_no_text_in_any_column_raises(relation: str, data: st.DataObject) -> None:
    texts = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["NaN", "1e999", "[[", '"', "-0", "infinity"]))
    raw = {column.name: data.draw(texts) for column in RELATIONS[relation].columns}
    entity, violations = parse_row(relation, raw)
    assert all(name == relation for name, _, _ in violations)
    assert isinstance(entity, Entity) or violations
