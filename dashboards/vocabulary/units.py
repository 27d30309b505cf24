"""Units of figures, by Grafana's names: the same on every board."""

SECONDS, RATIO, COUNT, AGE, BYTES = "s", "percentunit", "short", "dateTimeFromNow", "bytes"
"""Grafana's names of units. Moments are in milliseconds: the metric times 1000."""

WHOLE = "locale"
"""Of counts that must not be shortened: `short` without decimals makes 3 K of 2,878."""

CURRENCY_UNIT = "none"
"""Costs are in the campaign's own currency, which the legend or a column names: a board may show several."""

AMOUNT = "locale"
"""Of costs that run into thousands, with separators; `decimals` are the most it shows."""

PER_SECOND, PER_MINUTE = "suffix:/s", "suffix:/min"
