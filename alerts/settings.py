"""What a team may set about its alerts: thresholds with their source, samples, severities, links and receivers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator

from alerts.vocabulary.rule import Severity
from dashboards.settings import Settings as Boards
from exporter.config.durations import Duration, format_duration, parse_duration
from exporter.config.file import Section, parse_section, read
from exporter.config.group_labels import Labels
from exporter.config.scalars import Number, Share, Switch, Whole
from exporter.config.web_address import web_address

Least = Annotated[Whole, Field(ge=1, le=1_000_000_000)]
Wait = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=366 * 86_400), PlainSerializer(format_duration)]
"""A duration that may be none at all."""
Factor = Annotated[Number, Field(gt=1, le=1_000_000)]


class Progress(Section):
    """When a queue grows without anybody serving it."""

    backlog_tasks: Least = Field(30, description="So many more pending tasks an hour are a growing backlog.")
    backlog_share: Share = Field(0.1, description="And at least this share of those that wait.")
    list_horizon: Duration = Field(
        4 * 3600.0, description="A list that runs dry within this is told, where no window closes before."
    )


class Dispatch(Section):
    """When slots are short."""

    full_share: Share = Field(0.95, description="A limit used to this share, on average, is reached.")
    full_for: Duration = Field(3600.0, description="So long at a limit, while tasks wait, is long.")


class Answers(Section):
    """When people answer less than they did."""

    drop: Share = Field(
        0.6,
        description="An answer rate below this share of the usual one, of the same attempts at the same hour. From "
        "20 % to 12 % is the field's early sign of a spam label.",
    )
    drop_unseasoned: Share = Field(
        0.35, description="The same where only the last hours are known: the hour alone moves a rate by half."
    )
    min_calls: Least = Field(30, description="Fewer calls say nothing about a rate.")


class Failures(Section):
    """When calls fail, and how conversations go."""

    failed_share: Share = Field(0.3, description="So many of the calls fail: something is wrong with them all.")
    throttled_share: Share = Field(0.1, description="So many of a provider's calls are refused as too many.")
    silent_share: Share = Field(0.1, description="So many answered calls in which the agent never spoke.")
    late_share: Share = Field(
        0.2,
        description="So many first words that are late, where twice as few were usual: later than 2 s, or than 5 s.",
    )
    abandoned_share: Share = Field(0.2, description="Abandoned calls from which carriers surcharge or block (20 %).")
    short_share: Share = Field(
        0.15, description="Answered calls of six seconds or less from which carriers surcharge or block (15 %)."
    )
    negative_share: Share = Field(0.5, description="So many of the scored calls were negative.")
    min_calls: Least = Field(10, description="Fewer calls say nothing about a share.")


class Numbers(Section):
    """When a number goes bad."""

    drop: Share = Field(0.5, description="A number's answer rate below this share of the rest of its pool's.")
    fade: Share = Field(
        0.6,
        description="A number's answer rate of two days below this share of its own a week ago: from 20 % to 12 % in "
        "two days is an early sign of a spam label.",
    )
    min_calls: Least = Field(30, description="Fewer calls say nothing about a number.")


class Cost(Section):
    """When money goes faster than planned."""

    runaway: Factor = Field(3.0, description="A call, and an answered call, cost so many times what is usual.")
    anomaly: Factor = Field(4.0, description="Three hours cost so many times the most of the same hours of a week.")
    budget_horizon: Duration = Field(6 * 3600.0, description="A budget that is spent within this is told beforehand.")
    credits_horizon: Duration = Field(4 * 3600.0, description="Credits that are gone within this are told beforehand.")
    min_calls: Least = Field(20, description="Fewer calls say nothing about a cost.")


class Compliance(Section):
    """When rules that protect people are broken, or hold up much."""

    outside_calls: Least = Field(2, description="So many calls outside a campaign's windows within half an hour.")
    cut_share: Share = Field(
        0.05,
        description="So many unanswered calls that rang for less than 15 seconds, the least of 16 CFR 310.4(b)(4).",
    )
    cut_calls: Least = Field(20, description="Fewer unanswered calls say nothing about that share.")
    abandoned_near: Share = Field(
        0.025,
        description="So many abandoned calls of the period are told; 16 CFR 310.4(b)(4) allows 3 %.",
    )
    abandoned_calls: Least = Field(100, description="Fewer answered calls of the period say nothing about that share.")
    abandoned_sure: Least = Field(
        1000, description="From so many answered calls on it is told at once; of fewer, where it is more than chance."
    )
    held_share: Share = Field(0.05, description="This share of the tasks is held: more than the flaws of any list.")
    held_tasks: Least = Field(20, description="And at least so many tasks; of small lists more than half.")


class Audience(Section):
    """When a list is bad."""

    rejected_share: Share = Field(0.2, description="This share of a file's rows was rejected.")
    rejected_rows: Least = Field(20, description="And at least so many rows.")
    stuck_after: Duration = Field(900.0, description="An import that takes longer is stuck; they take minutes.")


class Exporter(Section):
    """When the monitoring itself is unwell."""

    job: str = Field("campaign-exporter", min_length=1, description="The job that Prometheus scrapes the exporter as.")
    stale_after: Duration = Field(120.0, description="Data older than this are not the present.")
    slow_refresh: Duration = Field(10.0, description="A refresh that takes longer, on average, is slow.")
    database_share: Share = Field(
        0.15, description="Above this share of a connection's time; `refresh.max_share` (10 %) should hold it lower."
    )
    replicas_differ: Share = Field(0.01, description="Replicas whose totals differ by more than this disagree.")


class Override(Section):
    """What may be changed of one alert, by its name."""

    enabled: Switch = Field(True, description="Whether it exists at all.")
    severity: Severity | None = Field(None, description="`critical`, `warning` or `info`.")
    wait: Wait | None = Field(None, alias="for", description="How long it must hold before anybody is told.")
    keep: Wait | None = Field(None, alias="keep_firing_for", description="How long it stays when it holds no more.")


class Team(Section):
    """Who is told about some tenants."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Part of the names of its receivers.")
    tenants: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, description="The tenants' ids.")
    group: Labels = Field(
        {}, description="With `boards.group_labels`: of which platform, such as `{cluster: eu}`; else of all of them."
    )


