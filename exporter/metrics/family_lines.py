"""One family as finished bytes: its lines by owner, and blocks of them that stay until one of their owners changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from zlib import crc32

from exporter.metrics.exposition import Block, Exposed, FamilyEncoder
from exporter.metrics.owners import Owner

_OWNERS_A_BLOCK = 64
"""About so many: to put one together anew takes no time, and all of them are few."""


@dataclass(slots=True)
class FamilyLines:
    """Only lines of owners for whom something changed are encoded again; `join` puts them together, block by block.

    Where a block begins is told by the owner alone, so that one who comes or leaves changes one block.
    """

    encoder: FamilyEncoder
    lines: dict[Owner, Exposed] = field(default_factory=dict)
    folded: dict[Owner, int] = field(default_factory=dict)
    """How many label values of an owner are over the budget."""
    blocks: Sequence[Block] = ()
    series: int = 0
    _of_owners: dict[tuple[Owner, ...], Block] = field(default_factory=dict)
    _owners: dict[Owner, tuple[Owner, ...]] = field(default_factory=dict)
    """With whom each shares a block."""
    _left: bool = False

    def leave(self, owner: Owner) -> None:
        """Drop the lines of an owner that is exported no longer."""
        if self.lines.pop(owner, None) is not None:
            self.folded.pop(owner, None)
            self.encoder.forget(owner)
            self._left = True

    def join(self, changed: Collection[Owner]) -> None:
        """Put the blocks together in which lines of these changed, or whose owners are others than before."""
        if not changed and not self._left:
            return
        if self._left or any(owner not in self._owners for owner in changed):
            self._left = False
            self._divide(changed)
        else:
            for owners in {self._owners[owner] for owner in changed}:
                self._of_owners[owners] = self._block(owners)
        blocks = list(self._of_owners.values())
        self.series = sum(block.series for block in blocks)
        self.blocks = (self._header(), *blocks) if self.series else ()

    def _divide(self, changed: Collection[Owner]) -> None:
        before, self._of_owners = self._of_owners, {}
        for owners in _runs(sorted(self.lines)):
            kept = before.get(owners) if not any(owner in changed for owner in owners) else None
            self._of_owners[owners] = kept or self._block(owners)
        self._owners = {owner: owners for owners in self._of_owners for owner in owners}

    def _block(self, owners: Sequence[Owner]) -> Block:
        return Block([self.lines[owner] for owner in owners])

    def _header(self) -> Block:
        return self.blocks[0] if self.blocks else Block([self.encoder.header()])


def _runs(owners: Sequence[Owner]) -> Iterator[tuple[Owner, ...]]:
    """Owners in their order, in groups."""
    number = 0

    def group(owner: Owner) -> int:
        nonlocal number
        number += not crc32("\0".join(owner).encode(errors="surrogatepass")) % _OWNERS_A_BLOCK
        return number

    for _, members in groupby(owners, group):
        yield tuple(members)
