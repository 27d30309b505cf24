"""Units of figures, by Grafana's names: the same on every board."""

SECONDS, RATIO, COUNT, AGE, BYTES = "s", "percentunit", "short", "dateTimeFromNow", "bytes"
"""Grafana's names of units. Moments are in milliseconds: the metric times 1000."""

WHOLE = "locale"
"""Of counts that must not be shortened: `short` without decimals makes 3 K of 2,878."""

CURRENCY_UNIT = "none"
"""Costs are in the campaign's own currency, which the legend or a column names: a board may show several."""

CURRENCIES = (
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR",
    "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KES", "KRW", "MXN", "MYR", "NGN", "NOK",
    "NZD", "PEN", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "UAH", "USD", "VND",
    "ZAR",
)  # fmt: skip
"""Those in which most calls are paid; bars of others share one axis."""

AMOUNT = "locale"
"""Of costs that run into thousands, with separators; `decimals` are the most it shows."""

PER_SECOND, PER_MINUTE = "suffix:/s", "suffix:/min"
