"""What to do, in words: the hints of a campaign, and of these the first as metrics bear it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from exporter.diagnosis.ab_test import Experiment
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.diagnosis.recent_calls import Recent

AGAIN_SECONDS = 60.0
"""The hints of a campaign are looked for at most this often, unless verdict, gate or code are others."""

AT_ONCE = 20
"""And for so many campaigns in one refresh, the oldest first."""

FIGURES_SECONDS = 300.0
"""Where only figures moved, the words are renewed this often: each text is a series of its own in Prometheus."""

LONGEST = 300
"""Characters of a text at most."""

_UNIT = r"(?:s|min|h|d)\b"
_FIGURE = re.compile(rf"\d+(?:[.,:-]\d+)*(?: {_UNIT}(?: \d+ {_UNIT})*)?")
"""Numbers, times, dates, and durations, whose units come and go."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The first hint and what the binding gate rests on. `at`: when it was looked for, `since`: when it was said so."""

    hint: str
    evidence: str
    at: float
    since: float


def in_full(s: Situation, recent: Recent, number: int) -> Situation:
    """What the diagnosis judged by, with the recent calls that only hints and cards need."""
    lately = recent.lately(number, s.told)
    return replace(s, lately=replace(lately, silent=None, heard=0) if s.of_people else lately)


def advice(s: Situation, d: Diagnosis, experiment: Experiment | None) -> list[str]:
    """All hints of a situation that is told in full, with what the A/B test adds to them."""
    more: tuple[str, ...] = ()
    if experiment is not None and experiment.mismatch and experiment.p_value is not None:
        more = (
            f"Name no winner of the A/B test: its contacts are not split as configured (p = {experiment.p_value:.1g}). "
            "Find out what assigns them first.",
        )
    return hints(s, d, more)


def first(s: Situation, d: Diagnosis, experiment: Experiment | None, before: Advice | None) -> Advice:
    """The first hint with the evidence of the binding gate, in the words of before where only their figures moved."""
    bound = next((gate for gate in d.gates if gate.name == d.binding), None)
    hint = _cut(next(iter(advice(s, d, experiment)), ""))
    rests_on = _cut(evidence(bound, s)) if bound is not None else ""
    fresh = before is not None and 0 <= s.now - before.since < FIGURES_SECONDS
    if before is not None and fresh and _alike((before.hint, before.evidence), (hint, rests_on)):
        return replace(before, at=s.now)
    return Advice(hint, rests_on, s.now, s.now)


def aging(known: Iterable[tuple[str, Advice | None]], now: float) -> set[str]:
    """The campaigns whose hints are looked for again though nothing else is said of them."""
    old = [(each.at, key) for key, each in known if each is not None and not 0 <= now - each.at < AGAIN_SECONDS]
    return {key for _, key in sorted(old)[:AT_ONCE]}


def words(text: str) -> str:
    """The text as it is, whatever its figures."""
    return _FIGURE.sub("0", text)


def _alike(before: tuple[str, str], after: tuple[str, str]) -> bool:
    return [*map(words, before)] == [*map(words, after)]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
