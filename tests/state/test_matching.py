"""A state fits who counts as it was counted, on the database that it was read from; else the reason is told."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from exporter.config import Config, parse
from exporter.source.database import Server
from exporter.state import matching
from exporter.state.matching import another, signed, unlike

SERVER = Server(150000, "UTF8", 5, 100.0, 101.0, 102.0, False, False, True, 7, "monitor", 42)


def config(settings: str = "") -> Config:
    return parse(f"database: {{url: 'postgresql:///'}}\n{settings}", "test", {})


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "log: {level: debug}",
        "retention: 1d",
        "audit: {period: 1h}",
        "settle_after: 2h",
        "metrics: {deny: [campaign_call_*]}",
    ],
)
def test_settings_that_change_nothing_of_what_is_counted_fit(settings: str) -> None:
    assert unlike(signed(config()), config(settings)) is None


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("stale_after: 1h", r"stale_after was 1800\.0 when it was saved, and is 3600\.0"),
        ("refresh: {overlap: 1m}", "refresh.overlap was"),
        ("refresh: {clock_allowance: 5s}", "refresh.clock_allowance was"),
        ("shard: {index: 1, total: 2}", "shard was none when it was saved, and is 1 of 2"),
        ("metrics: {drop_labels: {campaign_calls_total: [outcome]}}", "metrics.drop_labels was"),
        ("series: {numbers: 5}", "series.numbers was 500 when it was saved, and is 5"),
        ("database: {url: 'postgresql:///', schema: other}", "database.schema was"),
    ],
)
def test_another_setting_is_named(settings: str, why: str) -> None:
    now = parse(settings, "test", {}) if settings.startswith("database") else config(settings)
    found = unlike(signed(config()), now)
    assert found is not None
    assert re.match(why, found)


def test_another_code_is_told_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = signed(config())
    monkeypatch.setattr(matching, "_code", lambda: "another")
    version = saved["version"]
    assert unlike(saved, config()) == f"version {version} saved it, and {version} counts in another way"


def test_all_that_counts_is_signed() -> None:
    """Whatever a state holds comes from these packages, and whoever changes one of their files makes it another."""
    assert {path.parent.name for path in matching._ROOT.glob("*/__init__.py")} - set(matching._COUNTING) == {
        "commands", "config", "demo", "logs", "web",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (replace(SERVER, process=8, may_see=False), None),
        (replace(SERVER, postmaster=200.0), None),  # an earlier run of it: that is for its epoch to tell
        (replace(SERVER, system=43), "it is of another database"),
        (replace(SERVER, system=None), "it is of another database"),
        (replace(SERVER, database=6), "it is of another database"),
        (replace(SERVER, role="owner"), "it was read as the role monitor, which may see other rows than owner"),
    ],
)
def test_a_state_of_another_database_says_nothing(now: Server, why: str | None) -> None:
    assert another(SERVER, now) == why


def test_where_nobody_tells_which_cluster_it_is_only_the_same_run_is_known_to_be_the_same() -> None:
    unknown = replace(SERVER, system=None)
    assert another(unknown, unknown) is None
    assert "pg_control_system" in str(another(unknown, replace(unknown, postmaster=200.0)))
