"""Do calls get through, and does anybody speak?"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.rules.answer_rate import ANSWERS as ANSWERED_OF
from alerts.rules.answer_rate import CALLS as TRIED
from alerts.rules.numbers import DIALLED
from alerts.settings import Settings
from alerts.vocabulary import records
from alerts.vocabulary.expressions import Rules, any_of, shares, unusual
from alerts.vocabulary.rule import CAMPAIGN, PROVIDER, Alert, Concern, Record, Severity
from alerts.vocabulary.wording import Ask

_BY, _PROVIDER = ("tenant", "campaign"), ("tenant", "provider")
_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
PROVIDERS_FAULT = "provider_error|provider_auth|network_blocked|provider_throttled"
THROTTLED = "provider_throttled"
_CARRIED = "tenant_provider:calls:increase{}"
FAILING = "tenant_provider:errors:ratio_failing"
"""Share of a provider's calls that it fails, where that is too many for certain."""

_GOING = 2
"""So many calls within minutes say that it goes on; a single one may be chance."""

_CARRIED_LEAST = 5
"""So few calls over a provider will do where all of them fail."""

_CAUSED = "campaign:errors_provider:increase{}"
_OF_CAMPAIGN, _THROTTLED_OF_CAMPAIGN = (
    f"campaign_provider:errors{which}:increase{{}}" for which in ("", "_throttled")
)  # fmt: skip
"""A provider's errors by campaign: what leaves with a campaign must not lower the sum of others."""
_OWN = "campaign:calls_failed_own:increase{}"
"""Calls that failed for other reasons than a provider's: those are told by provider."""
_FAULTY, _THROTTLED = "tenant_provider:errors:increase{}", "tenant_provider:errors_throttled:increase{}"
_KNOWN_CALLS = 100
"""Calls from which on it is known how many of them fail usually."""

_BAD_HOUR = 2
"""So many times the usual share are a bad hour, no burst."""

_RARE = 1 / 6
"""A campaign of which hardly any calls fail: that share of `failures.failed_share`, 5 %, is no news of it yet."""

_SILENT, _SHORT, _TALKED, _SCORED, _NEGATIVE = (
    f"campaign:calls_{what}:increase{{}}" for what in ("silent", "short", "talked", "scored", "negative")
)  # fmt: skip
SHORT_SECONDS = "6.0"
"""Carriers count calls up to this length as short (domain); a bound of the histogram."""

_SOON, _LATER, _DAY_PART = ("5m", "15m"), ("15m", "1h"), "6h"


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    alerts = (_burst(s), *_providers(s), *_agent(s), _mood(s), _retries())
    return Concern("failures", "Failures and conversations", alerts, _records(q, s), every=60)


def _records(q: Rules, s: Settings) -> tuple[Record, ...]:
    found: list[Record] = []
    talked = "campaign_call_talk_seconds"
    connection = _newest("campaign_number_info", "tenant, number", "connection", q)
    provider = _newest("campaign_connection_info", "tenant, connection", "provider", q)
    for growth, faults in ((_OF_CAMPAIGN, PROVIDERS_FAULT), (_THROTTLED_OF_CAMPAIGN, THROTTLED)):
        errors = q.sums("campaign_call_errors_total", (*_BY, "provider"), fault=f"=~{faults}")
        found.append(Record(records.so_far(growth), errors))
    for growth, name, matchers in (
        (_SILENT, "campaign_calls_silent_total", {}),
        (_SHORT, f"{talked}_bucket", {"le": SHORT_SECONDS}),
        (_TALKED, f"{talked}_count", {}),
        (_SCORED, "campaign_call_sentiment_total", {}),
        (_NEGATIVE, "campaign_call_sentiment_total", {"sentiment": "negative"}),
    ):
        found.append(Record(records.so_far(growth), q.sums(name, _BY, **matchers)))
    for window in records.WINDOWS:
        caused = f"sum by (tenant, campaign) ({records.grown(_OF_CAMPAIGN, window)})"
        found += [Record(_CAUSED.format(window), caused), *records.growths(_SILENT, [window])]
    for window in _SOON:
        numbers = f"sum by (tenant, number) ({records.grown(DIALLED, window)})"
        carried = f"sum by (tenant, connection) ({numbers} * on (tenant, number) group_left (connection) {connection})"
        found += [
            Record(
                _CARRIED.format(window),
                f"sum by (tenant, provider) ({carried} * on (tenant, connection) group_left (provider) {provider})",
            ),
            *(
                Record(of.format(window), f"sum by (tenant, provider) ({records.grown(growth, window)})")
                for of, growth in ((_FAULTY, _OF_CAMPAIGN), (_THROTTLED, _THROTTLED_OF_CAMPAIGN))
            ),
        ]
    found += [Record(_OWN.format(window), _own(window)) for window in records.WINDOWS]
    for window in _LATER:
        found += [*records.growths(_SHORT, [window]), *records.growths(_TALKED, [window])]
    return (*found, Record(FAILING, _failing(q, s)))


