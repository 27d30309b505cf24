"""Configuration: every setting of the exporter, with its default and its meaning."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from exporter.config import address
from exporter.config.durations import Duration
from exporter.config.file import Section, parse_section, read
from exporter.config.group_labels import Labels
from exporter.config.listening import format_address, parse_listening
from exporter.config.scalars import Count, Share, Switch, Whole
from exporter.config.secrets import read_secret
from exporter.config.web_address import web_address
from exporter.errors import ConfigError

DEFAULT_PORT = 10517
"""Outside the block 9100 to 9999 of Prometheus's list of exporter ports, which is full."""

Patience = Annotated[Duration, Field(le=86_400)]
"""PostgreSQL counts milliseconds up to 24 days, and some statements may take twenty times as long as others."""


class DatabaseConfig(Section):
    """Where the platform's database is."""

    url: SecretStr | None = Field(
        None,
        description="`postgresql://user@host:port/database?sslmode=…`, see [below](#the-databases-address). "
        "Better without a password: use `password_file`.",
    )
    url_file: Path | None = Field(None, description="A file that holds the URL on one line, instead of `url`.")
    password_file: Path | None = Field(
        None, description="A file that holds the password, on one line; it goes before one in `url`."
    )
    schema_: str = Field(
        "campaign_monitoring", alias="schema", min_length=1, description="The schema with the views of the contract."
    )
    connect_timeout: Patience = Field(
        5.0, description="How long to wait for a connection, in whole seconds, two at least."
    )
    statement_timeout: Patience = Field(
        30.0,
        description="How long one statement may take; the loading at start may take twenty times as long.",
    )
    lock_timeout: Patience = Field(2.0, description="How long to wait for a table that somebody's ALTER holds.")
    load_connections: Annotated[Whole, Field(ge=1, le=16)] = Field(
        2, description="Connections used at once while loading at start; one afterwards."
    )

    @field_validator("url")
    @classmethod
    def _readable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            address.parameters(url.get_secret_value())
        return url

    @field_validator("url_file", "password_file")
    @classmethod
    def _a_path(cls, path: Path | None) -> Path | None:
        if path is not None and ("/" not in str(path) or ":/" in str(path)):
            raise ValueError("no path of a file; write one such as /etc/campaign-exporter/password, not the secret")
        return path

    @model_validator(mode="after")
    def _one_source(self) -> DatabaseConfig:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("give exactly one of `url` and `url_file`")
        return self

    def secret_url(self) -> str:
        """The address with its password: never to be printed."""
        if self.url is not None:
            return self.url.get_secret_value().strip()
        assert self.url_file is not None, "the configuration was validated"
        return read_secret(self.url_file, "database.url_file").strip()

    def secret_password(self) -> str | None:
        """The password of `password_file`, read anew at each connection so that it can be rotated."""
        return read_secret(self.password_file, "database.password_file") if self.password_file else None

    def secret_parameters(self) -> dict[str, str]:
        """All that libpq is to be told of where the database is. `ConfigError` says what is wrong, without a secret."""
        try:
            found = address.parameters(self.secret_url())
        except ValueError as error:
            key = "database.url" if self.url_file is None else f"database.url_file: {self.url_file}"
            raise ConfigError(f"{key}: {error}") from None
        password = self.secret_password()
        return found if password is None else {**found, "password": password}


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

    period: Duration = Field(
        21_600.0, description="Each campaign is compared once in this time, as far as there is time for it."
    )
    max_share: Share = Field(0.01, description="Share of time that audits may take.")


class ShardConfig(Section):
    """Which part of the platform this exporter reads."""

    index: Annotated[Whole, Field(ge=0)] = Field(
        description="Which of the shards this exporter is, counted from 0. Only with `total`; without both it reads "
        "the whole platform: see [operating](operating.md#shards-and-pairs)."
    )
    total: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        description="How many shards there are, the same number in all of them."
    )

    @model_validator(mode="after")
    def _one_of_all(self) -> ShardConfig:
        if self.index >= self.total:
            raise ValueError(
                f"index {self.index} is none of {self.total}, which are counted from 0; write 0 to {self.total - 1}"
            )
        return self

    def __str__(self) -> str:
        return f"{self.index} of {self.total}"


class DispatchConfig(Section):
    """When silence becomes a verdict."""

    stalled_after: Duration = Field(
        180.0,
        description="With every gate open, tasks ready and nothing started for so long, a campaign is `stalled`.",
    )
    starved_after: Duration = Field(
        900.0, description="With others taking all slots for so long, a campaign is `blocked`, not `throttled`."
    )


class StateConfig(Section):
    """What is kept for the next start."""

    directory: Path | None = Field(
        None,
        description="A directory of this exporter's own, where it saves what it needs to go on after a restart: see "
        "[operating](operating.md#a-restart-that-is-no-cold-start). Without it nothing is written.",
    )
    period: Annotated[Duration, Field(ge=1)] = Field(
        60.0, description="How often it is saved; less often where saving takes more than a hundredth of the time."
    )

    @field_validator("directory")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("not the whole path of a directory; write one such as /var/lib/campaign-exporter")
        return path


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


class OpenMetricsConfig(Section):
    """What only clients see that ask for OpenMetrics."""

    created: Switch = Field(
        False,
        description="Say of each counter when it began, as `…_created`; for a Prometheus with "
        "`created-timestamp-zero-ingestion`: see [metrics](metrics.md#when-counters-began).",
    )


