"""Exporter health, folded: rows read, remembered and left out; campaigns loaded and audited."""

from __future__ import annotations

from dashboards.boards.exporters import NO_EXPORTER
from dashboards.vocabulary.colours import ACCENT, BAD, WARNING
from dashboards.vocabulary.fields import colour
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.panel import heading
from dashboards.vocabulary.queries import Queries, total
from dashboards.vocabulary.targets import ask
from dashboards.vocabulary.units import COUNT, PER_SECOND, WHOLE


def reading(q: Queries) -> Folded:
    """The section."""

    def growth(name: str) -> str:
        return total(q.rate(f"campaign_exporter_{name}"), "relation")

    return folded(
        heading(400, "Reading"),
        line(
            graph(
                401, "Rows read",
                "Rows read a second, by relation; of the replica that reads most. The small relations are read whole "
                "at each refresh. Many more tasks and calls than the platform changes: a transaction holds the "
                "watermark (see below), or open transactions cannot be seen and an overlap is read again.",
                ask(growth("rows_read_total"), "{{relation}}"), unit=PER_SECOND, empty=NO_EXPORTER,
            ),
            graph(
                402, "Rows held",
                "Rows remembered because they can still change: what memory follows. Calls and tasks leave once they "
                "ended longer than settle_after ago. Memory is short: make settle_after shorter.",
                ask(q.last("campaign_exporter_rows_held"), "{{relation}}"), unit=COUNT, empty=NO_EXPORTER,
            ),
        ),
        line(
            graph(
                403, "Rows left out",
                "Changed rows a second that are not counted. `ignored`: of drafts, of campaigns that ended long ago "
                "or do not exist, without an id or shown twice; a few are no fault. `unreadable`: the view raises an "
                "error for them, mend it.",
                ask(growth("rows_ignored_total"), "{{relation}} ignored"),
                ask(growth("rows_unreadable_total"), "{{relation}} unreadable"),
                unit=PER_SECOND, empty=NO_EXPORTER, width=6, soft_high=1,
                overrides=(colour("/unreadable$/", BAD, by="byRegexp"),),
            ),
            graph(
                404, "Campaigns loaded",
                "Campaigns counted anew from all their rows within the hour before, by cause. `new`: came into scope. "
                "`dirty`: a row changed that had settled, many of them ask for a longer settle_after. `bulk`: "
                "very many rows changed at once. `everything`: a prepared transaction of before the start ended. "
                "`audit`: a difference was mended.",
                ask(q.counted("campaign_exporter_campaigns_loaded_total", over="1h"), "{{cause}}"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=6,
            ),
            graph(
                405, "Audits",
                "Campaigns compared with SQL within the hour before, and those in which a difference was found and put "
                "right, by relation. No audit within audit.period: they do not fit into audit.max_share. Differences: "
                "rows were deleted, or change without their updated_at.",
                ask(q.counted("campaign_exporter_audits_total", over="1h"), "compared"),
                ask(q.counted("campaign_exporter_audit_corrections_total", over="1h"), "{{relation}} corrected"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=6,
                overrides=(colour("compared", ACCENT), colour("/corrected$/", WARNING, by="byRegexp")),
            ),
            graph(
                406, "Unstamped changes",
                "Rows found changed without a new updated_at within the hour before, by relation. Some rows that go on "
                "are looked at again every fifteen seconds. Any at all: what writes updated_at has stopped, and other "
                "changes are seen minutes late.",
                ask(q.counted("campaign_exporter_unstamped_changes_total", over="1h"), "{{relation}}"),
                unit=WHOLE, decimals=0, empty=NO_EXPORTER, width=6, soft_high=1,
            ),
        ),
    )  # fmt: skip
