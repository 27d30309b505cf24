"""Number pool: across campaigns, which number is bad, and what is to be done about it?"""

from __future__ import annotations

from typing import Any

from dashboards.boards.exporters import dated
from dashboards.boards.numbers.capacity import NO_NUMBERS, caps, countries, errors, in_use, trunks
from dashboards.boards.numbers.connections import KNOWN, failed, failed_share
from dashboards.boards.numbers.queries import BY, COOLING_SECONDS, FALL, NUMBERS, USE, VERDICTS, Pool
from dashboards.boards.numbers.routes import routes
from dashboards.settings import Settings
from dashboards.vocabulary import variables
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.colours import BAD, CALM, FADED, NEUTRAL, NUMBER_STATES, WARNING, State
from dashboards.vocabulary.fields import COLOURED, Step, below, codes, link, steps
from dashboards.vocabulary.figures import GAUGE, Column, answer_rate, figure, figures, label, state, whole
from dashboards.vocabulary.graphs import band, graph
from dashboards.vocabulary.layout import Folded, Line, folded, line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import MINIMUM_CALLS, RANGE, TENANTS, Queries, number_of, selector, total
from dashboards.vocabulary.targets import ask, now
from dashboards.vocabulary.units import AGE, COUNT, RATIO, WHOLE
from exporter.diagnosis.dispatch.gates import IMPAIRED

NONE_SHOWN = "No numbers known"
OTHER_THAN_ACTIVE = [state for state in NUMBER_STATES if state.code != "active"]
"""What is as it should be needs no colour in a table of many."""

ANY: tuple[Step, ...] = ((None, NEUTRAL), (1, BAD))
WINDOW = "4h"
"""A busy number makes its twenty calls in so long."""

_LEGEND = "{{phone}} {{label}}"


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    pool = Pool(q)
    way = Way(settings).only("datasource")
    return Board(
        name="numbers",
        title="Number pool",
        question="Across campaigns, which number is bad, and what is to be done about it?",
        tags=("numbers",),
        variables=(
            variables.prometheus(settings),
            variables.tenants(q, several=True),
            _choice(q),
        ),
        links=(menu("Campaigns overview", way.only("datasource", "tenant").to("overview")),),
        refresh="1m",
        parts=(
            _strip(q, pool),
            line(_worst(pool, way)),
            line(_rates(pool), _states(q, pool)),
            line(_falls(q, pool, way), _held(q)),
            line(caps(pool), countries(pool)),
            line(in_use(q), errors(q)),
            line(trunks(q, pool)),
            line(routes(q, pool)),
            _uses(q, pool, way),
        ),
    )


def _choice(q: Queries) -> Json:
    info = q.last("campaign_number_info", tenant=TENANTS)
    query = f'max by (number, title) (label_join({info}, "title", "  ", "phone", "label"))'
    pattern = r'/number="(?<value>[^"]+)".*title="(?<text>.+)"\} /'
    return variables.choices("number", "Number", query, pattern, several=True)


def _strip(q: Queries, pool: Pool) -> Line:
    def count(
        id: int, title: str, description: str, expression: str, thresholds: tuple[Step, ...],  # noqa: A002
        among: str = pool.known(), empty: str = NONE_SHOWN, width: int = 3,
    ) -> Panel:  # fmt: skip
        """How many; none only where it is known of some."""
        found = f"{number_of(expression)} or 0 * {number_of(among)}"
        return stat(
            id, title, description, now(found, title), unit=WHOLE, decimals=0, width=width, height=3, empty=empty,
            thresholds=thresholds,
        )  # fmt: skip

    share = failed_share(q, "tenant", "connection")
    return line(
        dated(count(
            101, "Flagged",
            "Numbers that the platform has flagged as spam. Take them out of every pool and replace them; ask the "
            "provider to clear the label before you use them again.",
            pool.status("flagged"), ANY, width=4,
        )),
        count(
            107, "Failing",
            f"Connections of which {IMPAIRED:.0%} or more of the calls failed in {KNOWN}. Reduce "
            "concurrency and fail over to another connection; Connections below names provider and code.",
            f"{share} >= {IMPAIRED}", ANY, share, "Not enough data",
        ),
        count(
            102, "Sudden drops",
            f"Numbers whose answer rate lost {FALL:.0%} or more against the 7 days before, by more than chance would, "
            "and unlike the tenant's other numbers. "
            "A fall from 20 % to 12 % in two days is an early sign of a spam label. Take the worst out of its pool "
            "first, then reduce concurrency, before you change the script.",
            pool.fell(*BY), ANY, pool.calls(*BY), "Not enough data", 4,
        ),
        count(
            103, "At cap",
            "Numbers that have made all the calls their daily cap allows; they call again after the tenant's "
            "midnight. If campaigns wait for them, add numbers rather than raise the cap: vendors advise 75 to 100 "
            "calls a day.",
            f"{pool.used()} >= 1", ((None, NEUTRAL), (1, WARNING)), pool.used(), "No caps known",
        ),
        count(
            104, "Resting",
            f"Numbers that rest, or cool down for more than {COOLING_SECONDS // 60} minutes. Nothing to do: rest is "
            "how a number recovers. Do not end it early.",
            f"{pool.status('resting')} or {pool.cooling(COOLING_SECONDS)}", ((None, NEUTRAL),),
        ),
        count(
            105, "Usable",
            "Active numbers that neither rest nor are at their cap. At zero nothing can be dialled: add numbers.",
            f"({pool.usable()}) unless on () ({pool.unjudged()})", ((None, NEUTRAL), (0, BAD), (1, NEUTRAL)),
            f"({pool.judged()}) unless on () ({pool.unjudged()})", "Unknown",
        ),
        stat(
            106, "Left today",
            "How many calls the active numbers may still make before the tenant's midnight; numbers without a cap "
            "are left out. If it is less than the tasks of today need, add numbers before they run out.",
            now(total(pool.left())), unit=WHOLE, decimals=0, width=4, height=3,
            empty="No caps known",
        ),
    )  # fmt: skip


