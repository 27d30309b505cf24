"""The schemas for editors take what the program takes, and refuse what it refuses as far as a schema can say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import alerts.settings
import dashboards.settings
from exporter.config import parse
from exporter.config.file import Section, parse_section
from exporter.errors import ConfigError
from scripts.config_schema import MODELS, schemas
from scripts.generate_docs import ROOT
from tests.test_docs import yaml_blocks

_ENVIRONMENT = {"FILLED": "7"}


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / f"docs/schema/{name}.schema.json").read_text(encoding="utf-8")))


def refused(name: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(data)]


def test_the_schemas_are_up_to_date() -> None:
    files = {f"docs/schema/{path.name}": path.read_text("utf-8") for path in (ROOT / "docs/schema").iterdir()}
    assert files == schemas(), "stale: run make docs"


@pytest.mark.parametrize("name", MODELS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(validator(name).schema)


_TELLING = (("exporter", "database"), ("dashboards", "shared_cost"), ("alerts", "answers"), ("alerts", "routing"))
"""Of each kind of file, keys that only its examples have."""


def _examples() -> Iterator[Any]:
    for name, key in _TELLING:
        found = yaml_blocks(key)
        assert found, f"no page has an example with {key}"
        yield from (pytest.param(name, text, id=where) for where, text in found)
    deployed = (ROOT / "deploy/exporter/exporter.yaml").read_text(encoding="utf-8")
    yield pytest.param("exporter", deployed, id="deploy/exporter/exporter.yaml")


@pytest.mark.parametrize(("name", "text"), list(_examples()))
def test_every_example_is_taken(name: str, text: str) -> None:
    assert refused(name, yaml.safe_load(text)) == []


@pytest.mark.parametrize("name", ["dashboards", "alerts"])
def test_all_defaults_written_out_are_taken(name: str) -> None:
    assert refused(name, MODELS[name][0]().model_dump(mode="json", by_alias=True)) == []


def test_all_defaults_of_the_exporter_written_out_are_taken() -> None:
    written = parse("database: {url: 'postgresql:///'}", "smallest").model_dump(mode="json", by_alias=True)
    assert refused("exporter", written) == []


_URL = "database: {url: 'postgresql:///'}\n"


@pytest.mark.parametrize(
    "text",
    [
        "database: {url_file: /run/url, url: null}",
        _URL + "audit:",
        _URL + "retention: 90",
        _URL + "retention: ' 1w2d '",
        _URL + "retention: ${FILLED}s",
        _URL + "series: {errors: '${FILLED}'}",
        _URL + "series: {errors: '10'}",
        _URL + "refresh: {max_share: '.5'}",
        _URL + "numbers: {mask_phone: 'yes'}",
        _URL + "state: {directory: null}",
    ],
)
def test_what_the_exporter_takes_the_schema_takes(text: str) -> None:
    parse(text, "test", _ENVIRONMENT)
    assert refused("exporter", yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "database: {}",
        "database: {url: 'postgresql:///', url_file: /run/url}",
        "log: {level: info}",
        _URL + "databse: {}",
        _URL + "audit: {perod: 1h}",
        _URL + "audit: 6h",
        _URL + "retention: 1 fortnight",
        _URL + "retention: 0",
        _URL + "retention: 400d4",
        _URL + "series: {errors: -1}",
        _URL + "series: {errors: 1.5}",
        _URL + "series: {errors: '010'}",
        _URL + "refresh: {max_share: 2}",
        _URL + "numbers: {mask_phone: 1}",
        _URL + "log: {level: loud}",
        _URL + "web: {listen_address: 10517}",
    ],
)
def test_what_the_schema_refuses_the_exporter_refuses(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, "test", _ENVIRONMENT)
    assert refused("exporter", yaml.safe_load(text)) != []


@pytest.mark.parametrize(
    ("name", "section", "text"),
    [
        ("dashboards", dashboards.settings.Settings, "uid_prefix: Ours"),
        ("dashboards", dashboards.settings.Settings, "shared_cost: [{tenant: 42}]"),
        ("alerts", alerts.settings.Settings, "alerts: {CampaignStalled: {severity: fatal}}"),
        ("alerts", alerts.settings.Settings, "answers: {drop: 1.5}"),
        ("alerts", alerts.settings.Settings, "routing: {teams: [{name: north}]}"),
    ],
)
def test_so_it_is_with_boards_and_alerts(name: str, section: type[Section], text: str) -> None:
    with pytest.raises(ConfigError):
        parse_section(section, text, "test", _ENVIRONMENT, "remedy")
    assert refused(name, yaml.safe_load(text)) != []
