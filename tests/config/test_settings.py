"""Configuration: whole, frozen, and no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError

from exporter.commands.cli import main
from exporter.config import Config, load, parse
from exporter.errors import ConfigError

URL = "postgresql://me:hunter2@db/x"
GOOD = f"database: {{url: '{URL}'}}\n"


def test_a_url_is_enough() -> None:
    config = parse(GOOD, "x", {})
    assert config.database.secret_url() == URL
    assert config.database.schema_ == "campaign_monitoring"
    assert config.refresh.interval == 1.0
    assert config.refresh.max_share == 0.1
    assert config.settle_after == 3600
    assert config.max_staleness == 300
    assert not config.numbers.mask_phone


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
    with pytest.raises(
        ConfigError, match=r"database.password_file: cannot read the secret in .*password: No such file"
    ):
        database.secret_password()
    url.write_bytes(b"\xff")
    with pytest.raises(
        ConfigError, match=r"database.url_file: cannot read the secret in .*url: not UTF-8 text in line 1"
    ):
        database.secret_url()


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


def test_one_exporter_reads_the_whole_platform_unless_it_is_a_shard() -> None:
    assert parse(GOOD, "x", {}).shard is None
    shard = parse(GOOD + 'shard: {index: "${SHARD}", total: 4}', "x", {"SHARD": "3"}).shard
    assert shard is not None
    assert (shard.index, shard.total) == (3, 4)


@pytest.mark.parametrize(
    ("shard", "why"),
    [
        ("{index: 4, total: 4}", "shard: index 4 is none of 4, which are counted from 0; write 0 to 3; see docs/"),
        ("{index: -1, total: 4}", "shard.index: -1: Input should be greater than or equal to 0"),
        ("{index: 0, total: 0}", "shard.total: 0: Input should be greater than or equal to 1"),
        ("{index: 0}", "shard.total: is required"),
    ],
)
def test_a_shard_that_there_is_not_is_refused_in_a_sentence(shard: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"{GOOD}shard: {shard}", "x", {})
    assert str(refused.value).startswith(f"x:2: {why}")
    assert "\n" not in str(refused.value)
