"""When people answer, by their campaigns' own clocks, and on how many calls that rests."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.vocabulary.colours import CALM, GOOD, NEUTRAL
from dashboards.vocabulary.fields import COLOURED, Step, organised, override, sorted_by, steps, words
from dashboards.vocabulary.figures import answer_rate, figure, figures, label, whole
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import MINIMUM_CALLS, PICKED_UP, RANGE, THROUGH, Queries, ratio, selector, total
from dashboards.vocabulary.targets import now, rows
from dashboards.vocabulary.units import RATIO

SURE = 3.0
"""Standard deviations: of twenty-four hours one is two away by chance."""

EMPTY = "Not enough data, or no time zone known"
WEEKDAYS = {"1": "Mon", "2": "Tue", "3": "Wed", "4": "Thu", "5": "Fri", "6": "Sat", "7": "Sun"}
"""Their numbers, as ISO 8601 has them."""

_TWO_HOURS = {f"{hour:02}": f"{hour:02}–{hour + 2:02}" for hour in range(0, 24, 2)}
"""Beside weekdays: cells of a single hour would not fit, and have few calls."""


_UPPER: tuple[Step, ...] = ((None, NEUTRAL), (50, CALM), (80, GOOD))
"""Per cent of the way from the lowest cell to the highest; no scale of one colour can be read on dark and light."""


class Hours:
    """Calls by the hour in which they ended; `campaigns` chooses by tenant and campaign."""

    def __init__(self, q: Queries, campaigns: Mapping[str, str]) -> None:
        self._q = q
        self._campaigns = campaigns

    def calls(self, *by: str, **only: str) -> str:
        """Calls of a span by `hour`, or by `day` and even `hour` (two at once); without either, all of them.

        What was counted in each whole hour of UTC, at the hour of the campaign's clock that its middle lies in.
        """
        series = selector("campaign_calls_total", **self._campaigns, **only)
        counted = f"clamp_min({self._q.once(series)} - {self._q.once(f'{series} offset 1h')}, 0)"
        ahead = f"max by (tenant, campaign) ({selector('campaign_utc_offset_seconds')})"
        local = f"({ahead} + time() - 1800)"
        # The weekday (Sunday is 0 in PromQL) and two digits of the hour: labels of a second `count_values` get mixed up
        # in Prometheus 2.42.
        weekday = f"((day_of_week({local}) + 6) % 7 + 1)"
        hour = f"2 * floor(hour({local}) / 2)" if "day" in by else f"hour({local})"
        hours = f'count_values by (tenant, campaign) ("at", 100 * {weekday} + {hour})'
        at_hours = f"{total(counted, 'tenant', 'campaign')} * on (tenant, campaign) group_right () ({hours})"
        found = f"sum_over_time(({at_hours})[{RANGE}:1h])"
        for name, place in (("day", "(.).."), ("hour", ".(..)")):
            if name in by:
                found = f'label_replace({found}, "{name}", "$1", "at", "{place}")'
        return total(found, *by)

    def rate(self, *by: str) -> str:
        """The answer rate of calls that got through; absent below the minimum sample."""
        return ratio(self.calls(*by, **PICKED_UP), self.calls(*by, **THROUGH), at_least=MINIMUM_CALLS)

    def more(self) -> str:
        """By which share more is answered in an hour than in all together, where that is no chance."""
        return f"({self._change()} > on (hour) ({self._chance()}))"

    def more_or_less(self) -> str:
        """The same of hours in which less is answered, too."""
        return f"({self.more()} or {self._change()} < on (hour) (-{self._chance()}))"

    def _change(self) -> str:
        return f"({self.rate('hour')}) / on () group_left () ({self.rate()}) - 1"

    def _chance(self) -> str:
        return f"{SURE:g} / sqrt({self.calls('hour', **PICKED_UP)} > 0)"


def best_hours(hours: Hours) -> tuple[Line, ...]:
    """All panels."""
    return line(_best(hours), _by_hour(hours)), line(_by_weekday(hours))


def _best(hours: Hours) -> Panel:
    named = f'label_replace(topk (1, {hours.more()}), "hour", "$1:00", "hour", "(.+)")'
    return stat(
        191, "Best hour",
        "The hour of the day in which people answer most, and by how much more than in all hours together; only where "
        "that is no chance. Move call windows towards it, or make first attempts then. It tells of the people who were "
        "called at that hour: another list may differ.",
        now(named, "more answers at {{hour}}"),
        unit=RATIO, decimals=0, empty="No hour stands out, as far as is known", width=6, height=9,
        text="value_and_name",
    )  # fmt: skip


def _by_hour(hours: Hours) -> Panel:
    calls = hours.calls("hour", **THROUGH)
    return figures(
        192, "Answers by hour",
        "Calls that got through and the share of them that was answered, by the hour of each campaign's own clock in "
        "which they ended. Against all: by so much more, or less, than in all hours together, where that is no chance. "
        f"Rates need {MINIMUM_CALLS} calls: choose a longer span for more.",
        columns=(
            label("hour", "Hour", 120),
            answer_rate("Answered", hours.rate("hour"), 200),
            whole("Calls", calls, 200),
            figure("Against all", hours.more_or_less(), 0, unit=RATIO, decimals=0, empty="no sign"),
        ),
        key="hour", base=calls, empty=EMPTY, sort="Answered", descending=True, width=18, height=9, pages=False,
    )  # fmt: skip


def _by_weekday(hours: Hours) -> Panel:
    corner = "day\\hour"
    return table(
        193, "Answers by weekday and hour",
        "The share of calls that were answered, by weekday and two hours of each campaign's clock. Between "
        "the lowest cell and the highest, blue is the upper half and green the top fifth: dial then. A cell of fewer "
        f"than {MINIMUM_CALLS} calls is empty.",
        rows(hours.rate("hour", "day")),
        empty=EMPTY, unit=RATIO, decimals=0, height=9,
        transformations=[
            {"id": "groupingToMatrix",
             "options": {"columnField": "hour", "rowField": "day", "valueField": "Value", "emptyValue": "null"}},
            organised([corner, *_TWO_HOURS], {corner: "Day", **_TWO_HOURS}),
            sorted_by("Day"),
        ],
        overrides=[
            override("Day", unit="string", custom_width=60,
                     mappings=words({number: (name, None) for number, name in WEEKDAYS.items()})),
            override("/–/", by="byRegexp", custom_align="center", custom_width=85, noValue="",
                     color={"mode": "thresholds"}, thresholds={**steps(*_UPPER), "mode": "percentage"}, **COLOURED),
        ],
    )  # fmt: skip
