"""What `check` says when nothing more is asked: what is wrong, then the next steps of an adoption in their order."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from exporter.commands.check.report import Finding, Level, Report
from exporter.commands.check.steps import _STEPS, in_short, steps
from exporter.contract.relations import RELATIONS

DOCS = Path(__file__).resolve().parents[3] / "docs"


def lacking(about: str, column: str) -> Finding:
    return Finding(about, Level.ADVICE, column, "missing", "add it", "" if column == "relation" else "something")


REPORT = Report(
    (
        Finding("role", Level.ADVICE, "connection limit", "none", "ALTER ROLE;"),
        lacking("tenants", "relation"),
        Finding("tenants", Level.ADVICE, "alerts", "asleep for want of it: A"),
        lacking("tasks", "blocker"),
        lacking("tasks", "updated_at"),
        lacking("calls", "updated_at"),
        Finding("calls", Level.ADVICE, "outcome", "unknown code: weird (2)", "translate it"),
        Finding("calls", Level.PROBLEM, "index", "none on updated_at", "CREATE INDEX;"),
        Finding("calls", Level.OK, "rows", "12"),
    ),
    {},
)


def test_what_is_wrong_comes_first_then_the_steps_in_the_order_of_an_adoption_and_the_rest_is_counted() -> None:
    assert (
        click.unstyle(in_short(REPORT))
        == """\
What is wrong
  problem  calls  index: none on updated_at
                  -> CREATE INDEX;

What you would gain
  advice   calls  outcome: unknown code: weird (2)
                  -> translate it

Next steps
   1. nothing says when rows of tasks and calls changed: all are counted at each refresh. With a stamp figures are \
seconds old at any size
      -> campaign-exporter adopt --stamps TABLE; docs/adopt.md, No stamp
   2. there are no tenants: leave it so where there is one only
      -> docs/adopt.md, No tenant
   3. nothing says why a contact is not dialled: the verdict stalled is never given
      -> docs/adopt.md, State elsewhere; where nothing else holds a task, show NULL::text AS blocker

There is more advice (6), and what is fine: --all

The exporter would not work well: 1 problem, 7 advice."""
    )


def test_a_step_that_is_half_done_names_what_is_left() -> None:
    (step,) = steps(Report((lacking("tasks", "updated_at"),), {}))
    assert "when rows of tasks changed" in step.said


def test_a_limit_of_calls_at_once_is_asked_for_where_there_is_none_at_all() -> None:
    some = (lacking("tenants", "relation"), lacking("connections", "relation"))
    assert not any("no limit" in step.said for step in steps(Report(some, {})))
    none = (*some, lacking("campaigns", "concurrency_limit"))
    assert any("no limit" in step.said for step in steps(Report(none, {})))
    given = (*none, Finding("exporter", Level.OK, "limits", "given by the configuration, campaigns: 1"))
    assert not any("no limit" in step.said for step in steps(Report(given, {})))


def test_a_database_that_lacks_nothing_gets_no_step() -> None:
    assert click.unstyle(in_short(Report(REPORT.findings[-1:], {}))) == "The exporter would work well."


@pytest.mark.parametrize("step", _STEPS, ids=lambda step: "-".join(step.lacks[0]))
def test_a_step_is_about_the_contract_and_leads_to_a_heading_that_exists(step: object) -> None:
    assert step in _STEPS
    for about, thing in step.lacks:
        assert thing == "relation" or RELATIONS[about].column(thing)
    remedy: str = step.remedy
    for page, headings in re.findall(r"docs/(\w+\.md), ([^;]+)", remedy):
        text = (DOCS / page).read_text(encoding="utf-8")
        for heading in headings.removesuffix(", says").split(", "):
            assert re.search(rf"^#+ {re.escape(heading)}$", text, re.MULTILINE), heading
