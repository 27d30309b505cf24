"""The boards with group labels: a choice of the group on each, every question asked within it, every figure named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboards.build import boards
from dashboards.settings import Settings
from dashboards.vocabulary.board import every_panel
from exporter.errors import ConfigError
from tests.alerts.promql import selectors
from tests.dashboards.asking import interpolated
from tests.dashboards.boards import Found, panels, urls
from tests.dashboards.grouped import GROUPED, LABELS, MADE, ONE_GROUP

SEVERAL = [name for name in MADE if name not in ONE_GROUP and not name.startswith("cost-shared")]


def _variables(board: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in MADE[board]["templating"]["list"]}


@pytest.mark.parametrize("board", sorted({*SEVERAL, *ONE_GROUP}))
def test_the_group_is_chosen_before_all_that_belongs_to_it(board: str) -> None:
    found = _variables(board)
    assert tuple(found)[:3] == ("datasource", *LABELS)
    assert all(found[label]["includeAll"] is (board in SEVERAL) for label in LABELS)
    assert found["region"]["query"]["query"] == (
        'query_result(group by (region) (last_over_time(campaign_exporter_up{platform=~"$platform"}[1d])))'
    )


def test_each_question_is_asked_of_the_chosen_groups_alone() -> None:
    def unchosen(expression: str) -> list[str]:
        asked = selectors(interpolated(expression, {}, "1h", "5m"))
        return [each.metric for each in asked if each.metric != "up" and not set(LABELS) <= set(each.labels)]

    assert {where: found for where, text in GROUPED.items() if (found := unchosen(text))} == {}


def test_links_keep_the_group_or_lead_to_that_of_the_row() -> None:
    links = {url for made in MADE.values() for url in urls(made) if url.startswith("/d/")}
    assert links
    assert [url for url in links for label in LABELS
            if f"${{{label}:queryparam}}" not in url and f"var-{label}=${{__" not in url] == []  # fmt: skip
    ours = [url for board in SEVERAL for url in urls(MADE[board]) if url.startswith("/d/")]
    rows = [url for url in ours if "${__data.fields." in url or "${__field.labels." in url]
    assert rows
    own = re.compile(r"var-region=\$\{__(data\.fields|field\.labels)\.region:percentencode\}")
    assert [url for url in rows if not own.search(url)] == []


def test_where_several_groups_can_be_seen_each_figure_says_whose_it_is() -> None:
    series = [
        f"{found}-{target['refId']}" for found in _of(SEVERAL) for target in found.targets
        if "expr" in target and target.get("format") != "table"
        and "{{platform}}/{{region}}" not in target["legendFormat"]
    ]  # fmt: skip
    assert series == []
    tables = [found for found in _of(SEVERAL) if found.panel["type"] == "table" and _rows(found) is None]
    orders = {str(found): step["options"]["indexByName"] for found in tables for step in found.panel["transformations"]
              if step["id"] == "organize"}  # fmt: skip
    assert orders.keys() == set(map(str, tables))
    assert [where for where, order in orders.items() if [order.get(label) for label in LABELS] != [0, 1]] == []


def test_a_matrix_has_rows_for_each_group() -> None:
    """It has no column for labels, and one group's cells would hide another's."""
    matrices = [found for found in _of(SEVERAL) if found.panel["type"] == "table" and _rows(found) is not None]
    assert [found.panel["id"] for found in matrices] == [193]
    for found in matrices:
        named = f'"{_rows(found)}", " · ", "{_rows(found)}", "platform", "region")'
        assert all(
            target["expr"].startswith("label_join(") and target["expr"].endswith(named) for target in found.targets
        )
        day = next(each for each in found.panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == "Day")
        words = next(each["value"] for each in day["properties"] if each["id"] == "mappings")[0]["options"]
        assert re.sub(words["pattern"].strip("/"), r"Mon\1", "1 · eu/west") == "Mon · eu/west"
        assert words["result"]["text"] == "Mon$1"


def _rows(found: Found) -> str | None:
    """The label of a matrix's rows."""
    steps = {each["id"]: each["options"] for each in found.panel.get("transformations", ())}
    return steps["groupingToMatrix"]["rowField"] if "groupingToMatrix" in steps else None


