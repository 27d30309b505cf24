"""Configuration: every setting of the exporter, with its default and its meaning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from exporter.config.durations import Duration
from exporter.config.file import Section, parse_section, read
from exporter.errors import ConfigError

DEFAULT_PORT = 10517
"""Outside the block 9100 to 9999 of Prometheus's list of exporter ports, which is full."""

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0)]


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


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and validate a file. `ConfigError` lists every mistake, with line and remedy."""
    return parse(read(path, "--config.file"), str(path), environment)


def parse(text: str, source: str, environment: Mapping[str, str] = os.environ) -> Config:
    """Validate the text of a configuration; `source` names it in errors."""
    return parse_section(Config, text, source, environment, "at least `database: {url: …}` is needed")
