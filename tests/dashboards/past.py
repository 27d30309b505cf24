"""Two weeks that a Prometheus saw two replicas of the exporter through, written as functions of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.modern_json import Json
from tests.support.prometheus import Prometheus, running, write_history

NOW = 1_795_003_200.0
HOUR, DAY = 3600.0, 86400.0
LOOKS = [NOW - hour * HOUR for hour in range(15 * 24, -1, -2)]
"""Two hours apart: what boards look back to lies at even hours."""

REPLICAS = ("a:1", "b:1")
HOSTILE = 'A "quoted" $name | {with} <b>markup</b> \\ 🎯'

Value = Callable[[float], float | None]


class Past:
    """Series: a value, or what it is at a moment; `None` where there is none."""

    def __init__(
        self, replicas: Mapping[str, Callable[[float], bool]] | None = None, looks: Sequence[float] = LOOKS
    ) -> None:
        """`replicas`: when each was scraped; without them, two at all times."""
        self._looks = looks
        self._replicas = replicas or dict.fromkeys(REPLICAS, lambda _: True)
        self._lines: dict[str, list[list[str]]] = {}

    def __call__(self, metric: str, value: float | Value, **labels: str) -> None:
        at = value if callable(value) else lambda _: value
        looks = self._lines.setdefault(metric, [[] for _ in self._looks])
        for instance, scraped in self._replicas.items():
            text = ",".join(f'{key}="{_escaped(each)}"' for key, each in {**labels, "instance": instance}.items())
            for look, moment in zip(looks, self._looks, strict=True):
                if scraped(moment) and (found := at(moment)) is not None:
                    look.append(f"{metric}{{{text}}} {float(found)}")

    @contextmanager
    def remembered(self, directory: Path) -> Iterator[Prometheus]:
        """A Prometheus that knows it."""
        bodies = [
            (at, "".join(f"# TYPE {name} gauge\n" + "\n".join(looks[index]) + "\n"
                         for name, looks in self._lines.items() if looks[index]).encode())
            for index, at in enumerate(self._looks)
        ]  # fmt: skip
        write_history(directory, bodies)
        with running(directory) as server:
            yield server


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")


def grown(each_hour: float, lately: float | None = None, *, hours: float = 6, since: float = LOOKS[0]) -> Value:
    """A counter that grows by so much an hour, and by another amount in the last hours; absent before `since`."""

    def at(moment: float) -> float | None:
        if moment < since:
            return None
        turn = NOW - hours * HOUR
        before, after = min(moment, turn) - since, max(moment - turn, 0)
        return (
            1000 * (since == LOOKS[0]) + (before * each_hour + after * (each_hour if lately is None else lately)) / HOUR
        )

    return at


def panel(board: Json, number: int) -> Json:
    """A panel of a board."""
    return next(found for found in every_panel(board["panels"]) if found["id"] == number)


def column(found: Json, title: str = "") -> str:
    """What is asked for a column of a table; without a title, the panel's first question."""
    for step in found.get("transformations", ()):
        for field, name in step["options"].get("renameByName", {}).items():
            if name == title:
                return next(str(each["expr"]) for each in found["targets"] if field == f"Value #{each['refId']}")
    assert not title, f"no column {title!r}"
    return str(found["targets"][0]["expr"])


def named(rows: Mapping[tuple[tuple[str, str], ...], float], *by: str) -> dict[str, float]:
    """Values by labels, or by the parts of the label that names a row. Each is there once."""
    keys = [dict(labels) for labels in rows]
    found = {
        "/".join(key[each] for each in by) if by else key.get("row", "").replace("\x1f", "/"): value
        for key, value in zip(keys, rows.values(), strict=True)
    }
    assert len(found) == len(rows), f"two rows of one name: {rows}"
    return found
