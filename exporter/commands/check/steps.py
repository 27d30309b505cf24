"""What to do next with a database that works: a few steps, in the order in which an adoption goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import click

from exporter.commands.check.report import Finding, Level, Report, printable, sections
from exporter.commands.check.unshown import UNSHOWN


@dataclass(frozen=True, slots=True)
class Step:
    """What is not there, what it would give, and where the recipe stands. `lacks`: relations, or columns of one."""

    lacks: tuple[tuple[str, str], ...]
    said: str
    remedy: str
    together: bool = False
    """Whether one of them would do."""


_RELATION = "relation"
_STEPS = (
    Step(
        (("tasks", "updated_at"), ("calls", "updated_at")),
        "nothing says when rows of {of} changed: all are counted at each refresh. With a stamp figures are seconds old"
        " at any size",
        "campaign-exporter adopt --stamps TABLE; docs/adopt.md, No stamp",
    ),
    Step(
        (("tasks", "next_eligible_at"),),
        "nothing says when a contact may be called again: no retry is waited for",
        "docs/adopt.md, Retries are rows, Retries by outcome",
    ),
    Step(
        (("calls", "ended_at"), ("calls", "answered_at")),
        "calls have no {columns}: are they events of a log?",
        "campaign-exporter adopt --from-log TABLE; docs/adopt.md, Calls are events",
    ),
    Step(
        (("tenants", _RELATION),),
        "there are no tenants: leave it so where there is one only",
        "docs/adopt.md, No tenant",
    ),
    Step(
        (("campaigns", "call_windows"),),
        "campaigns have no call windows: they count as always open, so that a night looks like a fault",
        "show them as docs/contract.md, Call windows, says",
    ),
    Step(
        (("tasks", "blocker"),),
        "nothing says why a contact is not dialled: the verdict stalled is never given",
        "docs/adopt.md, State elsewhere; where nothing else holds a task, show NULL::text AS blocker",
    ),
    Step(
        (("tenants", "concurrency_limit"), ("campaigns", "concurrency_limit"), ("connections", "concurrency_limit")),
        "no limit of calls at once is known: a dialler that is full is not told from one that is broken",
        "docs/adopt.md, Limits that no table has",
        together=True,
    ),
    Step(
        (("campaigns", "ended_at"),),
        "nothing says when a campaign ended: all ended ones are kept",
        "show ended_at, or leave out of the view what is long over",
    ),
    Step(
        (("campaigns", "paused_by"), ("campaigns", "pause_reason")),
        "who paused a campaign, and why, is not known: a pause by the dialler itself wakes nobody",
        "docs/adopt.md, A campaign that failed",
    ),
    Step(
        (("numbers", _RELATION),),
        "there are no numbers: which of them goes bad is not seen",
        "show them as docs/contract.md says",
    ),
)
"""In the order of the table in docs/adopt.md."""


def steps(report: Report) -> list[Step]:
    """Those that this database lacks something for, with what that is filled in."""
    lacking = {(each.about, each.thing) for each in report.findings if _lacks(each)}
    given = any(each.about == "exporter" and each.thing == "limits" for each in report.findings)
    following = [step for step in _filled(lacking) if not (given and step.together)]
    there = [each.remedy for each in report.findings if each.thing == UNSHOWN]
    return [_shown_first(step, there) if there and step.lacks[0][1] == "updated_at" else step for step in following]


def _shown_first(step: Step, there: Sequence[str]) -> Step:
    """The step to a stamp where the tables have one already: that costs a line of the view, and changes no table."""
    first = f"{', and '.join(there)}; check then names the index it needs"
    return replace(step, remedy=f"{first}; of what has none: {step.remedy}" if len(there) < len(step.lacks) else first)


def _lacks(finding: Finding) -> bool:
    return finding.level is Level.ADVICE and (bool(finding.feature) or finding.thing == _RELATION)


def _filled(lacking: set[tuple[str, str]]) -> Iterator[Step]:
    for step in _STEPS:
        found = tuple(each for each in step.lacks if each in lacking or (each[0], _RELATION) in lacking)
        if found and (not step.together or found == step.lacks):
            of = " and ".join(dict.fromkeys(about for about, _ in found))
            columns = " and ".join(dict.fromkeys(thing for _, thing in found))
            yield replace(step, lacks=found, said=step.said.format(of=of, columns=columns))


def in_short(report: Report) -> str:
    """What is wrong and what to look at in the rows, then the next steps; all else is counted."""
    shown = tuple(each for each in report.findings if each.level is Level.PROBLEM or _of_rows(each))
    parts = sections(Report(shown, {}))
    following = steps(report)
    if following:
        parts.append(click.style("Next steps", bold=True))
        for place, step in enumerate(following, 1):
            parts.append(f"  {place:>2}. {step.said}")
            parts.append(f"      -> {step.remedy}")
        parts.append("")
    left = sum(each.level is Level.ADVICE for each in report.findings if each not in shown)
    if left:
        parts.append(f"There is more advice ({left}), and what is fine: --all\n")
    colour = "green" if report.good else "red"
    parts.append(click.style(report.verdict, fg=colour, bold=True))
    return printable("\n".join(parts))


def _of_rows(finding: Finding) -> bool:
    """Advice that is about this database's rows and indexes, not about what a view or a role might have besides."""
    return (
        finding.level is Level.ADVICE
        and not _lacks(finding)
        and finding.thing not in ("alerts", UNSHOWN)
        and finding.about not in ("role", "server")
    )