def _worst(pool: Pool, way: Way) -> Panel:
    here = way.to("numbers", tenant="${__data.fields.tenant}", number="${__data.fields.number}")
    return figures(
        110,
        "Numbers, worst first",
        "Each number with what is wrong with it. Flagged: take it out of every pool and replace it. Connection fails: "
        "the number is not to blame, look at Connections. Calls fail: "
        f"{IMPAIRED:.0%} or more of its own; ask the provider about it. Answers fell: of the calls that got through "
        f"{FALL:.0%} fewer are answered than in its own 7 days before, and that is neither chance nor what the other "
        "numbers of the tenant show; rest it, or replace it if it falls again. At its cap: add numbers. Change one "
        f"number at a time. Rates need {MINIMUM_CALLS} calls in the span: choose a longer one for quiet numbers. The "
        "past ends where the span begins; without figures of 7 days it is all there is. Click a phone to see it alone.",
        pool.described("phone", "label"), pool.providers(), pool.owned(pool.known()), pool.statuses(),
        columns=(
            state("Finding", pool.verdict(), 126, VERDICTS),
            label("phone", "Phone", 128, links=[link("This number alone", here)]),
            label("label", "Label", 56),
            label("name", "Tenant", 101),
            label("provider", "Provider", 80),
            label("status", "Status", 72, mappings=codes(OTHER_THAN_ACTIVE), **COLOURED),
            answer_rate("Answered", pool.rate(*BY), 84),
            _change(pool.change(*BY), 72),
            whole("Calls", pool.calls(*BY), 52),
            failed(pool.failed(*BY), 66),
            whole("Today", pool.of("campaign_number_calls_today"), 56, "0"),
            figure("Of cap", pool.used(), 74, unit=RATIO, decimals=0, empty="no cap", **GAUGE,
                   thresholds=steps((None, CALM), (1, WARNING))),
            figure("Rests until", f"({pool.cooling()}) * 1000", 119, unit=AGE),
        ),
        by=BY, kept=BY, base=pool.known(), within=pool.known(), empty=NO_NUMBERS, sort="Finding", descending=True,
        then_by="Change", height=14, pages=False,
    )  # fmt: skip


def _rates(pool: Pool) -> Panel:
    worst = f"bottomk (10, {pool.rate(*BY, at=' @ end()')})"
    return graph(
        120,
        "Answer rate of the worst ten",
        f"Answer rate over the {WINDOW} before each moment, of the ten numbers that answer least in the span. A step "
        "down that stays is a spam label: rest or replace the number. If all fall together it is not the numbers: "
        f"look at the hour, the list and the provider. A gap: fewer than {MINIMUM_CALLS} calls.",
        ask(pool.labelled(f"{pool.course(WINDOW)} and on (tenant, number) {worst}", "phone", "label"), _LEGEND),
        unit=RATIO, empty="Not enough data", interval="5m", gaps=True, filled=0, height=9, legend=("lastNotNull",),
        legend_right=True,
    )  # fmt: skip


