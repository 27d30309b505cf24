"""Cases of people who answer less than they did."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import (
    DAY,
    HOUR,
    Series,
    attempts,
    counter,
    down,
    info,
    number,
    replicas,
    series,
    steady,
    verdict,
)

LOW = Subject("CampaignAnswerRateLow", "critical")
_PAST = 2 * HOUR
"""Hours in which all was well."""

_NAMES = (info("Spring offer", 2 * DAY), verdict("dialing", values=steady(1, 2 * DAY)))


def _first(share: float, calls: float = 10, before: int = _PAST, usual: float = 0.4) -> tuple[Series, ...]:
    """First attempts: so many a minute, answered as usual at first and then to this share."""
    return attempts(
        "1",
        answered=counter((calls * usual, before), (calls * share, 2 * HOUR)),
        no_answer=counter((calls * (1 - usual), before), (calls * (1 - share), 2 * HOUR)),
    )


def _told(percent: str, more: str = "") -> str:
    return f"Calls of Spring offer (c1) are answered at {percent} of what is usual. It is dialing.{more}"


_COLLAPSE = _first(0.04)
_ELEVEN_LATER = (LOW.told(_told("34%")),)


def _at(minutes: int, before: int = _PAST) -> str:
    return f"{before + minutes}m"


def _of_numbers(one: float, two: float) -> tuple[Series, ...]:
    """Two numbers with five calls a minute each, and what share is answered after the good hours."""
    found: list[Series] = []
    for name, country, share in (("n1", "DE", one), ("n2", "AT", two)):
        found += number(name, answered=counter((2, _PAST), (5 * share, 2 * HOUR)),
                        no_answer=counter((3, _PAST), (5 - 5 * share, 2 * HOUR)))  # fmt: skip
        found.append(
            series("campaign_number_info", steady(1, 2 * DAY), number=name, phone="", label="", country=country,
                   connection="k1")
        )  # fmt: skip
    return tuple(found)


_ERRORS = series("campaign_call_errors_total", counter((0, _PAST), (3, 120)), provider="acme", code="503",
                 fault="provider_error")  # fmt: skip

_OF_HOURS = (
    LOW.fires("from 40 % to 4 % after two good hours: told after eleven minutes", _COLLAPSE, _NAMES,
              at={_at(0): (), _at(10): (), _at(11): _ELEVEN_LATER, _at(15): (LOW.told(_told("10%")),)}),
    LOW.fires("the worst number, its country and a provider with errors are named", _COLLAPSE, _NAMES,
              _of_numbers(0.02, 0.06), _ERRORS,
              at={_at(30): (LOW.told(_told(
                  "10%", " Worst number: n1 (21% of its calls answered). Worst country of the numbers: DE (21%). "
                         "Most errors of: acme (45).")),)}),
    LOW.fires("three calls in two minutes, and none is answered any more: told when half an hour says so for certain",
              _first(0, calls=1.5), _NAMES, at={_at(15): (), _at(26): (), _at(27): (LOW.told(_told("10%")),)}),
    LOW.fires("from 40 % to 10 % of 45 calls in half an hour may be chance; of as many again it is not",
              _first(0.1, calls=1.5), _NAMES,
              at={_at(45): (), _at(56): (), _at(58): (LOW.told(_told("27.5%")),)}),
    LOW.edge("from 40 % to 13 %, but what is usual is known from 25 calls only",
             attempts("1", answered=counter((0.168, HOUR), (1.3, 120)), no_answer=counter((0.252, HOUR), (8.7, 120))),
             _NAMES, at=("75m", "90m", "120m", "180m")),
    LOW.edge("from 40 % to 15 %: where only hours are known, less is needed", _first(0.15), _NAMES,
             at=(_at(20), _at(60))),
    LOW.edge("29 calls an hour, none of them answered: below the smallest sample", _first(0, calls=29 / 60), _NAMES,
             at=(_at(20), _at(55))),
    LOW.edge("calls that fail are not answered either, and are another alert's",
             attempts("1", answered=counter((4, _PAST), (0.4, 120)), no_answer=counter((6, _PAST), (0.6, 120)),
                      failed=counter((0, _PAST), (9, 120))), _NAMES, at=(_at(15), _at(30), _at(60))),
    LOW.no_data("attempts are not told", _NAMES, at=(_at(15), _at(60))),
    LOW.no_data("a campaign that began half an hour ago: nothing is usual yet", _first(0.04, before=10),
                _NAMES, at=("25m", "29m")),
    LOW.also("two replicas count each call once", replicas(_COLLAPSE, _NAMES), at={_at(11): _ELEVEN_LATER}),
    LOW.also("Prometheus was down for an hour while people answered as before",
             attempts("1", answered=counter((4, _PAST), down(4, 60), (4, 90)),
                      no_answer=counter((6, _PAST), down(6, 60), (6, 90))), _NAMES,
             at={_at(61): (), _at(62): (), _at(65): (), _at(77): (), _at(120): ()}),
    LOW.also("counters begin again from what is left in the database: the share is as before",
             attempts("1", answered=f"{counter((4, _PAST))} {counter((4, 90), start=400)}",
                      no_answer=f"{counter((6, _PAST))} {counter((6, 90), start=600)}"), _NAMES,
             at={_at(1): (), _at(3): (), _at(10): (), _at(20): ()}),
    LOW.also("first attempts end and third ones begin, of which fewer are answered: each is compared with its like",
             attempts("1", answered=counter((4, _PAST), (0, 120)), no_answer=counter((6, _PAST), (0, 120))),
             attempts("3", answered=counter((0.1, _PAST), (0.5, 120)), no_answer=counter((0.9, _PAST), (9.5, 120))),
             _NAMES, at={_at(15): (), _at(20): (), _at(60): ()}, every="5m"),
    LOW.also("it stays for ten minutes when people answer again, and is then over",
             attempts("1", answered=counter((4, _PAST), (0, 20), (4, 90)),
                      no_answer=counter((6, _PAST), (10, 20), (6, 90))), _NAMES,
             at={_at(20): (LOW.told(_told("0%")),), _at(60): ()}, every="5m"),
    LOW.also("a campaign that is paused makes no calls, which says nothing",
             attempts("1", answered=counter((4, _PAST), (0, 120)), no_answer=counter((6, _PAST), (0, 120))),
             info("Spring offer", 2 * DAY),
             verdict("waiting", "lifecycle", "campaign_paused", values=steady(1, 2 * DAY)),
             at={_at(15): (), _at(60): ()}, every="5m"),
)  # fmt: skip

_MORNING = DAY + 3 * HOUR
_LONG = (info("Spring offer", 8 * DAY), verdict("dialing", values=steady(1, 8 * DAY)))


def _daily(now: float) -> tuple[Series, ...]:
    """By night 17 % are answered; yesterday morning 40 %, and so many this morning."""
    night, morning, rest = 3 * HOUR, 3 * HOUR, 21 * HOUR
    return attempts(
        "1",
        answered=counter((1.7, night), (4, morning), (1.7, rest), (10 * now, 2 * HOUR)),
        no_answer=counter((8.3, night), (6, morning), (8.3, rest), (10 - 10 * now, 2 * HOUR)),
    )


def _before(days: int, calls: float, usual: float = 0.4, now: float = 0.18) -> tuple[Series, ...]:
    """Three hours some days ago, none since, and from the same hour on fewer that are answered."""
    off = days * DAY - 3 * HOUR
    return attempts(
        "1",
        answered=counter((0, HOUR), (usual * calls, 3 * HOUR), (0, off), (10 * now, 2 * HOUR)),
        no_answer=counter((0, HOUR), ((1 - usual) * calls, 3 * HOUR), (0, off), (10 - 10 * now, 2 * HOUR)),
    )


# days are looked at every twenty minutes: a baseline of the last quarter of an hour is 22 minutes off the hour
_OF_DAYS = (
    LOW.fires("less than half of what was usual at this hour of yesterday, though by night it was worse",
              _daily(0.18), _NAMES,
              at={f"{_MORNING}m": (), _at(100, _MORNING): (LOW.told(_told("45%")),)}, every="5m"),
    LOW.fires("what was usual is known from this hour of a week ago only", _before(7, 5), _LONG,
              at={f"{7 * DAY + 60}m": (), f"{7 * DAY + 80}m": (LOW.told(_told("45%")),)}, every="5m"),
    LOW.edge("three fifths of what was usual at this hour of yesterday, and less is needed", _daily(0.242), _NAMES,
             at=(_at(20, _MORNING), _at(60, _MORNING), _at(120, _MORNING)), every="5m"),
    LOW.edge("in the evening a quarter answers of those who did before, and so it was yesterday",
             attempts("1", answered=counter((4, 6 * HOUR), (1, 18 * HOUR), (4, 6 * HOUR), (1, 3 * HOUR)),
                      no_answer=counter((6, 6 * HOUR), (9, 18 * HOUR), (6, 6 * HOUR), (9, 3 * HOUR))), _NAMES,
             at=(f"{DAY + 460}m", f"{DAY + 480}m"), every="5m"),
    LOW.edge("18 calls in three hours of yesterday, most of them answered: what is usual is not known",
             _before(1, 0.1, usual=0.8, now=0), _LONG,
             at=(f"{DAY + 80}m", f"{DAY + 120}m", f"{DAY + 160}m"), every="5m"),
    LOW.also("two replicas count each call of yesterday once", replicas(_daily(0.18), _NAMES),
             at={_at(100, _MORNING): (LOW.told(_told("45%")),)}, every="5m"),
    LOW.also("Prometheus was down for an hour of yesterday",
             attempts("1", answered=counter((4, 60), down(4, 60), (4, DAY)),
                      no_answer=counter((6, 60), down(6, 60), (6, DAY))), _NAMES,
             at={f"{DAY + 80}m": (), f"{DAY + 100}m": (), f"{DAY + 120}m": ()}, every="5m"),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_OF_HOURS, *_OF_DAYS)