class Routing(Section):
    """Who is told, and how often."""

    teams: tuple[Team, ...] = Field((), description="Teams of their own for some tenants; all others go to everybody.")
    receivers: Mapping[str, Mapping[str, Any]] = Field(
        {},
        description="What Alertmanager's configuration says of a receiver (`pager`, `tickets`, `managers`, and with "
        "a team's name before them), without its name. Secrets as files: `url_file`, `password_file`, ….",
    )
    group_wait: Duration = Field(30.0, description="How long a first notification waits for more of its group.")
    group_interval: Duration = Field(300.0, description="How long a group that was told waits before it tells more.")
    repeat_critical: Duration = Field(4 * 3600.0, description="How soon a page that nobody solved is told again.")
    repeat_warning: Duration = Field(24 * 3600.0, description="The same of a ticket.")


class Settings(Section):
    """Everything about the alerts that a team may set."""

    boards: Boards = Field(Boards(), description="As in the dashboards' own file: uids, datasources, links, replicas.")
    grafana: str = Field(
        "http://127.0.0.1:3000", description="Where viewers reach Grafana; empty: alerts do not link to boards."
    )
    progress: Progress = Progress()
    dispatch: Dispatch = Dispatch()
    answers: Answers = Answers()
    failures: Failures = Failures()
    numbers: Numbers = Numbers()
    cost: Cost = Cost()
    compliance: Compliance = Compliance()
    audience: Audience = Audience()
    exporter: Exporter = Exporter()
    alerts: Mapping[str, Override] = Field({}, description="By the alert's name.")
    routing: Routing = Routing()

    @field_validator("grafana")
    @classmethod
    def _reachable(cls, value: str) -> str:
        return value and web_address(value)


def load(path: Path | None, group_labels: str | None = None) -> Settings:
    """The settings in a file, or the defaults. Raises ConfigError with file, line, key, value and remedy.

    `group_labels`: others than these, with commas between them.
    """
    found = Settings()
    if path is not None:
        text, needed = read(path, "--config"), "leave --config out for the defaults"
        found = parse_section(Settings, text, str(path), os.environ, needed, "docs/alerts.md")
    return found.model_copy(update={"boards": found.boards.regrouped(group_labels)})
