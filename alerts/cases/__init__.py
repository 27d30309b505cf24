"""Cases of the alert rules, for `promtool test rules`: what Prometheus sees, and what a person is then told."""
