"""Is the monitoring itself sound?"""

from __future__ import annotations

from alerts.rules.compliance import codes
from alerts.settings import Settings
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import CAMPAIGN, EXPORTER, Alert, Concern, Severity
from alerts.vocabulary.wording import Ask
from dashboards.vocabulary.grouping import KNOWN_FOR

_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
_OWN = "campaign_exporter_"
_SHARD = f"{_OWN}shard_info"


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    alerts = (*_away(s), *_shards(s), *_unwell(s), *_contract(q))
    return Concern("exporter", "The monitoring itself", alerts)


def _away(s: Settings) -> tuple[Alert, ...]:
    job = s.exporter.job
    up = f'up{{job="{job}"}}'
    reads = f"max by (job) ({_OWN}up)"
    # a source that does not tell as of when it is: at least as old as the last look at it
    dated, looked = (f"max by (job) ({_OWN}{name}_timestamp_seconds)" for name in ("data", "last_success"))
    age = f"time() - ({dated} or {looked})"
    spoke = f'group by (job) (last_over_time({_OWN}up{{job="{job}"}}[{KNOWN_FOR}]))'
    # a platform of which no target is left, while others are there
    gone = f" or ({spoke} unless on (job) {up})" * bool(s.boards.group_labels)
    return (
        Alert(
            "CampaignExporterDown",
            _CRITICAL,
            EXPORTER,
            "No exporter can be scraped: campaigns are not watched.",
            "Prometheus reaches no target of job {job}.",
            "Look whether the process runs and what its log says; check the network between it and Prometheus.",
            f"(max by (job) ({up}) == 0) or absent({up}){gone}",
            ("exporter-health", 101),
            wait=120,
            keep=60,
            rests_on=("exporter.job",),
        ),
        Alert(
            "CampaignExporterReplicaDown",
            _WARNING,
            ("job", "instance"),
            "One of several exporters cannot be scraped; the others still watch.",
            "Prometheus does not reach {instance} of job {job}.",
            "Look whether the process runs and what its log says.",
            f"({up} == 0) and on (job) (max by (job) ({up}) == 1)",
            ("exporter-health", 101),
            wait=300,
            keep=60,
            rests_on=("exporter.job",),
        ),
        Alert(
            "CampaignExporterDatabaseAway",
            _CRITICAL,
            EXPORTER,
            "The exporter cannot read the database: what is shown of campaigns is old.",
            "No exporter of job {job} can read the database; its log says why.",
            "Check the database first: calls may be standing still too. Then the exporter's rights and network.",
            f"{reads} == 0",
            ("exporter-health", 204),
            wait=60,
            keep=60,
        ),
        Alert(
            "CampaignExporterStale",
            _CRITICAL,
            EXPORTER,
            "What the exporter shows is old, though it reads the database.",
            "The newest data of job {job} are {duration} old.",
            "Look at what `/-/ready` says of a replica or a subscription; then at the time of a refresh by stage.",
            f"({age} > {s.exporter.stale_after:g}) and on (job) ({reads} == 1)",
            ("exporter-health", 202),
            wait=120,
            keep=60,
            rests_on=("exporter.stale_after",),
        ),
    )


def _shards(s: Settings) -> tuple[Alert, ...]:
    """What `_away` does not see: it asks whether any exporter works, and of shards each must."""
    old = (
        f"time() - ({_OWN}data_timestamp_seconds or {_OWN}last_success_timestamp_seconds) > {s.exporter.stale_after:g}"
    )
    works = f"and on (job, instance) ({_OWN}up == 1) unless on (job, instance) ({old})"
    # How many there are to be is a label, so how many there are is made one: the index that comes after the last.
    wanted = f'label_replace(max by (job, total) ({_SHARD}), "index", "$1", "total", "(.*)")'
    there = (
        f'count_values by (job, total) ("index", count by (job, total) (max by (job, total, index) ({_SHARD} {works})))'
    )
    return (
        Alert(
            "CampaignExporterShardMissing",
            _CRITICAL,
            EXPORTER,
            "A shard has no exporter that works: its tenants' campaigns are not watched.",
            "Not every shard of job {job} has an exporter that is scraped, reads the database and is current.{there}",
            "Look at the exporters whose index is not among these: do they run, can they be scraped, what do they log?",
            f"max by (job) ({wanted} unless on (job, total, index) {there})",
            ("exporter-health", 101),
            wait=120,
            keep=60,
            asks={"there": Ask(f"max by (index) ({_SHARD}{{job=%q}} {works})", ("job",), "{{ .Labels.index }}",
                               " There are: ", ".", by="index")},
            rests_on=("exporter.stale_after",),
        ),
        Alert(
            "CampaignExporterShardsDisagree",
            _WARNING,
            EXPORTER,
            "Shards do not agree on how many they are: some tenants may be watched by two, or by none.",
            "Exporters of job {job} are set to {value} different numbers of shards.",
            "Set `shard.total` to the same number in all of them, and restart those that had another.",
            f"count by (job) (count by (job, total) ({_SHARD})) > 1",
            ("exporter-health", 101),
            wait=300,
            keep=300,
        ),
    )  # fmt: skip


