"""What is asked about money: what was spent, on what it was spent, against which budget, and where it ends up.

Costs are never summed over currencies: what is summed keeps the label `currency`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.vocabulary.colours import BAD, FADED, GOOD, WARNING, State
from dashboards.vocabulary.queries import COARSE, MINIMUM_CALLS, RANGE, Queries, known, ratio, selector, total
from exporter.contract.codes import ENDED_STATUSES, FINISHED_TASK_STATUSES, LIVE_TASK_STATUSES

BY = ("tenant", "campaign", "currency")
COST = "campaign_call_cost_total"
COVERED = 0.8
"""Two weeks are compared where the earlier one has figures for this share of the time that the later one has."""

_ENOUGH_SECONDS = 6 * 3600
_LEFT = "scalar((days_in_month() - day_of_month() + 1) * 86400 - time() % 86400)"
"""Seconds until the month ends."""

BUDGETS = tuple(
    State(code, number, words, colour)
    for number, (code, words, colour) in enumerate(
        (
            ("ended", "ended", FADED),
            ("unknown", "not enough data", FADED),
            ("lasts", "lasts", GOOD),
            ("close", "may run out", WARNING),
            ("short", "runs out first", BAD),
            ("spent", "is spent", BAD),
        ),
        start=1,
    )
)
"""How a budget ends: the higher the number of the state, the sooner somebody must decide."""

_RANK = {state.code: state.number for state in BUDGETS}
_EXHAUSTION, _COMPLETION = (
    f"campaign_forecast_{what}_timestamp_seconds" for what in ("budget_exhaustion", "completion")
)


class Spending:
    """Expressions on some campaigns: `campaigns` chooses by tenant and campaign, `currency` by currency."""

    def __init__(self, q: Queries, campaigns: Mapping[str, str], currency: Mapping[str, str]) -> None:
        self.q = q
        self.campaigns = campaigns
        self._money = {**campaigns, **currency}

    # -- a span -----------------------------------------------------------------------------------------------

    def spent(self, *by: str, of: str = COST, **only: str) -> str:
        """What calls cost in a span."""
        return total(self.q.gained(of, **self._money, **only), *by)

    def daily(self, *by: str) -> str:
        """What calls cost in the day that begins at a moment; of today, so far."""
        series = selector(COST, **self._money)
        began = self.q.once(series)
        ended = self.q.once(f"last_over_time({series}[1d:{COARSE}] offset -1d)")
        there = f"max by (tenant, campaign) ({self.q.last('campaign_info', **self.campaigns)})"
        late = f"delta({began}[1d:{COARSE}] offset -1d)"
        grown = f"clamp_min({ended} - {began}, 0) or {ended} and on (tenant, campaign) {there}"
        return total(f"{grown} or clamp_min({late}, 0)", *by)

    def week_before(self, *by: str) -> str:
        """The same span a week before; absent where there are no figures for most of it."""
        info = f"max ({self.q.last('campaign_info', **self.campaigns)})"
        covered, wanted = (f"count_over_time(({info})[{RANGE}:30m]{shift})" for shift in (" offset 1w", ""))
        before = f"last_over_time({self.spent(*by)}[1s:1s] offset 1w)"
        return f"({before} and on () ({covered} >= {COVERED:g} * {wanted}))"

    def more(self, *by: str) -> str:
        """By how much more, or less, was spent than a week before."""
        return f"{self.spent(*by)} - {self.week_before(*by)}"

    def change(self, *by: str) -> str:
        """The same as a share of what was spent a week before."""
        return f"({self.more(*by)}) / ({self.week_before(*by)} > 0)"

    def calls(self, *by: str, of: str = "campaign_calls_total", **only: str) -> str:
        """Calls that ended in a span."""
        return total(self.priced(self.q.gained(of, **self.campaigns, **only)), *by)

    def per_answer(self, *by: str, **only: str) -> str:
        """What an answered call costs, the calls that nobody answered included."""
        return ratio(self.spent(*by, **only), self.calls(*by, outcome="answered"), at_least=MINIMUM_CALLS)

    def per_answer_before(self, *by: str) -> str:
        """What an answered call had cost when the span began, since the campaigns did."""
        spent, answers = (
            self.q.once(f"{selector(name, **chosen)} offset {RANGE}")
            for name, chosen in (
                (COST, self._money),
                ("campaign_calls_total", {**self.campaigns, "outcome": "answered"}),
            )
        )
        return ratio(total(spent, *by), total(self.priced(answers), *by), at_least=MINIMUM_CALLS)

    def dearer(self, *by: str) -> str:
        """By which share an answered call costs more, or less, than before."""
        return f"({self.per_answer(*by)}) / ({self.per_answer_before(*by)} > 0) - 1"

    def goals(self, *by: str) -> str:
        """Goals met in a span. A gauge, as the platform may correct it: where it fell, none were met."""
        return total(self.priced(self.q.gained("campaign_goal_achieved", **self.campaigns)), *by)

    def per_goal(self, *by: str) -> str:
        """What a goal costs, in campaigns that have goals."""
        aiming = f"{self.spent(*BY)} and on (tenant, campaign) {self._ever_in_span('campaign_goal_achieved')}"
        # Of a campaign that left, growth is worked out from samples: less than half a goal is none.
        return ratio(total(aiming, *by), self.goals(*by), at_least=0.5)

    # -- a life -----------------------------------------------------------------------------------------------

    def ever(self, *by: str, of: str = COST, **only: str) -> str:
        """What was spent since the campaigns began."""
        return total(self.q.last(of, **self._money, **only), *by)

    def arms(self, name: str, *by: str) -> str:
        """A total, such as of the arms of A/B tests, since the campaigns began."""
        return total(self.priced(self.q.last(name, **self.campaigns)), *by)

    def budget(self, *by: str) -> str:
        """What the campaigns may cost, where they have a budget."""
        return total(self.q.last("campaign_budget", **self._money), *by)

    def budgeted(self, *by: str) -> str:
        """What campaigns with a budget have spent of it."""
        return total(f"{self.ever(*BY)} and on ({', '.join(BY)}) {self.budget(*BY)}", *by)

    def used(self, *by: str) -> str:
        """The share of their budgets that campaigns have spent."""
        return ratio(self.budgeted(*by), self.budget(*by))

    def course(self, number: int) -> str:
        """The same over time, with names: so many campaigns, those that have spent most at the end of the span."""
        spent, budget = (
            total(self.q.once(f"{selector(name, **self._money)} @ end()"), *BY) for name in (COST, "campaign_budget")
        )
        most = f"topk ({number}, {ratio(spent, budget)})"
        info = self.q.once(f"{selector('campaign_info', **self.campaigns)} @ end()")
        names = f"topk by (tenant, campaign) (1, max by (tenant, campaign, name) ({info}))"
        shown = f"{self.used(*BY)} and on ({', '.join(BY)}) {most}"
        return f"({shown}) * on (tenant, campaign) group_left (name) {names}"

    def expected(self) -> str:
        """What a campaign will have cost when its tasks are done, at what a finished task has cost so far."""
        tasks, finished = (self._tasks(codes) for codes in (_TASKS, FINISHED_TASK_STATUSES))
        scale = ratio(tasks, finished, at_least=MINIMUM_CALLS)
        return f"{self.ever(*BY)} * on (tenant, campaign) group_left () ({scale})"

    def month_end(self, *by: str) -> str:
        """What campaigns with a budget will have cost when the month ends (UTC).

        Those that run go on at their pace of the last seven days, or of the part of them in which they were seen, but
        not beyond what they will have cost when their tasks are done.
        """
        week = total(self.q.gained(COST, over="7d", **self._money), *BY)
        pace = f"{week} / on (tenant, campaign) group_left () ({self._seen()}) * {_LEFT}"
        tasks = f"clamp_min({self.expected()} - {self.ever(*BY)}, 0)"
        least = f'label_replace({pace}, "by", "pace", "", "") or label_replace({tasks}, "by", "tasks", "", "")'
        runs = total(self.q.last("campaign_status", **self.campaigns, status="running"), "tenant", "campaign")
        added = f"min by ({', '.join(BY)}) ({least}) * on (tenant, campaign) group_left () ({runs})"
        return total(f"({self.budgeted(*BY)} + {added}) and on (tenant, campaign) ({self._seen()})", *by)

    def forecast_budgets(self, *by: str) -> str:
        """The sum of the budgets of these campaigns."""
        chosen = f"and on ({', '.join(BY)}) {self.ever(*BY)} and on (tenant, campaign) ({self._seen()})"
        return total(f"{self.budget(*BY)} {chosen}", *by)

    def _seen(self) -> str:
        """For how many seconds of the last seven days a campaign has been known; from six hours on."""
        info = f"max by (tenant, campaign) ({self.q.last('campaign_info', **self.campaigns)})"
        return f"time() - min_over_time((0 * {info} + time())[7d:{COARSE}]) >= {_ENOUGH_SECONDS}"

    def _tasks(self, statuses: tuple[str, ...]) -> str:
        chosen = f"=~{'|'.join(statuses)}"
        return total(self.q.last("campaign_tasks", **self.campaigns, status=chosen), "tenant", "campaign")

    def exhaustion(self, estimate: str) -> str:
        """When the budget is spent."""
        return self._moment(_EXHAUSTION, estimate)

    def completion(self, estimate: str) -> str:
        """When the tasks of a campaign with a budget are done."""
        return f"{self._moment(_COMPLETION, estimate)} and on ({', '.join(BY)}) {self.budget(*BY)}"

    def _moment(self, name: str, estimate: str) -> str:
        return f"max by ({', '.join(BY)}) ({self.priced(self.q.last(name, **self.campaigns, estimate=estimate))})"

    def outlook(self) -> str:
        """The number of the state in `BUDGETS` that a campaign's budget is in."""
        ended = self.q.last("campaign_status", **self.campaigns, status=f"=~{'|'.join(ENDED_STATUSES)}")
        found = {
            "ended": f"{self.budget(*BY)} and on (tenant, campaign) ({ended} == 1)",
            "spent": f"{self.used(*BY)} >= 1",
            "short": f"{self.exhaustion('likely')} < {self._moment(_COMPLETION, 'likely')}",
            "close": f"{self.exhaustion('early')} < {self._moment(_COMPLETION, 'late')}",
            "lasts": f"{self.exhaustion('early')} >= {self._moment(_COMPLETION, 'late')}",
            "unknown": self.budget(*BY),
        }
        return " or ".join(f"({expression}) * 0 + {_RANK[code]}" for code, expression in found.items())

    def alarming(self) -> str:
        """How many budgets are spent, or run out first; absent where no costs of a budget are known."""
        known = f"{self.budget(*BY)} and on ({', '.join(BY)}) {self.ever(*BY)}"
        return f"count (({self.outlook()}) >= {_RANK['short']}) or 0 * count ({known})"

    # -- names ------------------------------------------------------------------------------------------------

    def rows(self, *labels: str) -> str:
        """A 1 for each campaign, with its currency and labels of `campaign_info`.

        A campaign that is no longer exported, but was within the span, has a part in the span too. One a campaign, that
        of now: while it is renamed, replicas may know it by different names.
        """
        known("campaign_info", labels)
        now, past = self.q.last("campaign_info", **self._money), self._ever_in_span("campaign_info", **self._money)
        every = f"max by ({', '.join((*BY, *labels))}) (2 * {now} or {past})"
        return f"(topk by (tenant, campaign) (1, {every}) ^ 0)"

    def currencies(self) -> str:
        """A 1 for each currency of the campaigns."""
        return f"max by (currency) ({self.rows()})"

    def _ever_in_span(self, name: str, **chosen: str) -> str:
        series = selector(name, **(chosen or self.campaigns))
        return self.q.once(f"last_over_time({series}[{RANGE}:{COARSE}])")

    def labelled(self, expression: str, *labels: str) -> str:
        """An expression with labels of `campaign_info`; only campaigns of the chosen currencies."""
        return f"{expression} * on (tenant, campaign) group_left ({', '.join(labels)}) {self.rows(*labels)}"

    def priced(self, expression: str) -> str:
        """An expression with the campaign's currency."""
        return f"{expression} * on (tenant, campaign) group_left (currency) {self.rows()}"

    def providers(self, **only: str) -> str:
        """Calls in a span by provider: that of the connection which the number belongs to now."""
        of = {"tenant": self.campaigns["tenant"]}
        number, trunk = (
            f"topk by (tenant, {key}) (1, max by (tenant, {key}, {label}) ({self.q.last(name, **of)}))"
            for name, key, label in (
                ("campaign_number_info", "number", "connection"),
                ("campaign_connection_info", "connection", "provider"),
            )
        )
        calls = total(self.q.gained("campaign_number_calls_total", **self.campaigns, **only), "tenant", "number")
        by_trunk = f"{calls} * on (tenant, number) group_left (connection) {number}"
        return total(f"{by_trunk} * on (tenant, connection) group_left (provider) {trunk}", "provider")

    def errors(self) -> str:
        """Calls in a span that ended with an error, by provider."""
        return total(self.q.gained("campaign_call_errors_total", **self.campaigns), "provider")


_TASKS = (*LIVE_TASK_STATUSES, *FINISHED_TASK_STATUSES)
