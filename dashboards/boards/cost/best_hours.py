"""When people answer, by their campaigns' own clocks, and on how many calls that rests."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.vocabulary.colours import CALM, GOOD, NEUTRAL
from dashboards.vocabulary.fields import COLOURED, Step, matching, organised, override, sorted_by, steps
from dashboards.vocabulary.figures import answer_rate, figure, figures, label, whole
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import MINIMUM_CALLS, PICKED_UP, RANGE, THROUGH, Queries, ratio, selector, total
from dashboards.vocabulary.targets import now, rows
from dashboards.vocabulary.units import RATIO

SURE = 3.0
"""Standard deviations of counting: of twenty-four hours one is two away by chance."""

CELL = 100
"""Calls of a cell beside weekdays: of eighty cells, those of a few calls would be the highest and the lowest."""

EMPTY = "Not enough data, or no time zone known"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""From 1 on, as ISO 8601 has them."""

_TWO_HOURS = {f"{hour:02}": f"{hour:02}–{hour + 2:02}" for hour in range(0, 24, 2)}
"""Beside weekdays: cells of a single hour would not fit, and have few calls."""

_UPPER: tuple[Step, ...] = ((None, NEUTRAL), (50, CALM), (80, GOOD))
"""Per cent of the way from the lowest cell to the highest; no scale of one colour can be read on dark and light."""

_BY = ("tenant", "campaign")


class Hours:
    """Calls by the hour in which they ended; `campaigns` chooses by tenant and campaign."""

    def __init__(self, q: Queries, campaigns: Mapping[str, str]) -> None:
        self._q = q
        self._campaigns = campaigns

    def calls(self, *by: str, **only: str) -> str:
        """Calls of a span by `hour`, or by `day` and even `hour` (two at once), and by other labels.

        What was counted in each whole hour of UTC, at the hour of the campaign's clock that its middle lies in.
        """
        ahead = f"max by (tenant, campaign) ({selector('campaign_utc_offset_seconds')})"
        local = f"({ahead} + time() - 1800)"
        # A weekday (Sunday is 0 in PromQL) and two digits of the hour at once: Prometheus 2.42 mixes up the labels of a
        # second `count_values`.
        weekday = f"(day_of_week({local}) + 6) % 7 + 1"
        moment = f"100 * ({weekday}) + 2 * floor(hour({local}) / 2)" if "day" in by else f"100 + hour({local})"
        hours = f'count_values by (tenant, campaign) ("at", {moment})'
        found = f"sum_over_time(({self._counted(only)} * on (tenant, campaign) group_right () ({hours}))[{RANGE}:1h])"
        for name, place in (("day", "(.).."), ("hour", ".(..)")):
            if name in by:
                found = f'label_replace({found}, "{name}", "$1", "at", "{place}")'
        return total(found, *by)

    def _counted(self, only: Mapping[str, str]) -> str:
        """Calls of the last hour, of campaigns whose windows were open at its middle.

        After they closed only calls end that were going on, of which those that were answered last longest.
        """
        series = selector("campaign_calls_total", **self._campaigns, **only)
        now, then = (total(self._q.once(f"{series}{shift}"), *_BY) for shift in ("", " offset 1h"))
        closed = f"{selector('campaign_window_open')} offset 30m == 0"
        return f"(clamp_min({now} - {then}, 0) unless on (tenant, campaign) {closed})"

    def rate(self, *by: str, at_least: int = MINIMUM_CALLS) -> str:
        """The answer rate of calls that got through; absent below the minimum sample."""
        return ratio(self.calls(*by, **PICKED_UP), self.calls(*by, **THROUGH), at_least=at_least)

    def more(self) -> str:
        """By which share more is answered in an hour than its calls let one expect, beyond the noise of counting."""
        return f"({self._change()} > {self._noise()})"

    def more_or_less(self) -> str:
        """The same of hours in which less is answered, too."""
        return f"({self._change()} and abs({self._change()}) > {self._noise()})"

    def _change(self) -> str:
        answered = self.calls("hour", **PICKED_UP)
        return f"({answered}) / ({self._expected()}) - 1"

    def _noise(self) -> str:
        return f"{SURE:g} / sqrt({self._expected()})"

    def _expected(self) -> str:
        """Answers in each hour if every campaign were answered as in all its hours: who calls when is not the hour."""
        answered, calls = (f"sum_over_time(({self._counted(only)})[{RANGE}:1h])" for only in (PICKED_UP, THROUGH))
        rates = f"{answered} / ({calls} > 0)"
        by_hour = f"{self.calls(*_BY, 'hour', **THROUGH)} * on (tenant, campaign) group_left () ({rates})"
        return f"({total(by_hour, 'hour')} > 0)"


def best_hours(hours: Hours) -> tuple[Line, ...]:
    """All panels."""
    return line(_best(hours), _by_hour(hours)), line(_by_weekday(hours))


def _best(hours: Hours) -> Panel:
    return stat(
        191, "Best hour",
        "The hour of the day in which people answer most, and by how much more than in all hours of the same "
        "campaigns; only where that is more than the noise of counting. Move call windows towards it, or first "
        "attempts. Another list may differ.",
        now(f"topk (1, {hours.more()})", "more answers at {{hour}}:00"),
        unit=RATIO, decimals=0, empty="No hour stands out, as far as is known", width=6, height=9,
        text="value_and_name",
    )  # fmt: skip


def _by_hour(hours: Hours) -> Panel:
    calls = f"({hours.calls('hour', **THROUGH)} >= {MINIMUM_CALLS})"
    return figures(
        192, "Answers by hour",
        "Calls that got through and the share of them that was answered, by the hour of each campaign's own clock in "
        "which they ended, while its windows were open. Against all: by so much more, or less, than in all hours of "
        "the same campaigns, where that is more than the noise of counting. Hours of fewer than "
        f"{MINIMUM_CALLS} calls are left out.",
        columns=(
            label("hour", "Hour", 120),
            answer_rate("Answered", hours.rate("hour"), 200),
            whole("Calls", calls, 200),
            figure("Against all", hours.more_or_less(), 0, unit=RATIO, decimals=0, empty="no sign").kept(calls),
        ),
        key="hour", empty=EMPTY, sort="Answered", descending=True,
        width=18, height=9, pages=False,
    )  # fmt: skip


def _by_weekday(hours: Hours) -> Panel:
    corner = "day\\hour"
    return table(
        193, "Answers by weekday and hour",
        "The share of calls that were answered, by weekday and two hours of each campaign's clock. Between the lowest "
        "cell and the highest, blue is the upper half and green the top fifth. Noise, or other campaigns? See Answers "
        f"by hour. A cell of fewer than {CELL} calls is empty.",
        rows(hours.rate("hour", "day", at_least=CELL)),
        empty=EMPTY, unit=RATIO, decimals=0, height=9,
        transformations=[
            {"id": "groupingToMatrix",
             "options": {"columnField": "hour", "rowField": "day", "valueField": "Value", "emptyValue": "null"}},
            organised([corner, *_TWO_HOURS], {corner: "Day", **_TWO_HOURS}),
            sorted_by("Day"),
        ],
        overrides=[
            override("Day", unit="string", custom_width=60,
                     mappings=[matching(f"/^{day}(.*)$/", f"{name}$1") for day, name in enumerate(WEEKDAYS, start=1)]),
            override("/–/", by="byRegexp", custom_align="center", custom_width=85, noValue="",
                     color={"mode": "thresholds"}, thresholds={**steps(*_UPPER), "mode": "percentage"}, **COLOURED),
        ],
    )  # fmt: skip
