"""One family as finished bytes: its lines by owner, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.metrics.exposition import EMPTY, Exposed, FamilyEncoder
from exporter.metrics.owners import Owner


@dataclass(slots=True)
class FamilyLines:
    """Only lines of owners for whom something changed are encoded again; `join` puts them together."""

    encoder: FamilyEncoder
    lines: dict[Owner, Exposed] = field(default_factory=dict)
    folded: dict[Owner, int] = field(default_factory=dict)
    """How many label values of an owner are over the budget."""
    together: Exposed = EMPTY
    _left: bool = False

    def leave(self, owner: Owner) -> None:
        """Drop the lines of an owner that is exported no longer."""
        if self.lines.pop(owner, None) is not None:
            self.folded.pop(owner, None)
            self.encoder.forget(owner)
            self._left = True

    def join(self, changed: bool) -> None:
        """Put the lines together, unless nothing changed and nobody left."""
        if not changed and not self._left:
            return
        self._left = False
        series = sum(lines.series for lines in self.lines.values())
        if not series:
            self.together = EMPTY
            return
        blocks = [self.encoder.header(), *(self.lines[owner] for owner in sorted(self.lines))]
        text = b"".join(block.text for block in blocks)
        same = all(block.text is block.openmetrics for block in blocks[1:]) and blocks[0].text == blocks[0].openmetrics
        openmetrics = text if same else b"".join(block.openmetrics for block in blocks)
        self.together = Exposed(text, openmetrics, series)
