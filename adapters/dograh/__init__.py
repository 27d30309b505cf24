"""dograh: its views, and a generator of rows as its dispatcher writes them."""
