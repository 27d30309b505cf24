"""PromQL in which platforms are told apart: any expression of ours, as it is with group labels.

Ids are unique within a platform only. So whatever an expression sums, counts, ranks or joins, it does within a group:
the group labels are added to every `by` and `on`, and where an aggregation has no labels. This is done to finished
expressions, here alone: whoever writes one need not think of it, and cannot forget it. What cannot be told apart is
refused. Without group labels an expression stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

_TOKEN = re.compile(
    r"""(?P<blank>\s*)(?:
     (?P<string>"(?:[^"\\]|\\.)*")
    |(?P<span>\[[^]]*\])
    |(?P<number>[0-9][\w.]*|\$\w+|%q)
    |(?P<name>[A-Za-z_:][\w:]*)
    |(?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^(){},=<>@]))""",
    re.VERBOSE,
)  # a variable of Grafana stands where a number does, and what is filled in later (%q) where a string does
_AGGREGATIONS = frozenset(
    {"sum", "min", "max", "avg", "group", "count", "count_values", "topk", "bottomk", "quantile", "stddev", "stdvar"}
)
_WORDS = frozenset({"and", "or", "unless", "offset", "bool", "NaN"})
_LISTS = frozenset({"ignoring", "group_left", "group_right"})
_WITHOUT_LABELS = frozenset({"vector", "scalar"})
_TARGET = "up"
"""Prometheus makes it of a target: it has the labels of the scrape, and none that an exporter gives its series."""

_ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
KNOWN_FOR = "1d"
"""How long it is remembered to which group a target belonged that does not answer."""

ROW = "row"
"""The label that names a row of a table; it is made of others."""


@dataclass(frozen=True, slots=True)
class _Token:
    blank: str
    kind: str
    text: str


class Grouping:
    """The group labels, and what is chosen of them: matchers by label, such as `=~"$cluster"`."""

    def __init__(self, labels: Sequence[str] = (), chosen: Mapping[str, str] | None = None) -> None:
        self.labels = tuple(labels)
        self.chosen = dict(chosen or {})

    def of(self, expression: str) -> str:
        """The expression within groups. Raises ValueError for what cannot be told apart, or is no PromQL of ours."""
        return "".join(_Rewriting(self, expression).made()) if self.labels else expression

    def by(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Labels that name something, its group's first."""
        return (*self.labels, *(label for label in labels if label not in self.labels))


