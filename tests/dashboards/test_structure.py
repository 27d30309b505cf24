"""What every board must be, whatever it shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.runtime import Runtime
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.build import boards, build, text_of
from dashboards.settings import Settings
from dashboards.vocabulary import colours
from dashboards.vocabulary.board import Board, every_panel
from dashboards.vocabulary.colours import State
from dashboards.vocabulary.targets import MIXED
from tests.dashboards.boards import MADE, NAMES, SETTINGS, Json, expressions, panels, urls

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "dashboards" / "generated"
PANELS = panels()
MOST_LOADED = 30
"""Panels that load with a board: as many draw in about 5 s."""

WIDE = Settings.model_validate(
    {
        "uid_prefix": "d" * 20,
        "datasources": {"prometheus": "p" * 40, "postgres": "q" * 40},
        "replica_labels": ["instance", "job", "pod", "replica", "prometheus_replica"],
        "links": {
            "campaign": f"https://{'calls.' * 15}example.com/tenants/campaigns/{{campaign}}",
            "contact": f"https://{'calls.' * 15}example.com/tenants/contacts/{{contact}}",
            "exporter": f"https://{'monitoring.' * 8}example.com/dialler",
        },
        "shared_cost": [{"tenant": "t" * 60, "title": "T" * 100}],
    }
)
"""Settings that make boards long."""

each_board = pytest.mark.parametrize("name", NAMES)


def test_what_is_on_disk_is_what_is_made(tmp_path: Path) -> None:
    made = {path.name: path.read_text(encoding="utf-8") for path in build(Settings(), tmp_path)}
    kept = {path.name: path.read_text(encoding="utf-8") for path in GENERATED.glob("*.json")}
    assert made.keys() == kept.keys(), "stale: run make boards"
    assert [name for name in made if made[name] != kept[name]] == [], "stale: run make boards"


@pytest.fixture
def every_panel_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the reader, which else drops what it does not know; for this test alone, as it reads alerts otherwise then."""
    runtime = Runtime()
    for known in ("dataquery_variants", "panelcfg_variants"):
        monkeypatch.setattr(runtime, known, {})
    plugins.register_default_plugins()


@each_board
@pytest.mark.usefixtures("every_panel_is_known")
def test_an_independent_reader_of_the_format_loses_nothing(name: str) -> None:
    made = json.loads(json.dumps(MADE[name]))
    for panel in every_panel(made["panels"]):
        if panel.get("datasource") == MIXED:  # it cannot tell whose targets these are
            del panel["targets"]
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(json.loads(json.dumps(made)))))
    assert [where for where in _lost(made, read) if not _UNREAD.search(where)] == []


_UNREAD = re.compile(
    r"\.annotations\.list\[\d+\]\.(target|\w+Format|useValueForTime)"  # it knows Grafana's own annotations only
    r"|\.options\.enablePagination|\.custom\.(spanNulls|insertNulls)"  # of tables and state timelines since 12
)