def _failing(q: Rules, s: Settings) -> str:
    failing = [
        shares(_FAULTY.format(window), _CARRIED.format(window), above=s.failures.failed_share, least=_CARRIED_LEAST)
        for window in _SOON
    ]
    # whoever is blocked by a provider makes few calls: then fewer will do to say by which
    errors, carried = _FAULTY.format("15m"), _CARRIED.format("15m")
    standing = q.told(verdict="blocked", gate="provider")
    return any_of([*failing, f"{errors} / ({carried} > 0) > 0.5 and {errors} >= 3 and on (tenant) {standing}"])


def _newest(info: str, by: str, label: str, q: Rules) -> str:
    """One series an entity, while it is moved from one to another too."""
    return f"topk by ({by}) (1, max by ({by}, {label}) ({q.last(info)}))"


def _goes_on(windows: Sequence[tuple[str, str]], share: float) -> str:
    """Whether what an hour shows is not over: one such call of few is no sign that it goes on."""
    return any_of([f"{part} > {share:g} * {whole} and {part} >= {_GOING}" for part, whole in windows])


def _own(window: str) -> str:
    """Failures, without a provider's where it is seen whose calls are whose."""
    failed = records.failed(window)
    seen = f"on (tenant) last_over_time({_CARRIED.format('15m')}[{records.whole('1h')}])"
    return f"{failed} - ({_CAUSED.format(window)} and {seen}) or {failed}"


def _burst(s: Settings) -> Alert:
    f = s.failures
    errors = Ask(
        "topk(2, round(sum by (provider, code) (max by (provider, code, fault) "
        "(increase(campaign_call_errors_total{tenant=%q,campaign=%q}[15m])))) > 0)",
        ("tenant", "campaign"),
        "{{ .Labels.code }}{{ if .Labels.provider }} of {{ .Labels.provider }}{{ end }} "
        "({{ .Value | humanize }})", " Most errors within 15 minutes: ", ".",
    )  # fmt: skip

    def certain(window: str) -> str:
        return shares(_OWN.format(window), records.calls(window), above=f.failed_share, least=f.min_calls)

    def unheard_of(window: str) -> str:
        """Few calls will do where the campaign's own past tells that hardly any of them fail."""
        own, calls = _OWN.format(window), records.calls(window)
        usual = f"{_BAD_HOUR} * {records.FAILED_USUAL} / ({records.CALLS_USUAL} >= {_KNOWN_CALLS})"
        usual = f"clamp_min({usual}, {_RARE * f.failed_share:g})"
        return f"{own} / ({calls} >= {f.min_calls}) > {f.failed_share:g} and {unusual(own, calls, usual)}"

    judged = [*map(certain, records.WINDOWS), *map(unheard_of, _SOON)]
    lately = _goes_on([(_OWN.format(window), records.calls(window)) for window in _SOON], f.failed_share)
    # a provider that fails one campaign may go unnoticed among the others: then the campaign is told of after all
    before = f"{records.failed('5m')} offset 8m / ({records.calls('5m')} offset 8m > 0) > {f.failed_share:g}"
    apart = shares(records.failed("15m"), records.calls("15m"), above=f.failed_share, least=f.min_calls)
    now = f"{records.failed('5m')} / ({records.calls('5m')} > 0) > {f.failed_share:g}"
    unnoticed = (
        f"({apart}) and ({before}) and ({now}) unless on (tenant) last_over_time({FAILING}[{records.whole('1h')}])"
    )
    return Alert(
        "CampaignFailureBurst",
        _CRITICAL,
        CAMPAIGN,
        "Calls fail in a burst: contacts are used up for nothing.",
        "{percent} of the calls of {campaign} fail. It is {state}.{errors}",
        "Reduce concurrency, then look at blocker codes and provider errors before anything is scaled.",
        any_of([f"({any_of(judged)}) and on (tenant, campaign) ({lately})", unnoticed]),
        ("campaign", 414),
        keep=600,
        asks={"errors": errors},
        rests_on=("failures.failed_share", "failures.min_calls"),
    )


