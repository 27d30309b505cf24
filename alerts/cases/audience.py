"""Cases of lists that did not arrive, or are no good."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.compliance import held, of_tried, tasks
from alerts.cases.series import Series, info, replicas, series, since, status, steady, verdict

FAILED = Subject("CampaignAudienceImportFailed", "warning")
ABSENT = Subject("CampaignAudienceMissing", "warning", verdict="blocked", gate="audience")
REJECTED = Subject("CampaignAudienceRowsRejected", "warning")
STUCK = Subject("CampaignAudienceStuck", "warning")
UNUSABLE = Subject("CampaignListUnusable", "warning")

_FILE = 'March "A" {{ .Value }}.csv'
_RUNS = (*status("running"), info())
_WAITS = verdict("blocked", "audience", "audience_not_ready")


def _upload(now: str) -> Series:
    return series("campaign_audience_upload_info", steady(1), upload="u1", filename=_FILE, status=now)


def _rows(total: float, rejected: float) -> tuple[Series, ...]:
    return (
        series("campaign_audience_rows", steady(total), state="total"),
        series("campaign_audience_rows", steady(total - rejected), state="accepted"),
        series("campaign_audience_rows", steady(rejected), state="rejected"),
    )


def _uploaded(at: float) -> Series:
    return series("campaign_audience_uploaded_timestamp_seconds", steady(at))


_IS_FAILED = (FAILED.told("The import of the newest list of Spring offer (c1) failed. It is blocked by audience "
                          f"(audience_not_ready). File: {_FILE}."),)  # fmt: skip
_QUARTER = (REJECTED.told(f"25% of the rows of the newest list of Spring offer (c1) were rejected. File: {_FILE}."),)
_SEVENTEEN = (STUCK.told("The newest list of Spring offer (c1) came 17m 0s ago and is still being imported. "
                         f"File: {_FILE}."),)  # fmt: skip

_IMPORTS = (
    FAILED.fires("the newest import failed a minute ago", _upload("failed"), _WAITS, _RUNS,
                 at={"0m": (), "1m": _IS_FAILED}),
    FAILED.fires("the campaign has not started: there is time to mend it", _upload("failed"),
                 verdict("waiting", "lifecycle", "not_started"), status("scheduled"), info(),
                 at={"1m": (FAILED.told("The import of the newest list of Spring offer (c1) failed. It is waiting by "
                                        f"lifecycle (not_started). File: {_FILE}."),)}),
    FAILED.edge("it is still being imported", _upload("processing"), _WAITS, _RUNS, at=("1m", "60m")),
    FAILED.edge("the campaign is over", _upload("failed"), status("completed"), info(), at=("1m", "60m")),
    FAILED.no_data("no upload is told", _WAITS, _RUNS, at=("1m", "60m")),
    FAILED.also("two replicas are one alert", replicas(_upload("failed"), _WAITS, _RUNS), at={"1m": _IS_FAILED}),
    REJECTED.fires("25 of 100 rows", _upload("imported"), _rows(100, 25), _RUNS, at={"0m": (), "1m": _QUARTER}),
    REJECTED.edge("199 of 1,000 rows: below a fifth", _upload("imported"), _rows(1000, 199), _RUNS, at=("1m", "60m")),
    REJECTED.edge("19 of 20 rows: fewer than twenty", _upload("imported"), _rows(20, 19), _RUNS, at=("1m", "60m")),
    REJECTED.edge("it is still being imported", _upload("processing"), _rows(100, 25), _RUNS, at=("1m", "60m")),
    REJECTED.no_data("rows are not told", _upload("imported"), _RUNS, at=("1m", "60m")),
    REJECTED.also("two replicas are one alert", replicas(_upload("imported"), _rows(100, 25), _RUNS),
                  at={"1m": _QUARTER}),
    STUCK.fires("a quarter of an hour has passed, and a minute more", _upload("processing"), _uploaded(0), _RUNS,
                at={"15m": (), "16m": (), "17m": _SEVENTEEN}),
    STUCK.edge("a quarter of an hour, and more is needed", _upload("processing"), _uploaded(600), _RUNS,
               at=("17m", "25m")),
    STUCK.edge("it was imported", _upload("imported"), _uploaded(0), _RUNS, at=("17m", "60m")),
    STUCK.no_data("when it came is not told", _upload("processing"), _RUNS, at=("17m", "60m")),
    STUCK.also("two replicas are one alert", replicas(_upload("processing"), _uploaded(0), _RUNS),
               at={"17m": _SEVENTEEN}),
)  # fmt: skip

_MISSING = (ABSENT.told("Spring offer (c1) is blocked by audience (audience_not_ready) since Thu 1970-01-01 00:10 "
                           "UTC: no import of its list failed or is under way."),)  # fmt: skip

_ABSENT = (
    ABSENT.fires("it runs without a list for a minute", _WAITS, since(600), _RUNS, at={"0m": (), "1m": _MISSING}),
    ABSENT.fires("its newest list was imported, and the platform does not see it", _WAITS, since(600),
                 _upload("imported"), _RUNS, at={"1m": _MISSING}),
    ABSENT.edge("its newest import failed, which is another alert", _WAITS, _upload("failed"), _RUNS, at=("1m", "9m")),
    ABSENT.edge("its list is being imported", _WAITS, _upload("processing"), _RUNS, at=("1m", "9m")),
    ABSENT.edge("it waits for its list for a quarter of an hour at most", verdict("waiting", "audience",
                                                                                 "audience_not_ready"), _RUNS,
                at=("1m", "9m")),
    ABSENT.no_data("no verdict is told", _RUNS, at=("1m", "9m")),
    ABSENT.also("two replicas are one alert", replicas(_WAITS, since(600), _RUNS), at={"1m": _MISSING}),
)  # fmt: skip

_FORTY = held("audience", invalid_number=30, timezone_missing=10, audience_not_ready=0)
_HELD_FORTY = (UNUSABLE.told("40 pending tasks of Spring offer (c1) cannot be dialled as the list has them. By code: "
                             "invalid_number (30), timezone_missing (10)."),)  # fmt: skip

_LISTS = (
    UNUSABLE.fires("40 of 500 tasks for two minutes", _FORTY, tasks(400, 100), _RUNS,
                   at={"1m": (), "2m": _HELD_FORTY}),
    UNUSABLE.edge("19 tasks of 100", held("audience", invalid_number=19), tasks(100), _RUNS, at=("2m", "60m")),
    UNUSABLE.edge("24 of 500 tasks: the flaws of any list", held("audience", invalid_number=24), tasks(500), _RUNS,
                  at=("2m", "60m")),
    UNUSABLE.edge("the list is not imported: all its tasks wait for that", held("audience", audience_not_ready=500),
                  tasks(500), _WAITS, _RUNS, at=("2m", "60m")),
    *of_tried(UNUSABLE, "audience", "invalid_number", "cannot be dialled as the list has them"),
    UNUSABLE.no_data("blockers are not told", tasks(500), _RUNS, at=("2m", "60m")),
    UNUSABLE.also("two replicas count each task once", replicas(_FORTY, tasks(400, 100), _RUNS),
                  at={"2m": _HELD_FORTY}),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_IMPORTS, *_ABSENT, *_LISTS)
