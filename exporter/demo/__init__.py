"""The demo: an embedded PostgreSQL, a reference platform with its views, and a simulated dialler."""
