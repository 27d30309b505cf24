"""Configuration: YAML to a validated, frozen value. Errors name file, line, key, value and remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)

from exporter.errors import ConfigError

DEFAULT_PORT = 10517
"""Outside the block 9100 to 9999 of Prometheus's list of exporter ports, which is full."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def parse_duration(value: object) -> object:
    """Seconds of a duration such as `90s`, `1h30m` or a number of seconds."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("not a duration; write a number and a unit, such as 500ms, 15s, 1h30m or 7d")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """The shortest usual way to write a duration."""
    for unit in ("w", "d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds * 1000:g}ms" if seconds < 1 else f"{seconds:g}s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(gt=0, le=366 * 86_400),
    PlainSerializer(format_duration),
]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Settings that belong together: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


SectionT = TypeVar("SectionT", bound=Section)


class DatabaseConfig(Section):
    """Where the platform's database is."""

    url: SecretStr | None = Field(
        None,
        description="`postgresql://user:password@host:port/database?sslmode=…`. "
        "Better without a password: use `password_file`, or `${VARIABLE}`.",
    )
    url_file: Path | None = Field(None, description="A file that holds the URL, instead of `url`.")
    password_file: Path | None = Field(None, description="A file that holds the password of `url`.")
    schema_: str = Field(
        "campaign_monitoring", alias="schema", description="The schema with the views of the contract."
    )
    connect_timeout: Duration = Field(5.0, description="How long to wait for a connection.")
    statement_timeout: Duration = Field(
        30.0,
        description="How long one statement may take; the loading at start may take twenty times as long.",
    )
    lock_timeout: Duration = Field(2.0, description="How long to wait for a table that somebody's ALTER holds.")
    load_connections: Annotated[int, Field(ge=1, le=16)] = Field(
        2, description="Connections used at once while loading at start; one afterwards."
    )

    @model_validator(mode="after")
    def _one_source(self) -> DatabaseConfig:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("give exactly one of `url` and `url_file`")
        return self

    def secret_url(self) -> str:
        """The connection string with its password: never to be printed."""
        url = self.url.get_secret_value() if self.url else _read_secret(self.url_file)
        return url.strip()

    def secret_password(self) -> str | None:
        """The password of `password_file`, read anew at each connection so that it can be rotated."""
        return _read_secret(self.password_file) if self.password_file else None


def _read_secret(path: Path | None) -> str:
    assert path is not None, "the configuration was validated"
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise ConfigError(f"cannot read the secret in {path}: {reason}; check the path and its rights") from None


class RefreshConfig(Section):
    """How often, and how much of the database's time."""

    interval: Duration = Field(1.0, description="Time between the starts of two refreshes.")
    max_share: Share = Field(
        0.10, description="Share of time that statements may run; the loop rests to keep under it."
    )
    clock_allowance: Duration = Field(
        2.0, description="How far the clocks of servers that stamp rows may lag behind the database's."
    )
    overlap: Duration = Field(
        300.0,
        description="What is read again at each refresh where open transactions cannot be seen "
        "(no `pg_monitor`, or a replica).",
    )


class AuditConfig(Section):
    """The rolling comparison of the running totals with SQL."""

    period: Duration = Field(21_600.0, description="Each campaign is compared once in this time.")
    max_share: Share = Field(0.01, description="Share of time that audits may take.")


class DispatchConfig(Section):
    """When silence becomes a verdict."""

    stalled_after: Duration = Field(
        180.0,
        description="With every gate open, tasks ready and nothing started for so long, a campaign is `stalled`.",
    )
    starved_after: Duration = Field(
        900.0, description="With others taking all slots for so long, a campaign is `blocked`, not `throttled`."
    )


class SeriesConfig(Section):
    """How many label values a campaign may have in each open set; what is over goes into `other`."""

    blockers: Count = Field(20, description="Blocker codes outside the vocabulary.")
    dispositions: Count = Field(50, description="Dispositions.")
    errors: Count = Field(50, description="Pairs of provider and error code.")
    sentiments: Count = Field(10, description="Sentiments.")
    attempts: Count = Field(10, description="Attempt numbers; a higher one is `other`.")
    variants: Count = Field(20, description="Arms of an A/B test.")
    goals: Count = Field(20, description="Goals.")
    numbers: Count = Field(500, description="Numbers of a campaign, and of a tenant.")


