"""The generated parts of docs/alerts.md: every alert, every setting, and what silences what."""

from __future__ import annotations

from alerts.catalogue import concerns
from alerts.output.inhibitions import INHIBITIONS
from alerts.settings import Settings
from alerts.vocabulary.rule import Alert
from exporter.config.durations import format_duration
from scripts.board_docs import fields

_SETTINGS = Settings()
_WHO = {"critical": "pager", "warning": "tickets", "info": "nobody"}


def alerts() -> str:
    """A table of the alerts for each concern."""
    sections = []
    for concern in concerns(_SETTINGS):
        if not concern.alerts:
            continue
        lines = [
            f"### {concern.title}",
            "",
            "| Alert | Severity | What it means | Who is told | Must hold for | Thresholds | Sleeps without |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        sections.append("\n".join([*lines, *map(_line, concern.alerts)]))
    return "\n\n".join(sections)


def _line(alert: Alert) -> str:
    who = _WHO[alert.severity.value] + (", managers" if alert.managers else "")
    thresholds = ", ".join(f"`{name}`" for name in alert.rests_on) or "–"
    needs = ", ".join(f"`{name}`" for name in alert.needs) or "–"
    wait = format_duration(alert.wait) if alert.wait else "–"
    page = f"[`{alert.name}`](../alerts/runbooks/{alert.name}.md)"
    return f"| {page} | {alert.severity.value} | {alert.summary} | {who} | {wait} | {thresholds} | {needs} |"


def inhibitions() -> str:
    """A table of which alerts silence which."""
    lines = [
        "| While one of these fires | these are told to nobody | with the same | as |",
        "| --- | --- | --- | --- |",
    ]
    for each in INHIBITIONS:
        symptoms = f"all {len(each.symptoms)} about campaigns" if len(each.symptoms) > 20 else _names(each.symptoms)
        lines.append(f"| {_names(each.causes)} | {symptoms} | {', '.join(each.equal) or '–'} | {each.why} |")
    return "\n".join(lines)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def settings() -> str:
    """A table of what a team may set, the boards' own settings left out."""
    lines = ["| Key | Default | Meaning |", "| --- | --- | --- |"]
    for key, default, meaning in fields(Settings, ""):
        if not key.startswith("boards."):
            lines.append(f"| `{key}` | {default} | {meaning} |")
    return "\n".join(lines)
