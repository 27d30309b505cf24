"""Configuration: whole, frozen, and every mistake told with file, line, key, value and remedy; no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError

from exporter.commands.cli import main
from exporter.config import Config, format_duration, load, parse, parse_duration
from exporter.errors import ConfigError

URL = "postgresql://me:hunter2@db/x"
GOOD = f"database: {{url: '{URL}'}}\n"


def mistakes(text: str, **environment: str) -> list[str]:
    """The lines of the error that a text makes."""
    with pytest.raises(ConfigError) as raised:
        parse(text, "exporter.yaml", environment)
    return str(raised.value).splitlines()


def test_a_url_is_enough() -> None:
    config = parse(GOOD, "x", {})
    assert config.database.secret_url() == URL
    assert config.database.schema_ == "campaign_monitoring"
    assert config.refresh.interval == 1.0
    assert config.refresh.max_share == 0.1
    assert config.settle_after == 3600
    assert config.max_staleness == 300
    assert not config.numbers.mask_phone


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


def test_the_url_and_the_password_may_be_in_files_and_are_read_anew(tmp_path: Path) -> None:
    url, password = tmp_path / "url", tmp_path / "password"
    url.write_text(f"  {URL}\n")
    password.write_text("first\n")
    database = parse(f"database: {{url_file: '{url}', password_file: '{password}'}}", "x", {}).database
    assert database.secret_url() == URL
    assert database.secret_password() == "first"
    password.write_text("second\n")
    assert database.secret_password() == "second"
    password.unlink()
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*password: No such file"):
        database.secret_password()
    url.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*url: not a text file"):
        database.secret_url()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("15s", 15), ("1.5m", 90), ("1h30m", 5400), ("7d", 604_800), ("1w2d", 777_600), (" 2s ", 2)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "-1s", "1s 2s", "1,5s", "1e3s", "١s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["100ms", "1s", "90s", "2m", "6h", "1d", "1w", "1.5s"])
def test_a_duration_is_written_so_that_it_is_read_back(text: str) -> None:
    seconds = parse_duration(text)
    assert isinstance(seconds, float)
    assert parse_duration(format_duration(seconds)) == seconds


def test_it_cannot_be_changed() -> None:
    config = parse(GOOD, "x", {})
    with pytest.raises(ValidationError):
        config.retention = 5.0  # type: ignore[misc]


def test_secrets_are_hidden_in_repr_and_in_the_config_command(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(GOOD)
    config = load(file, {})
    assert "hunter2" not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"
    result = CliRunner().invoke(main, ["config", "--config.file", str(file)])
    assert result.exit_code == 0
    assert "hunter2" not in result.output


def test_what_the_config_command_prints_is_a_configuration_with_every_setting(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(GOOD + "refresh: {interval: 90s}")
    printed = CliRunner().invoke(main, ["config", "--config.file", str(file)]).output
    again = parse(printed.replace("**********", URL), "x", {})
    assert again == load(file, {})
    assert yaml.safe_load(printed).keys() == Config.model_fields.keys()


@pytest.mark.parametrize(
    "value", [f"'{URL}'", f"['{URL}']", f"{{url: ['{URL}']}}", f"{{'{URL}': 1}}", f"{{uri: '{URL}'}}"]
)
def test_a_url_in_a_wrong_place_is_not_quoted(value: str) -> None:
    assert "hunter2" not in "\n".join(mistakes(f"database: {value}"))