class NumbersConfig(Section):
    """The tenants' own phone numbers."""

    mask_phone: bool = Field(
        False, description="Show only the last two digits, in `campaign_number_info` and on pages."
    )


class WebConfig(Section):
    """The HTTP server."""

    listen_address: str = Field(
        f"127.0.0.1:{DEFAULT_PORT}", description="`HOST:PORT`; `:PORT` listens on all interfaces."
    )
    grafana_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Where Grafana is, `https://…`: campaigns' pages link to it."
    )


class LogConfig(Section):
    """The log on standard error."""

    format: Literal["logfmt", "json"] = Field("logfmt", description="`logfmt` or `json`.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least to be shown.")


class Config(Section):
    """The whole configuration."""

    database: DatabaseConfig
    refresh: RefreshConfig = RefreshConfig()
    audit: AuditConfig = AuditConfig()
    dispatch: DispatchConfig = DispatchConfig()
    settle_after: Duration = Field(
        3600.0, description="Calls and tasks that ended this long ago are counted but no longer remembered."
    )
    retention: Duration = Field(604_800.0, description="Ended campaigns are exported this long.")
    stale_after: Duration = Field(1800.0, description="A task in progress for longer is stale.")
    max_staleness: Duration = Field(
        300.0, description="Older data is withheld from `/metrics` rather than shown as if it were new."
    )
    series: SeriesConfig = SeriesConfig()
    numbers: NumbersConfig = NumbersConfig()
    web: WebConfig = WebConfig()
    log: LogConfig = LogConfig()


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and validate a file. `ConfigError` lists every mistake, with line and remedy."""
    return parse(read(path, "--config.file"), str(path), environment)


def parse(text: str, source: str, environment: Mapping[str, str] = os.environ) -> Config:
    """Validate the text of a configuration; `source` names it in errors."""
    return parse_section(Config, text, source, environment, "at least `database: {url: …}` is needed")


def read(path: Path, option: str) -> str:
    """The text of a file of settings, which was named by this option."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}; name a readable file with {option}") from None


def parse_section(
    section: type[SectionT], text: str, source: str, environment: Mapping[str, str], needed: str
) -> SectionT:
    """Validate a text as a section; `needed` says what belongs into a file that holds nothing."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # PyYAML lets a date that is none pass as a ValueError
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{source}:{line}: not valid YAML: {problem}; mend the line or quote the value") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{source}:1: holds no settings; {needed}")
    mistakes: list[str] = []
    data = _expand(data, source, tree, (), environment, mistakes)
    if not mistakes:
        try:
            return section.model_validate(data)
        except ValidationError as error:
            mistakes = [_explain(problem, source, tree) for problem in error.errors(include_url=False)]
    raise ConfigError("\n".join(mistakes))


def _expand(
    value: Any,
    source: str,
    tree: yaml.Node | None,
    path: tuple[str | int, ...],
    environment: Mapping[str, str],
    mistakes: list[str],
) -> Any:
    """The value with each `${VARIABLE}` replaced from the environment."""
    if isinstance(value, dict):
        return {key: _expand(item, source, tree, (*path, key), environment, mistakes) for key, item in value.items()}
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if found is None:
            mistakes.append(
                f"{source}:{_line(tree, path)}: {'.'.join(map(str, path))}: the environment variable "
                f"{match[1]} is not set; set it, or write the value"
            )
        return found or ""

    return _VARIABLE.sub(variable, value)


_SECRET_KEYS = frozenset({"url", "password"})


def _explain(problem: Any, source: str, tree: yaml.Node | None) -> str:
    """One mistake as file, line, key, value and remedy. Values of secrets stay out of it."""
    path = tuple(problem["loc"])
    key = ".".join("…" if "://" in str(part) else str(part) for part in path) or "the file"
    where = f"{source}:{_line(tree, path)}: {key}"
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            return f"{where}: no such setting; the settings are listed in docs/configuration.md"
        case "missing":
            return f"{where}: is required; see docs/configuration.md"
    value = problem.get("input")
    if isinstance(value, dict | list) or _SECRET_KEYS.intersection(map(str, path)) or path == ("database",):
        return f"{where}: {message}; see docs/configuration.md"
    return f"{where}: {value!r}: {message}; see docs/configuration.md"


def _line(tree: yaml.Node | None, path: tuple[Any, ...]) -> int:
    """The line of the deepest key of the path that the file has."""
    node, line = tree, 1
    for part in path:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line
