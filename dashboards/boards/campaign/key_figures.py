"""Campaign live, at the top: what state the campaign is in, and the strip of key figures."""

from __future__ import annotations

from dashboards.boards.campaign.scope import UNKNOWN, Own
from dashboards.boards.exporters import dated
from dashboards.vocabulary.colours import ACCENT, BAD, CAMPAIGN_STATES, FADED, NEUTRAL, WARNING
from dashboards.vocabulary.fields import below, colour, override, steps, words
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.panels import bars, stat
from dashboards.vocabulary.queries import MINIMUM_CALLS, ratio, total
from dashboards.vocabulary.targets import now
from dashboards.vocabulary.units import AGE, AMOUNT, RATIO, SECONDS, WHOLE
from exporter.contract.codes import NO_CURRENCY
from exporter.diagnosis.dispatch.answering import DROP

_OVER = "=~completed|failed|cancelled"
_MOMENTS = {
    "scheduled": "campaign_scheduled_timestamp_seconds",
    "running": "campaign_started_timestamp_seconds",
    "completed": "campaign_ended_timestamp_seconds",
    "cancelled": "campaign_ended_timestamp_seconds",
}
_TEXTS = {"scheduled": "Scheduled to start", "running": "Running, started", "completed": "Completed",
          "cancelled": "Cancelled"}  # fmt: skip
_ORDER = ("paused", *_MOMENTS)
_PAUSED = "campaign_paused_timestamp_seconds"


def state(own: Own) -> Panel:
    """What state the campaign is in."""

    def since(state: str, moment: str) -> str:
        when = f"({state}) * on (tenant, campaign) group_left () ({own.moment(moment)})"
        return f"{when} or on (tenant, campaign) ({state}) * 0"

    def status(code: str) -> str:
        """The state, where no replica tells another that comes before it."""
        found = f"{own.last('campaign_status', status=code)} == 1"
        before = "|".join(_ORDER[: _ORDER.index(code)])
        other = f"({own.last('campaign_status', status=f'=~{before}')} == 1)"
        return f"{found} unless on (tenant, campaign) {other}" if before else found

    told = f"topk (1, {own.last('campaign_pause_info', reason='!=')})"
    silent = f"{status('paused')} unless on (tenant, campaign) {told}"
    lost = f"{own.last('campaign_info')} * 0 unless on (tenant, campaign) ({own.last('campaign_status')} == 1)"
    # Running is no verdict: green beside a red one would say that all is well.
    states = {state.code: state.colour for state in CAMPAIGN_STATES} | {"running": NEUTRAL}
    targets = [
        now(since(told, _PAUSED), "Paused: {{reason}}", ref="A"),
        now(since(silent, _PAUSED), "Paused, no reason given", ref="B"),
        *(
            now(since(status(code), moment), _TEXTS[code], ref=ref)
            for ref, (code, moment) in zip("CDEF", _MOMENTS.items(), strict=True)
        ),
        now(lost, "In a state that is not known", ref="G"),
    ]
    refs = dict(zip("ABCDEFG", ("paused", "paused", *_MOMENTS, ""), strict=True))
    return dated(stat(
        1, "State",
        "What state the campaign is in, and since when. Paused: read the reason and mend it before anybody resumes. "
        "Scheduled, and the time has passed: its start is late, see the binding gate.",
        *targets, unit=AGE, empty=UNKNOWN, width=4, height=4, text="value_and_name",
        mappings=words({"0": ("since when: unknown", None)}),
        overrides=[colour(ref, states.get(code, FADED), by="byFrameRefID") for ref, code in refs.items()],
    ))  # fmt: skip


def strip(own: Own) -> Line:
    """The key figures."""

    done, every = (total(own.last("campaign_tasks", **only)) for only in ({"status": _OVER}, {}))
    talk = (total(own.gained(f"campaign_call_talk_seconds_{part}")) for part in ("sum", "count"))
    return line(
        stat(101, "Done",
             "Tasks that are over (completed, failed or cancelled) of all. See Forecast, under Cost, for when it ends.",
             now(ratio(done, every)), unit=RATIO, decimals=1, empty="No tasks known", height=3),
        stat(105, "Tasks",
             "In progress: being called now; none while tasks are ready: see the verdict. Pending: still to be called; "
             "grows while in progress stays flat: capacity holds it back. Completed: reached, or otherwise done as "
             "planned. Failed: given up; grows fast: look at Pending tasks and Errors before you scale.",
             *(now(total(own.last("campaign_tasks", status=status)), status.replace("_", " "))
               for status in ("in_progress", "pending", "completed", "failed")),
             unit=WHOLE, decimals=0, empty=UNKNOWN, width=7, height=3, text="value_and_name"),
        stat(106, "Answer rate",
             "Answered calls of those that ended in the last 15 minutes, and in the time range above. Fewer than "
             f"{MINIMUM_CALLS} calls say nothing. Change: against the campaign's life until then. It drops: take the "
             "worst number out of the pool, then reduce concurrency, then narrow the windows, then check the country "
             "match; one at a time.",
             now(f"{own.answer_rate('15m')} and on () {own.last('campaign_info')}", "last 15 min"),
             now(own.answer_rate(), "in this range"),
             now(own.answer_change(), "change"),
             unit=RATIO, decimals=1, empty="Not enough data", width=6, height=3, text="value_and_name",
             overrides=[override("change", decimals=0,
                                 thresholds=steps(*below(DROP - 1, WARNING)))]),
        stat(107, "Talk time",
             "Average talk time of the calls answered in the time range above. Very short: the script or the audience "
             "does not fit, see Dispositions and Short calls.",
             now(ratio(*talk)), unit=SECONDS, decimals=1, empty="No talk times known", width=4, height=3),
        stat(108, "Total cost",
             "What the campaign's calls have cost so far, agent and line, in its currency "
             f"({NO_CURRENCY}: none is told). See Cost below for parts, rate and forecast.",
             now(own.spent(), "{{currency}}"), unit=AMOUNT, decimals=2, empty="No costs known",
             text="value_and_name", width=4, height=3),
    )  # fmt: skip


def targets(own: Own) -> Panel:
    """How far it is towards its budget and its goals; only where it has them."""
    budget = total(own.last("campaign_budget"), "tenant", "campaign", "currency")
    spent = own.spent("tenant", "campaign", "currency")
    goals = ratio(own.last("campaign_goal_achieved"), own.last("campaign_goal_target"))
    return bars(
        110, "Budget and goals",
        "Share of the budget that is spent (red: all of it, nothing is dialled until somebody decides), and of each "
        "goal that is achieved. A campaign near its budget and far from its goal: see cost per goal.",
        now(ratio(spent, budget), ref="A"), now(goals, ref="B"),
        unit=RATIO, decimals=0, empty="No budget or goal known", high=1, width=5, height=4,
        name="${__field.labels.goal}", names_above=True,
        overrides=(
            override("A", by="byFrameRefID", displayName="Budget",
                     thresholds=steps((None, ACCENT), (1, BAD))),
        ),
    )  # fmt: skip
