"""Why is it not dialling? Verdicts, forecasts and A/B tests of each campaign.

In: the ledger's totals, the small relations, the clock. Out: a view of each campaign. It must not know metrics or
pages.
"""
