"""What `check` found, and how it is shown: lines for a person, JSON for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

import click


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `about` is `server`, `role`, `exporter` or a relation of the contract."""

    about: str
    level: Level
    thing: str
    value: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in the order in which they are shown.

    `rows` holds the rows of each relation (an estimate where there are many), `series` what to expect in
    Prometheus; both lack what could not be counted.
    """

    findings: tuple[Finding, ...]
    rows: Mapping[str, int]
    series: int | None = None

    @property
    def good(self) -> bool:
        """Whether the exporter would work well: no problem was found. Advice may be left alone."""
        return not any(finding.level is Level.PROBLEM for finding in self.findings)

    @property
    def verdict(self) -> str:
        """One line that sums it up."""
        counts = Counter(finding.level for finding in self.findings)
        advice = f"{counts[Level.ADVICE]} advice" if counts[Level.ADVICE] else ""
        if self.good:
            return "The exporter would work well" + (f" ({advice})." if advice else ".")
        problems = counts[Level.PROBLEM]
        named = f"{problems} problem" + ("s" if problems > 1 else "")
        return f"The exporter would not work well: {', '.join(filter(None, (named, advice)))}."


_COLOURS: Mapping[Level, str] = {Level.OK: "green", Level.ADVICE: "yellow", Level.PROBLEM: "red"}
_THING_WIDTH = 34


def as_text(report: Report) -> str:
    """Lines grouped by what they are about, the remedy below what it mends; coloured (click strips that)."""
    lines: list[str] = []
    things = [len(finding.thing) for finding in report.findings if len(finding.thing) <= _THING_WIDTH]
    width = max(things, default=0)
    for about, findings in groupby(report.findings, key=lambda finding: finding.about):
        lines += [*([""] if lines else []), click.style(about, bold=True)]
        for finding in findings:
            level = click.style(f"{finding.level.value:<7}", fg=_COLOURS[finding.level])
            lines.append(f"  {level}  {finding.thing:<{width}}  {finding.value}")
            lines += (f"  {'':7}  {'':{width}}  -> {remedy}" for remedy in finding.remedy.splitlines())
    colour = "green" if report.good else "red"
    return _printable("\n".join([*lines, "", click.style(report.verdict, fg=colour, bold=True)]))


def as_json(report: Report) -> str:
    """The stable shape that docs/operating.md describes; keys may be added to it, none is renamed or taken away."""
    text = json.dumps(
        {
            "good": report.good,
            "verdict": report.verdict,
            "findings": [
                {
                    "about": finding.about,
                    "level": finding.level.value,
                    "thing": finding.thing,
                    "value": finding.value,
                    "remedy": finding.remedy,
                }
                for finding in report.findings
            ],
            "rows": dict(report.rows),
            "series": report.series,
        },
        indent=2,
        ensure_ascii=False,
    )
    return _printable(text)


def _printable(text: str) -> str:
    """Without what a SQL_ASCII database may hold and no terminal can show."""
    return text.encode("utf-8", "replace").decode("utf-8")


def ordered(findings: Iterable[Finding], first: Iterable[str]) -> tuple[Finding, ...]:
    """The findings by what they are about, in this order; those about one thing stay as they were found."""
    place = {about: index for index, about in enumerate(first)}
    return tuple(sorted(findings, key=lambda finding: place[finding.about]))


def counted(number: int, thing: str) -> str:
    """`1 row`, `20,992 rows`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
