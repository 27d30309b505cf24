"""Cost and governance: what was spent, on what, against which budget, and where does it end up?

The panels know nothing of variables. `Spending` says whose campaigns they are about, and `Way` where names lead to: the
shared board is made of the same panels.
"""

from __future__ import annotations

from dashboards.boards.cost.best_hours import Hours, best_hours
from dashboards.boards.cost.parts import (
    AXES,
    IN_SHADES,
    NO_CAMPAIGNS,
    NO_COSTS,
    TOO_FEW,
    agents,
    amount,
    attempt_costs,
    attempts,
    currency,
    money,
    parts,
    providers,
    variants,
)
from dashboards.boards.cost.queries import BUDGETS, BY, Spending
from dashboards.boards.exporters import dated
from dashboards.settings import Settings
from dashboards.vocabulary import variables
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.colours import BAD, CALM, NEUTRAL, WARNING
from dashboards.vocabulary.fields import COLOURED, Step, joined, link, override, steps
from dashboards.vocabulary.figures import GAUGE, Column, figure, figures, label, state, whole
from dashboards.vocabulary.graphs import columns, graph
from dashboards.vocabulary.layout import Folded, Line, folded, line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import CAMPAIGNS, MINIMUM_CALLS, TENANTS, Queries, milliseconds, ratio
from dashboards.vocabulary.targets import ask, now
from dashboards.vocabulary.units import AGE, CURRENCY_UNIT, RATIO, WHOLE

NO_BUDGETS = "No budgets known"
SPENT: tuple[Step, ...] = ((None, CALM), (0.9, WARNING), (1, BAD))


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    way = Way(settings).only("datasource")
    spending = Spending(q, {"tenant": TENANTS, "campaign": CAMPAIGNS}, {"currency": "=~$currency"})
    return Board(
        name="cost",
        title="Cost and governance",
        question="What was spent, on what, against which budget, and where does it end up?",
        tags=("cost",),
        variables=(
            variables.prometheus(settings),
            variables.tenants(q, several=True),
            variables.campaigns(q, several=True),
            _currencies(q),
        ),
        links=(
            menu("Campaigns overview", way.only("datasource", "tenant").to("overview")),
            menu("Number pool", way.only("datasource", "tenant").to("numbers")),
        ),
        span="now-7d",
        refresh="5m",
        parts=sections(spending, way),
    )


def sections(spending: Spending, way: Way | None = None) -> tuple[Line | Folded, ...]:
    """All panels. Without a way, names lead nowhere."""
    links = [link("The campaign", way.to("campaign", campaign="${__data.fields.campaign}"))] if way else []
    return (
        _strip(spending),
        line(_budgets(spending, links)),
        line(_days(spending), _course(spending)),
        line(_campaigns(spending, links)),
        line(agents(spending), parts(spending)),
        folded(heading(160, "By attempt: do retries pay?", collapsed=True),
               line(attempts(spending), attempt_costs(spending))),
        folded(heading(170, "By arm of the A/B tests", collapsed=True), line(variants(spending, links))),
        folded(heading(180, "By provider", collapsed=True), line(providers(spending))),
        folded(heading(190, "By hour: when do people answer?", collapsed=True),
               *best_hours(Hours(spending.q, spending.campaigns))),
    )  # fmt: skip


def _currencies(q: Queries) -> Json:
    query = f"max by (currency) ({q.last('campaign_info', tenant=TENANTS, campaign=CAMPAIGNS)})"
    return variables.choices("currency", "Currency", query, r'/currency="(?<value>(?<text>[^"]+))"/', several=True)


def _strip(s: Spending) -> Line:
    """A row for each currency: figures of several in one tile would be too small to read."""
    return line(
        figures(
            101,
            "By currency",
            "Spent: what the calls of the span cost, agent and line; the invoice may differ by the last minutes. "
            "Change: against the same span a week before; a rise without more goals is worth a question, and the "
            "campaigns below say where it comes from. Per answer: all costs for each answered call, from "
            f"{MINIMUM_CALLS} on; if it rises, fewer people answer: look at the number pool before the price. Per "
            "goal: all costs in campaigns that have goals, for each goal met; compare it with what a goal brings. "
            "Month's end: what campaigns with a budget will have cost by then (UTC), beside the sum of their budgets; "
            "those that run go on at their pace of the last seven days until their tasks are done, and one that was "
            "seen for less than six hours is left out.",
            s.spent("currency"),
            columns=(
                currency(0),
                amount("Spent", s.spent("currency"), 120),
                figure("Change", s.change("currency"), 90, unit=RATIO, decimals=0, empty="no past"),
                money("Per answer", s.per_answer("currency"), 110, TOO_FEW),
                money("Per goal", s.per_goal("currency"), 110, "no goals"),
                amount("Month's end", s.month_end("currency"), 130, "no budgets"),
                amount("Of budgets", s.forecast_budgets("currency"), 130, "no budgets"),
            ),
            by=("currency",), base=s.currencies(), empty=NO_COSTS, sort="Spent", descending=True, width=20, height=5,
            pages=False,
        ),
        dated(stat(
            106, "Overrun",
            "Budgets that are spent, or that will be before the tasks are done. Decide for each: raise the budget, "
            "narrow the list, or let it end. Nothing is dialled once a budget is spent.",
            now(s.alarming()), unit=WHOLE, decimals=0, width=4, height=5, empty="No budgets known",
            thresholds=((None, NEUTRAL), (1, BAD)),
        )),
    )  # fmt: skip


