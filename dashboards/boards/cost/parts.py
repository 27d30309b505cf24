"""Costs by what they were spent on: agent, component, attempt, arm of an A/B test, provider."""

from __future__ import annotations

from dashboards.boards.cost.queries import BY, Spending
from dashboards.vocabulary.colours import ACCENT
from dashboards.vocabulary.fields import colour, override, steps, words
from dashboards.vocabulary.figures import GAUGE, Column, answer_rate, figure, figures, label, whole
from dashboards.vocabulary.graphs import columns
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.queries import KNOWN, MINIMUM_CALLS, ratio, total
from dashboards.vocabulary.targets import rows
from dashboards.vocabulary.units import AMOUNT, CURRENCIES, CURRENCY_UNIT, RATIO
from exporter.contract.codes import NO_CURRENCY

NO_CAMPAIGNS = "No campaigns known"
NO_COSTS = "No costs known in this span"
NO_CALLS = "No calls known in this span"
TOO_FEW = "too few"
UNNAMED = override(NO_CURRENCY, displayName="no currency")
"""Of series named by a currency: the platform gives none."""

IN_SHADES = (
    override(".*", by="byRegexp", color={"mode": "shades", "fixedColor": ACCENT}),
    *(colour(code, shade) for code, shade in (("USD", "dark-blue"), ("EUR", ACCENT), ("GBP", "super-light-blue"))),
    UNNAMED,
)
"""Of bars a currency: no currency is better than another. Grafana's own shades are too near to each other."""


AXES = tuple(override(code, unit=f"suffix: {code}") for code in CURRENCIES)
"""Of bars a currency: an axis each, as 1,000 of one may be as much as 10 of another."""


def money(title: str, expression: str, width: int, empty: str = "–") -> Column:
    """A column of costs for one of something."""
    return figure(title, expression, width, unit=CURRENCY_UNIT, decimals=2, empty=empty)


def amount(title: str, expression: str, width: int, empty: str = "–") -> Column:
    """A column of sums."""
    return figure(title, expression, width, unit=AMOUNT, decimals=2, empty=empty)


def currency(width: int) -> Column:
    """The column that says what amounts are in."""
    return label("currency", "In", width, mappings=words({NO_CURRENCY: ("none", None)}))


def agents(s: Spending) -> Panel:
    """Costs by agent."""
    by = ("tenant", "agent", "currency")

    def split(expression: str) -> str:
        return total(s.labelled(expression, "agent"), *by)

    named = f"max by ({', '.join(by)}) ({s.rows('agent')})"
    spent, answered = split(s.spent(*BY)), split(s.calls(*BY, outcome="answered"))
    return figures(
        140,
        "Agents",
        "What each agent cost in the span, over all its campaigns, and for each answered call. Talk is what an agent "
        "is paid for: one that costs far more for an answer than the others talks too long, or to the wrong people. "
        "Look at its calls before you change it.",
        named,
        columns=(
            label("agent", "Agent", 0, custom_minWidth=110),
            currency(50),
            amount("Spent", spent, 90),
            figure("Change", f"{spent} / ({split(s.week_before(*BY))} > 0) - 1", 80, unit=RATIO, decimals=0),
            whole("Answered", answered, 84, "0"),
            money("Per answer", ratio(spent, answered, at_least=MINIMUM_CALLS), 92, TOO_FEW),
        ),
        by=by, kept=("tenant",), base=named, empty=NO_CAMPAIGNS, sort="Spent", descending=True, width=12, height=8,
        pages=False,
    )  # fmt: skip


def parts(s: Spending) -> Panel:
    """The agent's part and the line's."""
    ai, telephony = (s.spent("currency", component=part) for part in ("ai", "telephony"))
    return figures(
        150,
        "AI and telephony",
        "What the agents cost in the span, and what the lines do, for each currency. Telephony that grows while AI "
        "does not: calls that nobody answers; look at the number pool. AI that grows: calls last longer.",
        s.spent("currency"),
        columns=(
            currency(60),
            amount("AI", ai, 100),
            amount("Telephony", telephony, 100),
            figure("Share of AI", ratio(ai, s.spent("currency")), 0, unit=RATIO, decimals=0, **GAUGE,
                   thresholds=steps((None, ACCENT))),
        ),
        by=("currency",), base=s.currencies(), empty=NO_COSTS, sort="In", width=12, height=8, pages=False,
    )  # fmt: skip


_ATTEMPT = ("attempt", "currency")
_COST, _CALLS = "campaign_attempt_cost_total", "campaign_attempt_calls_total"


def _answers(s: Spending) -> str:
    return s.calls(*_ATTEMPT, of=_CALLS, outcome="answered")