def test_where_one_group_is_seen_it_is_no_column() -> None:
    told = [str(found) for found in _of(ONE_GROUP) if found.panel["type"] == "table" and _asks(found)
            and not any(each["options"].get("excludeByName", {}).get("region")
                        for each in found.panel["transformations"])]  # fmt: skip
    assert told == []


def test_a_label_that_an_exporter_lacks_is_told_in_a_sentence() -> None:
    (replicas,) = (found for found in _of(["exporter-health"]) if found.panel["id"] == 101)
    region = next(each for each in replicas.panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == "region")
    said = next(each["value"] for each in region["properties"] if each["id"] == "mappings")
    assert said[0]["options"]["match"] == "empty"
    assert said[0]["options"]["result"]["text"] == "none: taken for one with others"


def _of(names: Any) -> list[Found]:
    return [found for found in panels(MADE) if found.board in names]


def _asks(found: Found) -> bool:
    return any("expr" in target for target in found.targets)


def test_what_holds_of_a_series_by_its_name_holds_of_it_in_each_group() -> None:
    """A colour, say: names end with the group."""
    drawn = [found for found in _of(SEVERAL) if found.panel["type"] not in ("table", "barchart")]
    matchers = [each["matcher"] for found in drawn for each in found.panel["fieldConfig"]["overrides"]]
    assert [each for each in matchers if each["id"] == "byName" and each["options"] != "Time"] == []
    (calls,) = (found for found in _of(["overview"]) if found.panel["id"] == 401)
    matchers = [each["matcher"]["options"] for each in calls.panel["fieldConfig"]["overrides"]]
    assert [bool(re.fullmatch(each.strip("/"), "answered · eu/west")) for each in matchers] == [False, True, False]


def test_a_task_is_asked_of_the_database_of_its_group() -> None:
    """SQL knows no group: each platform has a datasource, whose name ends with the group."""
    for board in ONE_GROUP:
        database = _variables(board)["database"]
        assert (database["regex"], database["hide"]) == ("/(?:^| )${platform} ${region}$/", 0)
        asked = [target["rawSql"] for panel in every_panel(MADE[board]["panels"]) for target in panel.get("targets", ())
                 if "rawSql" in target]  # fmt: skip
        assert asked
        assert [text for text in asked if "region" in text] == []


def test_a_card_is_that_of_the_rows_own_exporter() -> None:
    (ranking,) = (found for found in _of(["overview"]) if found.panel["id"] == 201)
    assert "${__data.fields.url}/campaigns/${__data.fields.campaign:percentencode}" in set(urls(ranking.panel))
    at = Settings.model_validate(
        {"group_labels": ["cluster"], "links": {"exporter": "https://x-{cluster}.example.com/"}}
    )
    made = {board.name: set(urls(board.made(at))) for board in boards(at)}
    assert "https://x-${cluster:percentencode}.example.com/campaigns/${campaign:percentencode}" in made["campaign"]
    row = "https://x-${__data.fields.cluster:percentencode}.example.com"
    assert f"{row}/campaigns/${{__data.fields.campaign:percentencode}}" in made["overview"]
    assert f"{row}/runbooks/${{__data.fields.Alert:percentencode}}" in made["overview"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"group_labels": ["cluster"], "shared_cost": [{"tenant": "1"}]},
         "shared_cost: tenant '1': is of the group {}; write {cluster: …}, as its id is unique within one group only"),
        ({"shared_cost": [{"tenant": "1", "group": {"cluster": "eu"}}]},
         "shared_cost: tenant '1': has a group, {'cluster': 'eu'}, and there are no group_labels; name them, or leave "
         "the group out"),
        ({"group_labels": ["replica"], "replica_labels": ["instance", "replica"]},
         "group_labels: 'replica' is one of replica_labels too, and replicas are taken for one; leave it out of one of "
         "the two"),
    ],
)  # fmt: skip
def test_what_would_show_one_platform_for_another_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        boards(Settings.model_validate(settings))
    assert str(refused.value) == said


def test_a_shared_board_is_of_one_group_for_good() -> None:
    shared = MADE["cost-shared-1"]
    assert shared["templating"]["list"] == []
    assert (shared["uid"], shared["title"]) == ("campaigns-cost-shared-eu-west-1", "Northwind costs")
    asked = [text for where, text in GROUPED.items() if where.startswith("cost-shared")]
    assert asked
    assert all('platform="eu", region="west"' in text and "$platform" not in text for text in asked)
