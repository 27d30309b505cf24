"""Tables with a row for each thing and a column for each question: answers of Prometheus, merged by their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboards.vocabulary.colours import NEUTRAL, State
from dashboards.vocabulary.fields import COLOURED, joined, organised, override, sorted_by, words
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel
from dashboards.vocabulary.panels import table
from dashboards.vocabulary.targets import rows
from dashboards.vocabulary.units import RATIO, WHOLE

_REFS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NOTHING = "–"
ROW = "row"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: a label of the first answers, or, with an expression, a figure. `properties` as for `override`.

    One column of a table may have the width 0: it takes the room that the others leave.
    """

    title: str
    width: int
    label: str = ""
    expression: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, Any]:
        """What holds of its cells. Without words of its own an empty cell would say why the table is empty."""
        width = {"custom_width": self.width} if self.width else {}
        return {**width, "noValue": _NOTHING, **self.properties}

    def among(self, rows: str, by: Sequence[str]) -> Column:
        """The same, of these rows only."""
        return replace(
            self, expression=f"({self.expression}) and on ({', '.join(by)}) ({rows})" * bool(self.expression)
        )

    def kept(self, base: str) -> Column:
        """The same, with one row that is no number where there is no answer at all."""
        if not self.expression:
            return self
        nothing = {"match": "null+nan", "result": {"text": self.shown["noValue"], "color": NEUTRAL, "index": 99}}
        mappings = [*self.properties.get("mappings", ()), {"type": "special", "options": nothing}]
        asked = f"({self.expression}) or on () topk (1, {base}) * NaN"
        return replace(self, expression=asked, properties={**self.properties, "mappings": mappings})


def label(name: str, title: str, width: int, **properties: Any) -> Column:
    """A column that shows a label; as it is, though it may look like a number: an id, a phone."""
    return Column(title, width, label=name, properties={"unit": "string", **properties})


def figure(title: str, expression: str, width: int, *, unit: str, empty: str = _NOTHING, **properties: Any) -> Column:
    """A column that shows an answer; `empty` stands where there is none."""
    return Column(title, width, expression=expression, properties={"unit": unit, "noValue": empty, **properties})


def whole(title: str, expression: str, width: int, empty: str = _NOTHING) -> Column:
    """A column of whole numbers."""
    return figure(title, expression, width, unit=WHOLE, decimals=0, empty=empty)


def answer_rate(title: str, expression: str, width: int, empty: str = "too few") -> Column:
    """A column of answer rates."""
    return figure(title, expression, width, unit=RATIO, decimals=1, empty=empty)


def state(title: str, expression: str, width: int, states: Sequence[State], empty: str = _NOTHING) -> Column:
    """A column that shows an answer, the number of a state, as a coloured word."""
    texts = {str(each.number): (each.words, each.colour) for each in states}
    return figure(
        title, expression, width, unit="none", empty=empty, mappings=words(texts), custom_align="left", **COLOURED
    )  # fmt: skip


GAUGE: Mapping[str, Any] = {
    "min": 0, "max": 1, "custom_cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
}  # fmt: skip
"""Of a column with shares of one, as bars."""


def figures(
    id: int,  # noqa: A002  # as Grafana calls it
    title: str,
    description: str,
    *things: str,
    columns: Sequence[Column],
    empty: str,
    kept: Sequence[str] = (),
    base: str = "",
    within: str = "",
    key: str = "",
    by: Sequence[str] = (),
    sort: str = "",
    descending: bool = False,
    then_by: str = "",
    width: int = 24,
    height: int = 8,
    pages: bool = True,
    filters: bool = False,
) -> Panel:
    """Such a table. `things` are expressions whose labels name the rows; `kept` are labels that only links use.

    All answers are merged by the labels that every one of them has; or joined by `key`, where one label names the
    rows, or by `by`, where several do: then a table without any row shows `empty`, and not its bare headings. A column
    without any answer would be left out: with `base`, an expression that has a row for each thing, it is there and
    empty. `within`: the rows that there may be, where columns know of others, which would have no name. `then_by`: the
    order, ascending, of rows that `sort` leaves equal.
    """
    if within:
        columns = [column.among(within, by) for column in columns]
    if base:
        columns = [column.kept(base) for column in columns]
    asked = [*things, *(column.expression for column in columns if column.expression)]
    if by:
        key, first, *others = ROW, *(_row(each, by) for each in asked)
        asked = [first, *(f"max without ({', '.join(by)}) ({each})" for each in others)]
    refs = iter(_REFS[len(things) :])
    fields = [column.label or f"Value #{next(refs)}" for column in columns]
    unasked = [ROW, "Time", "Value", *(f"Value #{ref}" for ref in _REFS[: len(things)])]
    unasked += [f"Time {number}" for number in range(1, len(asked) + 1) if key]
    transformations: list[Json] = [
        joined(key) if key else {"id": "merge", "options": {}},
        organised([*fields, *kept], dict(zip(fields, (column.title for column in columns), strict=True)), unasked),
    ]
    if then_by:
        transformations.append(sorted_by(then_by))
    return table(
        id, title, description, *(rows(each) for each in asked), empty=empty, width=width, height=height,
        transformations=transformations, sort=sort, descending=descending, pages=pages, filters=filters,
        overrides=[
            *(override(column.title, **column.shown) for column in columns),
            *(override(each, custom_hideFrom_viz=True) for each in kept),
        ],
    )  # fmt: skip


def _row(expression: str, by: Sequence[str]) -> str:
    """An expression with one label that names the row as the others do together."""
    labels = ", ".join(f'"{each}"' for each in by)
    return f'label_join({expression}, "{ROW}", "\\x1f", {labels})'