def _lost(ours: Any, theirs: Any, where: str = "") -> Any:
    """What is in ours and not, or otherwise, in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from _lost(value, theirs[key], f"{where}.{key}")
            elif value is not None:  # JSON null: the first step of thresholds
                yield f"{where}.{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _lost(one, other, f"{where}[{index}]")
    elif ours != theirs:
        yield f"{where}: {ours!r} is read as {theirs!r}"


def test_uids_and_titles_are_unique() -> None:
    assert len({made["uid"] for made in MADE.values()}) == len(MADE)
    assert len({made["title"] for made in MADE.values()}) == len(MADE), "a title twice stops Grafana's provisioning"


@each_board
def test_a_board_says_what_it_answers_and_cannot_be_edited_in_place(name: str) -> None:
    made = MADE[name]
    assert made["description"].endswith("?"), "its question"
    assert made["editable"] is False
    assert made["timezone"] == "browser"
    assert made["schemaVersion"] == 42
    assert "campaigns" in made["tags"]


@each_board
def test_panels_leave_no_gap_and_do_not_overlap(name: str) -> None:
    for level in [MADE[name]["panels"], *(panel["panels"] for panel in MADE[name]["panels"] if panel.get("panels"))]:
        taken: dict[tuple[int, int], int] = {}
        for panel in level:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert (x, y) not in taken, f"panels {taken[x, y]} and {panel['id']} overlap"
                    taken[x, y] = panel["id"]
        rows = {y for _, y in taken}
        assert rows == set(range(min(rows), max(rows) + 1))
        assert len(taken) == 24 * len(rows)


@each_board
def test_what_loads_at_once_is_little_enough(name: str) -> None:
    loaded = [panel for panel in MADE[name]["panels"] if panel["type"] not in ("row", "text")]
    assert len(loaded) <= MOST_LOADED


def test_a_panel_says_what_it_means_in_which_unit_and_what_nothing_means() -> None:
    assert {str(found): faults for found in PANELS if (faults := list(_untold(found.panel)))} == {}


CLAIMS_NOTHING = re.compile(
    r"No figures|Unknown|None known|Not enough data.*|No .+ known.*|No answer from the database"
    r"|None fires, as far as Prometheus tells"
)
"""What an empty panel may say: it holds where there is nothing, where a column is absent, and where the exporter or
Prometheus does not answer."""


def _untold(panel: Json) -> Iterator[str]:
    """What a viewer would have to guess."""
    if panel["type"] == "text":
        return
    defaults = panel["fieldConfig"]["defaults"]
    if not panel.get("title") and not panel.get("transparent"):
        yield "no title"
    if len(panel["description"]) < 40:
        yield "not what it means, and what to do about it"
    if not defaults["unit"]:
        yield "no unit"
    if not CLAIMS_NOTHING.fullmatch(defaults["noValue"]):
        yield f"{defaults['noValue']!r} where nothing is answered, be it that there is nothing or that nobody tells"
    if defaults["thresholds"]["steps"][0]["value"] is not None:
        yield "its thresholds have no first step"


def test_every_target_names_its_datasource_and_has_a_letter_of_its_own() -> None:
    kinds = ("prometheus", "grafana-postgresql-datasource")
    letters = {str(found): [target["refId"] for target in found.targets] for found in PANELS}
    assert {where: refs for where, refs in letters.items() if len(set(refs)) < len(refs)} == {}
    assert [(str(found), target) for found in PANELS for target in found.targets
            if target["datasource"]["type"] not in kinds or not target["datasource"]["uid"]] == []  # fmt: skip


def test_fields_are_called_by_names_that_differ() -> None:
    """Two overrides of one field with one property: the second silently wins."""
    set_by = Counter(
        (str(found), each["matcher"]["id"], json.dumps(each["matcher"]["options"]), prop["id"])
        for found in PANELS
        for each in found.panel.get("fieldConfig", {}).get("overrides", ())
        for prop in each["properties"]
    )
    assert [where for where, times in set_by.items() if times > 1] == []


@each_board
def test_variables_are_chained_and_known(name: str) -> None:
    made = MADE[name]
    known: set[str] = set()
    for variable in made["templating"]["list"]:
        used = set(re.findall(r"\$\{?(\w+)", json.dumps([variable.get("query"), variable.get("datasource")])))
        assert used <= known, f"{variable['name']} uses {used - known}, which come later or never"
        known.add(variable["name"])
    text = json.dumps([made["panels"], made["annotations"], made["links"]])
    found = set(re.findall(r"\$\{?([a-z]\w*)", text)) - {"datasource", "database"}
    assert found <= known, f"{found - known} are no variables"


@each_board
def test_links_lead_to_boards_that_exist_and_keep_what_was_chosen(name: str) -> None:
    uids = {made["uid"]: made for made in MADE.values()}
    for url in urls(MADE[name]):
        if not url.startswith("/"):
            told = url.startswith("${exporter}/") and any(
                variable["name"] == "exporter" for variable in MADE[name]["templating"]["list"]
            )
            assert told or url.startswith(("http://", "https://")), url
            continue
        match = re.fullmatch(r"/d/([a-z0-9-]+)\?(.+)", url)
        assert match, url
        target = uids[match[1]]
        variables = {variable["name"] for variable in target["templating"]["list"]}
        given = set(re.findall(r"var-(\w+)=", match[2])) | set(re.findall(r"\$\{(\w+):queryparam\}", match[2]))
        given.discard("database")  # boards without SQL have no use for it
        assert given <= variables, f"{url}: {match[1]} has no variable {given - variables}"
        assert "${__url_time_range}" in match[2], f"{url}: the time is lost"
        if view := re.search(r"viewPanel=(\d+)", match[2]):
            assert int(view[1]) in [panel["id"] for panel in every_panel(target["panels"])]


def test_replicas_are_counted_once() -> None:
    """Figures of campaigns are taken over the labels of replicas first; `exporter-health` looks at each replica."""
    assert {where: twice for where, expression in expressions() if not where.startswith("exporter-health")
            and (twice := list(_of_each_replica(expression)))} == {}  # fmt: skip


def _of_each_replica(expression: str) -> Iterator[str]:
    """The metrics of campaigns that are taken as they are."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for metric in re.finditer(r"\bcampaign_(?!exporter_)\w+(?=\{|\[|\))", bare):
        if not re.search(r"max (?:without|by) \([^)]*\) \((?:\w+\()?$", bare[: metric.start()]):
            yield f"{metric[0]} in {bare}"


def test_exemplars_are_asked_for_where_a_point_leads_to_its_task() -> None:
    asked = {str(found) for found in PANELS for target in found.targets if target.get("exemplar")}
    assert asked == {"campaign-402", "numbers-151"}
    sources = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/campaigns.yml").read_text("utf-8"))
    (exemplar,) = sources["datasources"][0]["jsonData"]["exemplarTraceIdDestinations"]
    assert exemplar["url"].startswith("/d/campaigns-task?")
    given = set(re.findall(r"var-(\w+)=", exemplar["url"]))
    assert given == {"campaign", "task"} <= {each["name"] for each in MADE["task"]["templating"]["list"]}


def test_a_shared_board_has_nothing_that_fails_or_tells_outside() -> None:
    shared = MADE["cost-shared-1"]
    assert shared["templating"]["list"] == []
    assert shared["links"] == []
    assert list(urls(list(every_panel(shared["panels"])))) == []
    assert "rawSql" not in json.dumps(shared)
    assert "${" not in re.sub(r"\$\{?__\w+\}?", "", json.dumps(shared))


def test_managers_boards_ask_prometheus_alone() -> None:
    for name in ("cost", "cost-shared-1", "overview", "numbers"):
        assert "rawSql" not in json.dumps(MADE[name])


def test_a_state_has_one_colour_everywhere() -> None:
    """A field that is called like a state is drawn in the colour of the state, or in none of its own."""
    meanings: dict[str, set[str]] = {}
    for states in vars(colours).values():
        if isinstance(states, tuple) and states and isinstance(states[0], State):
            for state in states:
                meanings.setdefault(state.code, set()).add(state.colour)
    for found in PANELS:
        for each in found.panel.get("fieldConfig", {}).get("overrides", ()):
            code = each["matcher"]["options"]
            for prop in each["properties"]:
                if code in meanings and prop["id"] == "color" and prop["value"].get("mode") == "fixed":
                    assert prop["value"]["fixedColor"] in meanings[code], f"{found}: {code}"


def test_the_settings_reach_the_boards() -> None:
    settings = Settings.model_validate(
        {
            "uid_prefix": "dial",
            "datasources": {"prometheus": "mimir"},
            "replica_labels": ["replica"],
            "links": {"exporter": "https://example.com/dialler/"},
        }
    )
    text = "".join(text_of(board, settings) for board in boards(settings))
    assert "campaigns-overview" not in text
    assert "/d/dial-" in text
    assert '"mimir"' in text
    assert "without (replica)" in text
    assert "instance, job" not in text
    assert "https://example.com/dialler/campaigns/" in text
    assert "https://example.com/campaigns/" not in text


@pytest.mark.parametrize("board", boards(WIDE), ids=lambda board: board.name)
def test_each_board_fits_into_a_configmap_that_kubectl_applies(board: Board) -> None:
    """It keeps the whole object in one annotation; all annotations together may have so many bytes."""
    name = f"{board.name}.json"
    data = {name: text_of(board, WIDE)}
    metadata = {"annotations": {}, "labels": {"grafana_dashboard": "1"}, "name": "x" * 63, "namespace": "x" * 63}
    whole = {"apiVersion": "v1", "data": data, "kind": "ConfigMap", "metadata": metadata}
    kept = json.dumps(whole, separators=(",", ":"), ensure_ascii=False) + "\n"
    kept = re.sub("[<>&]", r"\\u0000", kept)  # as Go writes them
    assert len(f"kubectl.kubernetes.io/last-applied-configuration{kept}".encode()) <= 262_144


def test_a_board_on_disk_has_a_value_a_line() -> None:
    text = text_of(boards(SETTINGS)[0], SETTINGS)
    assert max(map(len, text.splitlines())) < 5_000
    assert '"uid":"campaigns-overview",\n' in text


def test_the_boards_of_the_defaults_have_no_shared_one() -> None:
    assert [board.name for board in boards(Settings()) if board.shared] == []
    assert [board.name for board in boards(SETTINGS) if board.shared] == ["cost-shared-1"]
