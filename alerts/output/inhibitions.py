"""Which alerts silence which: the cause hides its symptoms, so that a problem wakes a person once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While one of `causes` fires, `symptoms` with the same labels `equal` are told to nobody."""

    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    equal: tuple[str, ...]
    why: str


BLIND = ("CampaignExporterDown", "CampaignExporterDatabaseAway", "CampaignExporterStale")
"""While one of these fires, nothing is known of campaigns."""

_OUTSIDE = (
    "CampaignCallsOutsideWindow", "CampaignCallsWhilePaused", "CampaignComplianceHolds", "CampaignRingTooShort",
    "CampaignAbandonmentOverLimit", "CampaignAbandonmentNearLimit",
)  # fmt: skip
_RATES = (
    "CampaignAnswerRateLow", "CampaignFailureBurst", "CampaignAgentSilent", "CampaignAbandonedCalls",
    "CampaignShortCalls", "CampaignCostPerCallHigh", "CampaignRetriesOnlyCost", "CampaignSpendAnomaly",
    "CampaignSentimentNegative", "CampaignFirstWordSlow",
)  # fmt: skip
_NUMBERS = ("CampaignNumberBad", "CampaignNumberFading", "CampaignNumberFlagged")
_WAITS = (
    "CampaignBacklogGrows", "CampaignBlocked", "CampaignAttemptsUsedUp", "CampaignStateUnknown",
    "CampaignTenantAtLimit", "CampaignConnectionAtLimit",
)  # fmt: skip
_STANDS = (
    "CampaignStalled", "CampaignLimitBlocks", "CampaignStarved", "CampaignConnectionLimitBlocks",
    "CampaignTenantLimitBlocks", "CampaignNumbersUnusable", "CampaignSlotsLeaked",
)  # fmt: skip
_LISTS = (
    "CampaignListUnusable", "CampaignUnknownCodes", "CampaignAudienceImportFailed", "CampaignAudienceRowsRejected",
    "CampaignAudienceStuck", "CampaignAudienceMissing", "CampaignSampleRatioMismatch", "CampaignListRunsDry",
)  # fmt: skip
_MONEY = (
    "CampaignCreditsExhausted", "CampaignBudgetExhausted", "CampaignBudgetRunsOut", "CampaignCreditsRunOut",
)  # fmt: skip
_LIFECYCLE = (
    "CampaignDispatcherDead", "CampaignCircuitBreakerOpen", "CampaignPausedByPlatform", "CampaignNotStarted",
    "CampaignNoWindow", "CampaignWithoutAgents",
)  # fmt: skip
_PROVIDERS = ("CampaignProviderFailing", "CampaignProviderThrottling")
OF_CAMPAIGNS = (
    *_LIFECYCLE, *_STANDS, *_PROVIDERS, *_WAITS, *_RATES, *_NUMBERS, *_LISTS, *_MONEY, *_OUTSIDE,
)  # fmt: skip

INHIBITIONS: tuple[Inhibition, ...] = (
    Inhibition(BLIND, OF_CAMPAIGNS, (), "What is not seen cannot be judged."),
    Inhibition(
        BLIND[:2],
        ("CampaignExporterStale", "CampaignExporterRefreshSlow", "CampaignExporterDatabaseShareHigh",
         "CampaignExporterReplicasDisagree"),
        ("job",),
        "Old data are no second problem.",
    ),
    Inhibition(
        ("CampaignExporterRowsUnstamped",),
        ("CampaignExporterAuditCorrections",),
        ("job",),
        "Audits correct what changes without a stamp.",
    ),
    Inhibition(
        ("CampaignRelationHidden",),
        ("CampaignRelationMissing",),
        ("job", "relation"),
        "What is hidden is not exported for that.",
    ),
    Inhibition(BLIND[:1], BLIND[1:2], ("job",), "An exporter that is down says nothing of the database."),
    Inhibition(BLIND, ("CampaignExporterShardMissing",), ("job",), "Where no exporter works, no shard's does."),
    Inhibition(
        ("CampaignExporterShardMissing",),
        ("CampaignExporterReplicaDown", "CampaignExporterShardsDisagree"),
        ("job",),
        "A shard that is missing is more than one replica that is.",
    ),
    Inhibition(
        ("CampaignDispatcherDead",),
        ("CampaignStalled", "CampaignBacklogGrows"),
        ("tenant",),
        "No campaign can be dialled by a dispatcher that is dead.",
    ),
    Inhibition(
        ("CampaignCreditsExhausted",),
        ("CampaignStalled", "CampaignBacklogGrows", "CampaignCreditsRunOut", "CampaignBudgetRunsOut"),
        ("tenant",),
        "Without credits nothing is dialled.",
    ),
    Inhibition(
        ("CampaignProviderFailing",),
        ("CampaignBlocked",),
        ("tenant", "gate"),
        "Campaigns that a provider blocks are one problem, of the provider.",
    ),
    Inhibition(
        ("CampaignProviderFailing",),
        ("CampaignProviderThrottling",),
        ("tenant", "provider"),
        "A provider that fails is told once.",
    ),
    Inhibition(
        ("CampaignProviderFailing", "CampaignProviderThrottling", "CampaignTenantLimitBlocks",
         "CampaignConnectionLimitBlocks", "CampaignStarved", "CampaignSlotsLeaked"),
        ("CampaignBacklogGrows", "CampaignTenantAtLimit", "CampaignConnectionAtLimit"),
        ("tenant",),
        "Why there is no room comes before that there is none.",
    ),
    Inhibition(
        ("CampaignCircuitBreakerOpen", "CampaignPausedByPlatform"),
        ("CampaignFailureBurst", "CampaignBacklogGrows", "CampaignStateUnknown"),
        ("tenant", "campaign"),
        "The platform has stopped what failed.",
    ),
    Inhibition(
        ("CampaignNumbersUnusable", "CampaignLimitBlocks", "CampaignStalled", "CampaignBlocked",
         "CampaignWithoutAgents", "CampaignBudgetExhausted", "CampaignNoWindow", "CampaignAudienceImportFailed",
         "CampaignAudienceStuck", "CampaignComplianceHolds", "CampaignListUnusable", "CampaignUnknownCodes"),
        ("CampaignBacklogGrows", "CampaignBudgetRunsOut", "CampaignStateUnknown"),
        ("tenant", "campaign"),
        "What blocks a campaign comes before what follows from it.",
    ),
    Inhibition(
        ("CampaignNumbersUnusable",),
        ("CampaignNumberFlagged",),
        ("tenant",),
        "The numbers of a campaign that stands still come first.",
    ),
    Inhibition(
        ("CampaignAgentSilent",),
        ("CampaignShortCalls", "CampaignAbandonedCalls", "CampaignFirstWordSlow"),
        ("tenant", "campaign"),
        "People hang up on silence.",
    ),
    Inhibition(
        ("CampaignAbandonmentOverLimit",),
        ("CampaignAbandonmentNearLimit",),
        ("tenant", "campaign"),
        "Who is over the limit was near it.",
    ),
    Inhibition(
        ("CampaignCostPerCallHigh",),
        ("CampaignSpendAnomaly", "CampaignBudgetRunsOut"),
        ("tenant", "campaign"),
        "What a call costs explains what is spent.",
    ),
)  # fmt: skip
"""No ticket hides a page: whoever is on call sleeps by it."""