def _unwell(s: Settings) -> tuple[Alert, ...]:
    e = s.exporter
    stages = f"sum by (job, instance) (rate({_OWN}refresh_stage_seconds_sum[15m]))"
    refreshes = f'sum by (job, instance) (rate({_OWN}refreshes_total{{result="success"}}[15m]))'
    # replicas are those of one shard; whoever is no shard has no index
    shard = f"max by (job, instance, index) ({_SHARD}) or on (job, instance) max by (job, instance) ({_OWN}up) ^ 0"
    calls = f"sum by (job, instance) (campaign_calls_total) * on (job, instance) group_left (index) ({shard})"
    corrections = f"sum by (job) (max by (job, relation) (increase({_OWN}audit_corrections_total[1h])))"
    unstamped = f"sum by (job, relation) (max by (job, relation) (increase({_OWN}unstamped_changes_total[15m])))"
    unreadable = f"sum by (job, relation) (max by (job, relation) (increase({_OWN}rows_unreadable_total[15m])))"
    return (
        Alert(
            "CampaignExporterRefreshSlow",
            _WARNING,
            ("job", "instance"),
            "Refreshes take long: what is shown lags behind.",
            "A refresh of {instance} takes {duration} on average.",
            "Look at which stage takes it; run `campaign-exporter check` for a missing index.",
            f"{stages} / ({refreshes} > 0) > {e.slow_refresh:g}",
            ("exporter-health", 201),
            wait=600,
            keep=300,
            rests_on=("exporter.slow_refresh",),
        ),
        Alert(
            "CampaignExporterConfigNotReloaded",
            _WARNING,
            ("job", "instance"),
            "The configuration was read anew and is wrong: the exporter goes on with the one before.",
            "{instance} of job {job} refused its configuration when it last read it.",
            "Read in its log which line is wrong, mend the file, and reload it.",
            f"max by (job, instance) ({_OWN}config_last_reload_successful) == 0",
            ("exporter-health", 101),
            wait=300,
            keep=60,
        ),
        Alert(
            "CampaignExporterDatabaseShareHigh",
            _WARNING,
            ("job", "instance"),
            "The exporter takes too much of the database's time.",
            "{instance} keeps its connection busy for {percent} of the time.",
            "Lower `refresh.max_share` or lengthen `refresh.interval`; run `campaign-exporter check` for an index.",
            f"avg by (job, instance) (avg_over_time({_OWN}database_share_ratio[15m])) > {e.database_share:g}",
            ("exporter-health", 205),
            wait=600,
            keep=300,
            rests_on=("exporter.database_share",),
        ),
        Alert(
            "CampaignExporterAuditCorrections",
            _WARNING,
            EXPORTER,
            "An audit found totals that differed from the database, and corrected them.",
            "Audits of job {job} corrected {value} campaigns within an hour.",
            "Find out what changes rows without raising `updated_at`; deletes are one reason.",
            f"{corrections} > 0",
            ("exporter-health", 102),
            keep=3600,
        ),
        Alert(
            "CampaignExporterRowsUnstamped",
            _WARNING,
            ("job", "relation"),
            "Rows change without their `updated_at`: what changed is seen minutes late.",
            "{value} rows of {relation} were found changed without a new `updated_at` within 15 minutes.",
            "Find what stopped writing `updated_at`: a trigger that is gone, a view that shows another column.",
            f"{unstamped} > 0",
            ("exporter-health", 406),
            keep=1800,
        ),
        Alert(
            "CampaignExporterSeriesFolded",
            _WARNING,
            ("job", "family"),
            "Label values are over their budget and are summed up as `other`.",
            "{value} label values of {family} are over their budget.",
            "Raise the budget under `series`, or mend what writes so many values.",
            f"max by (job, family) ({_OWN}series_folded) > 0",
            ("exporter-health", 105),
            wait=3600,
            keep=3600,
        ),
        Alert(
            "CampaignExporterCountersHeld",
            _INFO,
            EXPORTER,
            "Counters stand above the database, whose totals were corrected downwards.",
            "{value} counters of job {job} are held at their highest value.",
            "Nothing, as long as they are few; a restart of the exporter begins from the corrected totals.",
            f"max by (job) ({_OWN}counters_held) > 0",
            ("exporter-health", 604),
            wait=21600,
        ),
        Alert(
            "CampaignExporterReplicasDisagree",
            _WARNING,
            EXPORTER,
            "Exporters on one database show different totals.",
            "Replicas of job {job} differ by {percent} in the calls they count.",
            "Compare their data's age and configuration; do they read the same database?",
            f"max by (job) (1 - min by (job, index) ({calls}) / max by (job, index) ({calls} > 0)) "
            f"> {e.replicas_differ:g}",
            ("exporter-health", 101),
            wait=900,
            keep=300,
            rests_on=("exporter.replicas_differ",),
        ),
        Alert(
            "CampaignExporterRowsUnreadable",
            _WARNING,
            ("job", "relation"),
            "A view raises an error for some rows, which are left out.",
            "Rows of {relation} could not be read {value} times within 15 minutes.",
            "Find the row that the log names, and mend the view or the data.",
            f"{unreadable} > 0",
            ("exporter-health", 104),
            keep=1800,
        ),
    )


