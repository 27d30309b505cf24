"""Cases of alerts that are one verdict of one campaign."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import gone, info, replicas, since, verdict

SINCE = "since Thu 1970-01-01 00:10 UTC"
NAMED = (info(), since(600))
"""What a campaign is called, and since when its verdict is as it is."""


def of_verdict(
    subject: Subject, gate: str, code: str, wait: int, text: str, near: tuple[str, str, str], why: str
) -> tuple[Case, ...]:
    """Blocked by a gate for so many minutes; and the verdict nearest to it that is not, and why it is not."""
    told = (subject.told(text),)
    shut = verdict("blocked", gate, code)
    early = {f"{wait - 1}m": ()} if wait else {}
    return (
        subject.fires(f"blocked by {gate} ({code})", shut, NAMED, at={**early, f"{wait}m": told}),
        subject.edge(why, verdict(*near), NAMED, at=("1m", "9m")),
        subject.no_data("no verdict is told", NAMED, at=("1m", "9m")),
        subject.also("two replicas are one alert", replicas(shut, NAMED), at={"9m": told}),
        subject.also(
            "it stays for two minutes and ends with the verdict",
            verdict("blocked", gate, code, values=gone("1x10")), NAMED,
            at={"10m": told, "12m": told, "18m": ()},
        ),
    )  # fmt: skip
