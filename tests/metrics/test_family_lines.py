"""Of a family's bytes only what holds a changed owner is made anew."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.exposition import Block, FamilyEncoder
from exporter.metrics.family_lines import FamilyLines
from exporter.metrics.owners import Owner

OWNERS = [("t", f"c{number}") for number in range(500)]
FAMILY = BY_NAME["campaign_budget"]


def _shown(family: FamilyLines, owners: Iterable[Owner], value: float = 1.0) -> list[Block]:
    """The blocks after these owners were encoded with a value."""
    owners = set(owners)
    for owner in owners:
        family.lines[owner] = family.encoder.samples(owner, {("USD",): value})
    family.join(owners)
    return list(family.blocks)


def _text(blocks: Iterable[Block]) -> list[str]:
    return b"".join(block.text for block in blocks).decode().splitlines()[2:]


def _family() -> FamilyLines:
    return FamilyLines(FamilyEncoder(FAMILY))


def _new(before: Iterable[Block], after: Iterable[Block]) -> int:
    known = {id(block) for block in before}
    return sum(id(block) not in known for block in after)


def test_a_changed_owner_renews_its_own_block_alone() -> None:
    family = _family()
    before = _shown(family, OWNERS)
    after = _shown(family, [OWNERS[7]], 2.0)
    assert len(before) > 4
    assert _new(before, after) == 1
    assert _text(after) == _expected({OWNERS[7]: 2.0})


def _expected(other: dict[Owner, float], owners: Iterable[Owner] = tuple(OWNERS)) -> list[str]:
    encoder = FamilyEncoder(FAMILY)
    lines = (encoder.samples(owner, {("USD",): other.get(owner, 1.0)}) for owner in sorted(owners))
    return b"".join(line.text for line in lines).decode().splitlines()


def test_who_comes_or_leaves_renews_one_block_or_two_and_the_order_stays() -> None:
    family = _family()
    before = _shown(family, OWNERS)
    came = _shown(family, [("t", "c250b")])
    assert _new(before, came) <= 2
    assert _text(came) == _expected({}, [*OWNERS, ("t", "c250b")])
    family.leave(("t", "c250b"))
    family.leave(OWNERS[0])
    family.join(())
    assert _new(came, family.blocks) <= 4
    assert _text(family.blocks) == _expected({}, OWNERS[1:])


def test_nothing_is_made_anew_where_nothing_changed() -> None:
    family = _family()
    before = _shown(family, OWNERS)
    family.join(())
    assert list(family.blocks) == before


def test_a_family_without_any_series_has_not_even_a_header() -> None:
    family = _family()
    _shown(family, OWNERS[:2])
    family.lines = {owner: family.encoder.samples(owner, {}) for owner in family.lines}
    family.join(OWNERS[:2])
    assert list(family.blocks) == []
    assert family.series == 0
