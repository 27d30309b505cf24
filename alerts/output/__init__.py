"""What prints the rules: files for Prometheus, Alertmanager, Grafana and promtool, byte for byte the same each time.

In: rules and settings. Out: files by name. It must not know any single rule.
"""
