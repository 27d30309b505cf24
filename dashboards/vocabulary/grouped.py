"""A board of which every question is asked within groups: where several can be seen, each figure says whose it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dashboards.vocabulary.colours import BAD, NEUTRAL
from dashboards.vocabulary.fields import COLOURED, joined, organised, override, steps
from dashboards.vocabulary.figures import ROW
from dashboards.vocabulary.grouping import Grouping
from dashboards.vocabulary.modern_json import Json

_QUERY = re.compile(r"query_result\((.*)\)", re.DOTALL)
_AND = " · "
"""Between what a series is called, and its group."""

MISSING = "none: taken for one with others"


class Grouped:
    """The group labels of a board. `several`: more than one group can be seen at once, and is named."""

    def __init__(self, grouping: Grouping, *, several: bool) -> None:
        self._grouping = grouping
        self._labels = grouping.labels
        self._several = several

    def panel(self, panel: Json) -> Json:
        """A panel, and those that are folded into it."""
        if panel["type"] == "row":
            return {**panel, "panels": [self.panel(each) for each in panel.get("panels", ())]}
        if not any("expr" in target for target in panel["targets"]):
            return panel
        found = {**panel, "targets": [self._target(target) for target in panel["targets"]]}
        if self._category(panel) is not None:
            return self._bars(found)
        if any(target.get("format") == "table" for target in panel["targets"]):
            return self._table(found)
        return self._series(found) if self._several else found

    def variable(self, variable: Json) -> Json:
        """A choice: of what is there in the chosen groups, without their names."""
        text = _QUERY.fullmatch(variable["query"]["query"]) if variable["type"] == "query" else None
        if text is None:
            return variable
        query = f"query_result(max without ({', '.join(self._labels)}) ({self._grouping.of(text[1])}))"
        return {**variable, "query": {**variable["query"], "query": query}, **self._definition(variable, query)}

    def _definition(self, variable: Json, query: str) -> Json:
        return {"definition": query} if "definition" in variable else {}

    def annotation(self, annotation: Json) -> Json:
        """Vertical lines."""
        return {**annotation, "target": self._target(annotation["target"])} if "target" in annotation else annotation

    def _target(self, target: Json) -> Json:
        return {**target, "expr": self._grouping.of(target["expr"])} if "expr" in target else target

    # -- lines and tiles --------------------------------------------------------------------------------------

    @property
    def _legend(self) -> str:
        return "/".join(f"{{{{{label}}}}}" for label in self._labels)

    @property
    def _shown(self) -> str:
        return "/".join(f"${{__field.labels.{label}}}" for label in self._labels)

    def _series(self, panel: Json) -> Json:
        """Each series is named with its group behind; what holds of a series by its name holds of it in each group."""
        targets = [
            {**target, "legendFormat": self._legend if (legend := target["legendFormat"]) == "__auto" else
             f"{legend}{_AND}{self._legend}"} if "expr" in target else target
            for target in panel["targets"]
        ]  # fmt: skip
        config = panel["fieldConfig"]
        defaults = dict(config["defaults"])
        if "displayName" in defaults:
            defaults["displayName"] += f"{_AND}{self._shown}"
        overrides = [self._override(each) for each in config["overrides"]]
        fields = {**config, "defaults": defaults, "overrides": overrides}
        named = {"options": {**panel["options"], "textMode": "value_and_name"}} if panel["type"] == "stat" else {}
        return {**panel, "targets": targets, "fieldConfig": fields, **named}

    def _override(self, found: Json) -> Json:
        properties = [
            {**each, "value": f"{each['value']}{_AND}{self._shown}"} if each["id"] == "displayName" else each
            for each in found["properties"]
        ]
        matcher = found["matcher"]
        if matcher["id"] == "byName" and matcher["options"] != "Time":
            matcher = {"id": "byRegexp", "options": f"/^{re.escape(matcher['options'])}({_AND}.*)?$/"}
        elif matcher["id"] == "byRegexp" and matcher["options"].endswith("$/"):
            matcher = {**matcher, "options": f"{matcher['options'][:-2]}({_AND}.*)?$/"}
        return {"matcher": matcher, "properties": properties}

    # -- tables and bars ----------------------------------------------------------------------------------------

    def _table(self, panel: Json) -> Json:
        """Rows are told apart by group; where one only can be seen, it is no column."""
        made = [self._step(each) for each in panel.get("transformations", ())]
        if not self._several and not any(step["id"] == "organize" for step in made):
            made.append(organised((), hidden=self._labels))
        config = panel["fieldConfig"]
        overrides = [*config["overrides"], *(self._column(label) for label in self._labels if self._several)]
        return {**panel, "transformations": made, "fieldConfig": {**config, "overrides": overrides}}

    def _column(self, label: str) -> Json:
        nobodys = {"match": "empty", "result": {"text": MISSING, "color": BAD, "index": 0}}
        return override(
            label, unit="string", custom_width=96, custom_filterable=True, thresholds=steps((None, NEUTRAL)),
            mappings=[{"type": "special", "options": nobodys}], **COLOURED,
        )  # fmt: skip

    def _step(self, step: Json) -> Json:
        options: Any = step["options"]
        if step == joined(options.get("byField", "")) and options["byField"] not in (ROW, "Time"):
            return {"id": "merge", "options": {}}  # by all labels that the answers share: the group's too
        if step["id"] != "organize":
            return step
        order: Mapping[str, int] = options["indexByName"]
        if not self._several:
            return {**step, "options": {**options, "excludeByName": {**options["excludeByName"],
                                                                     **dict.fromkeys(self._labels, True)}}}  # fmt: skip
        after = {name: place + len(self._labels) for name, place in order.items()}
        first = {label: place for place, label in enumerate(self._labels)}
        return {**step, "options": {**options, "indexByName": {**first, **after}}}

    def _category(self, panel: Json) -> str | None:
        """The label that names bars, or the rows of a matrix, which has no column for others."""
        for step in panel.get("transformations", ()):
            if step["id"] == "groupingToMatrix":
                return str(step["options"]["rowField"])
            if step["id"] == "organize" and panel["type"] == "barchart":
                names = {shown: name for name, shown in step["options"]["renameByName"].items()}
                return names.get(panel["options"]["xField"])
        return None

    def _bars(self, panel: Json) -> Json:
        """Each bar, or row, is named with its group."""
        name, labels = self._category(panel), ", ".join(f'"{label}"' for label in self._labels)
        hidden = Grouped(self._grouping, several=False)
        targets = [
            {**target, "expr": f'label_join({target["expr"]}, "{name}", "{_AND}", "{name}", {labels})'}
            for target in panel["targets"]
        ]
        made = [hidden._step(each) for each in panel["transformations"]]
        return {**panel, "targets": targets if self._several else panel["targets"], "transformations": made}