def attempts(s: Spending) -> Panel:
    """What one more attempt brings, and what it costs."""
    spent, calls = s.spent(*_ATTEMPT, of=_COST), s.calls(*_ATTEMPT, of=_CALLS)
    told = s.calls(*_ATTEMPT, of=_CALLS, **KNOWN)
    share = f"{_answers(s)} / on (currency) group_left () ({total(_answers(s), 'currency')} > 0)"
    return figures(
        161,
        "Attempts",
        "What the first, second and further attempts of the span cost, and what they brought. Where an answer costs "
        "a multiple of the first attempt's, retries no longer pay: lower the number of attempts, which spares the "
        "numbers too. Share of answers: what the campaigns would lose without that attempt.",
        f"{calls} or {spent}",
        columns=(
            label("attempt", "Attempt", 0, custom_minWidth=95),
            currency(60),
            whole("Calls", calls, 72),
            whole("Answers", _answers(s), 78, "0"),
            answer_rate("Answered", ratio(_answers(s), told, at_least=MINIMUM_CALLS), 86),
            figure("Share of answers", share, 134, unit=RATIO, decimals=0),
            amount("Spent", spent, 95),
        ),
        by=_ATTEMPT, base=s.arms(_CALLS, *_ATTEMPT), empty=NO_CALLS, sort="Attempt", then_by="In", width=14,
        height=8, pages=False,
    )  # fmt: skip


def attempt_costs(s: Spending) -> Panel:
    """What an answer costs at each attempt."""
    matrix = {"columnField": "currency", "rowField": "attempt", "valueField": "Value", "emptyValue": "null"}
    cost = ratio(s.spent(*_ATTEMPT, of=_COST), _answers(s), at_least=MINIMUM_CALLS)
    return columns(
        162,
        "Cost of an answer by attempt",
        "What one more answer cost at each attempt of the span, by currency. As long as a goal brings more than its "
        "answers cost, the attempt pays. Bars that climb steeply say where to stop.",
        rows(cost),
        x="attempt\\currency", unit=CURRENCY_UNIT, decimals=2, width=10, height=8,
        empty="Not enough data",
        transformations=[{"id": "groupingToMatrix", "options": matrix}], overrides=(*IN_SHADES, *AXES),
    )  # fmt: skip


def variants(s: Spending, links: list[Json]) -> Panel:
    """Costs by arm of the A/B tests."""
    by = (*BY, "variant")

    def count(what: str) -> str:
        return s.arms(f"campaign_variant_{what}_total", *by)

    spent, answers, goals = s.ever(*by, of="campaign_variant_cost_total"), count("answers"), count("goals")
    arms = f"({count('calls')} or {spent})"
    return figures(
        171,
        "Arms of the A/B tests",
        "What each arm has cost since the test began, for each answered call and for each goal. The cheaper arm is "
        "not yet the better one: the campaign's board says how sure that is, and whether contacts were split as "
        "configured. Decide there, not here.",
        f"max by ({', '.join((*by, 'name', 'agent'))}) ({s.labelled(arms, 'name', 'agent')})",
        columns=(
            label("name", "Campaign", 0, links=links, custom_minWidth=200),
            label("agent", "Agent", 130),
            label("variant", "Arm", 90),
            currency(60),
            whole("Calls", count("calls"), 80),
            whole("Answered", answers, 86),
            whole("Goals", goals, 72),
            amount("Spent in all", spent, 104),
            money("Per answer", ratio(spent, answers, at_least=MINIMUM_CALLS), 110, TOO_FEW),
            money("Per goal", ratio(spent, goals), 90),
        ),
        by=by, kept=("tenant", "campaign"), base=arms, empty="No A/B tests known", sort="Campaign", height=6,
        pages=False,
    )  # fmt: skip


def providers(s: Spending) -> Panel:
    """Calls and errors by provider: what a provider costs is not told."""
    calls, errors = s.providers(), s.errors()
    failed = ratio(errors, calls, at_least=MINIMUM_CALLS)
    return figures(
        181,
        "Providers",
        "Calls of the span by the provider that the number belongs to now, and those that ended with an error. The "
        "platform does not tell what each provider costs: ask the invoice. A provider with many errors or few "
        "answers costs calls that bring nothing: move its numbers.",
        f"group by (provider) ({calls} or {errors})",
        columns=(
            label("provider", "Provider", 0, noValue="not known", custom_minWidth=150),
            whole("Calls", calls, 150),
            answer_rate("Answered", ratio(s.providers(outcome="answered"), calls, at_least=MINIMUM_CALLS), 150),
            whole("Errors", errors, 150, "0"),
            figure("Errors a call", failed, 150, unit=RATIO, decimals=1, empty="0 %"),
        ),
        key="provider", base=calls, empty="No providers known", sort="Calls", descending=True,
        height=6,
        pages=False,
    )  # fmt: skip
