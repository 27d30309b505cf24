"""What a PromQL expression names: metrics with the labels that it matches, and the labels that it groups by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<span>\[[^]]*\])
    |(?P<number>\d[\w.]*)
    |(?P<name>[A-Za-z_:][\w:]*)
    |(?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^(){},=<>@])
    |\s+""",
    re.VERBOSE,
)
_GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
_WORDS = ("and", "or", "unless", "offset", "bool", "NaN", *_GROUPING)


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric that is asked for, and the labels that are matched."""

    metric: str
    labels: tuple[str, ...]


def tokens(expression: str) -> list[str]:
    """The tokens of an expression. Raises ValueError for what is none."""
    found, place = [], 0
    while place < len(expression):
        token = _TOKEN.match(expression, place)
        if token is None:
            raise ValueError(f"not PromQL: {expression[place : place + 40]!r}")
        place = token.end()
        if token[0].strip():
            found.append(token[0])
    return found


def selectors(expression: str) -> Iterator[Selector]:
    """The metrics of an expression, one after the other."""
    found = tokens(expression)
    index = 0
    while index < len(found):
        token, after = found[index], found[index + 1] if index + 1 < len(found) else ""
        if token in _GROUPING and after == "(":
            index = found.index(")", index)
        elif re.match(r"[A-Za-z_:]", token) and token not in _WORDS and after not in ("(", "by", "without"):
            end = found.index("}", index) if after == "{" else index
            inside = found[index + 2 : end]
            yield Selector(token, tuple(inside[0::4]))
            index = end
        index += 1


def grouped(expression: str) -> Iterator[tuple[str, ...]]:
    """The labels of each `by (…)`, `on (…)` and the like."""
    found = tokens(expression)
    for index, token in enumerate(found):
        if token in _GROUPING and index + 1 < len(found) and found[index + 1] == "(":
            yield tuple(each for each in found[index + 2 : found.index(")", index)] if each != ",")


_AGGREGATIONS = ("sum", "min", "max", "avg", "count", "group", "topk", "bottomk", "count_values", "quantile")


def mixed(expression: str, groups: Sequence[str]) -> Iterator[str]:
    """What would take series of several groups for those of one: an aggregation or a join without all group labels.

    What a row of a table is named by leaves with them.
    """
    found = tokens(expression)
    for index, token in enumerate(found[:-1]):
        if token in _AGGREGATIONS and found[index + 1] == "(":
            yield f"{token} of everything"
        elif token in ("by", "on", "without", "ignoring") and found[index + 1] == "(":
            end = found.index(")", index)
            labels = set(found[index + 2 : end]) - {","}
            if token in ("without", "ignoring"):
                wrong = not labels.isdisjoint(groups)
            else:  # a target is one platform's
                wrong = not labels.issuperset(groups) and not labels.issuperset(("job", "instance"))
            if wrong:
                yield f"{token} ({', '.join(sorted(labels))})"
