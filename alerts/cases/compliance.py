"""Cases of rules that protect people."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import Series, counter, info, outcomes, replicas, series, status, steady

OUTSIDE = Subject("CampaignCallsOutsideWindow", "critical", managers="true")
PAUSED = Subject("CampaignCallsWhilePaused", "critical", managers="true")
HELD = Subject("CampaignComplianceHolds", "warning", managers="true")


def _outside(values: str) -> Series:
    return series("campaign_calls_outside_window_total", values)


def _refreshes(values: str = "100+4x240") -> Series:
    return series("campaign_exporter_refreshes_total", values, result="success")


_THREE = (OUTSIDE.told("3 calls of Spring offer (c1) were started outside its call windows within half an hour."),)

_WINDOWS = (
    OUTSIDE.fires("three calls, seen at two scrapes", _outside("4x30 5 7x90"), _refreshes(), info(),
                  at={"31m": (), "32m": _THREE}),
    OUTSIDE.edge("one call: the minute in which a window closes", _outside("4x30 5x90"), _refreshes(), info(),
                 at=("31m", "60m")),
    OUTSIDE.edge("one call each half hour", _outside("0x30 1x31 2x31 3x31"), _refreshes(), info(),
                 at=("31m", "62m", "94m", "120m")),
    OUTSIDE.edge("40 calls in one step, and another one 31 minutes later",
                 _outside("4x30 44x31 45x60"), _refreshes(), info(), at=("31m", "61m", "62m", "90m")),
    OUTSIDE.no_data("windows are not told", _refreshes(), info(), at=("31m", "60m")),
    OUTSIDE.also("two replicas count each call once", replicas(_outside("4x30 5 7x90"), _refreshes(), info()),
                 at={"32m": _THREE}),
    OUTSIDE.also("a new process after a purge: the total is lower, and what is left of it did not happen now",
                 _outside("900x30 40x90"), _refreshes("100+4x30 1+4x90"), info(), at={"31m": (), "32m": (), "60m": ()}),
    OUTSIDE.edge("40 calls in one step: its calls are judged anew by windows that were changed",
                 _outside("4x30 44x90"), _refreshes(), info(), at=("31m", "60m")),
    OUTSIDE.also("a new process judges by the present windows: what it finds did not happen now",
                 _outside("0x30 40x90"), _refreshes("100+4x30 1+4x90"), info(), at={"31m": (), "60m": (), "90m": ()}),
    OUTSIDE.also("Prometheus was down for an hour in which calls were made: they are not of this half hour",
                 _outside("4x30 _x60 9x60"), _refreshes("100+4x30 _x60 460+4x60"), info(),
                 at={"91m": (), "93m": (), "120m": ()}),
    OUTSIDE.also("it stays for half an hour after the last of them is half an hour ago, and is then over",
                 _outside("4x30 5 7x200"), _refreshes(), info(), at={"60m": _THREE, "90m": _THREE, "96m": ()}),
)  # fmt: skip


def _since(seconds: float) -> Series:
    return series("campaign_paused_timestamp_seconds", steady(seconds))


_ONE_A_MINUTE = outcomes(answered=counter((0.4, 120)), no_answer=counter((0.6, 120)))
_TEN = (
    PAUSED.told("10 calls of Spring offer (c1) ended within ten minutes, and it has been paused for twice as long."),
)

_PAUSES = (
    PAUSED.fires("a call a minute, paused for more than twenty minutes", _ONE_A_MINUTE, _since(600), status("paused"),
                 info(), at={"31m": (), "32m": _TEN}),
    PAUSED.edge("paused for twenty minutes: what was dialled before may have ended within the last ten",
                _ONE_A_MINUTE, _since(600), status("paused"), info(), at=("20m", "30m")),
    PAUSED.edge("one call within ten minutes", outcomes(answered=counter((0.1, 120))), _since(600), status("paused"),
                info(), at=("32m", "60m")),
    PAUSED.edge("it runs again", _ONE_A_MINUTE, _since(600), status("running"), info(), at=("32m", "60m")),
    PAUSED.no_data("when it was paused is not told", _ONE_A_MINUTE, status("paused"), info(), at=("32m", "60m")),
    PAUSED.no_data("no call is counted", _since(600), status("paused"), info(), at=("32m", "60m")),
    PAUSED.also("two replicas count each call once",
                replicas(_ONE_A_MINUTE, _since(600), status("paused"), info()), at={"32m": _TEN}),
)  # fmt: skip


def held(group: str, **codes: float) -> tuple[Series, ...]:
    """Pending tasks that carry codes of a group."""
    return tuple(
        series("campaign_tasks_blocked", steady(count), blocker=code, group=group) for code, count in codes.items()
    )


def tasks(pending: float, completed: float = 0) -> tuple[Series, ...]:
    """Tasks by status."""
    return (
        series("campaign_tasks", steady(pending), status="pending"),
        series("campaign_tasks", steady(completed), status="completed"),
    )


def tried(group: str, code: str, rate: float, minutes: int = 60, calls: float = 2) -> tuple[Series, ...]:
    """Half an hour after the start so many of a large list, a minute and for so long, turn out to carry a code."""
    values = counter((0, 30), (rate, minutes), (0, 60))
    return (
        series("campaign_tasks_blocked", values, blocker=code, group=group), *tasks(10_000),
        *outcomes(answered=counter((calls, 120))), *status("running"), info(),
    )  # fmt: skip


def of_tried(subject: Subject, group: str, code: str, words: str) -> tuple[Case, ...]:
    """Held among those that were tried within twenty minutes, however large the list is."""
    told = (subject.told(f"24 pending tasks of Spring offer (c1) {words}. By code: {code} (24)."),)
    many = tried(group, code, 1.5)
    return (
        subject.fires("three of seven that were tried within a quarter of an hour, of a list of 10,000", many,
                      at={"45m": (), "46m": told}),
        subject.edge("19 within twenty minutes, one below the smallest sample", tried(group, code, 0.95, calls=1.5),
                     at=("46m", "60m", "90m")),
        subject.edge("one for two that are called, and more is needed", tried(group, code, 1.5, calls=3),
                     at=("46m", "60m", "90m")),
        subject.edge("60 of an import, which is a step", tried(group, code, 60, 1), at=("31m", "33m", "41m", "43m")),
        subject.edge("60 of an import of two minutes", tried(group, code, 30, 2), at=("33m", "41m", "42m", "43m")),
        subject.also("two replicas count each task that was tried once", replicas(many), at={"46m": told}),
    )  # fmt: skip


_RUNS = (*status("running"), info())
_FORTY = held("compliance", dnc=30, consent_missing=10, contact_frequency_cap=0)
_HELD_FORTY = (HELD.told("40 pending tasks of Spring offer (c1) are held by rules that protect people. By code: dnc "
                         "(30), consent_missing (10)."),)  # fmt: skip

_HOLDS = (
    HELD.fires("40 of 500 tasks for two minutes", _FORTY, tasks(400, 100), _RUNS,
               at={"1m": (), "2m": _HELD_FORTY}),
    HELD.fires("three of a list of five", held("compliance", dnc=3), tasks(5), _RUNS,
               at={"2m": (HELD.told("3 pending tasks of Spring offer (c1) are held by rules that protect people. "
                                    "By code: dnc (3)."),)}),
    HELD.edge("19 tasks of 100", held("compliance", dnc=19), tasks(100), _RUNS, at=("2m", "60m")),
    HELD.edge("24 of 500 tasks: below a twentieth", held("compliance", dnc=24), tasks(500), _RUNS, at=("2m", "60m")),
    HELD.edge("half of a small list, and more is needed", held("compliance", dnc=5), tasks(10), _RUNS,
              at=("2m", "60m")),
    HELD.edge("the only task of a list", held("compliance", dnc=1), tasks(1), _RUNS, at=("2m", "60m")),
    HELD.edge("a campaign that is paused holds nobody up", _FORTY, tasks(400, 100), status("paused"), info(),
              at=("2m", "60m")),
    *of_tried(HELD, "compliance", "dnc", "are held by rules that protect people"),
    HELD.no_data("blockers are not told", tasks(500), _RUNS, at=("2m", "60m")),
    HELD.no_data("tasks are not told", _FORTY, _RUNS, at=("2m", "60m")),
    HELD.also("two replicas count each task once", replicas(_FORTY, tasks(400, 100), _RUNS), at={"2m": _HELD_FORTY}),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_WINDOWS, *_PAUSES, *_HOLDS)