def _providers(s: Settings) -> tuple[Alert, ...]:
    f = s.failures
    codes = Ask(
        "topk(2, round(sum by (code) (max by (campaign, code, fault) (increase(campaign_call_errors_total"
        '{tenant=%q,provider=%q,fault!="invalid_number"}[15m])))) > 0)', ("tenant", "provider"),
        "{{ .Labels.code }} ({{ .Value | humanize }})", "Most errors within 15 minutes: ", ".",
    )  # fmt: skip
    throttled = [
        shares(_THROTTLED.format(window), _CARRIED.format(window), above=f.throttled_share, least=_CARRIED_LEAST)
        for window in _SOON
    ]
    return (
        Alert(
            "CampaignProviderFailing",
            _CRITICAL,
            PROVIDER,
            "A provider fails calls, whoever is called.",
            "{percent} of the calls of tenant {tenant} over {provider} fail for reasons of the provider. {codes}",
            "Reduce concurrency, then fail over to another connection; renew credentials where it refuses them.",
            FAILING,
            ("numbers", 151),
            keep=600,
            labels={"gate": "provider"},
            asks={"codes": codes},
            needs=("numbers", "connections", "calls.number_id", "calls.error_code", "calls.provider"),
            rests_on=("failures.failed_share",),
        ),
        Alert(
            "CampaignProviderThrottling",
            _WARNING,
            PROVIDER,
            "A provider refuses calls because they come too fast.",
            "{provider} refuses {percent} of the calls of tenant {tenant} as too many. {codes}",
            "Lower calls a second on its connections, or calls at once of the campaigns that use them.",
            any_of(throttled),
            ("numbers", 151),
            keep=600,
            asks={"codes": codes},
            needs=("numbers", "connections", "calls.number_id", "calls.error_code", "calls.provider"),
            rests_on=("failures.throttled_share",),
        ),
    )


def _agent(s: Settings) -> tuple[Alert, ...]:
    f = s.failures
    silent = [
        shares(_SILENT.format(window), records.answered(window), above=f.silent_share, least=f.min_calls)
        for window in records.WINDOWS
    ]
    lately = _goes_on([(_SILENT.format(window), records.answered(window)) for window in _SOON], f.silent_share)
    short = [
        shares(_SHORT.format(window), _TALKED.format(window), above=f.short_share, least=f.min_calls)
        for window in _LATER
    ]
    abandoned = shares(
        records.grown(_SILENT, _DAY_PART),
        records.grown(records.answered("{}"), _DAY_PART),
        above=f.abandoned_share, least=f.min_calls,
    )  # fmt: skip
    return (
        Alert(
            "CampaignAgentSilent",
            _CRITICAL,
            CAMPAIGN,
            "People answer, and the voice agent says nothing.",
            "In {percent} of the answered calls of {campaign} the agent never spoke. It is {state}.",
            "Pause the campaign where nearly all calls are silent, else reduce concurrency now; then check the agent.",
            f"({any_of(silent)}) and on (tenant, campaign) ({lately})",
            ("campaign", 413),
            keep=600,
            needs=("calls.agent_spoke_at",),
            rests_on=("failures.silent_share", "failures.min_calls"),
        ),
        Alert(
            "CampaignAbandonedCalls",
            _WARNING,
            CAMPAIGN,
            "So many calls were abandoned within hours that carriers surcharge or block.",
            "In {percent} of the answered calls of {campaign} within six hours the agent never spoke.",
            "Keep concurrency low until the share is down; tell whoever owns the numbers' reputation.",
            abandoned,
            ("campaign", 413),
            wait=300,
            keep=1800,
            needs=("calls.agent_spoke_at",),
            managers=True,
            rests_on=("failures.abandoned_share", "failures.min_calls"),
        ),
        Alert(
            "CampaignShortCalls",
            _WARNING,
            CAMPAIGN,
            "Too many people hang up within six seconds; carriers surcharge or block that.",
            "{percent} of the answered calls of {campaign} ended within six seconds.",
            "Reduce concurrency, then listen to the first seconds of some calls.",
            any_of(short),
            ("campaign", 413),
            keep=900,
            needs=("calls.talk_seconds",),
            rests_on=("failures.short_share", "failures.min_calls"),
        ),
    )


def _mood(s: Settings) -> Alert:
    f = s.failures
    scored, negative = records.grown(_SCORED, "1h"), records.grown(_NEGATIVE, "1h")
    return Alert(
        "CampaignSentimentNegative",
        Severity.INFO,
        CAMPAIGN,
        "Most scored calls of the last hour were negative: script and audience may not fit.",
        "{percent} of the scored calls of {campaign} within an hour were negative.",
        "Listen to some of the calls; sentiment is a pointer to investigate, not a proof.",
        shares(negative, scored, above=f.negative_share, least=f.min_calls),
        ("campaign", 403),
        wait=300,
        keep=1800,
        needs=("calls.sentiment",),
        rests_on=("failures.negative_share", "failures.min_calls"),
    )


def _retries() -> Alert:
    late = 'attempt=~"[3-9]|[1-9][0-9]+|other"'
    calls, answers = (
        f"sum by (tenant, campaign) (increase({records.so_far(each)}{{{late}}}[1d]))" for each in (TRIED, ANSWERED_OF)
    )
    return Alert(
        "CampaignRetriesOnlyCost",
        _WARNING,
        CAMPAIGN,
        "Third and later attempts are hardly ever answered: they cost money and the numbers' reputation.",
        "Third and later attempts of {campaign} were answered in {percent} of the cases within a day.",
        "Lower the attempts a contact gets, or spread them over other hours and days.",
        f"({answers} or 0 * {calls}) / ({calls} >= 200) < 0.02",  # without an answer there is no series of answers
        ("campaign", 501),
        wait=3600,
        keep=3600,
        managers=True,
    )
