"""Why is it not dialling? What is known of a campaign in, one verdict with its evidence out; no clock, no database."""
