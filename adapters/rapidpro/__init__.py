"""RapidPro: its views, and a generator of rows as it and mailroom write them."""
