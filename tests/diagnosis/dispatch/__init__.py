"""Why is it not dialling? The diagnosis as a table of cases, over time, as properties, and in words."""
