"""Every panel's query on a real Prometheus with the demo's history: no error, and data where the demo has some."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

import pytest

from dashboards.vocabulary.colours import WORST_FIRST
from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import activate
from tests.dashboards.asking import STEP, Change, Series, interpolated, remembering, unchanged
from tests.dashboards.boards import Found, expressions, panels
from tests.dashboards.grouped import GROUPED, HERE, ONE_GROUP, THERE, alone, labelled
from tests.dashboards.shown import SHOWN
from tests.support.effort import PROVEN, PROVING
from tests.support.prometheus import Prometheus
from tests.support.simulation import ORIGIN, prepare, trial

# One laboratory for all of them: `make prove` would have each worker make its own.
pytestmark = [pytest.mark.xdist_group("queries"), pytest.mark.timeout(900 if PROVING else 300)]

HOURS = 1.0
PAUSED = "operator_pause"
CAMPAIGNS = [str(number) for number in (*range(1, 15), 17)]
"""Those that dial, and the one of people."""
EVERYTHING = {"tenant": ".*", "campaign": ".*", "number": ".*", "currency": ".*"}
QUESTIONS = dict(expressions())
SHARED = [where for where in QUESTIONS if not where.startswith("exporter-health")]
_HEALTHY = "nothing is wrong"
NOTHING: dict[str, str] = {
    "overview-402-A": "no rules run here, so no alert fires",
    "campaign-206-A": "no rules run here, so no alert fires",
    "campaign-1-B": "the pause has a reason",
    "campaign-1-F": "no campaign was cancelled",
    "campaign-1-G": "there is every campaign",
    "campaign-205-D": "all windows open at some time",
    "campaign-415-C": "no arm has twenty first words in a quarter of an hour",
    "campaign-602-A": "no arm is ahead",
    "campaign-603-A": "no arm is ahead",
    **dict.fromkeys(
        ("campaign-1-OLD", "overview-101-OLD", "numbers-101-OLD", "cost-106-OLD", "cost-shared-1-106-OLD"), _HEALTHY
    ),
    **dict.fromkeys(("numbers-130-A", "numbers-130-B"), "no number is answered less than it was"),
    **dict.fromkeys(("cost-191-A", "cost-shared-1-191-A"), "no hour stands out within one"),
    "exporter-health-204-A": _HEALTHY,
    "exporter-health-602-A": _HEALTHY,
    "exporter-health-605-A": "nobody scraped",
}
"""Where the demo, an hour long and healthy but for a pause, has nothing to show, and why."""


@dataclass
class Lab:
    """What Prometheus scraped of the same hour of one database; each is started when a test first asks it."""

    saw: Callable[..., Prometheus]
    """Starts one that scraped these instances."""

    at: float

    @cached_property
    def one(self) -> Prometheus:
        return self.saw(FIRST)

    @cached_property
    def two(self) -> Prometheus:
        return self.saw({**FIRST, "two:1": unchanged})

    @cached_property
    def rolled(self) -> Prometheus:
        """One exporter, which got another `instance` half-way."""
        turn = self.at - HOURS * 1800
        return self.saw({
            "one:1": lambda at, text: text if at < turn else b"", "two:1": lambda at, text: text * (at >= turn),
        })  # fmt: skip

    @cached_property
    def operated(self) -> Prometheus:
        """One, by way of Prometheus Operator."""
        return self.saw(FIRST, **OPERATOR)

    @cached_property
    def other(self) -> Prometheus:
        """One that reads late: it shows other states, verdicts and names."""
        return self.saw({"one:1": late})

    @cached_property
    def differing(self) -> Prometheus:
        """The first and the late one."""
        return self.saw({**FIRST, "two:1": late})

    @cached_property
    def elsewhere(self) -> Prometheus:
        """One of another platform, of equal ids."""
        return self.saw({"two:1": elsewhere})

    @cached_property
    def platforms(self) -> Prometheus:
        """The first one and that one: one has its group of the scrape, the other gives it itself."""
        there = {"two:1": lambda at, text: labelled(elsewhere(at, text), THERE)}
        return self.saw({**FIRST, **there}, of={"one:1": HERE})


@pytest.fixture(scope="module")
def lab(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    world = prepare(server, "boards")
    with trial(world, activate(PAUSED, ORIGIN + timedelta(minutes=40))) as run:
        run.until(ORIGIN + timedelta(hours=HOURS), 60)  # each Prometheus below reads all scrapes
    scrapes = run.scrapes
    server.drop_database(world.template)
    with ExitStack() as stack:

        def saw(instances: dict[str, Change], **labels: Any) -> Prometheus:
            return stack.enter_context(remembering(tmp_path_factory.mktemp("prometheus"), scrapes, instances, **labels))

        yield Lab(saw, scrapes[-1][0])


FIRST: dict[str, Change] = {"one:1": unchanged}
OPERATOR = {"namespace": "calls", "service": "exporter", "endpoint": "http", "container": "exporter", "pod": "e-0"}
_SWAPS = ((b'="running"', b'="paused"'), (b'="dialing"', b'="blocked"'), (b'="none"', b'="numbers"'),
          (b'="active"', b'="flagged"'))  # fmt: skip


EITHER = {"numbers-121"}
"""Panels of what any replica tells: a number that one has as flagged."""


def late(_at: float, text: bytes) -> bytes:
    """What an exporter shows that has not read yet what happened since: each state is another, each name an old one."""

    def swapped(line: re.Match[bytes]) -> bytes:
        found = line[0]
        for one, other in _SWAPS:
            found = found.replace(one, b"\0").replace(other, one).replace(b"\0", other)
        return found

    def renamed(line: re.Match[bytes]) -> bytes:
        return re.sub(rb'([{,])(name|phone|label|agent|provider|reason|filename)="', rb'\1\2="former ', line[0])

    text = re.sub(rb"^campaign_(?:status|number_status|dispatch_(?:verdict|binding|info))\{.*$", swapped, text,
                  flags=re.MULTILINE)  # fmt: skip
    return re.sub(rb"^campaign_(?:\w+_)?info\{.*$", renamed, text, flags=re.MULTILINE)


def elsewhere(at: float, text: bytes) -> bytes:
    """What the exporter of another platform shows, whose ids happen to be the same: other states, names and figures."""

    def more(line: re.Match[bytes]) -> bytes:
        return line[1] + b"%.1f" % (3 * float(line[2]) + 5 * (b"_total" in line[1]))

    figures = rb"^(campaign_(?:\w+_(?:total|limit|in_progress|today|cap|credits)|tasks\w*)(?:\{.*\})? )([0-9.]+)$"
    return re.sub(figures, more, late(at, text), flags=re.MULTILINE)


def _interpolated(question: str, campaign: str = ".*") -> str:
    return interpolated(question, {**EVERYTHING, "campaign": campaign, "task": "1"}, "1h")


@cache
def told(server: Prometheus, expression: str, at: float) -> Series:
    """What is answered, asked once: several boards and tests ask the same."""
    return server.query(expression, at)


def asked(server: Prometheus, where: str, at: float) -> Series:
    """What is shown of all campaigns, or, on a board of one, of whichever has something."""
    question = QUESTIONS[where]
    if where.split("-")[0] not in ("campaign", "task"):
        return told(server, _interpolated(question), at)
    found: Series = {}
    for campaign in CAMPAIGNS:
        found |= told(server, _interpolated(question, campaign), at)
        if found or "$campaign" not in question.replace("${campaign}", "$campaign"):
            break
    return found


@PROVEN
def test_every_question_is_answered_where_there_is_something_to_show(lab: Lab) -> None:
    unanswered = {where: QUESTIONS[where] for where in QUESTIONS.keys() - NOTHING if not asked(lab.one, where, lab.at)}
    assert unanswered == {}, "nothing is shown"
    answered = {where: found for where in NOTHING if (found := asked(lab.one, where, lab.at))}
    assert answered == {}, "there is something by now: take it off the list"


@PROVEN
def test_a_second_exporter_changes_no_number(lab: Lab) -> None:
    assert _changed({where: asked(lab.two, where, lab.at) for where in SHARED}, lab) == {}


@pytest.mark.skipif(not PROVING, reason="asks everything once more: make prove")
def test_a_rollout_changes_no_number(lab: Lab) -> None:
    """But for what is drawn of short spans: it misses the one of the rollout."""
    after = {where: asked(lab.rolled, where, lab.at) for where in SHARED}
    short = {where for where in SHARED if STEP in _interpolated(QUESTIONS[where])}
    rows = {where: found.keys() ^ asked(lab.one, where, lab.at).keys() for where, found in after.items()}
    assert {where: differing for where, differing in rows.items() if differing} == {}
    assert _changed({where: found for where, found in after.items() if where not in short}, lab) == {}


@pytest.mark.skipif(not PROVING, reason="asks everything once more: make prove")
def test_labels_that_a_scrape_adds_change_no_number(lab: Lab) -> None:
    def known(found: Series) -> Series:
        return {tuple(each for each in labels if each[0] not in OPERATOR): value for labels, value in found.items()}

    labelled = {where: asked(lab.operated, where, lab.at) for where in SHARED}
    assert {where: found for where, found in labelled.items() if len(known(found)) < len(found)} == {}, "rows merge"
    assert _changed({where: known(found) for where, found in labelled.items()}, lab, known) == {}


def _changed(
    answers: Mapping[str, Series], lab: Lab, known: Callable[[Series], Series] = dict
) -> dict[str, tuple[Series, Series]]:
    """By question, what one exporter's Prometheus and this one say, where they differ."""
    plain = {where: known(asked(lab.one, where, lab.at)) for where in answers}
    return {
        where: (plain[where], found) for where, found in answers.items()
        if found != pytest.approx(plain[where], nan_ok=True)
    }  # fmt: skip