def _contract(q: Rules) -> tuple[Alert, ...]:
    # blockers that nobody announced are told by campaign, below
    blockers = f'{_OWN}contract_violations{{relation="tasks",column="blocker",rule="unknown_code"}}'
    violations = f"max by (job, relation, column, rule) ({_OWN}contract_violations unless {blockers})"
    return (
        Alert(
            "CampaignContractViolated",
            _WARNING,
            ("job", "relation", "column", "rule"),
            "Rows of the platform's views break the contract.",
            "{value} rows of {relation} break the rule {rule} of column {column}.",
            "Run `campaign-exporter check`, which names the values, and mend the view.",
            f"{violations} > 0",
            ("exporter-health", 301),
            wait=900,
            keep=900,
        ),
        Alert(
            "CampaignUnknownCodes",
            _WARNING,
            CAMPAIGN,
            "Tasks carry a blocker that nobody announced.",
            "{value} pending tasks of {campaign} carry an unknown blocker.{codes}",
            "Ask the platform's owners what the code means; add it to the contract.",
            f"sum by (tenant, campaign) ({q.last('campaign_tasks_blocked', group='unknown')}) > 0",
            ("campaign", 222),
            wait=120,
            keep=900,
            asks={"codes": codes("unknown")},
        ),
        Alert(
            "CampaignRelationHidden",
            _WARNING,
            ("job", "relation"),
            "Row-level security hides rows of a relation: what rests on it is withheld.",
            "A policy of the database hides rows of {relation} from the exporter.",
            "Run `campaign-exporter check`, which names the policy and the statement that opens it to the exporter.",
            f"max by (job, relation) ({_OWN}relation_hidden) > 0",
            ("exporter-health", 302),
            wait=120,
        ),
        Alert(
            "CampaignRelationMissing",
            _INFO,
            ("job", "relation"),
            "An optional relation is absent: what needs it sleeps.",
            "The database has no relation {relation}.",
            "Nothing, if that is meant so; `campaign-exporter check` says which alerts sleep for it.",
            f"max by (job, relation) ({_OWN}relation_available) == 0",
            ("exporter-health", 302),
            wait=900,
        ),
    )
