"""What is asked about numbers: how they answer, now and before, and whether they may call.

A number is named by its id within its tenant: two tenants may use one id, so everything is by (tenant, number).
"""

from __future__ import annotations

from dashboards.boards.numbers.connections import failed_share, trunks
from dashboards.vocabulary.colours import BAD, FADED, NEUTRAL, PLANNED, WARNING, State
from dashboards.vocabulary.queries import (
    MINIMUM_CALLS,
    PICKED_UP,
    RANGE,
    TENANTS,
    THROUGH,
    Queries,
    known,
    ratio,
    selector,
    total,
)
from exporter.diagnosis.dispatch.gates import IMPAIRED

BY = ("tenant", "number")
USE = ("tenant", "campaign", "number")
NUMBERS = {"tenant": TENANTS, "number": "=~$number"}

PAST = "7d"
"""A number is compared with itself: with so long a time before the viewer's span."""

FALL = 0.4
"""A rate that lost this share is a sudden drop: 20 % to 12 % in two days is an early sign of a spam label."""

SURE = 3.0
"""Standard deviations from which a fall is no chance: one number in seven hundred."""

COOLING_SECONDS = 600
"""A pause of seconds between two calls is no rest."""

VERDICTS = tuple(
    State(code, number, words, colour)
    for number, (code, words, colour) in enumerate(
        (
            ("released", "released", FADED),
            ("few", "not enough data", FADED),
            ("fine", "no sign", NEUTRAL),
            ("resting", "resting", PLANNED),
            ("capped", "at its cap", WARNING),
            ("cut_off", "connection fails", WARNING),
            ("fell", "answers fell", BAD),
            ("failing", "calls fail", BAD),
            ("flagged", "flagged as spam", BAD),
        ),
        start=1,
    )
)
"""What is wrong with a number: the higher the number of the state, the sooner somebody should look."""

_RANK = {state.code: state.number for state in VERDICTS}


