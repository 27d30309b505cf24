"""Where panels stand: side by side, in stacks, below a heading; without gap or overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel

COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Line:
    """Panels side by side, of one height."""

    panels: tuple[Panel, ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """The panels from this row of the grid on, and the first row below them."""
        heights = {panel.height for panel in self.panels}
        if sum(panel.width for panel in self.panels) != COLUMNS or len(heights) != 1:
            sizes = [(panel.id, panel.width, panel.height) for panel in self.panels]
            raise ValueError(f"panels side by side fill {COLUMNS} columns and are of one height, not {sizes}")
        x, found = 0, []
        for panel in self.panels:
            found.append(panel.at(x, y))
            x += panel.width
        return found, y + heights.pop()


@dataclass(frozen=True, slots=True)
class Beside:
    """Stacks of panels side by side: each as wide as its panels, all as high."""

    stacks: tuple[tuple[Panel, ...], ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """As for a line."""
        heights = {sum(panel.height for panel in stack) for stack in self.stacks}
        widths = [{panel.width for panel in stack} for stack in self.stacks]
        if len(heights) != 1 or any(len(each) != 1 for each in widths) or sum(map(sum, widths)) != COLUMNS:
            raise ValueError(f"stacks of widths {widths} and heights {sorted(heights)} do not fill a line")
        x, found = 0, []
        for stack in self.stacks:
            below = y
            for panel in stack:
                found.append(panel.at(x, below))
                below += panel.height
            x += stack[0].width
        return found, y + heights.pop()


@dataclass(frozen=True, slots=True)
class Folded:
    """A heading whose panels load when somebody opens it."""

    heading: Panel
    lines: tuple[Line | Beside, ...]

    def placed(self, y: int) -> tuple[list[Json], int]:
        """As for a line; what is folded takes no room."""
        inside, below = [], y + 1
        for each in self.lines:
            found, below = each.placed(below)
            inside += found
        return [{**self.heading.at(0, y), "collapsed": True, "panels": inside}], y + 1


Part = Line | Beside | Folded


def line(*panels: Panel) -> Line:
    """Panels side by side."""
    return Line(panels)


def beside(*stacks: Sequence[Panel]) -> Beside:
    """Stacks of panels side by side."""
    return Beside(tuple(tuple(stack) for stack in stacks))


def folded(heading: Panel, *lines: Line | Beside) -> Folded:
    """A heading that is opened by a click."""
    return Folded(heading, lines)