def _budgets(s: Spending, links: list[Json]) -> Panel:
    return figures(
        110,
        "Budgets",
        "Every campaign with a budget, the most urgent first. Runs out first: at the pace of the last open hours the "
        "budget is spent before the tasks are done; may run out: the two forecasts overlap. Decide early: raise the "
        "budget, narrow the list, or stop retries that do not pay. When done: the cost when all tasks are "
        "done, at what a finished task has cost so far; rough, and too high while many retries are open. Dates "
        "are the likely ones; earliest: the early end of an 80 % interval.",
        f"{s.rows('name')} and on ({', '.join(BY)}) {s.budget(*BY)}",
        columns=(
            state("The budget", s.outlook(), 126, BUDGETS),
            label("name", "Campaign", 0, links=links, custom_minWidth=175),
            currency(50),
            amount("Budget", s.budget(*BY), 90),
            amount("Spent", s.budgeted(*BY), 90),
            figure("Of budget", s.used(*BY), 105, unit=RATIO, decimals=1, **GAUGE, thresholds=steps(*SPENT)),
            amount("When done", f"{s.expected()} and on ({', '.join(BY)}) {s.budget(*BY)}", 92, TOO_FEW),
            _moment("Runs out", s.exhaustion("likely")),
            _moment("Earliest", s.exhaustion("early")),
            _moment("Tasks done", s.completion("likely")),
        ),
        by=BY, kept=("tenant", "campaign"), base=s.budget(*BY), empty=NO_BUDGETS, sort="The budget", descending=True,
        then_by="Runs out", height=7, pages=False,
    )  # fmt: skip


def _moment(title: str, expression: str) -> Column:
    return figure(title, milliseconds(f"({expression}) > time()"), 119, unit=AGE)


def _days(s: Spending) -> Panel:
    return columns(
        120,
        "Spent a day",
        "What each of the last 14 days cost, by currency; the last bar is today so far. A day that sticks out: look "
        "at its campaigns, by choosing that day above.",
        # A day's costs stand at its beginning.
        ask(s.daily("currency"), "{{currency}}"),
        x="Time", unit=CURRENCY_UNIT, empty=NO_COSTS, width=12,
        transformations=[joined("Time")], overrides=[*IN_SHADES, *AXES, override("Time", unit="time:DD")],
    ).over("14d", "1d")  # fmt: skip


def _course(s: Spending) -> Panel:
    return graph(
        121,
        "Budgets over time",
        "The share of the budget that is spent, of the ten campaigns that have spent most of theirs. The steeper the "
        "line, the sooner it ends. A line that falls: somebody raised the budget. A line that stands still below 100 "
        "%: the campaign does not dial; its own board says why.",
        ask(s.course(10), "{{name}} {{currency}}"),
        unit=RATIO, empty=NO_BUDGETS, thresholds=((None, NEUTRAL), (1, BAD)), legend=("lastNotNull",),
        legend_right=True,
    )  # fmt: skip


def _campaigns(s: Spending, links: list[Json]) -> Panel:
    return figures(
        130,
        "Campaigns",
        "What each campaign cost in the span, the dearest first, and how that compares with the same span a week "
        "before. A rise with fewer answers: the number pool or the list is tired. A high cost of a goal with many "
        f"answers: the agent or the script. Costs of an answer need {MINIMUM_CALLS} answered calls. Before: what an "
        "answer had cost until the span began; dearer by half and more is orange: choose a span of hours, find when it "
        "began, and reduce concurrency until the reason is known. Change one thing, then watch.",
        s.rows("name"),
        columns=(
            label("name", "Campaign", 0, links=links, custom_minWidth=200),
            currency(50),
            amount("Spent", s.spent(*BY), 90),
            figure("Change", s.change(*BY), 75, unit=RATIO, decimals=0),
            figure("Share of AI", ratio(s.spent(*BY, component="ai"), s.spent(*BY)), 90, unit=RATIO, decimals=0),
            whole("Answered", s.calls(*BY, outcome="answered"), 90, "0"),
            money("Per answer", s.per_answer(*BY), 92, TOO_FEW),
            figure("Dearer", s.dearer(*BY), 75, unit=RATIO, decimals=0,
                   thresholds=steps((None, NEUTRAL), (0.5, WARNING)), **COLOURED),
            whole("Goals", s.goals(*BY), 70),
            money("Per goal", s.per_goal(*BY), 90),
            amount("Spent in all", s.ever(*BY), 100),
        ),
        by=BY, kept=("tenant", "campaign"), base=s.rows(), empty=NO_CAMPAIGNS, sort="Spent", descending=True, height=10,
        pages=False,
    )  # fmt: skip
