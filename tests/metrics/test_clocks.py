"""Each campaign's clock: asked at every refresh, told again where it was put forward or back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from exporter.metrics.clocks import Clocks
from exporter.source.platform import Platform
from tests.diagnosis.dispatch.situations import campaign

BERLIN, LIMA, UNTOLD = ("t", "berlin"), ("t", "lima"), ("t", "untold")
ZONES = {"berlin": "Europe/Berlin", "lima": "America/Lima", "untold": None}


def platform(**zones: str | None) -> Platform:
    return Platform(campaigns={key: campaign(campaign_id=key, tenant_id="t", timezone=name)
                               for key, name in (ZONES | zones).items()})  # fmt: skip


def at(hour: int, minute: int = 0) -> float:
    """A moment of the night in which Berlin's clock goes from three back to two."""
    return datetime(2026, 10, 25, hour, minute, tzinfo=UTC).timestamp()


def test_a_campaign_that_tells_its_zone_has_a_clock() -> None:
    clocks = Clocks()
    assert clocks.update(platform(), at(0)) == {BERLIN, LIMA}
    assert clocks.ahead == {BERLIN: 7200, LIMA: -18_000}


def test_nothing_is_told_again_until_a_clock_is_put_back() -> None:
    clocks, same = Clocks(), platform()
    clocks.update(same, at(0))
    assert clocks.update(same, at(0, 59)) == set()
    assert clocks.update(same, at(1)) == {BERLIN}
    assert clocks.ahead[BERLIN] == 3600


def test_another_zone_is_told_at_once() -> None:
    clocks = Clocks()
    clocks.update(platform(), at(0))
    assert clocks.update(platform(lima="Asia/Kolkata"), at(0)) == {LIMA}
    assert clocks.ahead[LIMA] == 19_800


def test_who_leaves_or_tells_no_zone_any_more_has_none() -> None:
    clocks = Clocks()
    clocks.update(platform(), at(0))
    assert clocks.update(platform(lima=None), at(0)) == {LIMA}
    remaining = replace(platform(), campaigns={"lima": platform().campaigns["lima"]})
    assert clocks.update(remaining, at(0)) == {BERLIN, LIMA}
    assert set(clocks.ahead) == {LIMA}