class MetricsConfig(Section):
    """What is exported of campaigns and tenants: all of it, unless this says otherwise."""

    allow: tuple[str, ...] = Field(
        (),
        description="Names of metrics, `*` for any characters: of these only there are series. Without it, of all: "
        "see [scale](scale.md#fewer-series).",
    )
    deny: tuple[str, ...] = Field((), description="Names of metrics of which there are none, whatever `allow` says.")
    drop_labels: Mapping[str, tuple[str, ...]] = Field(
        {},
        description="By name of a counter, labels over which it is summed up: "
        "`campaign_attempt_calls_total: [outcome]`.",
    )


Limit = Annotated[Whole, Field(ge=1, le=1_000_000)]


class LimitsConfig(Section):
    """Limits that the platform keeps in its own configuration and in no table. What a view tells goes before."""

    tenants: Mapping[str, Limit] = Field(
        {}, description='By tenant, calls at once over all its campaigns; `"*"`: of each that is not named.'
    )
    campaigns: Mapping[str, Limit] = Field({}, description='By campaign, calls at once; `"*"` likewise.')
    calls_per_minute: Mapping[str, Limit] = Field({}, description='By campaign, pacing; `"*"` likewise.')


class AbandonmentConfig(Section):
    """When an answered call counts as abandoned."""

    within: Duration = Field(
        2.0,
        description="The agent must speak so soon after the answer. An agent that lets people greet first: add the "
        "length of a greeting, see [metrics](metrics.md#abandonment).",
    )
    counts: Literal["compliance", "true"] = Field(
        "compliance",
        description="`compliance`: nobody spoke in time, and the person was still there; `true`: the person hung up "
        "before anybody spoke.",
    )

    @property
    def spans(self) -> tuple[float, float]:
        """A call is abandoned where the first word comes after so many seconds; where none comes, if the person was
        there for so many.
        """
        return (self.within, self.within) if self.counts == "compliance" else (math.inf, 0.0)


class NumbersConfig(Section):
    """The tenants' own phone numbers."""

    mask_phone: Switch = Field(
        False, description="Show only the last two digits, in `campaign_number_info` and on pages."
    )


class WebConfig(Section):
    """The HTTP server."""

    listen_address: str = Field(
        f"127.0.0.1:{DEFAULT_PORT}",
        description="`HOST:PORT`, `[::1]:PORT`; `:PORT` and `[::]:PORT` listen on all interfaces; or `unix:/PATH`.",
    )
    external_url: str | None = Field(
        None,
        description="Where people reach the exporter, `https://…`, with the path of a reverse proxy if it has one: "
        "see [operating](operating.md#behind-a-reverse-proxy).",
    )
    grafana_url: str | None = Field(None, description="Where Grafana is, `https://…`: campaigns' pages link to it.")

    @field_validator("listen_address")
    @classmethod
    def _listenable(cls, text: str) -> str:
        parse_listening(text)
        return text

    @field_validator("external_url")
    @classmethod
    def _reachable(cls, url: str | None) -> str | None:
        return None if url is None else web_address(url)

    @field_validator("grafana_url")
    @classmethod
    def _linkable(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/]\S*", url):
            raise ValueError("not an address; write it with http:// or https://, such as https://grafana.example.com")
        return url

    def address(self, listening: Sequence[str] = (), scheme: str = "http") -> str | None:
        """Where people reach the exporter: `external_url`, else the first it listens on that leads to it alone.

        `listening`: addresses instead of `listen_address`.
        """
        if self.external_url is not None:
            return self.external_url
        for found in map(parse_listening, listening or (self.listen_address,)):
            if not isinstance(found, Path) and found[0] not in (None, "0.0.0.0", "::"):
                return f"{scheme}://{format_address(*found)}"
        return None

    @property
    def prefix(self) -> str:
        """The path of `external_url`, as it is sent, without a slash at its end."""
        return urlsplit(self.external_url or "").path


class LogConfig(Section):
    """The log on standard error."""

    format: Literal["logfmt", "json"] = Field("logfmt", description="`logfmt` or `json`.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least to be shown.")


class Config(Section):
    """The whole configuration."""

    database: DatabaseConfig
    refresh: RefreshConfig = RefreshConfig()
    audit: AuditConfig = AuditConfig()
    shard: ShardConfig | None = None
    labels: Labels = Field(
        {},
        description="Labels with their values that each series gets, such as `{cluster: eu}`: they tell the exporters "
        "of one platform from those of another, see [several platforms](operating.md#several-platforms).",
    )
    dispatch: DispatchConfig = DispatchConfig()
    settle_after: Duration = Field(
        3600.0,
        description="Calls and tasks that ended this long ago are counted, and remembered only while there is room.",
    )
    remembered_rows: Annotated[Whole, Field(ge=0)] = Field(
        1_000_000,
        description="Room for rows that settled, so that a late change costs no counting anew; some 110 bytes a row.",
    )
    retention: Duration = Field(604_800.0, description="Ended campaigns are exported this long.")
    stale_after: Duration = Field(1800.0, description="A task in progress for longer is stale.")
    max_staleness: Duration = Field(
        300.0, description="Older data is withheld from `/metrics` rather than shown as if it were new."
    )
    state: StateConfig = StateConfig()
    limits: LimitsConfig = LimitsConfig()
    series: SeriesConfig = SeriesConfig()
    metrics: MetricsConfig = MetricsConfig()
    openmetrics: OpenMetricsConfig = OpenMetricsConfig()
    numbers: NumbersConfig = NumbersConfig()
    abandonment: AbandonmentConfig = AbandonmentConfig()
    web: WebConfig = WebConfig()
    log: LogConfig = LogConfig()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and validate a file. `ConfigError` lists every mistake, with line and remedy."""
    return parse(read(path, "--config.file"), str(path), environment)


def parse(text: str, source: str, environment: Mapping[str, str] = os.environ) -> Config:
    """Validate the text of a configuration; `source` names it in errors."""
    return parse_section(Config, text, source, environment, "at least `database: {url: …}` is needed")
