"""What is read from the database, and what is made once for databases alike."""

from __future__ import annotations

from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.source.reader import Reader


def reader(schema: str = "campaign_monitoring", without: str = "", hidden: str = "") -> Reader:
    """Of a database whose columns are all text."""
    types = {
        relation: {column.name: "text" for column in RELATIONS[relation].columns if column.name != without}
        for relation in ("campaigns", "tasks", "calls")
    }
    return Reader(Available(schema, types, hidden={hidden: "a policy"} if hidden else {}))


def test_statements_are_made_once_for_databases_alike() -> None:
    assert reader().statements("tasks") is reader(hidden="calls").statements("tasks")


def test_databases_that_differ_share_no_statement() -> None:
    assert len({id(each.statements("calls")) for each in (reader(), reader("other"), reader(without="score"))}) == 3
