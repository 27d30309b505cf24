"""A file of settings: every mistake is told with file, line, key, value and remedy; no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import load, parse
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
        ("refresh: {interval: .nan}", "exporter.yaml:2: refresh.interval: nan: "),
        ("settle_after: 9999d", "exporter.yaml:2: settle_after: '9999d': Input should be less than or equal"),
        ("refresh: {max_share: 2}", "exporter.yaml:2: refresh.max_share: 2: Input should be less than or equal to 1"),
        ("series:\n  goals: 1\n  errors: many", "exporter.yaml:4: series.errors: 'many': Input should be a valid int"),
        ("series: {goals: -1}", "exporter.yaml:2: series.goals: -1: "),
        ("log: {format: xml}", "exporter.yaml:2: log.format: 'xml': Input should be 'logfmt' or 'json'"),
        ("numbers: {mask_phone: maybe}", "exporter.yaml:2: numbers.mask_phone: 'maybe': "),
        ("refresh: []", "exporter.yaml:2: refresh: "),
        ("retention:", "exporter.yaml:2: retention: None: "),
        ("colour: red", "exporter.yaml:2: colour: no such setting; the settings are listed in docs/configuration.md"),
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
        ("database: {url: a, url_file: b}", "exporter.yaml:1: database: give exactly one of `url` and `url_file`"),
        ("a: 1\n  b: 2", "exporter.yaml:2: not valid YAML: mapping values are not allowed here"),
        ("a: [1", "exporter.yaml:1: not valid YAML"),
        ("a: !!python/object:os.system x", "exporter.yaml:1: not valid YAML"),
        ("\ta: 1", "exporter.yaml:1: not valid YAML"),
    ],
)
def test_a_file_that_is_no_configuration_is_told_so(text: str, expected: str) -> None:
    assert mistakes(text)[0].startswith(expected)


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
    "value", [f"'{URL}'", f"['{URL}']", f"{{url: ['{URL}']}}", f"{{'{URL}': 1}}", f"{{uri: '{URL}'}}"]
)
def test_a_url_in_a_wrong_place_is_not_quoted(value: str) -> None:
    assert "hunter2" not in "\n".join(mistakes(f"database: {value}"))
