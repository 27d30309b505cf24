"""What is absent claims nothing: each optional column and relation is taken away, and what is said then is compared.

The rule needs no list of what rests on what: **what differs must have gone**. A series that shows another value, a card
that names another figure, a sentence that does not say that something is not told: each is a claim that rests on
something that is not there. What has a meaning without the column too, by the contract, stands in `INSTEAD`, with the
reason. So a new rule, family or tile that forgets this fails here; nobody has to remember a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.call_columns import call_rows
from exporter.source.task_columns import task_rows
from exporter.source.told import MAKES_DO, rests_on
from tests.support import contract
from tests.support.absences import (
    DROPPED,
    EMPTY,
    FOR_PEOPLE,
    INSTEAD,
    NULL_SAYS,
    OPTIONAL,
    PLATFORMS,
    STAMPS,
    Look,
    looking,
)
from tests.support.claims import Claims, Leaf
from tests.support.effort import PROVEN, PROVING

UNSAID = re.compile(
    r"not told|not known|nobody|is told|are told|no error code|only .* is told|without an error code", re.IGNORECASE
)
"""What a sentence may say of something that is not there."""


@pytest.fixture(scope="module")
def look(server: EmbeddedServer) -> Iterator[Look]:
    with looking(server, "absent") as found:
        yield found


@pytest.fixture(scope="module")
def whole(look: Look) -> Claims:
    """What is said with everything there."""
    return look()


def unfounded(whole: Claims, found: Claims, *lacking: str) -> dict[str, object]:
    """What is said otherwise than with everything there, by no right."""
    rights = [INSTEAD[name] for name in lacking if name in INSTEAD and INSTEAD[name].but_for not in lacking]
    series = re.compile("|".join(each for right in rights for each in right.series) or "$^")
    leaves = re.compile("|".join(each for right in rights for each in right.leaves) or "$^")
    wrong: dict[str, object] = {}
    for (name, labels), value in found.series.items():
        if name == "campaign_dispatch_hint_info":  # the card's own words, which are leaves below
            continue
        if whole.series.get((name, labels)) != value and not series.fullmatch(name):
            wrong[f"{name} {dict(labels)}"] = (whole.series.get((name, labels)), value)
    for leaf, value in found.leaves.items():
        if whole.leaves.get(leaf) != value and not _fits(leaf, value, leaves):
            wrong[".".join(leaf)] = (whole.leaves.get(leaf), value)
    for campaign, text in found.texts.items():
        if odd := re.search(r"\b(None|nan)\b|0\.00 XXX", text):
            wrong[f"text of {campaign}"] = text[max(0, odd.start() - 80) : odd.end() + 20]
    return wrong


def _fits(leaf: Leaf, value: object, allowed: re.Pattern[str]) -> bool:
    path = ".".join(leaf[1:])
    unknown = (value == "unknown" and leaf[-1] == "state") or str(value).endswith("_not_told")
    return unknown or bool(allowed.fullmatch(path)) or (isinstance(value, str) and bool(UNSAID.search(value)))


@PROVEN
def test_everything_is_wrong_with_the_platform(whole: Claims) -> None:
    """Else there would be nothing to see when something is taken away."""
    hints = " ".join(whole.sentences.values())
    for words in (
        "the agent never spoke", "were negative", "A call costs", "were rejected", "windows were closed",
        "after the campaign was paused", "used their attempts", "more than one call in progress", "not split",
        "most with sip_503 of acme", "most with sip_404", "Number n2 was answered", "Ask who owns the budget",
        "could be dialled, every gate", "paused it by itself", "its time has passed",
    ):  # fmt: skip
        assert words in hints, words


@PROVEN
@pytest.mark.parametrize("name", DROPPED)
def test_what_is_absent_claims_nothing(look: Look, whole: Claims, name: str) -> None:
    found = look(*DROPPED[name])
    assert unfounded(whole, found, name) == {}
    alike = (found.series, found.leaves) == (whole.series, whole.leaves)
    assert alike == (name in STAMPS), "nothing rests on it: is it FOR_PEOPLE?"


@pytest.mark.parametrize("name", [each for each in OPTIONAL if each not in NULL_SAYS])
def test_a_column_that_is_always_null_is_as_good_as_none(look: Look, name: str) -> None:
    relation, column = OPTIONAL[name]
    if (relation in ("tasks", "calls")) == PROVING:
        pytest.skip("a null of a small relation is read as its absence is: make prove, and those alone")
    nulls = look(f"UPDATE {contract.SCHEMA}.{relation} SET {column} = NULL")
    absent = look(*DROPPED[name])
    assert nulls.series == absent.series
    assert nulls.leaves == absent.leaves


@PROVEN
@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_relation_without_rows_is_as_good_as_none(look: Look, name: str) -> None:
    empty = look(f"DELETE FROM {contract.SCHEMA}.{name}")
    absent = look(*DROPPED[name])
    assert empty.series == absent.series
    assert empty.leaves == absent.leaves


@PROVEN
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_that_lacks_several_things_claims_none_of_them(look: Look, whole: Claims, name: str) -> None:
    lacking = PLATFORMS[name]
    found = look(*(statement for each in lacking for statement in DROPPED[each]))
    assert unfounded(whole, found, name, *lacking) == {}


@PROVEN
def test_columns_for_people_change_nothing(look: Look, whole: Claims) -> None:
    found = look(*(
        f"ALTER TABLE {contract.SCHEMA}.{relation} DROP COLUMN {column}"
        for relation, columns in FOR_PEOPLE.items() for column in columns
    ))  # fmt: skip
    assert found.series == whole.series
    assert found.leaves == whole.leaves


@PROVEN
def test_each_cleaned_column_says_what_it_rests_on() -> None:
    """A new one that reads an optional column must stand in `RESTS_ON`, or in `MAKES_DO` with what is taken instead."""
    available = Available(contract.SCHEMA, {
        relation: {column.name: column.kind.value[0] for column in RELATIONS[relation].columns}
        for relation in ("campaigns", "tasks", "calls")
    })  # fmt: skip
    for rows in (task_rows(available), call_rows(available)):
        optional = {column.name for column in RELATIONS[rows.relation].columns if column.optional}
        undeclared = {}
        for name, expression in rows.columns.items():
            used = optional.intersection(_columns(expression))
            said = set(rests_on(rows.relation, name))
            if used - said and name not in MAKES_DO[rows.relation]:
                undeclared[name] = used
        assert undeclared == {}, rows.relation


def _columns(expression: sa.ClauseElement) -> Iterator[str]:
    for element in visitors.iterate(expression):
        if isinstance(element, sa.Column):
            yield element.name
