"""The small relations put together: who is exported, who owns what, and what is left out and counted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from exporter.contract.relations import RELATIONS
from exporter.source.entities import Campaign, gone
from exporter.source.platform import Platform, PlatformReader, RawRow, exported
from exporter.source.small_reader import SMALL
from tests.source.test_small_cleaning import ROWS, parse

NOW = 1_772_625_600.0
WEEK = 604_800.0


def row(relation: str, **values: str | None) -> RawRow:
    """A good row with these values, as the reader returns it."""
    found = {**ROWS[relation], **values}
    return tuple(found.get(column.name) for column in RELATIONS[relation].columns)


def build(reader: PlatformReader | None = None, /, **relations: Sequence[RawRow]) -> Platform:
    """The platform of these rows; a tenant and a campaign are there unless given."""
    raw = {"tenants": [row("tenants")], "campaigns": [row("campaigns")], **relations}
    return (reader or PlatformReader()).build(SMALL, raw, NOW, WEEK)


@pytest.mark.parametrize(
    ("status", "ended_at", "shown"),
    [
        ("draft", None, False),
        ("scheduled", None, True),
        ("running", None, True),
        ("paused", None, True),
        ("on fire", None, True),
        ("completed", "2026-03-04 11:00:00+00", True),
        ("completed", "2026-02-25 12:00:00+00", True),
        ("completed", "2026-02-25 11:59:59+00", False),
        ("cancelled", "2026-02-01 00:00:00+00", False),
        ("cancelled", None, True),
        ("completed", "infinity", True),
        ("running", "2020-01-01 00:00:00+00", True),
    ],
)
def test_a_campaign_is_exported_unless_a_draft_or_long_ended(status: str, ended_at: str | None, shown: bool) -> None:
    campaign, _ = parse("campaigns", status=status, ended_at=ended_at)
    assert isinstance(campaign, Campaign)
    assert exported(campaign, NOW, WEEK) is shown


@pytest.mark.parametrize("relation", [name for name in SMALL if name != "campaigns"])
def test_the_second_of_one_identity_is_left_out_and_counted(relation: str) -> None:
    rows = [row(relation), row(relation, **({"name": "Second"} if relation == "tenants" else {}))]
    platform = build(**{relation: rows})
    assert platform.violations == {(relation, RELATIONS[relation].key[-1], "duplicate"): 1}
    assert platform.tenants["1"].name == "Tenant"


def test_a_campaign_of_an_unknown_tenant_is_kept_and_counted() -> None:
    platform = build(campaigns=[row("campaigns", tenant_id="9")])
    assert list(platform.campaigns) == ["1"]
    assert platform.violations == {("campaigns", "tenant_id", "unknown_reference"): 1}
    assert platform.zone_of(platform.campaigns["1"]) is None


def test_without_the_relation_of_tenants_no_tenant_is_unknown() -> None:
    platform = PlatformReader().build(SMALL, {"campaigns": [row("campaigns")]}, NOW, WEEK)
    assert platform.violations == {}


def test_the_zone_of_a_campaign_is_its_tenants() -> None:
    platform = build()
    assert platform.zone_of(platform.campaigns["1"]) == "Europe/Berlin"


def test_what_belongs_to_no_exported_campaign_is_left_out() -> None:
    platform = build(
        campaigns=[row("campaigns"), row("campaigns", campaign_id="2", status="draft")],
        goals=[row("goals"), row("goals", campaign_id="2"), row("goals", campaign_id="3")],
        audience_uploads=[row("audience_uploads", campaign_id="2")],
    )
    assert list(platform.goals) == ["1"]
    assert platform.uploads == {}
    assert platform.violations == {}


def test_the_newest_upload_of_a_campaign_counts() -> None:
    uploads = [
        row("audience_uploads", upload_id="1", uploaded_at="2026-03-04 12:00:00+00"),
        row("audience_uploads", upload_id="2", uploaded_at="2026-03-04 13:00:00+00"),
        row("audience_uploads", upload_id="3", uploaded_at="infinity"),
    ]
    assert build(audience_uploads=uploads).uploads["1"].upload_id == "2"
    assert build(audience_uploads=uploads[::-1]).uploads["1"].upload_id == "2"


def test_a_row_that_did_not_change_is_the_same_object_and_its_violations_count_on() -> None:
    reader = PlatformReader()
    rows = [row("campaigns", status="on fire"), row("campaigns", campaign_id="2")]
    first = build(reader, campaigns=rows)
    second = build(reader, campaigns=[*rows, row("campaigns", campaign_id="3")])
    assert second.campaigns["1"] is first.campaigns["1"]
    assert second.violations == first.violations == {("campaigns", "status", "unknown_code"): 1}
    mended = build(reader, campaigns=[row("campaigns")])
    assert mended.violations == {}
    assert mended.campaigns["1"].status == "running"


def test_people_come_with_their_shifts_in_the_campaigns_zone() -> None:
    shifts = '[{"days": ["wed"], "start": "09:00", "end": "17:00"}]'
    sydney = row("campaigns", campaign_id="2", timezone="Australia/Sydney")
    platform = build(
        campaigns=[row("campaigns"), sydney],
        agents=[row("agents", shifts=shifts), row("agents", campaign_id="2", shifts=shifts)],
    )
    here, there = platform.shifts["1"], platform.shifts["2"]
    assert here is not None
    assert there is not None
    assert (here.open_at(NOW), there.open_at(NOW)) == (True, False)  # noon in London, eleven at night in Sydney


def test_shifts_that_are_not_told_are_none_and_those_that_cannot_be_read_are_not_known() -> None:
    platform = build(campaigns=[row("campaigns"), row("campaigns", campaign_id="2")],
                     agents=[row("agents", shifts=None), row("agents", campaign_id="2", shifts="7")])  # fmt: skip
    assert platform.shifts == {"2": None}


def test_people_of_a_campaign_that_is_not_exported_are_nobodys() -> None:
    assert build(agents=[row("agents", campaign_id="9")]).agents == {}


def test_a_campaign_whose_people_are_gone_from_the_view_still_is_one_of_people() -> None:
    reader = PlatformReader()
    build(reader, agents=[row("agents")])
    assert build(reader, agents=[]).agents == {"1": gone("1")}
    assert build(reader).agents == {}, "but of a relation that is not there nothing is known"
    assert build(reader, agents=[row("agents")]).agents["1"] != gone("1")