@PROVEN
def test_replicas_that_disagree_break_and_double_nothing(lab: Lab) -> None:
    """Neither row nor series is there for each of two opinions."""

    def shown(server: Prometheus, found: Found, campaign: str) -> int:
        asks = [_interpolated(each["expr"], campaign) for each in found.targets if "expr" in each]
        return sum(len(told(server, ask, lab.at)) for ask in asks)

    doubled = {}
    for found in panels():
        if found.board == "exporter-health":
            continue
        for campaign in ("1", "2") if found.board in ("campaign", "task") else (".*",):
            one, other, both = (shown(server, found, campaign) for server in (lab.one, lab.other, lab.differing))
            if both > (one + other if str(found) in EITHER else max(one, other)):
                doubled[f"{found}, campaign {campaign}"] = f"{one} and {other} become {both}"
    assert doubled == {}


@PROVEN
def test_of_two_verdicts_the_worst_is_told_and_counted(lab: Lab) -> None:
    def each(server: Prometheus, where: str, label: str, campaign: str = ".*") -> list[str]:
        found = told(server, _interpolated(QUESTIONS[where], campaign), lab.at)
        return [dict(labels).get(label, "") for labels in found]

    for campaign in CAMPAIGNS:
        one, other, both = (each(server, "campaign-201-A", "verdict", campaign)
                            for server in (lab.one, lab.other, lab.differing))  # fmt: skip
        assert both == sorted(one + other, key=WORST_FIRST.index)[: len(one)]
    counted = [asked(lab.differing, where, lab.at) for where in QUESTIONS if where.startswith("overview-102")]
    assert sum(sum(found.values()) for found in counted) == len(each(lab.one, "overview-201-A", "campaign"))


