"""What the settings leave out is not on the page, and what they sum up is the sum of what it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.metrics.catalogue import FAMILIES
from exporter.metrics.catalogue.kinds import Family, Type
from exporter.metrics.encoding import Work
from exporter.metrics.exposition import Exposed
from exporter.metrics.family_lines import FamilyLines
from exporter.metrics.owners import Owner
from tests.support import alarming, contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting

Database = psycopg.Connection[Any]
COUNTERS = [family for family in FAMILIES if family.type is Type.COUNTER]
DROPPABLE = [(family, label) for family in COUNTERS for label in family.labels if label != "currency"]


@pytest.fixture(scope="module")
def busy(server: EmbeddedServer) -> Iterator[str]:
    """A platform on which everything has happened."""
    server.create_database("selection")
    url = server.url("selection")
    with contract.session(url) as owner:
        alarming.create(owner)
    yield url
    server.drop_database("selection")


@pytest.fixture(scope="module")
def whole(busy: str) -> Iterator[Exporter]:
    with exporting(busy) as exporter:
        exporter.refresh()
        yield exporter


def lines(exporter: Exporter) -> set[bytes]:
    assert exporter.snapshot is not None
    return set(exporter.snapshot.openmetrics.splitlines())


def test_what_is_denied_is_gone_and_nothing_else_changes(busy: str, whole: Exporter) -> None:
    with exporting(busy, metrics={"deny": ["campaign_call_*", "campaign_number_info"]}) as exporter:
        exporter.refresh()
    denied = tuple(
        family.name for family in FAMILIES if family.name.startswith("campaign_call_") or "number_info" in family.name
    )
    gone = {line.decode().removeprefix("# HELP ").removeprefix("# TYPE ") for line in lines(whole) - lines(exporter)}
    assert lines(exporter) < lines(whole)
    assert [line for line in gone if not line.startswith(tuple(name.removesuffix("_total").removesuffix("_info")
                                                                for name in denied))] == []  # fmt: skip
    assert [line for line in lines(exporter) if line.decode().startswith(denied)] == []
    assert exporter.snapshot is not None
    assert whole.snapshot is not None
    assert exporter.snapshot.series < whole.snapshot.series


def test_what_is_not_exported_is_not_worked_out(busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs no time either: nothing is encoded for it, and no counter is remembered."""
    with exporting(busy, metrics={"allow": ["campaign_info"]}) as exporter:
        encoded: list[str] = []
        encoder = exporter.refresher._builder._encoder
        encode = encoder.encode

        def noted(family: FamilyLines, work: Work, owner: Owner) -> Exposed:
            encoded.append(family.encoder.family.name)
            return encode(family, work, owner)

        monkeypatch.setattr(encoder, "encode", noted)
        exporter.refresh()
        assert set(encoded) == {"campaign_info"}
        assert exporter.refresher._builder.saved()["counters"]["groups"] == []


def summed(scrape: Scrape, family: Family, label: str) -> dict[tuple[tuple[str, str], ...], float]:
    found: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
    for (name, labels), value in scrape.samples.items():
        if name == family.name:
            found[tuple(each for each in labels if each[0] != label)] += value
    return dict(found)


@pytest.mark.parametrize(("family", "label"), DROPPABLE, ids=lambda each: getattr(each, "name", each))
def test_a_dropped_label_leaves_the_sum_over_it(busy: str, whole: Exporter, family: Family, label: str) -> None:
    with exporting(busy, metrics={"allow": [family.name], "drop_labels": {family.name: [label]}}) as exporter:
        found = {labels: value for (_, labels), value in exporter.refresh().samples.items()}
    assert found
    assert found == pytest.approx(summed(whole.refresh(), family, label))


def test_all_labels_of_a_counter_can_be_dropped(busy: str, whole: Exporter) -> None:
    dropped = {"campaign_call_errors_total": ["provider", "code", "fault"]}
    with exporting(busy, metrics={"drop_labels": dropped}) as exporter:
        scrape = exporter.refresh()
    errors = whole.refresh().of("campaign_call_errors_total", campaign=alarming.FAILS)
    assert scrape.value("campaign_call_errors_total", campaign=alarming.FAILS) == sum(errors.values()) > 0


def test_a_sum_follows_what_changes(owner: Database, database_url: str) -> None:
    with exporting(database_url, metrics={"drop_labels": {"campaign_calls_total": ["outcome"]}}) as exporter:
        before = exporter.refresh().value("campaign_calls_total", campaign="1")
        platforms.call(owner, 900, 1, outcome="busy", created_at=NOW, updated_at=NOW)
        assert exporter.refresh().value("campaign_calls_total", campaign="1") == before + 1


def test_no_budget_folds_what_is_summed_up_anyway(owner: Database, database_url: str) -> None:
    """Of two labels that share a budget, it caps the one that is left."""
    for index, code in enumerate(("486", "503", "404", "500")):
        platforms.call(owner, 500 + index, 2, outcome="failed", error_code=code)
    for labels in (["code"], ["code", "provider"]):
        settings: dict[str, Any] = {
            "series": {"errors": 1}, "metrics": {"drop_labels": {"campaign_call_errors_total": labels}},
        }  # fmt: skip
        with exporting(database_url, **settings) as exporter:
            scrape = exporter.refresh()
            found = scrape.of("campaign_call_errors_total", campaign="2")
            assert sum(found.values()) == 4
            assert exporter.snapshot is not None
            assert "campaign_call_errors_total" not in exporter.snapshot.folded


def test_the_newest_call_of_a_sum_is_its_exemplar(owner: Database, database_url: str) -> None:
    with exporting(database_url, metrics={"drop_labels": {"campaign_calls_total": ["outcome"]}}) as exporter:
        exporter.refresh()
        platforms.task(owner, 77, 1, created_at=NOW, updated_at=NOW)
        platforms.call(
            owner, 900, 1, task_id=77, outcome="busy", started_at=NOW, ended_at=NOW, created_at=NOW, updated_at=NOW
        )
        exporter.refresh()
        assert exporter.snapshot is not None
        (line,) = (
            line for line in exporter.snapshot.openmetrics.decode().splitlines()
            if line.startswith('campaign_calls_total{campaign="1"')
        )  # fmt: skip
        assert '# {task_id="77"}' in line
