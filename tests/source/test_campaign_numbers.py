"""Only campaigns that are exported have numbers, and no two share one."""

from __future__ import annotations

import pytest

from exporter.errors import ContractError
from exporter.source.campaign_numbers import CampaignNumbers
from exporter.source.interning import NONE
from exporter.source.texts import Texts


def test_an_id_that_was_given_no_number_has_none_and_is_not_remembered() -> None:
    campaigns = CampaignNumbers()
    campaigns.give(["a", "b"])
    assert campaigns.numbers(Texts.of(["a", "unknown", "b"])).tolist() == [0, NONE, 1]
    assert campaigns.number("unknown") == NONE
    assert set(campaigns._numbers) == {"a", "b"}


def test_ids_that_differ_only_in_case_or_spaces_are_two() -> None:
    campaigns = CampaignNumbers()
    campaigns.give(["a", "A", "a "])
    assert len({campaigns.number(key) for key in ("a", "A", "a ")}) == 3


def test_a_number_is_kept_and_one_that_was_taken_back_is_given_again() -> None:
    campaigns = CampaignNumbers()
    campaigns.give(["a", "b"])
    campaigns.free([0])
    campaigns.give(["b", "c"])
    assert campaigns.numbers(Texts.of(["a", "b", "c"])).tolist() == [NONE, 1, 0]
    assert campaigns.labels == ["c", "b"]


def test_more_campaigns_than_there_are_numbers_are_refused_by_name_of_the_remedy() -> None:
    campaigns = CampaignNumbers(most=2)
    campaigns.give(["a", "b"])
    with pytest.raises(ContractError, match="of at most 2"):
        campaigns.give(["a", "b", "c"])
    assert campaigns.labels == ["a", "b"]


def test_a_reader_keeps_the_numbers_of_its_time() -> None:
    campaigns = CampaignNumbers()
    campaigns.give(["a"])
    before = campaigns.as_now()
    campaigns.free([0])
    campaigns.give(["b"])
    assert (before.number("a"), before.number("b"), before.labels) == (0, NONE, ["a"])