class Pool:
    """Expressions on the chosen numbers of the chosen tenants."""

    def __init__(self, q: Queries) -> None:
        self._q = q

    # -- calls ------------------------------------------------------------------------------------------------

    def calls(self, *by: str, at: str = "", **only: str) -> str:
        """Calls that ended in a span; those of numbers over the exporter's budget have no number and are left out."""
        grown = self._q.gained("campaign_number_calls_total", at=at, **NUMBERS, **only)
        return f"({total(grown, *by)} and on (tenant, number) {self.known()})"

    def rate(self, *by: str, at: str = "") -> str:
        """The answer rate of calls that got through; absent below the minimum sample.

        Where a connection fails, its numbers are not to blame.
        """
        picked_up, through = (self.calls(*by, at=at, **only) for only in (PICKED_UP, THROUGH))
        return ratio(picked_up, through, at_least=MINIMUM_CALLS)

    def failed(self, *by: str) -> str:
        """The share of calls that failed; absent below the minimum sample."""
        calls = self.calls(*by)
        return ratio(f"({self.calls(*by, outcome='failed')} or 0 * {calls})", calls, at_least=MINIMUM_CALLS)

    def cut_off(self) -> str:
        """Numbers whose connection fails now."""
        impaired = f"{failed_share(self._q, 'tenant', 'connection')} >= {IMPAIRED}"
        through = f"{self.described('connection')} and on (tenant, connection) ({impaired})"
        return f"max by (tenant, number) ({through})"

    def course(self, window: str) -> str:
        """The same of each number over time, each moment with the calls of so long before it."""
        answered, calls = (
            total(self._q.moved("campaign_number_calls_total", over=window, **NUMBERS, **only), *BY)
            for only in (PICKED_UP, THROUGH)
        )
        return f"({ratio(answered, calls, at_least=MINIMUM_CALLS)}) and on (tenant, number) {self.known()}"

    def before(self, *by: str, **only: str) -> str:
        """Calls in `PAST` before the span.

        The difference of two moments: to read all samples of a week is slow with many campaigns. What did not exist
        at the first moment counts from nothing, as totals do.
        """
        return self._before(selector("campaign_number_calls_total", **NUMBERS, **only), *by)

    def _before(self, series: str, *by: str) -> str:
        then = self._q.once(f"{series} offset {RANGE}")
        earlier = f"last_over_time(({then})[1s:1s] offset {PAST})"
        return total(f"clamp_min({then} - ({earlier} or {then} * 0), 0)", *by)

    def past(self, *by: str) -> str:
        """The answer rate before the span."""
        return ratio(self.before(*by, **PICKED_UP), self.before(*by, **THROUGH), at_least=MINIMUM_CALLS)

    def change(self, *by: str) -> str:
        """By which share the answer rate is above or below its past."""
        return f"({self.rate(*by)}) / ({self.past(*by)} > 0) - 1"

    def fell(self, *by: str) -> str:
        """The change where the rate fell suddenly: by `FALL`, beyond chance, and not as the tenant's other numbers did.

        Where all answer less it is the hour, the list or the provider. Chance: `SURE` standard deviations.
        """
        change, calls = f"({self.change(*by)})", self.calls(*by, **THROUGH)
        others = f"({self._moved_of_others(*by)} or 0 * {calls} + 1)"
        chance = f"{SURE:g} * sqrt((1 / ({self.past(*by)}) - 1) / {calls})"
        return f"{change} and ((1 - ({change} + 1) / {others} > {chance}) > {FALL:g})"

    def _moved_of_others(self, *by: str) -> str:
        """Their answer rate as a share of what it was, 1 at most; absent where they have too few calls."""
        rates = []
        for count, growth in ((self.calls, self._all_calls), (self.before, self._all_before)):
            picked_up, through = (
                f"-({count(*by, **only)} - on (tenant) group_left () {growth(**only)})" for only in (PICKED_UP, THROUGH)
            )
            rates.append(ratio(f"({picked_up})", f"({through})", at_least=MINIMUM_CALLS))
        return f"clamp_max(({rates[0]}) / (({rates[1]}) > 0), 1)"

    def _all_calls(self, **only: str) -> str:
        """Of all numbers of a tenant; by campaign, as there are far fewer of these."""
        return total(self._q.gained("campaign_calls_total", tenant=TENANTS, **only), "tenant")

    def _all_before(self, **only: str) -> str:
        return self._before(selector("campaign_calls_total", tenant=TENANTS, **only), "tenant")

    # -- numbers ----------------------------------------------------------------------------------------------

    def of(self, name: str, /, **only: str) -> str:
        """A metric of the numbers themselves."""
        return f"max by (tenant, number) ({self._q.last(name, **NUMBERS, **only)})"

    def weights(self) -> str:
        """The weight of each number in each pool."""
        return f"max by ({', '.join(USE)}) ({self._q.last('campaign_number_weight', **NUMBERS)})"

    def share(self) -> str:
        """The share that a number has in a pool, the pool's other numbers counted whether they are chosen or not."""
        pool = total(self._q.last("campaign_number_weight", tenant=TENANTS), "tenant", "campaign")
        return f"{self.weights()} / on (tenant, campaign) group_left () ({pool} > 0)"

    def known(self) -> str:
        """A 1 for each number that the platform names."""
        return self.of("campaign_number_info")

    def described(self, *labels: str) -> str:
        """A 1 for each number, with labels of `campaign_number_info`; once, though replicas may know others."""
        known("campaign_number_info", labels)
        every = f"max by (tenant, number, {', '.join(labels)}) ({self._q.last('campaign_number_info', **NUMBERS)})"
        return f"topk by (tenant, number) (1, {every})"

    def labelled(self, expression: str, *labels: str) -> str:
        """An expression with labels of `campaign_number_info`."""
        return f"({expression}) * on (tenant, number) group_left ({', '.join(labels)}) {self.described(*labels)}"

    def providers(self) -> str:
        """A 1 for each number, with the provider of its connection."""
        joined = f"{self.described('connection')} * on (tenant, connection) group_left (provider) {trunks(self._q)}"
        return f"max by (tenant, number, provider) ({joined})"

    def owned(self, expression: str) -> str:
        """An expression with the tenant's name, or its id where the platform names no tenants."""
        names = f"topk by (tenant) (1, max by (tenant, name) ({self._q.last('campaign_tenant_info', tenant=TENANTS)}))"
        plain = f'label_replace(max by (tenant) ({expression}), "name", "$1", "tenant", "(.+)") ^ 0'
        return f"({expression}) * on (tenant) group_left (name) ({names} or on (tenant) {plain})"

    def status(self, code: str) -> str:
        """The numbers in this state."""
        return f"{self.of('campaign_number_status', status=code)} == 1"

    def statuses(self) -> str:
        """Each number with its state as a label: the worst, where replicas differ."""
        ranked = (
            f"({self._q.last('campaign_number_status', **NUMBERS, status=code)} == 1) * {rank}"
            for rank, code in enumerate(("active", "resting", "flagged", "released"), start=1)
        )
        return f"topk by (tenant, number) (1, {' or '.join(ranked)})"

    def used(self) -> str:
        """Calls of today as a share of the daily cap."""
        return f"{self.of('campaign_number_calls_today')} / ({self.of('campaign_number_daily_cap')} > 0)"

    def left(self) -> str:
        """Calls that active numbers may still make today; absent without a cap."""
        cap, today = self.of("campaign_number_daily_cap"), self.of("campaign_number_calls_today")
        return f"(clamp_min({cap} - {today}, 0) and ({self.status('active')}))"

    def cooling(self, seconds: int = 0) -> str:
        """Until when numbers rest, where that is further away than this."""
        return f"{self.of('campaign_number_cooldown_timestamp_seconds')} > time() + {seconds}"

    def usable(self) -> str:
        """Active numbers that neither rest nor are at their cap."""
        active = f"({self.status('active')}) and on ({', '.join(BY)}) ({self.judged()})"
        return f"{active} unless ({self.cooling(COOLING_SECONDS)}) unless ({self.used()} >= 1)"

    def judged(self) -> str:
        """The numbers of which it is known whether they are at their cap."""
        return f"{self.known()} unless ({self.unjudged()})"

    def unjudged(self) -> str:
        """The numbers that have a cap, and nobody tells how many calls of today."""
        return f"{self.of('campaign_number_daily_cap')} unless ({self.used()})"

    def verdict(self) -> str:
        """The number of the state in `VERDICTS`: the first that holds, of those that explain the others first."""
        found = {
            "released": self.status("released"),
            "flagged": self.status("flagged"),
            "cut_off": self.cut_off(),
            "failing": f"{self.failed(*BY)} >= {IMPAIRED}",
            "fell": self.fell(*BY),
            "capped": f"{self.used()} >= 1",
            "resting": f"{self.status('resting')} or {self.cooling(COOLING_SECONDS)}",
            "fine": f"{self.calls(*BY)} >= {MINIMUM_CALLS}",
            "few": self.known(),
        }
        return " or ".join(f"({expression}) * 0 + {_RANK[code]}" for code, expression in found.items())
