"""Campaign live, the tasks themselves: which one is stuck? And the file that their contacts came with."""

from __future__ import annotations

from typing import Any

from dashboards.boards.campaign.dispatch import hints
from dashboards.boards.campaign.scope import Own
from dashboards.settings import Settings
from dashboards.vocabulary.colours import BAD, CALM, GOOD, NEUTRAL, TASK_STATES, WARNING
from dashboards.vocabulary.fields import COLOURED, codes, link, override, steps, words
from dashboards.vocabulary.figures import figure, figures, label
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.links import Way
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import table
from dashboards.vocabulary.queries import milliseconds, ratio
from dashboards.vocabulary.statements import statement
from dashboards.vocabulary.targets import sql
from dashboards.vocabulary.units import AGE, BYTES, RATIO, WHOLE
from dashboards.vocabulary.variables import choices, listed
from exporter.contract.codes import BLOCKERS, TASK_STATUSES

MANY_REJECTED = 0.05
"""More rejected rows than such a share of a file are no typing errors: a column is wrong."""

UPLOAD_COLOURS = {"staged": CALM, "processing": CALM, "imported": GOOD, "failed": BAD}


def filters(own: Own) -> tuple[Json, ...]:
    """What the table of tasks can be narrowed to; values of the viewer's campaign."""
    blocked = f"max by (blocker) ({own.last('campaign_tasks_blocked')}) > 0"
    return (
        _filter(listed("status", "Status", [(each.replace("_", " "), each) for each in TASK_STATUSES])),
        _filter(choices("blocker", "Blocker", blocked, '/blocker="(?<value>[^"]+)"/', several=True)),
    )


def _filter(variable: Json) -> Json:
    """All is one empty text: Grafana puts the value of All into SQL as it is, so that it brings its own quotes."""
    return {**variable, "allValue": "''"}


def tasks(way: Way, settings: Settings) -> Panel:
    """One row a task."""
    contact = settings.of_group(settings.links.contact).replace("{contact}", "${__data.fields.contact:percentencode}")
    debug = way.to("task", campaign="${campaign}", task="${__data.fields.debug}")
    held = {code: (code, None) for code in BLOCKERS} | {"none": ("ready", None)}
    return table(
        1001, "Tasks",
        "The 200 tasks of the campaign that were called last, of the status and the blocker chosen at the top; those "
        "never called come after them. Contact, phone, number and disposition can be searched. Stuck in progress, or a "
        "blocker that is not clear: open Debug. Before you escalate, keep the row, the debug view and the campaign's "
        "card.",
        sql(statement("campaign_tasks")), empty="No tasks known with these filters",
        unit="string", height=14, pages=True,
        overrides=(
            _column("contact", "Contact", 114, custom_filterable=True,
                     links=[link("Contact", contact, elsewhere=True)] if contact else []),
            _column("phone", "Phone", 94, custom_filterable=True),
            _column("from", "From", 84, custom_filterable=True),
            _column("status", "Status", 92, mappings=codes(TASK_STATES), **COLOURED),
            _column("blocker", "Blocker", 118, mappings=words(held),
                     links=hints(settings)),
            _column("disposition", "Disposition", 114, custom_filterable=True),
            _column("attempts", "Attempts", 78),
            _column("system_retries", "Retries", 68, unit=WHOLE, decimals=0),
            _column("duration_seconds", "Duration", 76, unit="suffix: s", decimals=0),
            _column("score", "Score", 54, unit=WHOLE, decimals=0),
            _column("last_attempted_at", "Last attempted", 120,
                     unit="time:MM-DD HH:mm", noValue="never"),
            _column("debug", "Debug", 0, custom_minWidth=76, links=[link("Debug this task", debug)]),
        ),
    )  # fmt: skip


def _column(name: str, title: str, width: int, **properties: Any) -> Json:
    """A column as it is shown; an empty cell would else say why the table is empty."""
    properties = {"noValue": "–", **({"custom_width": width} if width else {}), **properties}
    return override(name, displayName=title, **properties)


def audience(own: Own) -> Folded:
    """The newest file, where there is one."""
    every = f"max by (campaign, filename, status) ({own.last('campaign_audience_upload_info')})"
    info = f"topk by (campaign) (1, {every})"

    def of(expression: str) -> str:
        return f"max by (campaign) ({expression})"

    def count(state: str) -> str:
        return of(own.last("campaign_audience_rows", state=state))

    return folded(
        heading(900, "Audience file"),
        line(
            figures(
                901, "Staged audience file",
                "The newest file of contacts: did the list arrive whole? failed, or staged for more than 15 minutes: "
                "the import is stuck, nothing new is called until it is mended. Many rejected rows: a column is wrong, "
                "fix the file and stage it again.",
                info,
                base=of(own.last("campaign_audience_upload_info")),
                key="campaign",
                columns=(
                    label("filename", "File", 0),
                    label("status", "State", 120,
                          mappings=words({code: (code, shade) for code, shade in UPLOAD_COLOURS.items()}), **COLOURED),
                    figure("Size", of(own.last("campaign_audience_size_bytes")), 110, unit=BYTES, empty="not told"),
                    figure("Rows", count("total"), 110, unit=WHOLE, decimals=0, empty="not told"),
                    figure("Accepted", count("accepted"), 110, unit=WHOLE, decimals=0, empty="not told"),
                    figure("Rejected", count("rejected"), 110, unit=WHOLE, decimals=0, empty="not told"),
                    figure("Rejected share", ratio(count("rejected"), count("total")), 120, unit=RATIO, decimals=1,
                           empty="not told", thresholds=steps((None, NEUTRAL), (MANY_REJECTED, WARNING)), **COLOURED),
                    figure("Came", of(milliseconds(own.last("campaign_audience_uploaded_timestamp_seconds"))), 150,
                           unit=AGE, empty="not told"),
                ),
                kept=("campaign",), empty="No audience file known", height=3, pages=False,
            ),
        ),
    )  # fmt: skip
