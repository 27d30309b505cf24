"""Tables where the platform has not every relation: no row without a name, and what is known is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from dashboards.boards.cost import board as cost
from dashboards.boards.numbers import board as numbers
from dashboards.settings import Settings
from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.modern_json import Json
from tests.dashboards.asking import interpolated
from tests.dashboards.past import NOW, Past, Value, grown, named
from tests.support.prometheus import Prometheus

SETTINGS = Settings()
BOARDS = {each.board(SETTINGS).name: each.board(SETTINGS).made(SETTINGS) for each in (numbers, cost)}
TABLES = {
    f"{name}-{panel['id']}": panel for name, board in BOARDS.items() for panel in every_panel(board["panels"])
    if any('"row"' in target["expr"] for target in panel.get("targets", ()))
}  # fmt: skip
ABSENT = {
    "nothing": (),
    "tenants": ("campaign_tenant_",),
    "connections": ("campaign_connection_",),
    "numbers": ("campaign_number_info", "campaign_number_status", "campaign_number_daily_cap"),
    "campaign_numbers": ("campaign_number_weight",),
    "costs": ("campaign_call_cost_", "campaign_attempt_cost_", "campaign_variant_cost_"),
}
"""Of each tenant, which is called for what its platform lacks."""


class Platforms(Past):
    """A tenant for each relation that may lack."""

    def tenant(self, tenant: str) -> None:
        """A campaign with everything, and the series that are not there without a relation left out."""

        def shown(metric: str, value: float | Value = 1, /, **labels: str) -> None:
            if not metric.startswith(ABSENT[tenant]):
                self(metric, value, tenant=tenant, **labels)

        own, number = {"campaign": "c"}, {"number": "n"}
        shown("campaign_tenant_info", name=f"Without {tenant}", timezone="UTC")
        shown("campaign_connection_info", connection="t", provider="p")
        shown("campaign_connection_concurrency_limit", 10, connection="t")
        shown("campaign_info", name="c", agent="ada", timezone="UTC", currency="EUR", **own)
        shown("campaign_number_info", phone="+1", label="", country="DE", connection="t", **number)
        shown("campaign_number_status", status="active", **number)
        shown("campaign_number_calls_today", 5, **number)
        shown("campaign_number_daily_cap", 50, **number)
        shown("campaign_number_weight", **own, **number)
        shown("campaign_variant_calls_total", 90, variant="A", **own)
        shown("campaign_variant_answers_total", 30, variant="A", **own)
        shown("campaign_variant_cost_total", 9, variant="A", currency="EUR", **own)
        shown("campaign_call_cost_total", grown(1), component="ai", currency="EUR", **own)
        shown("campaign_attempt_cost_total", grown(1), attempt="1", currency="EUR", **own)
        shown("campaign_call_errors_total", grown(1), provider="p", code="x", fault="line", **own)
        for outcome in ("answered", "busy"):
            shown("campaign_calls_total", grown(9), outcome=outcome, **own)
            shown("campaign_attempt_calls_total", grown(9), attempt="1", outcome=outcome, **own)
            shown("campaign_number_calls_total", grown(9), outcome=outcome, **own, **number)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    world = Platforms()
    for tenant in ABSENT:
        world.tenant(tenant)
    with world.remembered(tmp_path_factory.mktemp("absent")) as found:
        yield found


def answers(server: Prometheus, panel: Json, tenant: str) -> tuple[list[set[str]], list[set[str]]]:
    """The rows that each of the first answers names, and those that each column knows a figure of."""
    columns = {field for step in panel["transformations"] for field in step["options"].get("renameByName", {})}
    named_rows: list[set[str]] = []
    filled_rows: list[set[str]] = []
    for target in panel["targets"]:
        values = {"tenant": tenant, "campaign": ".*", "number": ".*", "currency": ".*"}
        found = named(server.query(interpolated(target["expr"], values, "7d"), NOW))
        rows = {row for row, value in found.items() if not math.isnan(value)}
        (filled_rows if f"Value #{target['refId']}" in columns else named_rows).append(rows)
    return named_rows, filled_rows


def test_every_row_has_a_name(server: Prometheus) -> None:
    nameless = {}
    for where, panel in TABLES.items():
        for tenant in ABSENT:
            (first, *_), columns = answers(server, panel, tenant)
            if rows := set().union(*columns) - first:
                nameless[f"{where} without {tenant}"] = rows
    assert nameless == {}


@pytest.mark.parametrize(
    ("where", "tenant"),
    [("numbers-110", "tenants"), ("numbers-141", "tenants"), ("numbers-152", "tenants"), ("cost-161", "costs"),
     ("cost-171", "costs")],
)  # fmt: skip
def test_what_is_known_is_shown(server: Prometheus, where: str, tenant: str) -> None:
    things, _ = answers(server, TABLES[where], tenant)
    assert all(len(rows) == 1 for rows in things)


@pytest.mark.parametrize(
    ("where", "tenant"), [("numbers-110", "numbers"), ("numbers-161", "numbers"), ("numbers-161", "campaign_numbers")]
)
def test_without_anything_to_name_a_row_by_there_are_words(server: Prometheus, where: str, tenant: str) -> None:
    things, columns = answers(server, TABLES[where], tenant)
    assert not set().union(*things, *columns)
    assert TABLES[where]["fieldConfig"]["defaults"]["noValue"] in ("No numbers known", "No pools known")