@PROVEN
def test_what_shows_a_scenario_shows_nothing_of_the_kind_on_a_good_day(lab: Lab) -> None:
    assert [(name, each.where) for name in SHOWN.keys() - {PAUSED} for each in SHOWN[name]
            if each.holds(lab.one, "2", lab.at)] == []  # fmt: skip


# -- two platforms --------------------------------------------------------------------------------------------------


def _of_group(lab: Lab, where: str, group: Mapping[str, str], chosen: Mapping[str, str]) -> list[tuple[Series, Series]]:
    """What a question shows of a group where both are seen, and what it shows where that one is alone."""
    found = []
    server = lab.one if group == HERE else lab.elsewhere
    for campaign in ("1", "2", "7") if where.split("-")[0] in ONE_GROUP else (".*",):
        both = interpolated(GROUPED[where], {**EVERYTHING, "campaign": campaign, "task": "1", **chosen}, "1h")
        plain = told(server, _interpolated(QUESTIONS[where], campaign), lab.at)
        found.append((alone(told(lab.platforms, both, lab.at), group), plain))
    return found


def _mixed(lab: Lab, every: Iterable[str], group: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, Any]:
    """Questions that show of a group another thing than where it is alone."""
    return {
        where: (seen, plain) for where in every for seen, plain in _of_group(lab, where, group, chosen)
        if (seen.keys() != plain.keys() if _is_choice(where) else seen != pytest.approx(plain, nan_ok=True))
    }  # fmt: skip


def _is_choice(where: str) -> bool:
    return not re.search(r"-\d+-\w+$", where)


@PROVEN
@pytest.mark.parametrize("group", [HERE, THERE], ids=lambda group: group["region"])
def test_of_two_platforms_the_chosen_one_is_shown_as_if_it_were_alone(lab: Lab, group: dict[str, str]) -> None:
    assert GROUPED.keys() == QUESTIONS.keys()
    every = [where for where in QUESTIONS if group == HERE or not where.startswith("cost-shared")]
    assert _mixed(lab, every, group, group) == {}


@PROVEN
@pytest.mark.parametrize("group", [HERE, THERE], ids=lambda group: group["region"])
def test_where_all_platforms_are_chosen_each_is_shown_as_if_it_were_alone(lab: Lab, group: dict[str, str]) -> None:
    every = [where for where in QUESTIONS if where.split("-")[0] not in ONE_GROUP
             and not where.startswith("cost-shared") and not _is_choice(where)]  # fmt: skip
    assert _mixed(lab, every, group, dict.fromkeys(group, ".*")) == {}


@PROVEN
def test_the_two_platforms_are_not_alike(lab: Lab) -> None:
    """Else it could not be seen that one is shown for the other."""
    alike = [where for where in SHARED if (found := asked(lab.one, where, lab.at))
             and not _is_choice(where) and found == asked(lab.elsewhere, where, lab.at)]  # fmt: skip
    assert len(alike) < len(SHARED) / 2
