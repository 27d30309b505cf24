"""The families of people who take calls: who is there, what they do, and when they are to be there."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, Attribute, Attributes, Family, judged, mapped

AGENTS = (
    Family(
        "campaign_agents_logged_in",
        GAUGE,
        "People logged in to take the campaign's calls, whatever they do now; absent where none are told. Who works for"
        " several campaigns counts in each.",
        Attribute("agents", "logged_in"),
    ),
    Family(
        "campaign_agents",
        GAUGE,
        "People logged in to take the campaign's calls, by what they do: free, on_call, paused; each absent where that "
        "is not told.",
        Attributes("agents", "state", mapped(free="free", on_call="on_call", paused="paused")),
        ("state",),
    ),
    judged(
        "campaign_agents_expected",
        "1 while somebody is to be there to take calls, 0 while nobody need be: it does not run, a break is planned, "
        "no shift goes on, or one begins or ends within ten minutes; absent where people or their hours are not told.",
        "expected",
        "expected",
    ),
    Family(
        "campaign_agents_dial_ratio",
        GAUGE,
        "Calls that are dialled for each free person; 0: people start the calls. Absent where it is not told.",
        Attribute("agents", "dial_ratio"),
    ),
)
