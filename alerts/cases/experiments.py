"""Cases of A/B tests that cannot be believed."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import Series, info, replicas, series, steady

MISMATCH = Subject("CampaignSampleRatioMismatch", "warning", managers="true")


def _split(probability: float) -> Series:
    return series("campaign_variant_sample_ratio_p_value", steady(probability))


_UNEVEN = (MISMATCH.told("The split of contacts of Spring offer (c1) has a probability of 0.00042 if its arms got "
                         "their shares."),)  # fmt: skip

CASES: tuple[Case, ...] = (
    MISMATCH.fires("a split of a probability of 0.00042 for five minutes", _split(0.00042), info(),
                   at={"4m": (), "5m": _UNEVEN}),
    MISMATCH.edge("a probability of 0.001, and less is needed", _split(0.001), info(), at=("5m", "60m")),
    MISMATCH.no_data("it has no arms, or too few contacts", info(), at=("5m", "60m")),
    MISMATCH.also("two replicas are one alert", replicas(_split(0.00042), info()), at={"5m": _UNEVEN}),
)  # fmt: skip
