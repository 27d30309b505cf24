"""What is absent claims nothing on the boards: each panel is asked of platforms that lack something.

As in `test_absent`: what a panel answers otherwise than with everything there must be gone, unless it reads a family
that means something without what lacks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from exporter.demo.runtime.server import EmbeddedServer
from tests.dashboards.asking import Series, interpolated
from tests.dashboards.boards import expressions
from tests.support.absences import DROPPED, INSTEAD, PLATFORMS, Look, looking
from tests.support.claims import Claims
from tests.support.effort import PROVING
from tests.support.exporting import NOW
from tests.support.prometheus import Prometheus, running, write_history

# One Prometheus for all of them: `make prove` would have each worker make its own.
pytestmark = [pytest.mark.xdist_group("absent_boards"), pytest.mark.timeout(900 if PROVING else 300)]

WHOLE = "everything"
_FEW = ("no costs", "no pools", "only what is required")
LACKING = {**PLATFORMS, **{name: (name,) for name in DROPPED}} if PROVING else {name: PLATFORMS[name] for name in _FEW}
"""What platforms lack together, some of them; in `make prove` all, and each thing on its own."""

TENANTS = {name: f"t{number:03}t" for number, name in enumerate((WHOLE, *LACKING))}
"""Platforms are told apart by their tenant."""

TENANT = re.compile(r"t\d{3}t")
MINUTES = (15_000, 10_140, 10_080, 1_500, 1_440, 120, 90, 60, 50, 40, 30, 20, 10, 5, 4, 3, 2, 1, 0)
"""Before now, when Prometheus scraped."""

COUNTERS = ("_total", "_bucket", "_sum", "_count")
COUNTERS = ("_total", "_bucket", "_sum", "_count")
MANY = 100_000.0
"""So much do counters rise more: rates want a minimum of calls."""

CAMPAIGNS = range(1, 7) if PROVING else range(1, 2)
"""Those that the campaign's board is opened for."""

QUESTIONS = {
    where: expression for where, expression in expressions()
    if not where.startswith(("exporter-health", "cost-shared", "task-", "campaign-207-", "overview-103-"))
}  # fmt: skip
"""Those about campaigns: of the exporter itself, of one tenant's copy and of one task the others tell enough. What to
do first (207, 103) is said in the card's words, which `test_absent` looks at."""

AT = NOW.timestamp()


@pytest.fixture(scope="module")
def look(server: EmbeddedServer) -> Iterator[Look]:
    with looking(server, "absent_boards") as found:
        yield found


def history(platforms: dict[str, Claims]) -> Iterator[tuple[float, bytes]]:
    """What Prometheus saw of platforms that are told apart by their tenant: counters that rose, and gauges."""
    for minutes in MINUTES:
        lines: dict[str, list[str]] = {}
        for platform, claims in platforms.items():
            for (name, labels), value in claims.series.items():
                known = dict(labels)
                if "tenant" not in known:
                    continue  # of the exporter itself, or of no campaign
                known["tenant"] = TENANTS[platform]
                if "campaign" in known:
                    known["campaign"] = f"{known['tenant']}/{known['campaign']}"
                grown = MANY * value * (1 - minutes / 20_000) if name.endswith(COUNTERS) else value
                text = ",".join(f'{key}="{_escaped(each)}"' for key, each in known.items())
                lines.setdefault(name, []).append(f"{name}{{{text}}} {grown!r}")
        yield AT - minutes * 60, "".join(f"# TYPE {name} gauge\n" + "\n".join(found) + "\n"
                                         for name, found in lines.items()).encode()  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass(frozen=True)
class Boards:
    """Platforms that a Prometheus has seen, and what the boards say of each."""

    server: Prometheus
    moved: Mapping[str, set[str]]
    """Of each platform, the families that are not as with everything there."""
    said: dict[str, dict[str, Series]] = field(default_factory=dict)

    def of(self, platform: str) -> Mapping[str, Series]:
        """By question, the rows that have a figure, but for whose they are."""
        if platform not in self.said:
            self.said[platform] = {
                f"{where} of {campaign}": self._ask(platform, where, expression, campaign)
                for where, expression in QUESTIONS.items()
                for campaign in (CAMPAIGNS if where.startswith("campaign-") else (".*",))
            }
        return self.said[platform]

    def _ask(self, platform: str, where: str, expression: str, campaign: object) -> Series:
        if platform != WHOLE and self.moved[platform].isdisjoint(re.findall(r"campaign_\w+", expression)):
            return self.of(WHOLE)[f"{where} of {campaign}"]
        tenant = TENANTS[platform]
        values = {"tenant": tenant, "campaign": f"{tenant}/{campaign}", "number": ".*", "currency": ".*"}
        return {
            tuple((key, TENANT.sub("", value)) for key, value in labels): figure
            for labels, figure in self.server.query(interpolated(expression, values, "1h", "10m"), AT).items()
            if not math.isnan(figure)
            and set(TENANT.findall(repr(labels))) <= {tenant}  # of others, where all are shown
        }


@pytest.fixture(scope="module")
def boards(look: Look, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boards]:
    platforms = {WHOLE: look()}
    for name, lacking in LACKING.items():
        platforms[name] = look(*(statement for each in lacking for statement in DROPPED[each]))
    everything = platforms[WHOLE].series.items()
    moved = {
        name: {series for (series, _), _ in found.series.items() ^ everything} for name, found in platforms.items()
    }
    directory = tmp_path_factory.mktemp("absent")
    write_history(directory, list(history(platforms)))
    with running(directory) as server:
        yield Boards(server, moved)


def test_most_questions_are_answered_with_everything_there(boards: Boards) -> None:
    """Else there would be nothing to see when something is taken away."""
    answered = {where.split()[0] for where, found in boards.of(WHOLE).items() if found}
    assert len(answered) > 0.7 * len(QUESTIONS)


@pytest.mark.parametrize("platform", LACKING)
def test_no_panel_says_what_nobody_told(boards: Boards, platform: str) -> None:
    lacking = {platform, *LACKING[platform]}
    rights = [INSTEAD[name] for name in lacking if name in INSTEAD and INSTEAD[name].but_for not in lacking]
    meant = re.compile("|".join(rf"\b{each}\b" for right in rights for each in (*right.series, *right.boards)) or "$^")
    wrong = {
        f"{where} {dict(labels)}": (boards.of(WHOLE)[where].get(labels), figure)
        for where, found in boards.of(platform).items()
        if not meant.search(f"{where} {QUESTIONS[where.split()[0]]}")
        for labels, figure in found.items() if boards.of(WHOLE)[where].get(labels) != figure
    }  # fmt: skip
    assert wrong == {}
