"""Cases of monitoring that is itself unwell."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.cases.case import Case, Subject, Told
from alerts.cases.compliance import held
from alerts.cases.series import INSTANCE, JOB, Series, counter, gone, info, outcomes, replicas, series, steady

_OTHER = "b:10517"
_JOB = ("job",)


def _of_job(alert: str, severity: str, **labels: str) -> Subject:
    return Subject(alert, severity, _JOB, job=JOB, **labels)


DOWN = _of_job("CampaignExporterDown", "critical")
ONE_DOWN = _of_job("CampaignExporterReplicaDown", "warning", instance=_OTHER)
AWAY = _of_job("CampaignExporterDatabaseAway", "critical")
STALE = _of_job("CampaignExporterStale", "critical")
SHARD = _of_job("CampaignExporterShardMissing", "critical")
SHARDS = _of_job("CampaignExporterShardsDisagree", "warning")
SLOW = _of_job("CampaignExporterRefreshSlow", "warning", instance=INSTANCE)
NOT_RELOADED = _of_job("CampaignExporterConfigNotReloaded", "warning", instance=INSTANCE)
SHARE = _of_job("CampaignExporterDatabaseShareHigh", "warning", instance=INSTANCE)
AUDIT = _of_job("CampaignExporterAuditCorrections", "warning")
FOLDED = _of_job("CampaignExporterSeriesFolded", "warning", family="campaign_call_errors_total")
HELD = _of_job("CampaignExporterCountersHeld", "info")
DISAGREE = _of_job("CampaignExporterReplicasDisagree", "warning")
UNSTAMPED = _of_job("CampaignExporterRowsUnstamped", "warning", relation="calls")
UNREADABLE = _of_job("CampaignExporterRowsUnreadable", "warning", relation="calls")
VIOLATED = _of_job("CampaignContractViolated", "warning", relation="tasks", column="status", rule="known_status")
CODES = Subject("CampaignUnknownCodes", "warning")
HIDDEN = _of_job("CampaignRelationHidden", "warning", relation="tasks")
MISSING = _of_job("CampaignRelationMissing", "info", relation="variants")


def _up(values: str, instance: str = INSTANCE) -> Series:
    return series("up", values, instance=instance)


def _own(name: str, values: str, /, **labels: str) -> Series:
    return series(f"campaign_exporter_{name}", values, **labels)


_NONE = (DOWN.told(f"Prometheus reaches no target of job {JOB}."),)
_ONE = (ONE_DOWN.told(f"Prometheus does not reach {_OTHER} of job {JOB}."),)
_READS, _BLIND = _own("up", "1x120"), _own("up", "0x120")
_AWAY = (AWAY.told(f"No exporter of job {JOB} can read the database; its log says why."),)
_OLD = (STALE.told(f"The newest data of job {JOB} are 5m 0s old."),)

_REACHED = (
    DOWN.fires("its target cannot be scraped for two minutes", _up("1x9 0x60"), at={"11m": (), "12m": _NONE}),
    DOWN.edge("one scrape failed", _up("1x9 0 1x60"), at=("10m", "11m", "12m")),
    DOWN.edge("one of two replicas is scraped", _up("0x60"), _up("1x60", _OTHER), at=("5m", "30m")),
    DOWN.no_data_fires("Prometheus has no such target", series("up", "1x60", job="other"),
                       at={"1m": (), "2m": _NONE}),
    DOWN.also("two replicas that are both down are one alert", replicas(_up("0x60")), at={"5m": _NONE}),
    ONE_DOWN.fires("one of two for five minutes", _up("1x60"), _up("0x60", _OTHER), at={"4m": (), "5m": _ONE}),
    ONE_DOWN.edge("one of two for four minutes", _up("1x60"), _up("0x4 1x60", _OTHER), at=("4m", "5m", "9m")),
    ONE_DOWN.edge("both are down, which is another alert", replicas(_up("0x60")), at=("5m", "30m")),
    ONE_DOWN.no_data("Prometheus has no such target", series("up", "0x60", job="other"), at=("5m", "30m")),
    AWAY.fires("the database cannot be read for a minute", _up("1x60"), _BLIND, at={"0m": (), "1m": _AWAY}),
    AWAY.edge("one of two replicas reads it", _BLIND, _own("up", "1x60", instance=_OTHER), at=("1m", "30m")),
    AWAY.edge("one refresh failed", _own("up", "1x9 0 1x60"), at=("10m", "11m", "12m")),
    AWAY.no_data("the exporter itself is away", _up("0x60"), at=("1m", "30m")),
    AWAY.also("two replicas that both cannot are one alert", replicas(_BLIND), at={"1m": _AWAY}),
    STALE.fires("data of five minutes ago, though the database is read", _READS,
                _own("last_success_timestamp_seconds", "0x60"), at={"4m": (), "5m": _OLD}),
    STALE.edge("data of two minutes ago", _READS, _own("last_success_timestamp_seconds", "-120+60x60"),
               at=("5m", "30m")),
    STALE.edge("the database is away, which is another alert", _BLIND,
               _own("last_success_timestamp_seconds", "0x60"), at=("5m", "30m")),
    STALE.edge("one of two replicas is up to date", replicas(_READS),
               _own("last_success_timestamp_seconds", "0x60"),
               _own("last_success_timestamp_seconds", "0+60x60", instance=_OTHER), at=("5m", "30m")),
    STALE.fires("a replica that stands still, though the database is read", _READS,
                _own("last_success_timestamp_seconds", "0+60x60"), _own("data_timestamp_seconds", "0x60"),
                at={"4m": (), "5m": _OLD}),
    STALE.edge("an idle primary of which a replica hears every half minute", _READS,
               _own("last_success_timestamp_seconds", "0+60x60"), _own("data_timestamp_seconds", "-30+60x60"),
               at=("5m", "30m")),
    STALE.edge("one of two replicas reads a server that is up to date", replicas(_READS),
               replicas(_own("last_success_timestamp_seconds", "0+60x60")), _own("data_timestamp_seconds", "0x60"),
               _own("data_timestamp_seconds", "0+60x60", instance=_OTHER), at=("5m", "30m")),
    STALE.no_data("no refresh has succeeded yet", _READS, at=("5m", "30m")),
    STALE.also("two replicas that are both old are one alert",
               replicas(_READS, _own("last_success_timestamp_seconds", "0x60")), at={"5m": _OLD}),
)  # fmt: skip


def _shard(
    index: int, total: int = 3, values: str = "1x60", reads: str = "", data: str = "0+60x60", host: str = "a"
) -> tuple[Series, ...]:
    """An exporter that is a shard: reachable as the values say, on an address of its own."""
    at = f"{host}{index}of{total}:10517"
    return (
        _own("shard_info", values, index=str(index), total=str(total), instance=at),
        _own("up", reads or values, instance=at),
        _own("data_timestamp_seconds", data, instance=at),
    )


def _missing(there: str) -> Sequence[Told]:
    said = f"Not every shard of job {JOB} has an exporter that is scraped, reads the database and is current."
    return (SHARD.told(f"{said}{there}"),)


_TWO_TOTALS = (SHARDS.told(f"Exporters of job {JOB} are set to 2 different numbers of shards."),)
_THREE = (*_shard(0), *_shard(1), *_shard(2))
_SHARDS = (
    SHARD.fires("one of three is gone for two minutes", _shard(0), _shard(1, values=gone("1x9")), _shard(2),
                at={"9m": (), "11m": (), "12m": _missing(" There are: 0, 2.")}),
    SHARD.edge("all three are there", _THREE, at=("2m", "30m")),
    SHARD.edge("one of two replicas of a shard is gone", _THREE,
               _own("shard_info", gone("1x9"), index="1", total="3", instance=_OTHER), at=("12m", "30m")),
    SHARD.edge("one was restarted within a minute", _shard(0), _shard(1, values="1x9 stale 1x50"), _shard(2),
               at=("10m", "11m", "12m")),
    SHARD.no_data("one exporter reads all", _READS, at=("2m", "30m")),
    SHARD.also("one that was never there", _shard(0), _shard(2), at={"2m": _missing(" There are: 0, 2.")}),
    SHARD.also("one that cannot read the database", _shard(0), _shard(1, reads="0x60"), _shard(2),
               at={"2m": _missing(" There are: 0, 2.")}),
    SHARD.also("one whose data are old", _shard(0), _shard(1, data="0x60"), _shard(2),
               at={"4m": (), "5m": _missing(" There are: 0, 2.")}),
    SHARD.also("two replicas of each, and both of one are gone", _shard(0), _shard(0, host="b"), _shard(2),
               _shard(2, host="b"), at={"2m": _missing(" There are: 0, 2.")}),
    SHARDS.fires("one says three and two say two, for five minutes", _shard(0, 2), _shard(1, 2), _shard(2),
                 at={"4m": (), "5m": _TWO_TOTALS}),
    SHARDS.edge("all say three", _THREE, at=("5m", "30m")),
    SHARDS.edge("one that said two is restarted within five minutes", _THREE, _shard(1, 2, values=gone("1x3")),
                at=("4m", "5m", "9m")),
    SHARDS.no_data("one exporter reads all", _READS, at=("5m", "30m")),
)  # fmt: skip


def _refreshes(seconds: float) -> tuple[Series, ...]:
    """Two refreshes a minute, in two stages."""
    return (
        _own("refreshes_total", counter((2, 60)), result="success"),
        _own("refresh_stage_seconds_sum", counter((1.5 * seconds, 60)), stage="read"),
        _own("refresh_stage_seconds_sum", counter((0.5 * seconds, 60)), stage="fold"),
    )


_TWELVE = (SLOW.told(f"A refresh of {INSTANCE} takes 12s on average."),)
_REFUSED = (NOT_RELOADED.told(f"{INSTANCE} of job {JOB} refused its configuration when it last read it."),)

_LOAD = (
    SLOW.fires("12 seconds for ten minutes", _refreshes(12), at={"10m": (), "11m": _TWELVE}),
    SLOW.edge("10 seconds, and more is needed", _refreshes(10), at=("11m", "60m")),
    SLOW.no_data("no refresh succeeds", _refreshes(12)[1:], at=("11m", "60m")),
    SLOW.also("each replica is told by itself", _refreshes(12), replicas(_refreshes(1))[1::2],
              at={"11m": _TWELVE}),
    NOT_RELOADED.fires("a wrong file for five minutes", _own("config_last_reload_successful", "1x9 0x60"),
                       at={"14m": (), "15m": _REFUSED}),
    NOT_RELOADED.edge("it is mended within four minutes", _own("config_last_reload_successful", "1x9 0x4 1x60"),
                      at=("14m", "15m", "30m")),
    NOT_RELOADED.no_data("an exporter of before does not tell", _READS, at=("15m", "60m")),
    NOT_RELOADED.also("of two replicas the one that refused it is told", _own("config_last_reload_successful", "0x60"),
                      _own("config_last_reload_successful", "1x60", instance=_OTHER), at={"5m": _REFUSED}),
    SHARE.fires("a fifth of the time for ten minutes", _own("database_share_ratio", "0.2x60"),
                at={"9m": (), "10m": (SHARE.told(f"{INSTANCE} keeps its connection busy for 20% of the time."),)}),
    SHARE.edge("15 %, and more is needed", _own("database_share_ratio", "0.15x60"), at=("10m", "60m")),
    SHARE.no_data("the share is not told", _READS, at=("10m", "60m")),
)  # fmt: skip

_TWO_AUDITED = (AUDIT.told(f"Audits of job {JOB} corrected 2 campaigns within an hour."),)
_STOOD_STILL = (UNSTAMPED.told("3 rows of calls were found changed without a new `updated_at` within 15 minutes."),)
_READ_BADLY = (UNREADABLE.told("Rows of calls could not be read 3 times within 15 minutes."),)


def _calls(first: float, second: float) -> tuple[Series, ...]:
    return (*outcomes(answered=steady(first)), *replicas(_READS),
            series("campaign_calls_total", steady(second), outcome="answered", instance=_OTHER))  # fmt: skip


def _counting(index: int, calls: float, instance: str = "") -> tuple[Series, ...]:
    """A shard that counts so many calls."""
    at = instance or f"shard{index}of3:10517"
    return (_own("shard_info", steady(1), index=str(index), total="3", instance=at),
            series("campaign_calls_total", steady(calls), outcome="answered", instance=at))  # fmt: skip


_FIGURES = (
    AUDIT.fires("two corrections an hour ago at most", _own("audit_corrections_total", "0x60 2x60", relation="calls"),
                at={"60m": (), "61m": _TWO_AUDITED}),
    AUDIT.edge("nothing was corrected", _own("audit_corrections_total", "2x240", relation="calls"), at=("1m", "60m")),
    AUDIT.no_data("no audit was made", _READS, at=("1m", "60m")),
    AUDIT.also("two replicas that correct the same campaigns count them once",
               replicas(_own("audit_corrections_total", "0x60 2x60", relation="calls")), at={"61m": _TWO_AUDITED}),
    FOLDED.fires("ten label values for an hour", _own("series_folded", "10x90", family="campaign_call_errors_total"),
                 at={"59m": (), "60m": (FOLDED.told("10 label values of campaign_call_errors_total are over their "
                                                    "budget."),)}),
    FOLDED.edge("none is over its budget", _own("series_folded", "0x90", family="campaign_call_errors_total"),
                at=("60m", "90m")),
    FOLDED.no_data("no budget is told", _READS, at=("60m", "90m")),
    HELD.fires("two counters for six hours", _own("counters_held", "2x400"),
               at={"355m": (), "360m": (HELD.told(f"2 counters of job {JOB} are held at their highest value."),)},
               every="5m"),
    HELD.edge("held for less than six hours, until the truth has overtaken them", _own("counters_held", "2x355 0x60"),
              at=("355m", "360m", "400m"), every="5m"),
    HELD.no_data("it is not told", _READS, at=("360m",), every="5m"),
    DISAGREE.fires("980 calls and 1,000 for a quarter of an hour", _calls(1000, 980),
                   at={"14m": (), "15m": (DISAGREE.told(f"Replicas of job {JOB} differ by 2% in the calls they "
                                                          "count."),)}),
    DISAGREE.edge("991 calls and 1,000, and more is needed", _calls(1000, 991), at=("15m", "60m")),
    DISAGREE.edge("one exporter alone", outcomes(answered=steady(1000)), _READS, at=("15m", "60m")),
    DISAGREE.edge("three shards, each with calls of its own", _counting(0, 1000), _counting(1, 20), _counting(2, 500),
                  at=("15m", "60m")),
    DISAGREE.also("two replicas of one shard of three", _counting(0, 1000), _counting(1, 20), _counting(0, 980, _OTHER),
                  at={"15m": (DISAGREE.told(f"Replicas of job {JOB} differ by 2% in the calls they count."),)}),
    DISAGREE.no_data("no call is counted", _READS, at=("15m", "60m")),
    UNSTAMPED.fires("three rows within fifteen minutes", _own("unstamped_changes_total", "0x20 3x60", relation="calls"),
                    at={"20m": (), "21m": _STOOD_STILL}),
    UNSTAMPED.edge("all changes are stamped since", _own("unstamped_changes_total", "3x60", relation="calls"),
                   at=("1m", "21m")),
    UNSTAMPED.no_data("it is not told", _READS, at=("1m", "21m")),
    UNSTAMPED.also("two replicas that look at the same rows count them once",
                   replicas(_own("unstamped_changes_total", "0x20 3x60", relation="calls")),
                   at={"21m": _STOOD_STILL}),
    UNREADABLE.fires("a row that could not be read three times within fifteen minutes",
                     _own("rows_unreadable_total", "0x20 3x60", relation="calls"),
                     at={"20m": (), "21m": _READ_BADLY}),
    UNREADABLE.edge("all rows can be read", _own("rows_unreadable_total", "3x60", relation="calls"), at=("1m", "21m")),
    UNREADABLE.no_data("it is not told", _READS, at=("1m", "21m")),
    UNREADABLE.also("two replicas that meet the same row count it once",
                    replicas(_own("rows_unreadable_total", "0x20 3x60", relation="calls")), at={"21m": _READ_BADLY}),
)  # fmt: skip


def _violations(values: str) -> Series:
    return _own("contract_violations", values, relation="tasks", column="status", rule="known_status")


_BEHIND_A_POLICY = (HIDDEN.told("A policy of the database hides rows of tasks from the exporter."),)
_UNKNOWN = (CODES.told("7 pending tasks of Spring offer (c1) carry an unknown blocker. By code: mystery_code (7)."),)

_CONTRACT = (
    VIOLATED.fires("four rows for a quarter of an hour", _violations("4x60"),
                   at={"14m": (), "15m": (VIOLATED.told("4 rows of tasks break the rule known_status of column "
                                                        "status."),)}),
    VIOLATED.edge("mended within a quarter of an hour", _violations("4x14 0x60"), at=("14m", "15m", "30m")),
    VIOLATED.edge("blockers that nobody announced, which are told by campaign",
                  _own("contract_violations", "7x60", relation="tasks", column="blocker", rule="unknown_code"),
                  at=("15m", "30m")),
    VIOLATED.also("codes that nobody announced of another column",
                  _own("contract_violations", "7x60", relation="calls", column="outcome", rule="unknown_code"),
                  at={"15m": (VIOLATED.told("7 rows of calls break the rule unknown_code of column outcome.",
                                            relation="calls", column="outcome", rule="unknown_code"),)}),
    VIOLATED.no_data("nothing was ever violated", _READS, at=("15m", "30m")),
    VIOLATED.also("two replicas are one alert", replicas(_violations("4x60")),
                  at={"15m": (VIOLATED.told("4 rows of tasks break the rule known_status of column status."),)}),
    CODES.fires("seven tasks carry a code that nobody announced", held("unknown", mystery_code=7), info(),
                at={"1m": (), "2m": _UNKNOWN}),
    CODES.edge("codes that are known", held("unknown", mystery_code=0), held("compliance", dnc=7), info(),
               at=("2m", "30m")),
    CODES.no_data("blockers are not told", info(), at=("2m", "30m")),
    CODES.also("two replicas count each task once", replicas(held("unknown", mystery_code=7), info()),
               at={"2m": _UNKNOWN}),
    HIDDEN.fires("a policy hides rows for two minutes", _own("relation_hidden", "1x60", relation="tasks"),
                 at={"1m": (), "2m": _BEHIND_A_POLICY}),
    HIDDEN.edge("it hides none", _own("relation_hidden", "0x60", relation="tasks"), at=("2m", "30m")),
    HIDDEN.no_data("it is not told", _READS, at=("2m", "30m")),
    MISSING.fires("an optional relation is absent for a quarter of an hour",
                  _own("relation_available", "0x60", relation="variants"),
                  at={"14m": (), "15m": (MISSING.told("The database has no relation variants."),)}),
    MISSING.edge("it is there", _own("relation_available", "1x60", relation="variants"), at=("15m", "30m")),
    MISSING.no_data("the relations are not told", _READS, at=("15m", "30m")),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_REACHED, *_SHARDS, *_LOAD, *_FIGURES, *_CONTRACT)
