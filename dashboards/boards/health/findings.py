"""Exporter health: what breaks the contract, and which of its relations are absent or hidden."""

from __future__ import annotations

from dashboards.boards.exporters import NO_EXPORTER, labelled, none
from dashboards.vocabulary.fields import organised, override, sorted_by, words
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.panels import table
from dashboards.vocabulary.queries import Queries
from dashboards.vocabulary.targets import rows
from dashboards.vocabulary.units import WHOLE
from exporter.contract.relations import RELATIONS


def findings(q: Queries) -> Line:
    """Two tables side by side."""
    broken = f"max by (relation, column, rule) ({q.last('campaign_exporter_contract_violations')}) > 0"
    absent = f"max by (relation) ({q.last('campaign_exporter_relation_available')}) == 0"
    hidden = f"max by (relation) ({q.last('campaign_exporter_relation_hidden')}) == 1"
    broken = f"{broken} or {labelled(none(broken), rule='none is broken')}"
    missing = f'label_replace({absent} or {hidden}, "lost", "$1", "relation", "(.+)")'
    missing = f"{missing} or {labelled(none(f'{absent} or {hidden}'), relation='none', lost='everything is there')}"
    lost = {name: (relation.without or relation.meaning, None) for name, relation in RELATIONS.items()}
    return line(
        table(
            301, "Broken rules of the contract",
            "Rows of exported campaigns that break the contract now. `unknown_code`: the code is kept and grouped as "
            "unknown, tell the platform's owners. `out_of_range`: the value is left out. `above_maximum`: tasks are "
            "dialled beyond max_attempts. `campaign-exporter check` shows the values and the remedies.",
            rows(broken), empty=NO_EXPORTER, width=12, height=7, pages=True,
            transformations=(
                sorted_by("Value", descending=True),
                organised(("relation", "column", "rule", "Value"),
                          {"relation": "Relation", "column": "Column", "rule": "Rule", "Value": "Rows"}, ("Time",)),
            ),
            overrides=(override("Rows", unit=WHOLE, decimals=0, custom_width=90),),
        ),
        table(
            302, "Absent relations",
            "Views of the contract that the database does not have, or of which row-level security hides rows, and "
            "what is therefore not exported. All but campaigns, tasks and calls are optional: panels that need them "
            "say so. Made a view and it is still here: the exporter's role must be allowed to read it, all of it.",
            rows(missing), empty=NO_EXPORTER, width=12, height=7,
            transformations=(
                organised(("relation", "lost"), {"relation": "Relation", "lost": "Not exported"}, ("Time", "Value")),
            ),
            overrides=(override("Relation", custom_width=170), override("Not exported", mappings=words(lost))),
        ),
    )  # fmt: skip
