"""The table of the benchmark, for a terminal and for docs/alert-quality.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from benchmarks.alerts.evaluation import Fired
from benchmarks.alerts.judge import Judgement, Stray, Verdict
from benchmarks.alerts.kinds import KINDS, Kind
from benchmarks.alerts.limits import soonest

GOAL_RIGHT = 0.95
GOAL_MEDIAN, GOAL_WORST = 5.0, 15.0
GOAL_TOLD = 2


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was judged: worlds with incidents, and healthy ones."""

    seeds: Sequence[Judgement]
    healthy: Sequence[Judgement]

    @property
    def incidents(self) -> list[Verdict]:
        """Those that somebody must be told of and that could be known."""
        return [each for each in self._verdicts() if not each.incident.what.decoy and not each.incident.lacking]

    @property
    def decoys(self) -> list[Verdict]:
        """Those that nobody may be woken by."""
        return [each for each in self._verdicts() if each.incident.what.decoy]

    @property
    def unknowable(self) -> list[Verdict]:
        """Those that lack what their kind needs."""
        return [each for each in self._verdicts() if each.incident.lacking and not each.incident.what.decoy]

    @property
    def strays(self) -> list[Stray]:
        """Notifications that no incident explains, in worlds with incidents."""
        return [stray for each in self.seeds for stray in each.strays]

    @property
    def quiet(self) -> list[Stray]:
        """Notifications in healthy worlds."""
        return [stray for each in self.healthy for stray in each.strays]

    def _verdicts(self) -> list[Verdict]:
        return [verdict for each in self.seeds for verdict in each.verdicts]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown whose columns stand below each other in a terminal too."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def goals(result: Result) -> list[tuple[str, str, str, bool]]:
    """What is wanted, what is, in words, and whether it holds."""
    found = [each for each in result.incidents if each.first is not None]
    right = sum(each.right for each in found)
    critical = [each.minutes or 0.0 for each in found if each.incident.what.urgent]
    most = max((each.told for each in result.incidents), default=0)
    over = sum(each.told > GOAL_TOLD for each in result.incidents)
    days = sum(each.run.end - each.run.start for each in result.healthy) / 86_400
    pages = [each for each in result.quiet if each.severity == "critical"]
    stray = [each for each in result.strays if each.severity == "critical"]
    woken = [each for each in result.decoys if each.pages]
    rows = []
    if result.incidents:
        total = len(result.incidents)
        rows += [
            ("incidents found", "all", f"{len(found)} of {total} ({len(found) / total:.1%})", len(found) == total),
            ("first notification names the cause", f"{GOAL_RIGHT:.0%}", _share(right, total),
             right >= GOAL_RIGHT * total),
            ("critical kinds: median time", f"{GOAL_MEDIAN:g} min", _minutes(median(critical) if critical else None),
             not critical or median(critical) <= GOAL_MEDIAN),
            ("critical kinds: longest time", f"{GOAL_WORST:g} min", _minutes(max(critical, default=None)),
             max(critical, default=0) <= GOAL_WORST),
            ("notifications an incident", f"{GOAL_TOLD} at most", f"{most} at most, more than {GOAL_TOLD} for {over}",
             over == 0),
        ]  # fmt: skip
    if result.decoys:
        rows.append(("decoys that woke somebody", "0", f"{len(woken)} of {len(result.decoys)}", not woken))
    if result.seeds:
        rows.append(("pages that no incident explains", "0", str(len(stray)), not stray))
    if result.healthy:
        rows.append((f"pages in {days:g} healthy days", "0", str(len(pages)), not pages))
    return rows


def text(result: Result) -> str:
    """The whole report."""
    parts = [
        table(
            ("goal", "wanted", "measured", ""),
            ((name, wanted, measured, "yes" if holds else "**no**") for name, wanted, measured, holds in goals(result)),
        )
    ]
    if result.incidents:
        parts.append(_kinds(result))
    if result.decoys:
        parts.append(_decoys(result))
    parts += [part for part in (_listed(title, lines) for title, lines in _lists(result)) if part]
    return "\n\n".join(parts)


def _kinds(result: Result) -> str:
    rows = []
    for kind in KINDS.values():
        mine = [each for each in result.incidents if each.incident.what is kind]
        if mine:
            rows.append(_row(kind, mine))
    header = ("kind", "found", "cause first", "median", "worst", "first as", "notifications")
    return table(header, rows)


def _row(kind: Kind, mine: Sequence[Verdict]) -> tuple[str, ...]:
    minutes = [each.minutes for each in mine if each.minutes is not None]
    severities = sorted({each.severity for each in mine if each.severity})
    told = [each.told for each in mine]
    return (
        f"`{kind.name}`", f"{len(minutes)}/{len(mine)}", f"{sum(each.right for each in mine)}/{len(mine)}",
        _minutes(median(minutes) if minutes else None), _minutes(max(minutes, default=None)),
        ", ".join(severities) or "–", f"{sum(told) / len(told):.1f}, {max(told)} at most",
    )  # fmt: skip