def _states(q: Queries, pool: Pool) -> Panel:
    some = selector("campaign_number_status", **NUMBERS, status="=~flagged|resting")
    chosen = f"topk (20, max by (tenant, number) (max_over_time({some}[{RANGE}] @ end())) == 1)"
    every = q.band("campaign_number_status", "status", [each.code for each in NUMBER_STATES], ", ".join(BY), **NUMBERS)
    found = pool.labelled(f"({every}) and on (tenant, number) {chosen}", "phone", "label")
    # A band without a series would complain of a missing time field, so that nothing is a state too.
    known = f"0 * count ({q.last('campaign_number_status', **NUMBERS)})"
    nothing = f'label_replace ({known} unless on () {chosen}, "phone", "No number", "", "")'
    return band(
        121,
        "Flagged and resting numbers",
        "The state of every number that was flagged or rested in the span, twenty at most. One that goes back and "
        "forth is overused: lower its weight. Several flagged at once: the campaign's pace or its script draws "
        "complaints; reduce concurrency first.",
        ask(f"{found} or {nothing}", _LEGEND),
        states=(*NUMBER_STATES, State("none", 0, "flagged or resting", FADED)),
        empty="No numbers known",
        width=12, height=9,
    )  # fmt: skip


def _falls(q: Queries, pool: Pool, way: Way) -> Panel:
    fallen = f"topk (50, -({pool.fell(*USE)}))"
    return figures(
        130,
        "Sudden drops by campaign",
        "Where a number's answer rate fell suddenly against its own past in the same campaign. If a number falls in "
        "all its campaigns, carriers have labelled it: rest or replace it. If it falls in one only, look at that "
        "campaign: its list, its hours, its script. If all numbers of one campaign fall, it is not the numbers.",
        q.named(fallen),
        columns=(
            label("phone", "Phone", 140),
            label("label", "Label", 110),
            label("name", "Campaign", 190, links=[link("The campaign", _campaign(way))]),
            _change(pool.labelled(f"-{fallen}", "phone", "label"), 90, thresholds=steps(*below(-FALL, BAD)),
                    color={"mode": "thresholds"}, **COLOURED),
        ),
        by=USE, kept=USE, empty="No sudden falls known",
        sort="Change", width=12, height=7, pages=False,
    )  # fmt: skip


def _campaign(way: Way) -> str:
    return way.to("campaign", campaign="${__data.fields.campaign}")


def _held(q: Queries) -> Panel:
    return graph(
        131,
        "Tasks that wait for numbers",
        "Pending tasks that no number may dial now. number_flagged: replace the numbers. number_daily_cap: add "
        "numbers, or wait for midnight. number_cooldown: it passes. no_country_match: add numbers of the contacts' "
        "country, or correct the campaign's rule.",
        ask(total(q.last("campaign_tasks_blocked", tenant=TENANTS, group="number"), "blocker"), "{{blocker}}"),
        unit=WHOLE, decimals=0, empty="Unknown", stacked=True, height=7,
    )  # fmt: skip


def _uses(q: Queries, pool: Pool, way: Way) -> Folded:
    named = f"{pool.weights()} and on (tenant, number) {pool.known()}"
    return folded(
        heading(160, "Which campaign uses which number", collapsed=True),
        line(
            figures(
                161,
                "Pools",
                "Every number of every pool. The share is how often it is picked, by its weight. To take a bad "
                "number out of circulation without a gap, lower its weight in each of its campaigns, then watch.",
                pool.labelled(pool.weights(), "phone", "label"), q.named(named),
                columns=(
                    label("phone", "Phone", 130),
                    label("label", "Label", 100),
                    label("name", "Campaign", 250, links=[link("The campaign", _campaign(way))]),
                    figure("Weight", pool.weights(), 88, unit=COUNT),
                    figure("Share of pool", pool.share(), 130, unit=RATIO, decimals=0, **GAUGE),
                    whole("Calls", pool.calls(*USE), 74, "0"),
                    answer_rate("Answered", pool.rate(*USE), 108),
                    answer_rate("7 d before", pool.past(*USE), 108, "too new"),
                    _change(pool.change(*USE), 92),
                ),
                by=USE, kept=USE, base=named, within=named, sort="Phone",
                empty="No pools known", height=12,
                filters=True,
            )
        ),
    )  # fmt: skip


def _change(expression: str, width: int, **colour: Any) -> Column:
    """Without a colour where chance is not ruled out: what is found says that."""
    return figure("Change", expression, width, unit=RATIO, decimals=0, **colour)
