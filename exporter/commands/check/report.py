"""What `check` found, and how it is shown: lines for a person, JSON for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

import click

from exporter.contract.availability import without


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `about` is `server`, `role`, `exporter` or a relation of the contract.

    `feature`: what an optional column would give that is not there. In the text such columns share a line.
    """

    about: str
    level: Level
    thing: str
    value: str
    remedy: str = ""
    feature: str = ""


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


_HEADINGS: Mapping[Level, tuple[str, str]] = {
    Level.PROBLEM: ("What is wrong", "red"),
    Level.ADVICE: ("What you would gain", "yellow"),
    Level.OK: ("What is fine", "green"),
}


def as_text(report: Report) -> str:
    """What is wrong, what could be better, what is fine, the remedy below. Coloured (click strips that)."""
    colour = "green" if report.good else "red"
    return printable("\n".join([*sections(report), click.style(report.verdict, fg=colour, bold=True)]))


def sections(report: Report) -> list[str]:
    """The findings by how much they matter, as lines."""
    lines: list[str] = []
    for level, (heading, colour) in _HEADINGS.items():
        findings = [finding for finding in report.findings if finding.level is level]
        if findings:
            lines += [click.style(heading, bold=True), *_section(level, findings, colour), ""]
    return lines


def _section(level: Level, findings: Sequence[Finding], colour: str) -> Iterator[str]:
    shown = _in_short(findings) if level is Level.OK else _with_features_together(findings)
    width = max(len(about) for about, _, _ in shown)
    for about, what, remedy in shown:
        yield f"  {click.style(f'{level.value:<7}', fg=colour)}  {about:<{width}}  {what}"
        yield from (f"  {'':7}  {'':{width}}  -> {line}" for line in remedy.splitlines())


_Line = tuple[str, str, str]
"""What it is about, what there is to say, and the remedy."""


def _in_short(findings: Sequence[Finding]) -> list[_Line]:
    """All that is fine about a thing on one line."""
    return [
        (about, "; ".join(f"{finding.thing}: {finding.value}" for finding in fine), "")
        for about, fine in groupby(findings, key=lambda finding: finding.about)
    ]


def _with_features_together(findings: Sequence[Finding]) -> list[_Line]:
    """Optional columns that a relation lacks on one line, all else on lines of their own."""
    lines: list[_Line] = []
    for (about, lacking), group in groupby(findings, key=lambda finding: (finding.about, bool(finding.feature))):
        found = list(group)
        if lacking and len(found) > 1:
            what = without([(finding.thing, finding.feature) for finding in found])
            lines.append((about, what, "add to the view what you have of them"))
        else:
            lines += ((about, f"{finding.thing}: {finding.value}", finding.remedy) for finding in found)
    return lines


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
    return printable(text)


def printable(text: str) -> str:
    """Without what a SQL_ASCII database may hold and no terminal can show."""
    return text.encode("utf-8", "replace").decode("utf-8")


def ordered(findings: Iterable[Finding], first: Iterable[str]) -> tuple[Finding, ...]:
    """The findings by what they are about, in this order; those about one thing stay as they were found."""
    place = {about: index for index, about in enumerate(first)}
    return tuple(sorted(findings, key=lambda finding: place[finding.about]))


def counted(number: int, thing: str) -> str:
    """`1 row`, `20,992 rows`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
