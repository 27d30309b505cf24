"""Each piece of the page that operators know: the metrics it is made of, the panels that show it, its alerts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece. `panels` are boards with panel ids; `instead` says what it is made of where no metric is."""

    name: str
    question: str
    metrics: tuple[str, ...]
    panels: tuple[tuple[str, int], ...]
    alerts: tuple[str, ...] = ()
    instead: str = ""


def _on(board: str, *ids: int) -> tuple[tuple[str, int], ...]:
    return tuple((board, number) for number in ids)


PIECES: tuple[Piece, ...] = (
    Piece(
        "paused banner",
        "Why is it stopped, and since when?",
        ("campaign_pause_info", "campaign_paused_timestamp_seconds", "campaign_status"),
        _on("campaign", 1),
        alerts=(
            "CampaignCircuitBreakerOpen",
            "CampaignPausedByPlatform",
            "CampaignCallsWhilePaused",
        ),
    ),
    Piece(
        "KPI strip",
        "Is it going well?",
        (
            "campaign_tasks",
            "campaign_calls_total",
            "campaign_call_talk_seconds",
            "campaign_call_cost_total",
            "campaign_budget",
            "campaign_goal_target",
            "campaign_goal_achieved",
        ),
        _on("campaign", 101, 105, 106, 107, 108, 110),
        alerts=(
            "CampaignBacklogGrows",
            "CampaignFailureBurst",
            "CampaignAnswerRateLow",
        ),
    ),
    Piece(
        "campaign timeline",
        "When did it change?",
        ("campaign_tasks", "campaign_calls_total"),
        _on("campaign", 301, 302),
        alerts=(
            "CampaignBacklogGrows",
            "CampaignFailureBurst",
        ),
    ),
    Piece(
        "dispatch and queue health",
        "**Why is it not dialling?**",
        (
            "campaign_dispatch_verdict",
            "campaign_dispatch_binding",
            "campaign_dispatch_gate_open",
            "campaign_dispatch_slots_available",
            "campaign_dispatch_slots_limit",
            "campaign_dispatch_slots_used",
            "campaign_dispatch_slots_leaked",
            "campaign_dispatch_clears_timestamp_seconds",
            "campaign_calls_in_progress",
            "campaign_tasks_blocked",
            "campaign_tenant_credits",
            "campaign_window_open",
        ),
        (
            *_on("campaign", 201, 203, 204, 205, 207, 211, 214, 216, 221, 222, 231, 232, 233, 234),
            ("overview", 201),
        ),
        alerts=(
            "CampaignDispatcherDead",
            "CampaignStalled",
            "CampaignBlocked",
            "CampaignNotStarted",
            "CampaignNoWindow",
            "CampaignSlotsLeaked",
            "CampaignLimitBlocks",
            "CampaignTenantLimitBlocks",
            "CampaignConnectionLimitBlocks",
            "CampaignStarved",
            "CampaignTenantAtLimit",
            "CampaignConnectionAtLimit",
            "CampaignProviderFailing",
            "CampaignProviderThrottling",
            "CampaignCreditsExhausted",
            "CampaignCallsOutsideWindow",
            "CampaignStateUnknown",
            "CampaignAttemptsUsedUp",
            "CampaignUnknownCodes",
        ),
    ),
    Piece(
        "people",
        "Is somebody there to talk?",
        ("campaign_agents_logged_in", "campaign_agents", "campaign_agents_expected", "campaign_calls_total"),
        _on("campaign", 235),
        alerts=("CampaignWithoutAgents",),
    ),
    Piece(
        "disposition breakdown",
        "Script or audience mismatch?",
        ("campaign_task_dispositions",),
        _on("campaign", 401),
        alerts=(
            "CampaignSentimentNegative",
            "CampaignListUnusable",
        ),
    ),
    Piece(
        "sentiment",
        "A pointer to investigate, not to trust.",
        ("campaign_call_sentiment_total",),
        _on("campaign", 403),
        alerts=("CampaignSentimentNegative",),
    ),
    Piece(
        "first word",
        "How long do people hear nothing?",
        ("campaign_call_first_word_seconds", "campaign_variant_first_word_seconds"),
        _on("campaign", 415),
        alerts=("CampaignFirstWordSlow",),
    ),
    Piece(
        "abandonment",
        "Is the legal limit kept, and how much is left of it?",
        (
            "campaign_abandonment_period_answered",
            "campaign_abandonment_period_abandoned",
            "campaign_abandonment_period_start_timestamp_seconds",
        ),
        _on("campaign", 417, 418, 419, 420),
        alerts=("CampaignAbandonmentOverLimit", "CampaignAbandonmentNearLimit"),
    ),
    Piece(
        "ring time",
        "Do calls ring long enough, and not too long?",
        ("campaign_call_ring_seconds", "campaign_call_unanswered_ring_seconds"),
        _on("campaign", 416),
        alerts=("CampaignRingTooShort",),
    ),
    Piece(
        "best hour",
        "When do contacts answer, and is that more than chance?",
        ("campaign_calls_total", "campaign_utc_offset_seconds"),
        _on("cost", 191, 192, 193),
    ),
    Piece(
        "retry effectiveness",
        "Do retries help, or only raise spam risk?",
        ("campaign_attempt_calls_total", "campaign_attempt_cost_total"),
        (*_on("campaign", 501), *_on("cost", 161, 162)),
        alerts=("CampaignRetriesOnlyCost",),
    ),
    Piece(
        "A/B results",
        "Which variant is better, and may I stop?",
        (
            "campaign_variant_calls_total",
            "campaign_variant_answers_total",
            "campaign_variant_goals_total",
            "campaign_variant_cost_total",
            "campaign_variant_best_probability",
            "campaign_variant_sample_ratio_p_value",
        ),
        (*_on("campaign", 601, 602, 603, 604), ("cost", 171)),
        alerts=("CampaignSampleRatioMismatch",),
    ),
    Piece(
        "cost summary",
        "May it grow?",
        ("campaign_call_cost_total", "campaign_budget", "campaign_forecast_budget_exhaustion_timestamp_seconds"),
        (*_on("campaign", 701, 702, 703, 704, 705, 706), *_on("cost", 101, 110, 130)),
        alerts=(
            "CampaignBudgetExhausted",
            "CampaignBudgetRunsOut",
            "CampaignCreditsRunOut",
            "CampaignCostPerCallHigh",
            "CampaignSpendAnomaly",
        ),
    ),
    Piece(
        "number pool health",
        "Which number is bad?",
        (
            "campaign_number_calls_total",
            "campaign_number_weight",
            "campaign_number_calls_today",
            "campaign_number_daily_cap",
            "campaign_number_status",
        ),
        (*_on("campaign", 801), *_on("numbers", 101, 102, 110, 120, 121, 140)),
        alerts=(
            "CampaignNumbersUnusable",
            "CampaignNumberBad",
            "CampaignNumberFading",
            "CampaignNumberFlagged",
        ),
    ),
    Piece(
        "routes",
        "Which connection delivers, and how near is its limit?",
        (
            "campaign_number_calls_total",
            "campaign_number_talk_seconds_total",
            "campaign_connection_calls_in_progress",
            "campaign_connection_concurrency_limit",
            "campaign_connection_calls_per_second_limit",
        ),
        _on("numbers", 150, 152, 153),
        alerts=("CampaignProviderFailing", "CampaignProviderThrottling", "CampaignConnectionAtLimit"),
    ),
    Piece(
        "staged audience file",
        "Did the list arrive whole?",
        ("campaign_audience_upload_info", "campaign_audience_rows", "campaign_audience_uploaded_timestamp_seconds"),
        _on("campaign", 901),
        alerts=(
            "CampaignAudienceImportFailed",
            "CampaignAudienceRowsRejected",
            "CampaignAudienceStuck",
        ),
    ),
    Piece(
        "list",
        "How much of the list is left, and until when?",
        ("campaign_list_tasks", "campaign_forecast_list_dry_timestamp_seconds"),
        _on("campaign", 911, 912, 914),
        alerts=("CampaignListRunsDry",),
    ),
    Piece(
        "tasks table",
        "Which task is stuck?",
        (),
        _on("campaign", 1001),
        alerts=(
            "CampaignComplianceHolds",
            "CampaignListUnusable",
            "CampaignUnknownCodes",
        ),
        instead="SQL: a row a task",
    ),
    Piece(
        "debug view",
        "Why this task?",
        (),
        _on("task", 101, 201, 301, 401, 402, 501),
        alerts=("CampaignSlotsLeaked",),
        instead="SQL: one task",
    ),
    Piece(
        "evidence",
        "What do I send?",
        (),
        _on("task", 101),
        instead="`campaign-exporter capture`, see [capture](capture.md)",
    ),
)