class _Rewriting:
    """One expression, from left to right."""

    def __init__(self, grouping: Grouping, expression: str) -> None:
        self._labels = grouping.labels
        self._chosen = grouping.chosen
        self._expression = expression
        self._tokens = list(_tokens(expression))
        self._row_names: set[int] = set()
        """Commas after which the labels come that a row is named by."""
        self._of_nobody: set[int] = set()
        """Joins of what belongs to no group."""

    def made(self) -> Iterator[str]:
        place = 0
        while place < len(self._tokens):
            token, after = self._tokens[place], self._text(place + 1)
            handled = self._handled(place, token, after) if token.kind == "name" else None
            if handled is not None:
                text, place = handled
                yield token.blank + text
                continue
            yield token.blank + token.text
            if place in self._row_names:
                yield "".join(f' "{label}",' for label in self._labels)
            place += 1

    def _handled(self, place: int, token: _Token, after: str) -> tuple[str, int] | None:
        """What becomes of a word, and of what belongs to it; where to go on. None: it stays as it is."""
        if token.text in _AGGREGATIONS and after == "(":
            if self._text(self._closing(place + 1) + 1) in ("by", "without"):
                self._fail("write the labels of an aggregation before what is aggregated")
            return f"{token.text} by ({', '.join(self._labels)})", place + 1
        if token.text == "by":
            return self._list(place, added=True)
        if token.text == "without":  # what a row is named by goes altogether
            return self._list(place, added=self._text(self._closing(place + 1) + 2) == "label_join")
        if token.text == "on":
            return self._list(place, added=place not in self._of_nobody and not self._taken_from_other_side(place))
        if token.text in _LISTS:
            return self._list(place, added=False)
        if token.text == "label_join":
            self._note_row(place + 1)
        if token.text == "absent" and self._text(place + 2) == _TARGET:
            end = self._closing(place + 1) + 1
            return self._written(place, end), end
        if token.text in _WITHOUT_LABELS:
            self._refuse_series(token.text, place + 1)
        if after in ("(", "by", "without") or token.text in _WORDS:
            return None
        return self._selector(place)

    def _selector(self, place: int) -> tuple[str, int]:
        name, end, inside = self._tokens[place].text, place + 1, ""
        if self._text(end) == "{":
            end = self._closing(end, "{", "}") + 1
            inside = self._written(place + 2, end - 1)
        return (self._target(inside) if name == _TARGET else self._chosen_of(name, inside)), end

    def _chosen_of(self, name: str, *matchers: str) -> str:
        chosen = []
        for label, matcher in self._chosen.items():
            if name in _ALERTS and matcher.startswith("=~"):  # of no target at all, an alert tells without a group
                matcher = f'{matcher[:-1]}|"'
            chosen.append(f"{label}{matcher}")
        found = ", ".join(each for each in (*chosen, *matchers) if each)
        return f"{name}{{{found}}}" if found else name

    def _target(self, matchers: str) -> str:
        """Targets with their group: by labels of the scrape, else by those that their exporter had when it spoke."""
        first, every = self._labels[0], ", ".join(self._labels)
        spoke = self._chosen_of("campaign_exporter_up")
        known = f"group by (job, instance, {every}) (last_over_time({spoke}[{KNOWN_FOR}]))"
        plain = self._chosen_of(_TARGET, matchers, f'{first}=""')
        nameless = ", ".join(each for each in (matchers, f'{first}=""') if each)
        named = self._chosen_of(_TARGET, matchers, f'{first}!=""')
        return (
            f"({named} or {_TARGET}{{{nameless}}} * on (job, instance) group_left ({every}) "
            f"topk by (job, instance) (1, {known}) or {plain} unless on (job, instance) {known})"
        )

    def _list(self, place: int, *, added: bool) -> tuple[str, int]:
        """A word and its labels, with the group labels if they are to be added."""
        end = self._closing(place + 1)
        there = {token.text for token in self._tokens[place + 2 : end]}
        inside = self._written(place + 2, end)
        missing = [label for label in self._labels if added and label not in there]
        space = self._tokens[place + 1].blank
        return f"{self._tokens[place].text}{space}({', '.join([*missing, *([inside] if inside else [])])})", end + 1

    def _taken_from_other_side(self, place: int) -> bool:
        """Whether a join is there to get the group labels."""
        word = self._closing(place + 1) + 1
        if self._text(word) not in ("group_left", "group_right") or self._text(word + 1) != "(":
            return False
        taken = {token.text for token in self._tokens[word + 1 : self._closing(word + 1)]}
        return not taken.isdisjoint(self._labels)

    def _note_row(self, begin: int) -> None:
        depth, commas = 0, list[int]()
        for place in range(begin, self._closing(begin)):
            text = self._tokens[place].text
            depth += (text in ("(", "{")) - (text in (")", "}"))
            if depth == 1 and text == ",":
                commas.append(place)
        if self._text(commas[0] + 1) == f'"{ROW}"':
            self._row_names.add(commas[2])

    def _refuse_series(self, function: str, begin: int) -> None:
        """What has no labels may tell that there is nothing at all, and no more."""
        end = self._closing(begin)
        if function == "vector" and [self._text(end + after) for after in (1, 2, 3, 4)] == ["unless", "on", "(", ")"]:
            self._of_nobody.add(end + 2)
        elif function == "vector" or any(
            self._tokens[place].kind == "name" and self._text(place + 1) != "(" for place in range(begin, end)
        ):
            self._fail(f"{function} has no labels, so groups cannot be told apart")

    def _text(self, place: int) -> str:
        return self._tokens[place].text if place < len(self._tokens) else ""

    def _written(self, begin: int, end: int) -> str:
        return "".join(token.blank + token.text for token in self._tokens[begin:end]).lstrip()

    def _closing(self, begin: int, opening: str = "(", closing: str = ")") -> int:
        depth, place = 0, begin
        while True:
            text = self._text(place)
            depth += (text == opening) - (text == closing)
            if depth == 0:
                return place
            place += 1
            if place > len(self._tokens):
                self._fail(f"{opening} is never closed")

    def _fail(self, why: str) -> NoReturn:
        raise ValueError(f"{why}: {self._expression}")


def _tokens(expression: str) -> Iterator[_Token]:
    place, expression = 0, expression.rstrip()
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            raise ValueError(f"not PromQL: {expression[place : place + 40]!r} in {expression}")
        place = found.end()
        kind = str(found.lastgroup)
        yield _Token(found["blank"], kind, found[kind])
