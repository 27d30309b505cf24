"""The text of `check` for somebody who sees it for the first time: what is wrong first, and no line twice."""

from __future__ import annotations

import json

import click

from exporter.commands.check.report import Finding, Level, Report, as_json, as_text

FINDINGS = (
    Finding("server", Level.OK, "version", "PostgreSQL 15.9"),
    Finding("server", Level.OK, "kind", "primary"),
    Finding("role", Level.PROBLEM, "writing", "has CREATE on schema app", "REVOKE 1;\nREVOKE 2;"),
    Finding("tasks", Level.OK, "columns", "18 of 20"),
    Finding("tasks", Level.ADVICE, "blocker", "missing; lost without it: blockers", "add it", "blockers"),
    Finding("tasks", Level.ADVICE, "variant", "missing; lost without it: arms", "add it", "arms"),
    Finding("tasks", Level.ADVICE, "goal_met", "missing; lost without it: arms", "add it", "arms"),
    Finding("tasks", Level.ADVICE, "sticky", "missing; lost without it: sticky", "add it", "sticky"),
    Finding("calls", Level.ADVICE, "score", "missing; lost without it: scores", "add it to the view", "scores"),
    Finding("calls", Level.PROBLEM, "index", "none on updated_at", "CREATE INDEX;"),
)
REPORT = Report(FINDINGS, {})


def test_what_is_wrong_comes_first_then_what_one_would_gain_then_what_is_fine() -> None:
    assert (
        click.unstyle(as_text(REPORT))
        == """\
What is wrong
  problem  role   writing: has CREATE on schema app
                  -> REVOKE 1;
                  -> REVOKE 2;
  problem  calls  index: none on updated_at
                  -> CREATE INDEX;

What you would gain
  advice   tasks  without blocker, variant, goal_met, sticky; lost: blockers, arms
                  -> add to the view what you have of them
  advice   calls  score: missing; lost without it: scores
                  -> add it to the view

What is fine
  ok       server  version: PostgreSQL 15.9; kind: primary
  ok       tasks   columns: 18 of 20

The exporter would not work well: 2 problems, 5 advice."""
    )


def test_json_names_each_finding_by_itself_in_the_order_of_relations() -> None:
    found = json.loads(as_json(REPORT))["findings"]
    assert [(each["about"], each["thing"]) for each in found] == [(each.about, each.thing) for each in FINDINGS]
    assert {tuple(each) for each in found} == {("about", "level", "thing", "value", "remedy")}


def test_a_section_without_a_finding_is_left_out() -> None:
    assert "What is wrong" not in click.unstyle(as_text(Report(FINDINGS[:2], {})))
