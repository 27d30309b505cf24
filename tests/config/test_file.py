"""A file of settings: every mistake is told with file, line, key, value and remedy; no secret is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from alerts.settings import Settings as AlertSettings
from dashboards.settings import Settings as Boards
from exporter.config import Config, load, parse
from exporter.config.file import Section, parse_section
from exporter.errors import ConfigError

URL = "postgresql://me:hunter2@db/x"
GOOD = f"database: {{url: '{URL}'}}\n"


def mistakes(text: str, **environment: str) -> list[str]:
    """The lines of the error that a text makes."""
    with pytest.raises(ConfigError) as raised:
        parse(text, "exporter.yaml", environment)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "refresh: {interval: soon}",
            "exporter.yaml:2: refresh.interval: 'soon': not a duration; write a number and a",
        ),
        ("refresh:\n  interval: 0s", "exporter.yaml:3: refresh.interval: '0s': Input should be greater than 0"),
        ("refresh: {interval: -1}", "exporter.yaml:2: refresh.interval: -1: Input should be greater than 0"),
        ("refresh: {interval: .nan}", "exporter.yaml:2: refresh.interval: '.nan': not a duration"),
        ("refresh: {interval: 2024-01-01}", "exporter.yaml:2: refresh.interval: '2024-01-01': not a duration"),
        ("refresh: {interval: 1:30}", "exporter.yaml:2: refresh.interval: '1:30': not a duration"),
        ("refresh: {interval: on}", "exporter.yaml:2: refresh.interval: 'on': not a duration"),
        ("settle_after: true", "exporter.yaml:2: settle_after: true: not a duration"),
        ("retention: 010", "exporter.yaml:2: retention: '010': not a duration"),
        ("refresh: {max_share: yes}", "exporter.yaml:2: refresh.max_share: 'yes': not a number"),
        ("refresh: {max_share: .inf}", "exporter.yaml:2: refresh.max_share: '.inf': not a number"),
        ("refresh: {max_share: 1e999}", "exporter.yaml:2: refresh.max_share: inf: Input should be less than"),
        ("series: {goals: 010}", "exporter.yaml:2: series.goals: '010': not a whole number"),
        ("series: {goals: 5.0}", "exporter.yaml:2: series.goals: 5.0: not a whole number"),
        ("series: {goals: no}", "exporter.yaml:2: series.goals: 'no': not a whole number"),
        ("series: {goals: true}", "exporter.yaml:2: series.goals: true: not a whole number"),
        ("series: {goals: 1_000}", "exporter.yaml:2: series.goals: '1_000': not a whole number"),
        ("series: {goals: 1e30}", "exporter.yaml:2: series.goals: 1e+30: not a whole number"),
        ("series: {goals: 99999999}", "exporter.yaml:2: series.goals: 99999999: Input should be less than"),
        ("numbers: {mask_phone: 1}", "exporter.yaml:2: numbers.mask_phone: 1: neither true nor false"),
        ("log: {level: }", "exporter.yaml:2: log.level: has no value; write one, or leave the line out for the"),
        ("log: {level: on}", "exporter.yaml:2: log.level: 'on': Input should be 'debug', "),
        ("web: 5", "exporter.yaml:2: web: 5: not a section"),
        ("state: {directory: state}", "exporter.yaml:2: state.directory: 'state': not the whole path of a directory; "),
        ("state: {period: 0s}", "exporter.yaml:2: state.period:"),
        ("web: {listen_address: 10517}", "exporter.yaml:2: web.listen_address: 10517: not a text; put it into quotes"),
        ("web: {listen_address: '::1:80'}", "exporter.yaml:2: web.listen_address: '::1:80': not an address; write"),
        ("settle_after: 9999d", "exporter.yaml:2: settle_after: '9999d': Input should be less than or equal"),
        ("refresh: {max_share: 2}", "exporter.yaml:2: refresh.max_share: 2: Input should be less than or equal to 1"),
        ("series:\n  goals: 1\n  errors: many", "exporter.yaml:4: series.errors: 'many': not a whole number; write"),
        ("series: {goals: -1}", "exporter.yaml:2: series.goals: -1: "),
        ("log: {format: xml}", "exporter.yaml:2: log.format: 'xml': Input should be 'logfmt' or 'json'"),
        ("numbers: {mask_phone: maybe}", "exporter.yaml:2: numbers.mask_phone: 'maybe': "),
        ("refresh: []", "exporter.yaml:2: refresh: "),
        ("retention:", "exporter.yaml:2: retention: has no value; write one, or leave the line out"),
        ("web: {external_url: dialler}", "exporter.yaml:2: web.external_url: 'dialler': not an address; write it with"),
        ("web: {grafana_url: grafana}", "exporter.yaml:2: web.grafana_url: 'grafana': not an address; write it with"),
        ("colour: red", "exporter.yaml:2: colour: no such setting; the settings are listed in docs/configuration.md"),
        ("refesh: {}", "exporter.yaml:2: refesh: no such setting; did you mean refresh? the settings"),
        ("interval: 5s", "exporter.yaml:2: interval: no such setting; did you mean refresh.interval? the settings"),
        ("log:\n  levle: info", "exporter.yaml:3: log.levle: no such setting; did you mean log.level? the settings"),
        ("web:\n  port: 1", "exporter.yaml:3: web.port: no such setting"),
    ],
)
def test_a_mistake_is_told_with_line_key_value_and_remedy(text: str, expected: str) -> None:
    (line,) = mistakes(GOOD + text)
    assert line.startswith(expected)
    assert "docs/configuration.md" in line


def test_all_mistakes_are_told_at_once() -> None:
    lines = mistakes(GOOD + "refresh: {interval: soon, max_share: 7}\nlog: {level: loud}\ncolour: red")
    assert [line.split(": ")[1] for line in lines] == ["refresh.interval", "refresh.max_share", "log.level", "colour"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "exporter.yaml:1: holds no settings"),
        ("# nothing", "exporter.yaml:1: holds no settings"),
        ("just words", "exporter.yaml:1: holds no settings"),
        ("- a\n- b", "exporter.yaml:1: holds no settings"),
        ("refresh: {interval: 1s}", "exporter.yaml:1: database: is required"),
        ("database: {}", "exporter.yaml:1: database: give exactly one of `url` and `url_file`"),
        (
            "database: {url: 'postgresql:///', url_file: /b}",
            "exporter.yaml:1: database: give exactly one of `url` and `url_file`",
        ),
        ("a: 1\n  b: 2", "exporter.yaml:2: not valid YAML: mapping values are not allowed here"),
        ("a: [1", "exporter.yaml:1: not valid YAML"),
        ("a: !!python/object:os.system x", "exporter.yaml:1: a: has a tag"),
        ("\ta: 1", "exporter.yaml:1: not valid YAML"),
    ],
)
def test_a_file_that_is_no_configuration_is_told_so(text: str, expected: str) -> None:
    assert mistakes(text)[0].startswith(expected)


@pytest.mark.parametrize("section", ["web:", "web: ~", "web: {}", "refresh:\nseries:\n# all: of it\nnumbers:\n"])
def test_an_empty_section_means_its_defaults(section: str) -> None:
    assert parse(GOOD + section, "x", {}) == parse(GOOD, "x", {})


@pytest.mark.parametrize(
    "empty", ["alerts:", "routing: {teams: }", "boards: {shared_cost: }", "alerts: {CampaignStalled: }"]
)
def test_an_empty_list_or_mapping_means_its_default(empty: str) -> None:
    found = parse_section(AlertSettings, empty + "\nexporter: {job: x}", "x", {}, "remedy")
    assert not found.routing.teams
    assert not found.boards.shared_cost
    assert all(override.enabled for override in found.alerts.values())


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("yes", True), ("On", True), ("off", False), ("'no'", False)]
)
def test_a_switch_may_be_written_as_people_do(text: str, value: bool) -> None:
    assert parse(GOOD + f"numbers: {{mask_phone: {text}}}", "x", {}).numbers.mask_phone is value


def test_ids_in_lists_keep_their_quotes_and_are_told_when_they_have_none() -> None:
    text = "routing:\n  teams:\n  - name: north\n    tenants:\n    - '7'\n    - 8\n"
    with pytest.raises(ConfigError, match=r"x:6: routing.teams.0.tenants.1: 8: not a text; put it into quotes; see p"):
        parse_section(AlertSettings, text, "x", {}, "remedy", "page")


@pytest.mark.parametrize("model", [Config, AlertSettings, Boards])
def test_every_number_and_switch_of_the_settings_is_of_a_type_that_takes_nothing_else(model: type[Section]) -> None:
    """pydantic alone takes `true` for one and `010` for ten."""
    lax = [
        name
        for name, kind in _scalars(model)
        for odd in ("010", True, "1:30", "maybe", None)
        if not _refused(kind, odd) and not (kind[0] is bool and odd is True)
    ]
    assert lax == []


def _scalars(model: type[Section]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, Section):
                yield from ((f"{name}.{key}", found) for key, found in _scalars(kind))
        if field.annotation in (int, float, bool):
            yield name, (field.annotation, *field.metadata)


def _refused(kind: tuple[Any, ...], value: object) -> bool:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated.__class_getitem__(kind))  # type: ignore[attr-defined]
        adapter.validate_python(value)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["absent", "not text"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "exporter.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"exporter\.yaml: cannot be read: .*--config\.file"):
        load(file, {})


def test_variables_of_the_environment_are_filled_in() -> None:
    config = parse("database: {url: 'postgresql://me:${PW}@${HOST}/x'}", "x", {"PW": "a$b", "HOST": "db"})
    assert config.database.secret_url() == "postgresql://me:a$b@db/x"
    assert parse(GOOD + "refresh: {interval: '${I}'}", "x", {"I": "5s"}).refresh.interval == 5.0


def test_a_variable_that_is_not_set_is_named_with_its_place() -> None:
    (line,) = mistakes(GOOD + "log:\n  format: ${FORMAT}", OTHER="x")
    assert line.startswith("exporter.yaml:3: log.format: the environment variable FORMAT is not set; set it, or write")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"url: '{URL}', password_file: hunter2", "database.password_file: no path of a file; write one such as /etc/"),
        ("url_file: 'postgresql://me:hunter2@h/x'", "database.url_file: no path of a file; write one"),
        (
            f"url: '{URL}', password: hunter2",
            "database.password: no such setting; did you mean database.password_file?",
        ),
        ("url: 'postgresql://me:pw,hunter2}", "not valid YAML"),
        ("url: postgresql://me@h/x,hunter2", "database.…: no such setting; put the value before it into quotes"),
        (f"url: '{URL}', schema: '{URL}', connect_timeout: '{URL}'", "database.connect_timeout: not a duration"),
        (f"url: '{URL}', connect_timeout: '${{PW}}'", "database.connect_timeout: not a duration; write"),
        ("url: *hunter2", "not valid YAML: found undefined alias …"),
        ("url: !hunter2 x", "database.url: has a tag"),
    ],
)
def test_a_secret_in_a_wrong_place_is_not_quoted(text: str, told: str) -> None:
    (line,) = mistakes(f"database: {{{text}}}", PW="hunter2")
    assert line.startswith(f"exporter.yaml:1: {told}")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "value", [f"'{URL}'", f"['{URL}']", f"{{url: ['{URL}']}}", f"{{'{URL}': 1}}", f"{{uri: '{URL}'}}"]
)
def test_a_url_in_a_wrong_place_is_not_quoted(value: str) -> None:
    assert "hunter2" not in "\n".join(mistakes(f"database: {value}"))