def _decoys(result: Result) -> str:
    rows = []
    for kind in KINDS.values():
        mine = [each for each in result.decoys if each.incident.what is kind]
        if mine:
            woken, told = sum(each.pages > 0 for each in mine), sum(each.told > 0 for each in mine)
            rows.append((f"`{kind.name}`", str(len(mine)), str(woken), str(told)))
    return table(("decoy", "times", "woke somebody", "told somebody"), rows)


def _lists(result: Result) -> list[tuple[str, list[str]]]:
    days = sum(each.run.end - each.run.start for each in result.healthy) / 86_400
    skipped = [f"{each.run.name}: {', '.join(each.run.skipped)}" for each in result.seeds if each.run.skipped]
    late = [
        each for each in result.incidents
        if each.incident.what.urgent and each.minutes is not None and each.minutes > GOAL_WORST
    ]  # fmt: skip
    return [
        ("Not found", [_line(each) for each in result.incidents if each.first is None]),
        ("The first notification does not name the cause", [
            f"{_line(each)}: {', '.join(each.names)}{_later(each)}"
            for each in result.incidents if each.first is not None and not each.right
        ]),
        ("Late pages", [
            f"{_line(each)}: {_minutes(each.minutes)}, {', '.join(each.names)}{_at_best(each)}" for each in late
        ]),
        (f"More than {GOAL_TOLD} notifications", [
            f"{_line(each)}: {each.told}" for each in result.incidents if each.told > GOAL_TOLD
        ]),
        ("Decoys that woke somebody", [
            f"{_line(each)}: {', '.join(each.names)}" for each in result.decoys if each.pages
        ]),
        ("Pages that no incident explains", [_stray(each) for each in result.strays if each.severity == "critical"]),
        ("Tickets that no incident explains", [_stray(each) for each in result.strays if each.severity != "critical"]),
        (f"Pages in {days:g} healthy days", [_stray(each) for each in result.quiet if each.severity == "critical"]),
        (f"Tickets in {days:g} healthy days", [_stray(each) for each in result.quiet if each.severity != "critical"]),
        ("Nobody could know (not counted above)", [
            f"{_line(each)}: {each.incident.lacking}" + ("" if each.first is None else "; it was found all the same")
            for each in result.unknowable
        ]),
        ("No place for", skipped),
    ]  # fmt: skip


def _listed(title: str, lines: Sequence[str]) -> str:
    return f"{title}:\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _line(each: Verdict) -> str:
    incident = each.incident
    sizes = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in incident.parameters.items() if str(value) != incident.target
    )  # fmt: skip
    return f"{each.run}, {moment(incident.start)}: `{incident.kind}` of {incident.target}" + (
        f" ({sizes})" if sizes else ""
    )


def _at_best(each: Verdict) -> str:
    least = soonest(each.incident)
    return "" if least is None else f"; no rule can know before {least:.1f} min on average"


def _later(each: Verdict) -> str:
    if each.named is None:
        return "; never named"
    return f"; named {(each.named - each.incident.start) / 60:.0f} minutes after the start"


def _stray(each: Stray) -> str:
    shown = [f"{alert.by_name['alertname']} {_shown(alert.by_name)}".strip() for alert in each.alerts[:3]]
    more = f" and {len(each.alerts) - 3} more" if len(each.alerts) > 3 else ""
    return f"{each.run}, {moment(each.at)}: {'; '.join(shown)}{more}"


def _shown(labels: dict[str, str]) -> str:
    return " ".join(
        f"{name}={value}" for name, value in labels.items() if name not in ("alertname", "severity", "instance", "job")
    )


def moment(seconds: float) -> str:
    """A moment, for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%a %d %b %H:%M}"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})"


def _minutes(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} min"


def labelled(alert: Fired, names: Mapping[str, str]) -> str:
    """An alert with its labels; campaigns by the keys of the world."""
    labels = alert.by_name
    if "campaign" in labels:
        labels["campaign"] = names.get(labels["campaign"], labels["campaign"])
    return f"{labels['alertname']} [{labels.get('severity', '')}] {_shown(labels)}".strip()


def timeline(judgement: Judgement, lines: Sequence[tuple[float, str]]) -> str:
    """One run from hour to hour in the order of time, for tuning."""
    marks = [(each.incident.start, f"BEGIN {_line(each).split(': ', 1)[1]}") for each in judgement.verdicts]
    marks += [
        (each.incident.end, f"END   {each.incident.kind} of {each.incident.target}") for each in judgement.verdicts
    ]
    return "\n".join([f"{judgement.run.name}:", *(f"  {moment(at)} {text}" for at, text in sorted([*marks, *lines]))])
